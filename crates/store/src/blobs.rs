//! Blobs: bytes named by their SHA-256, streamed in and out.
//!
//! Not a file system: a blob has no name but its digest and never changes, so
//! whoever keeps one refers to it from a document and deletes it when the last
//! such document is gone.

use std::pin::Pin;

use futures::future::BoxFuture;
use lanthorn_model::function::Sha256;
use tokio::io::AsyncRead;

use crate::Error;

/// Bytes to be read once, in order.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// What a blob turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub size: u64,
}

/// Content-addressed bytes.
pub trait Blobs: Send + Sync {
    /// Keeps all that `source` yields. Durable when it answers; bytes that are there already are kept once.
    ///
    /// The length is not limited here: a caller that has a limit puts it on `source`.
    ///
    /// # Errors
    /// [`Failure::Unreadable`](crate::Failure::Unreadable) when `source` fails; nothing is kept then.
    ///
    /// # Cancel safety
    /// Dropping the future before it resolves leaves the whole blob or nothing of it.
    fn put(&self, source: Reader) -> BoxFuture<'_, Result<Stored, Error>>;

    /// The blob and its length in bytes, or none.
    ///
    /// A reader once given reads to the end even if the blob is deleted meanwhile.
    ///
    /// # Errors
    /// The engine could not open it.
    fn get(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<(Reader, u64)>, Error>>;

    /// Forgets a blob; forgetting what is not there is no error.
    ///
    /// # Errors
    /// The engine could not remove it.
    fn delete(&self, sha256: Sha256) -> BoxFuture<'_, Result<(), Error>>;
}
