//! Blobs as files: `blobs/ab/cdef…`, by the digest's hexadecimal digits.
//!
//! ```text
//!  source ─chunk─► hash, write incoming/N ─► fsync file ─► rename to ab/cdef… ─► fsync directories ─► answer
//! ```
//!
//! A file under its final name is therefore always whole and on the disk. Two writers of the same
//! bytes meet at the rename, where either may win. Files are touched on the runtime's blocking
//! threads only, one chunk at a time.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use futures::future::{BoxFuture, FutureExt};
use lanthorn_model::function::Sha256;
use sha2::Digest;
use tokio::io::AsyncReadExt;

use super::{Engine, schema};
use crate::blobs::{Blobs, Reader, Stored};
use crate::{Error, Failure};

/// Bytes gathered from a source before a thread is asked to write them.
const CHUNK_BYTES: usize = 256 * 1024;

/// The blobs of an open data directory.
pub(super) struct EmbeddedBlobs {
    /// Keeps the directory locked while anyone can write to it.
    _engine: Arc<Engine>,
    files: Arc<BlobFiles>,
}

impl EmbeddedBlobs {
    pub(super) fn new(engine: Arc<Engine>, files: BlobFiles) -> Self {
        Self { _engine: engine, files: Arc::new(files) }
    }
}

impl Blobs for EmbeddedBlobs {
    fn put(&self, mut source: Reader) -> BoxFuture<'_, Result<Stored, Error>> {
        const DOING: &str = "keep a blob";
        async move {
            let files = Arc::clone(&self.files);
            let mut incoming = off_the_shard(DOING, move || files.receive()).await?;
            let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
            loop {
                let full = fill(&mut source, &mut chunk)
                    .await
                    .map_err(|source| Error { doing: DOING, failure: Failure::Unreadable(source) })?;
                (incoming, chunk) = off_the_shard(DOING, move || {
                    incoming.write(&chunk)?;
                    chunk.clear();
                    Ok((incoming, chunk))
                })
                .await?;
                if !full {
                    break;
                }
            }
            let files = Arc::clone(&self.files);
            off_the_shard(DOING, move || files.keep(incoming)).await
        }
        .boxed()
    }

    fn get(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<(Reader, u64)>, Error>> {
        let files = Arc::clone(&self.files);
        async move {
            let found = off_the_shard("open a blob", move || files.find(sha256)).await?;
            Ok(found.map(|(file, size)| (Box::pin(tokio::fs::File::from_std(file)) as Reader, size)))
        }
        .boxed()
    }

    fn delete(&self, sha256: Sha256) -> BoxFuture<'_, Result<(), Error>> {
        let files = Arc::clone(&self.files);
        off_the_shard("delete a blob", move || files.remove(sha256)).boxed()
    }
}

/// Reads until `chunk` is full, which answers true, or `source` ends.
async fn fill(source: &mut Reader, chunk: &mut BytesMut) -> std::io::Result<bool> {
    while chunk.len() < CHUNK_BYTES {
        let room = CHUNK_BYTES - chunk.len();
        if source.take(room as u64).read_buf(chunk).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn off_the_shard<T, W>(doing: &'static str, work: W) -> Result<T, Error>
where
    T: Send + 'static,
    W: FnOnce() -> std::io::Result<T> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|source| Error { doing, failure: source.into() }),
        // The runtime is shutting down, or the work panicked and said so on its own.
        Err(_) => Err(Error { doing, failure: Failure::Closed }),
    }
}

/// The tree of files. Every method blocks.
#[derive(Debug)]
pub(super) struct BlobFiles {
    root: PathBuf,
    /// Names the next incoming file.
    next: AtomicU64,
}

impl BlobFiles {
    /// Makes the tree if need be and removes what a crash left half received.
    pub(super) fn open(data_dir: &Path) -> std::io::Result<Self> {
        let files = Self { root: data_dir.join("blobs"), next: AtomicU64::new(0) };
        let incoming = files.incoming();
        DirBuilder::new().recursive(true).mode(0o700).create(&incoming)?;
        for entry in std::fs::read_dir(&incoming)? {
            std::fs::remove_file(entry?.path())?;
        }
        schema::sync_directory(&files.root)?;
        Ok(files)
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn path(&self, sha256: Sha256) -> PathBuf {
        let digits = sha256.to_string();
        let (directory, name) = digits.split_at(2);
        self.root.join(directory).join(name)
    }

    fn receive(&self) -> std::io::Result<Incoming> {
        let path = self.incoming().join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Incoming { path, file, hash: sha2::Sha256::new(), size: 0 })
    }

    fn keep(&self, incoming: Incoming) -> std::io::Result<Stored> {
        let sha256 = Sha256::new(incoming.hash.clone().finalize().into());
        let stored = Stored { sha256, size: incoming.size };
        let path = self.path(sha256);
        let directory = path.parent().unwrap_or(&self.root);
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // What is there under this name is whole: it was on the disk before it had the name.
        if !path.try_exists()? {
            incoming.file.sync_all()?;
            std::fs::rename(&incoming.path, &path)?;
        }
        // In any case: whoever put it there may not have come this far yet.
        schema::sync_directory(directory)?;
        schema::sync_directory(&self.root)?;
        Ok(stored)
    }

    fn find(&self, sha256: Sha256) -> std::io::Result<Option<(File, u64)>> {
        match File::open(self.path(sha256)) {
            Ok(file) => {
                let size = file.metadata()?.len();
                Ok(Some((file, size)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn remove(&self, sha256: Sha256) -> std::io::Result<()> {
        let path = self.path(sha256);
        match std::fs::remove_file(&path) {
            Ok(()) => schema::sync_directory(path.parent().unwrap_or(&self.root)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A blob on its way in. Dropped before it is kept, it leaves nothing.
struct Incoming {
    path: PathBuf,
    file: File,
    hash: sha2::Sha256,
    /// Bytes so far.
    size: u64,
}

impl Incoming {
    fn write(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        self.file.write_all(chunk)?;
        self.hash.update(chunk);
        self.size += chunk.len() as u64;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the rename there is nothing under this name; what cannot be removed now goes at the next open.
        let _ = std::fs::remove_file(&self.path);
    }
}
