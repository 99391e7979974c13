//! What can go wrong below every room, by name.

use std::error::Error as Cause;

/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the store could not {doing}")]
pub struct Error {
    /// What we were doing, as an infinitive.
    pub doing: &'static str,
    /// Why it failed.
    #[source]
    pub failure: Failure,
}

/// Why the store failed. Only [`Failure::Full`] and [`Failure::Lagged`] are likely
/// to pass by themselves.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No room is left; what was there before is untouched, and reading goes on.
    #[error("the disk is full")]
    Full(#[source] Box<dyn Cause + Send + Sync>),
    /// The disk, the file system or the way to them failed.
    #[error("the disk failed")]
    Io(#[source] Box<dyn Cause + Send + Sync>),
    /// What was read is not what was once written.
    #[error("the stored data is damaged")]
    Damaged(#[source] Box<dyn Cause + Send + Sync>),
    /// The bytes to be stored could not be had from where they come from; the store itself is well.
    #[error("the bytes to store could not be read")]
    Unreadable(#[source] std::io::Error),
    /// The engine refused for a reason of its own, such as a value beyond its limits.
    #[error("the engine refused")]
    Refused(#[source] Box<dyn Cause + Send + Sync>),
    /// A watcher fell so far behind that only a new watch can tell it everything.
    #[error("the watcher fell too far behind")]
    Lagged,
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
}
