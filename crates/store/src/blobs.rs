//! Blobs: bytes named by their SHA-256, streamed in and out.

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
    /// Keeps all that `source` yields. Durable when it answers; putting the same bytes again costs nothing.
    fn put(&self, source: Reader) -> BoxFuture<'_, Result<Stored, Error>>;

    /// The blob and its length in bytes, or none.
    fn get(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<(Reader, u64)>, Error>>;

    /// Forgets a blob; forgetting what is not there is no error.
    fn delete(&self, sha256: Sha256) -> BoxFuture<'_, Result<(), Error>>;
}
