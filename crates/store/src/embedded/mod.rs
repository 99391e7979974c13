//! The embedded engine: one SQLite database and a tree of blob files in one directory.
//!
//! ```text
//!   any shard                        the engine's own threads              data directory
//!
//!   commit, send, lease … ──bounded──► writer ─── one transaction ───────► store.db (WAL)
//!        ▲                               │        for all that wait
//!        └──────── answer ◄── fsync ─────┤
//!                                        └─ publish ─► watchers' mailboxes (bounded)
//!   get, list, depth ────────bounded──► readers (a few, each its own connection) ► store.db
//!   put, get blob ──────────────────► the runtime's blocking threads ────► blobs/ab/cdef…
//! ```
//!
//! # What is durable when
//!
//! - A **document** or **queue** operation answers after the transaction that holds it was fsynced
//!   (`synchronous=FULL`). The writer takes everything that waits into one transaction, so sixty-four
//!   committers pay for one fsync together; a savepoint around each keeps the failure of one from
//!   touching the others. Revisions, message numbers and lease numbers come from one counter in the
//!   same database, which moves in the same transaction: none is used twice, whatever happens.
//! - A **blob** is written to `blobs/incoming/`, hashed on the way, fsynced, renamed to its name, and
//!   answered after the directories were fsynced too. What a crash leaves in `incoming/` goes at open.
//! - **Watches** live in memory: they tell what was already durable, and end with the process.
//!
//! # When the disk fails
//!
//! A full disk or an I/O error fails the operations of that moment with a named
//! [`Failure`], and the next ones try again; nothing that was acknowledged is touched.
//!
//! One process at a time: a lock on the directory is held until the last handle is dropped, which
//! waits for what the threads have begun.

mod blobs;
mod documents;
mod failure;
mod lock;
mod queue;
mod readers;
mod schema;
#[cfg(test)]
mod tests;
mod watch;
mod writer;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lanthorn_model::clock::SharedClock;

use crate::{Failure, Store};

/// The database's file name in the data directory.
const DATABASE: &str = "store.db";

/// Opens the store in `data_dir`, made if it is not there.
///
/// Blocks for as long as the disk takes; wants no runtime. What is left of a crash is put right on
/// the way. The store is closed when its last part is dropped; dropping it waits for what was begun.
///
/// # Errors
/// Each [`OpenError`] names the path and what to do about it.
pub fn open(data_dir: &Path, clock: SharedClock) -> Result<Store, OpenError> {
    open_with(data_dir, clock, Tuning::default())
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made, read or written.
    #[error("cannot use the data directory {}", path.display())]
    Directory {
        /// The directory, or the file in it that refused.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another server works on it.
    #[error(
        "the data directory {} is in use by another server{}; stop that one or choose another directory",
        path.display(),
        process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other server's process, where it could be read.
        process: Option<u32>,
    },
    /// It was written by a newer release, which may keep things in ways this one would destroy.
    #[error(
        "{} was written by a newer release (schema {found}, this one knows {known}); use that release",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema's number.
        found: i64,
        /// The newest this release knows.
        known: i64,
    },
    /// There is a database under our name, but not one of ours.
    #[error("{} is not a store of this program", path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// The database cannot be opened or brought up to date.
    #[error("cannot open the database {}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        failure: Failure,
    },
}

/// What tests want otherwise than servers do.
#[derive(Clone, Copy, Debug)]
struct Tuning {
    /// Reader threads, each with a connection.
    readers: NonZeroUsize,
    /// The most pages of 4 KiB the database may have; SQLite reports a full disk beyond. None: no limit.
    pages_max: Option<u32>,
    /// How much a watcher may fall behind.
    mailbox: watch::Bounds,
}

impl Default for Tuning {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let most = const { NonZeroUsize::new(4).expect("four is not zero") };
        Self { readers: cores.min(most), pages_max: None, mailbox: watch::Bounds::default() }
    }
}

/// Everything one open data directory needs. Fields are dropped in their order: readers before the
/// writer, whose connection, the last, folds the log into the database; the lock at the very end.
struct Engine {
    readers: readers::Readers,
    writer: writer::Writer,
    hub: Arc<watch::Hub>,
    _lock: lock::DirectoryLock,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.hub.close();
    }
}

fn open_with(data_dir: &Path, clock: SharedClock, tuning: Tuning) -> Result<Store, OpenError> {
    let lock = lock::DirectoryLock::take(data_dir)?;
    let database = data_dir.join(DATABASE);
    let refuse = |source: rusqlite::Error| OpenError::Database { path: database.clone(), failure: source.into() };
    let refuse_io = |source| OpenError::Directory { path: data_dir.to_owned(), source };

    let connection = schema::open(&database)?;
    if let Some(pages) = tuning.pages_max {
        connection.pragma_update(None, "max_page_count", pages).map_err(refuse)?;
    }
    let counter = writer::counter(&connection).map_err(refuse)?;
    let pool =
        (0..tuning.readers.get()).map(|_| schema::reader(&database)).collect::<Result<Vec<_>, _>>().map_err(refuse)?;
    let blobs = blobs::BlobFiles::open(data_dir).map_err(refuse_io)?;
    schema::sync_directory(data_dir).map_err(refuse_io)?;

    let hub = Arc::new(watch::Hub::new(tuning.mailbox, counter));
    let engine = Arc::new(Engine {
        readers: readers::Readers::start(pool).map_err(refuse_io)?,
        writer: writer::Writer::start(connection, counter, Arc::clone(&hub)).map_err(refuse_io)?,
        hub,
        _lock: lock,
    });
    Ok(Store {
        documents: Arc::new(documents::EmbeddedDocuments::new(Arc::clone(&engine))),
        queue: Arc::new(queue::EmbeddedQueue::new(Arc::clone(&engine), clock)),
        blobs: Arc::new(blobs::EmbeddedBlobs::new(engine, blobs)),
    })
}
