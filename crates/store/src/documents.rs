//! Documents: keyed bytes with a revision.
//!
//! A partition is the unit of atomicity: a commit changes documents of one
//! partition, all or none. There is nothing across partitions: no transaction, and
//! no order but that of revisions.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::Error;

/// Where a document is: a partition, which commits atomically, and a name in it.
///
/// Keys are ordered by partition, then name, each by its UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// For instance `function/000000000000/us-east-1/hello`.
    pub partition: String,
    /// For instance `head` or `version/00000001`.
    pub name: String,
}

/// Grows with every change of the store; never reused, so it orders changes. The first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub key: Key,
    /// When it was last changed.
    pub revision: Revision,
    /// What it holds.
    pub bytes: Bytes,
}

/// What must be true of a document for a change of it to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// It must not exist.
    Absent,
    /// It must exist, at whatever revision.
    Present,
    /// It must have this revision.
    At(Revision),
}

/// One change of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Write `bytes` under `name`.
    Put {
        /// The name in the partition.
        name: String,
        /// What must be true before.
        expect: Expect,
        /// What to write.
        bytes: Bytes,
    },
    /// Remove `name`; removing what is not there is no error unless `expect` says so.
    Delete {
        /// The name in the partition.
        name: String,
        /// What must be true before.
        expect: Expect,
    },
    /// Change nothing, but let the commit stand or fall with `name` (an alias, say, with the version it points at).
    Require {
        /// The name in the partition.
        name: String,
        /// What must be true.
        expect: Expect,
    },
}

/// A commit was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A document was not what the caller expected. Nothing was changed.
    #[error("`{name}` has changed meanwhile")]
    Conflict {
        /// Which document: the first, in the order of the changes.
        name: String,
    },
    /// The engine failed. All changes may stand or none; read before trying again.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A page of documents, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// Partitions that begin with this. Empty: all.
    pub partition_prefix: String,
    /// Names that begin with this, in those partitions.
    pub name_prefix: String,
    /// Only what comes after this key, in the order asked for.
    pub after: Option<Key>,
    /// At most so many; 0 means all.
    pub limit: usize,
    /// In which order.
    pub order: Order,
}

/// The order of a [`Range`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Greatest key first: the newest version, the last log batch.
    Descending,
}

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A document as it is now; first every existing one, then each change.
    Put(Document),
    /// A document is gone. It may be one this watcher never heard of: put and deleted while it lagged.
    Deleted {
        /// Which.
        key: Key,
        /// The revision of its removal.
        revision: Revision,
    },
    /// Everything that existed when the watch began has been told. Comes once.
    CaughtUp,
}

/// Keyed records.
pub trait Documents: Send + Sync {
    /// The document under `key`. Sees every commit that was acknowledged before the call.
    ///
    /// # Errors
    /// The engine failed.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>>;

    /// Makes all `changes` in `partition`, or none. Durable when it answers.
    ///
    /// The answer holds the revision of the commit, shared by every document it wrote.
    /// Changes are made in their order, and each expectation is held against what the
    /// changes before it left; others see only the whole.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when an expectation is not met.
    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>>;

    /// A page of documents, all as of one moment.
    ///
    /// # Errors
    /// The engine failed.
    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>>;

    /// Everything under `partition_prefix`, then every change of it, until dropped.
    ///
    /// No change is missed and none told twice; those of one document come in order. A watcher that
    /// does not keep up is buffered for a while; then the store re-reads for it, and it hears the newest
    /// state of each document that changed, not every step between: what it builds of the events stays
    /// right. As long as it keeps up, changes after [`Event::CaughtUp`] come in the order of their
    /// revisions, whatever the document.
    ///
    /// An `Err` is the last item: the store failed, or the watcher was too far behind even for that
    /// ([`Failure::Lagged`](crate::Failure::Lagged)). Watch again, and start from nothing. The stream
    /// ends without one when the store is closed.
    fn watch(&self, partition_prefix: String) -> BoxStream<'static, Result<Event, Error>>;
}
