//! How the store is used here: where each record is, and what can go wrong.
//!
//! ```text
//! partition  log-groups/{account}/{region}/           the catalogue of groups
//! document   {group}                                  records::Group
//!            !{group id}                              a deleted group, whose partition is still to be emptied
//!
//! partition  logs/{account}/{region}/{group}:{group id}
//! document   total                                    records::Total; gone as soon as the group is
//!            stream/{stream}                          records::Stream
//!            batch/{stream id}/{first ms}/{sequence}  records::Batch: the events
//!            time/{first ms}/{stream id}/{sequence}   records::Entry: where in time each batch is
//!            gone/{stream id}                         a deleted stream, whose batches are still to be removed
//! ```
//!
//! A group's id is new with every creation, so that nothing of a deleted group can show in its successor. A batch is
//! written once and never changed. It spans [`BATCH_SPAN_MAX_MS`] at most, so whoever looks for events from a time on
//! begins that much earlier and misses none. Reading a stream walks its own batches in time; reading a group walks
//! the small time entries; expiring takes the head of those, whatever the streams.
//!
//! Every append changes `total` at the revision it knows: that orders appends of different nodes, and fences off one
//! that still believes in a deleted group.

use lanthorn_store::documents::{CommitError, Document, Key};

use crate::names::{GroupRef, Scope};

/// A batch holds events of no more than so many milliseconds.
pub(crate) const BATCH_SPAN_MAX_MS: i64 = 15_000;

/// Times have thirteen digits: nothing is written beyond November 2286.
pub(crate) const TIME_MAX_MS: i64 = 9_999_999_999_999;

/// Every catalogue's partition begins with this.
pub(crate) const CATALOGUES: &str = "log-groups/";

/// The document that fences and counts a group.
pub(crate) const TOTAL: &str = "total";

/// The stream's number within its group: random, below 10^18.
pub(crate) type StreamId = u64;

/// The log store failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] lanthorn_store::Error),
    /// What is stored is not what was once written.
    #[error("`{}` in `{}` is not readable", .key.name, .key.partition)]
    Damaged {
        /// Which document.
        key: Key,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Others changed the group again and again while we tried; safe to repeat.
    #[error("the log group is changed too often to be written to")]
    Contended,
}

/// What became of a commit.
pub(crate) enum Committed<T> {
    Done(T),
    /// This document was not as expected; nothing was changed.
    Conflict(String),
}

/// Sorts a commit's outcomes: only a failure of the engine is an error.
pub(crate) fn committed<T>(outcome: Result<T, CommitError>) -> Result<Committed<T>, StorageError> {
    match outcome {
        Ok(done) => Ok(Committed::Done(done)),
        Err(CommitError::Conflict { name }) => Ok(Committed::Conflict(name)),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The partition of the catalogue of groups.
pub(crate) fn catalogue(scope: &Scope) -> String {
    format!("{CATALOGUES}{}/{}/", scope.account, scope.region)
}

/// The account and region whose catalogue `partition` is.
pub(crate) fn scope_of_catalogue(partition: &str) -> Option<Scope> {
    let (account, region) = partition.strip_prefix(CATALOGUES)?.strip_suffix('/')?.split_once('/')?;
    Some(Scope { account: account.parse().ok()?, region: region.parse().ok()? })
}

/// A catalogue's documents from here on are groups; before are deleted ones. No group's name begins with `"`.
pub(crate) const CATALOGUE_GROUPS: &str = "\"";

/// The document of a deleted group.
pub(crate) fn deleted_group(id: &str) -> String {
    format!("!{id}")
}

/// The partition of a group's streams and events.
pub(crate) fn partition(group: &GroupRef, id: &str) -> String {
    format!("logs/{}/{}/{}:{id}", group.scope.account, group.scope.region, group.name)
}

/// Names of streams' documents begin with this.
pub(crate) const STREAMS: &str = "stream/";

/// The document of a stream.
pub(crate) fn stream(name: &str) -> String {
    format!("{STREAMS}{name}")
}

/// Names of deleted streams' documents begin with this.
pub(crate) const DELETED_STREAMS: &str = "gone/";

/// The document of a deleted stream.
pub(crate) fn deleted_stream(id: StreamId) -> String {
    format!("{DELETED_STREAMS}{id:018}")
}

/// Names of a stream's batches begin with this.
pub(crate) fn batches(stream: StreamId) -> String {
    format!("batch/{stream:018}/")
}

/// Names of time entries begin with this.
pub(crate) const ENTRIES: &str = "time/";

/// Where a batch is: its parts in the order in which a group's events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchAt {
    /// The time of its first event, in ms since 1970.
    pub(crate) first_ms: i64,
    /// Which stream.
    pub(crate) stream: StreamId,
    /// Its place among those that begin at the same time; see [`crate::ingest`].
    pub(crate) sequence: u64,
}

impl BatchAt {
    pub(crate) fn batch(&self) -> String {
        format!("batch/{:018}/{:013}/{:019}", self.stream, self.first_ms, self.sequence)
    }

    pub(crate) fn entry(&self) -> String {
        format!("{ENTRIES}{:013}/{:018}/{:019}", self.first_ms, self.stream, self.sequence)
    }

    /// Reads a batch's or an entry's name.
    pub(crate) fn of(document: &Document) -> Result<Self, StorageError> {
        let parts: Vec<&str> = document.key.name.split('/').collect();
        let read = || -> Option<Self> {
            match parts.as_slice() {
                ["batch", stream, first, sequence] | ["time", first, stream, sequence] => Some(Self {
                    first_ms: first.parse().ok()?,
                    stream: stream.parse().ok()?,
                    sequence: sequence.parse().ok()?,
                }),
                _ => None,
            }
        };
        read().ok_or_else(|| damaged(document, "not the name of a batch"))
    }
}

/// A name that sorts before every batch of `stream` that begins at `first_ms` or later, and behind all earlier ones.
pub(crate) fn batches_from(stream: StreamId, first_ms: i64) -> String {
    format!("batch/{stream:018}/{:013}", first_ms.clamp(0, TIME_MAX_MS))
}

/// The same for time entries.
pub(crate) fn entries_from(first_ms: i64) -> String {
    format!("{ENTRIES}{:013}", first_ms.clamp(0, TIME_MAX_MS))
}

/// `document` cannot be read because of `why`.
pub(crate) fn damaged(document: &Document, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StorageError {
    StorageError::Damaged { key: document.key.clone(), source: why.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(name: String) -> Document {
        let key = Key { partition: "p".into(), name };
        Document { key, revision: lanthorn_store::documents::Revision(1), bytes: bytes::Bytes::new() }
    }

    proptest! {
        #[test]
        fn a_batchs_names_say_where_it_is(
            first_ms in 0..9_999_999_999_999_i64,
            stream in 0..1_000_000_000_000_000_000_u64,
            sequence in 0..9_999_999_999_999_999_999_u64,
        ) {
            let at = BatchAt { first_ms, stream, sequence };
            prop_assert_eq!(BatchAt::of(&document(at.batch())).expect("readable"), at);
            prop_assert_eq!(BatchAt::of(&document(at.entry())).expect("readable"), at);
            prop_assert!(batches_from(stream, first_ms) < at.batch());
            prop_assert!(batches_from(stream, first_ms + 1) > at.batch());
            prop_assert!(entries_from(first_ms) < at.entry());
            prop_assert!(entries_from(first_ms + 1) > at.entry());
        }

        #[test]
        fn entries_sort_as_batches_are_read(a in any::<(u32, u32, u64)>(), b in any::<(u32, u32, u64)>()) {
            let at = |(first, stream, sequence): (u32, u32, u64)| {
                BatchAt { first_ms: first.into(), stream: stream.into(), sequence: sequence >> 1 }
            };
            prop_assert_eq!(at(a).cmp(&at(b)), at(a).entry().cmp(&at(b).entry()));
        }
    }
}
