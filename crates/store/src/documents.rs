//! Documents: keyed bytes with a revision.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::Error;

/// Where a document is: a partition, which commits atomically, and a name in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// For instance `function/000000000000/us-east-1/hello`.
    pub partition: String,
    /// For instance `head` or `version/00000001`.
    pub name: String,
}

/// Grows with every change of the store; never reused, so it orders changes.
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
}

/// A commit was not made, and changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A document was not what the caller expected.
    #[error("`{name}` has changed meanwhile")]
    Conflict {
        /// Which document.
        name: String,
    },
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A page of documents, in the order of partition, then name.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// Partitions that begin with this. Empty: all.
    pub partition_prefix: String,
    /// Names that begin with this, in those partitions.
    pub name_prefix: String,
    /// Only what comes after this key.
    pub after: Option<Key>,
    /// At most so many; 0 means all.
    pub limit: usize,
}

/// What a watcher hears. Nothing is skipped, and changes of one document come in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A document as it is now; first every existing one, then each change.
    Put(Document),
    /// A document is gone.
    Deleted {
        /// Which.
        key: Key,
        /// The revision of its removal.
        revision: Revision,
    },
    /// Everything that existed when the watch began has been told.
    CaughtUp,
}

/// Keyed records.
pub trait Documents: Send + Sync {
    /// The document under `key`.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Document>, Error>>;

    /// Makes all `changes` in `partition`, or none. Durable when it answers.
    /// The answer holds the revision of the commit, shared by every document it wrote.
    fn commit(&self, partition: String, changes: Vec<Change>) -> BoxFuture<'_, Result<Revision, CommitError>>;

    /// A page of documents.
    fn list(&self, range: Range) -> BoxFuture<'_, Result<Vec<Document>, Error>>;

    /// Everything under `partition_prefix`, then every change of it, until dropped.
    fn watch(&self, partition_prefix: String) -> BoxStream<'static, Result<Event, Error>>;
}
