//! The narrow waist: everything durable in the house stands on three things.
//!
//! - [`Documents`]: keyed bytes with a revision; one partition commits atomically.
//! - [`Queue`]: durable before it answers; lease, extend, acknowledge, release.
//! - [`Blobs`]: content-addressed, streamed.
//!
//! Each has an embedded engine ([`embedded`]) and, later, a cluster engine; one
//! shared test-suite (`suite`, behind the feature of that name) holds both to the
//! same promises. What is kept in them has a shape of its own in [`records`], one
//! file per kind.
//!
//! # What is durable when
//!
//! A future of this crate that resolves to `Ok` after a change has put that change
//! on stable storage: a crash of the process or of the machine, at any later
//! moment, does not undo it. One that resolves to [`Error`] may or may not have
//! made the change (the disk may have failed after it took the data); read, or ask
//! with an [`Expect`](documents::Expect), before trying again. One that is dropped
//! before it resolves may or may not make the change, but never half of it.

pub mod blobs;
pub mod documents;
pub mod embedded;
mod error;
pub mod queue;
pub mod records;
#[cfg(feature = "suite")]
pub mod suite;

pub use blobs::Blobs;
pub use documents::Documents;
pub use error::{Error, Failure};
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
