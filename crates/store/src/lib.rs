//! The narrow waist: everything durable in the house stands on three things.
//!
//! - [`Documents`]: keyed bytes with a revision; one partition commits atomically.
//! - [`Queue`]: durable before it answers; lease, extend, acknowledge, release.
//! - [`Blobs`]: content-addressed, streamed.
//!
//! Each has an embedded engine ([`embedded`]) and, later, a cluster engine; one
//! shared test-suite ([`suite`]) holds both to the same promises. What is kept
//! in them has a shape of its own in [`records`], one file per kind.

pub mod blobs;
pub mod documents;
pub mod queue;

pub use blobs::Blobs;
pub use documents::Documents;
pub use queue::Queue;

use std::sync::Arc;

/// The three parts together, as every room receives them.
#[derive(Clone)]
pub struct Store {
    /// Keyed records.
    pub documents: Arc<dyn Documents>,
    /// Work to be done later.
    pub queue: Arc<dyn Queue>,
    /// Code packages.
    pub blobs: Arc<dyn Blobs>,
}

/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the store could not {doing}")]
pub struct Error {
    /// What we were doing, as an infinitive.
    pub doing: &'static str,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
