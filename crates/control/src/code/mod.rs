//! Code packages: accepted once, kept as blobs, unpacked once per digest.
//!
//! ```text
//!  zip ─► unpack into cache/code/.unpacking-…  ─► rename to cache/code/{sha256} ─► register ─► blob ─► (a function's record)
//!            checked while inflating                 all or nothing                  found again by the collector
//!
//!  cache lost?   unpacked() ─► blob ─► unpack ─► rename
//!  unused?       collect()  ─► register says "removing" ─► directory ─► blob ─► register entry
//! ```
//!
//! The cache is disposable: whatever is missing is unpacked again from its blob. The
//! unpacking itself is blocking work, kept off the shards and bounded by
//! [`UNPACKING_MAX`]. What this module is *not*: it knows no function; who uses a
//! package is told by the function records.

pub mod collect;
mod path;
mod register;
pub(crate) mod sweep;
pub mod unpack;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use lanthorn_model::clock::SharedClock;
use lanthorn_model::function::{Code, Sha256};
use lanthorn_model::limits;
use lanthorn_store::blobs::Reader;
use lanthorn_store::{Blobs, Store};
use sha2::Digest as _;
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;

use register::Register;
pub use register::RegisterError;
use unpack::{Limits, UnpackError};

/// Packages that are unpacked at the same time, at most: bounds their memory and the disk's load.
pub const UNPACKING_MAX: usize = 2;

/// Where packages lie below the data directory, unpacked.
const CACHE: &str = "cache/code";
/// What directories that are not finished, or no longer wanted, are named by. A digest never begins so.
const UNFINISHED: &str = ".unpacking-";

/// The code of all functions of this data directory.
pub struct Packages {
    blobs: Arc<dyn Blobs>,
    register: Register,
    root: PathBuf,
    limits: Limits,
    unpacking: Arc<Semaphore>,
}

/// Why a zip was not accepted as a function's code.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The zip itself is larger than AWS takes inline.
    #[error("a zip of {0} bytes is more than is accepted")]
    ZipTooLarge(usize),
    /// It cannot be, or must not be, unpacked.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// It could not be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// It could not be stored.
    #[error("cannot store the package")]
    Store(#[source] lanthorn_store::Error),
}

/// Why a package's directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum UnpackedError {
    /// No blob has this digest: the function is gone, or the store lost it.
    #[error("the package {0} is gone")]
    Gone(Sha256),
    /// It cannot be unpacked any more, although it once could.
    #[error("cannot unpack the package {sha256} again")]
    Unpack {
        /// Which package.
        sha256: Sha256,
        /// What happened.
        #[source]
        source: UnpackError,
    },
    /// The store could not be read.
    #[error("cannot read the package {sha256}")]
    Store {
        /// Which package.
        sha256: Sha256,
        /// What happened.
        #[source]
        source: lanthorn_store::Error,
    },
}

impl Packages {
    /// Opens the cache below `data_dir` and clears what an interrupted run left unfinished in it.
    ///
    /// # Errors
    /// If the directory cannot be made or read.
    pub(crate) async fn open(store: &Store, clock: SharedClock, data_dir: &Path) -> io::Result<Self> {
        let root = data_dir.join(CACHE);
        let prepared = root.clone();
        blocking(move || prepare(&prepared)).await?;
        Ok(Self {
            blobs: Arc::clone(&store.blobs),
            register: Register::new(Arc::clone(&store.documents), clock),
            root,
            limits: Limits::default(),
            unpacking: Arc::new(Semaphore::new(UNPACKING_MAX)),
        })
    }

    /// Takes `zip` on: checked, unpacked, stored. When it answers, the package is durable; it stays for the grace
    /// period of the collector even if no function ever names it.
    ///
    /// # Errors
    /// [`AcceptError`]; of a zip that was refused nothing remains.
    pub async fn accept(&self, zip: Bytes) -> Result<Code, AcceptError> {
        let code = self.check(zip.clone()).await?;
        self.register.touch(code.sha256).await?;
        let reader: Reader = Box::pin(io::Cursor::new(zip));
        self.blobs.put(reader).await.map_err(AcceptError::Store)?;
        Ok(code)
    }

    /// What `zip` would be if it were accepted. Nothing is registered or stored; the unpacked form may stay in
    /// the cache until the next start.
    ///
    /// # Errors
    /// As [`Packages::accept`].
    pub async fn check(&self, zip: Bytes) -> Result<Code, AcceptError> {
        if zip.len() > limits::ZIP_BYTES_MAX {
            return Err(AcceptError::ZipTooLarge(zip.len()));
        }
        let permit = self.permit().await;
        let (root, limits) = (self.root.clone(), self.limits);
        let checked = blocking(move || {
            let _permit = permit;
            let code = Code { sha256: digest(&zip), size: zip.len() as u64 };
            unpack_into_cache(&root, &code.sha256, &zip, &limits).map(|_| code)
        });
        Ok(checked.await?)
    }

    /// The directory that holds the unpacked `code`, to be shown read-only at `/var/task`. It stays as long as
    /// a function uses the package, and for the collector's grace period after.
    ///
    /// # Errors
    /// [`UnpackedError`] if the package is gone or cannot be unpacked.
    pub async fn unpacked(&self, code: &Code) -> Result<PathBuf, UnpackedError> {
        let sha256 = code.sha256;
        let directory = self.directory(&sha256);
        if is_there(&directory).await {
            return Ok(directory);
        }
        let permit = self.permit().await;
        // Somebody else may have unpacked it while this call waited for its turn.
        if is_there(&directory).await {
            return Ok(directory);
        }
        let zip = self.zip(sha256).await?;
        let (root, limits) = (self.root.clone(), self.limits);
        let unpacked = blocking(move || {
            let _permit = permit;
            unpack_into_cache(&root, &sha256, &zip, &limits)
        });
        unpacked.await.map_err(|source| UnpackedError::Unpack { sha256, source })
    }

    /// The package as it was uploaded, and its length in bytes; none if it is gone.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn download(&self, sha256: Sha256) -> Result<Option<(Reader, u64)>, lanthorn_store::Error> {
        self.blobs.get(sha256).await
    }

    /// Notes that `code` is about to be let go of, so that it outlives the environments that still run it.
    pub(crate) async fn let_go(&self, code: &Code) -> Result<(), RegisterError> {
        self.register.touch(code.sha256).await
    }

    async fn zip(&self, sha256: Sha256) -> Result<Vec<u8>, UnpackedError> {
        let store = |source| UnpackedError::Store { sha256, source };
        let (mut reader, size) = self.blobs.get(sha256).await.map_err(store)?.ok_or(UnpackedError::Gone(sha256))?;
        let mut zip = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(limits::ZIP_BYTES_MAX));
        reader.read_to_end(&mut zip).await.map_err(|source| {
            let failure = lanthorn_store::Failure::Io(source.into());
            store(lanthorn_store::Error { doing: "read a package to its end", failure })
        })?;
        Ok(zip)
    }

    fn directory(&self, sha256: &Sha256) -> PathBuf {
        self.root.join(sha256.to_string())
    }

    async fn permit(&self) -> tokio::sync::OwnedSemaphorePermit {
        Arc::clone(&self.unpacking).acquire_owned().await.expect("this semaphore is never closed")
    }
}

/// Makes the cache directory, without what an interrupted run left unfinished in it.
fn prepare(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The digest AWS shows as `CodeSha256`.
fn digest(zip: &[u8]) -> Sha256 {
    Sha256::new(sha2::Sha256::digest(zip).into())
}

/// Unpacks `zip` beside its place and moves it there in one step. What is there already is the same package.
fn unpack_into_cache(root: &Path, sha256: &Sha256, zip: &[u8], limits: &Limits) -> Result<PathBuf, UnpackError> {
    let place = root.join(sha256.to_string());
    if place.is_dir() {
        return Ok(place);
    }
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(root).map_err(UnpackError::Disk)?;
    unpack::unpack(zip, unfinished.path(), limits)?;
    match fs::rename(unfinished.path(), &place) {
        Ok(()) => {
            // It has moved: there is nothing left to remove under the old name.
            let _moved = unfinished.keep();
            let root = fs::File::open(root).map_err(UnpackError::Disk)?;
            root.sync_all().map_err(UnpackError::Disk)?;
            Ok(place)
        }
        // Another call was faster with the same bytes.
        Err(_) if place.is_dir() => Ok(place),
        Err(error) => Err(UnpackError::Disk(error)),
    }
}

async fn is_there(directory: &Path) -> bool {
    tokio::fs::metadata(directory).await.is_ok_and(|metadata| metadata.is_dir())
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down: whoever waits goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests;
