//! Writes batches: one commit per group, whatever the number of its streams.
//!
//! What it knows of a group (its total, its streams) it keeps, so that an append reads nothing; every commit expects
//! the total's revision, so knowledge that is out of date costs a second attempt and no more. Appends to one group
//! from this process queue up; those from others are told apart by that revision.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lanthorn_model::clock::SharedClock;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Change, Expect, Key, Revision};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::catalogue::{Catalogue, NewGroup};
use crate::facts::{GroupNotFound, StreamNotFound};
use crate::names::GroupRef;
use crate::records::{Batch, Entry, Line, Stream, Total, Written};
use crate::storage::{self, BATCH_SPAN_MAX_MS, BatchAt, Committed, StorageError, StreamId, TOTAL, committed};

/// A batch holds so many bytes at most, unless its one event is larger.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// A batch holds so many events at most: their places must fit into an event's id.
const BATCH_EVENTS_MAX: usize = 10_000;

/// Groups are spread over so many locks.
const SHARDS: usize = 64;

/// Each of which remembers so many groups and streams; then it starts from nothing.
const REMEMBERED_MAX: usize = 1024;

/// An append is tried so often before it is given up.
const ATTEMPTS_MAX: usize = 16;

/// What happens when the group or stream is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    Refuse,
}

/// An append was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    #[error(transparent)]
    NoStream(#[from] StreamNotFound),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<lanthorn_store::Error> for AppendError {
    fn from(error: lanthorn_store::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Writes batches.
pub(crate) struct Journal {
    documents: Arc<dyn Documents>,
    catalogue: Catalogue,
    clock: SharedClock,
    /// Tells batches of one millisecond apart; begins anywhere, so that a restart does not repeat itself.
    counter: AtomicU64,
    spread: RandomState,
    shards: Vec<Mutex<Shard>>,
}

/// What is known of the groups of one lock.
#[derive(Default)]
pub(crate) struct Shard(HashMap<GroupRef, Known>);

struct Known {
    partition: String,
    total: Total,
    revision: Revision,
    streams: HashMap<Arc<str>, (Stream, Revision)>,
}

/// A commit being put together.
struct Plan {
    changes: Vec<Change>,
    total: Total,
    streams: Vec<(Arc<str>, Stream)>,
    sequence: u64,
}

impl Shard {
    /// Forgets the group: something of it was changed elsewhere.
    pub(crate) fn forget(&mut self, group: &GroupRef) {
        self.0.remove(group);
    }

    fn remembered(&self) -> usize {
        self.0.values().map(|known| known.streams.len() + 1).sum()
    }
}

impl Journal {
    pub(crate) fn new(documents: Arc<dyn Documents>, catalogue: Catalogue, clock: SharedClock) -> Self {
        Self {
            documents,
            catalogue,
            clock,
            counter: AtomicU64::new(random()),
            spread: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Keeps appends to `group` from this process out while it is held.
    pub(crate) async fn lock(&self, group: &GroupRef) -> MutexGuard<'_, Shard> {
        let shard = self.spread.hash_one(group) % SHARDS as u64;
        self.shards[usize::try_from(shard).expect("less than the number of shards")].lock().await
    }

    /// Appends lines, of each stream in the order of their times, in one commit. Answers the last sequence.
    ///
    /// # Errors
    /// Nothing was written, but after [`StorageError::Store`], when all may have been.
    pub(crate) async fn append(
        &self,
        group: &GroupRef,
        streams: &[(Arc<str>, Vec<Line>)],
        missing: Missing,
    ) -> Result<u64, AppendError> {
        let mut shard = self.lock(group).await;
        if shard.remembered() > REMEMBERED_MAX {
            shard.0.clear();
        }
        for _ in 0..ATTEMPTS_MAX {
            let mut known = match shard.0.remove(group) {
                Some(known) => known,
                None => match self.look_up(group, missing).await? {
                    Some(known) => known,
                    None => continue,
                },
            };
            let plan = self.plan(group, &mut known, streams, missing).await?;
            // What is known goes back only after it was confirmed; a failure leaves nothing to be trusted.
            let outcome = self.documents.commit(known.partition.clone(), plan.changes).await;
            if let Committed::Done(revision) = committed(outcome)? {
                known.total = plan.total;
                known.revision = revision;
                for (name, stream) in plan.streams {
                    known.streams.insert(name, (stream, revision));
                }
                shard.0.insert(group.clone(), known);
                return Ok(plan.sequence);
            }
        }
        Err(StorageError::Contended.into())
    }

    /// Removes batches and what else `changes` say, and subtracts `bytes` from the total. False if the group is gone.
    pub(crate) async fn remove(
        &self,
        shard: &mut Shard,
        group: &GroupRef,
        changes: &[Change],
        bytes: u64,
    ) -> Result<bool, StorageError> {
        for _ in 0..ATTEMPTS_MAX {
            shard.forget(group);
            let Some((record, _)) = self.catalogue.find(group).await? else {
                return Ok(false);
            };
            let partition = storage::partition(group, &record.id);
            let Some((total, revision)) = self.total(&partition).await? else {
                continue;
            };
            let mut changes = changes.to_vec();
            changes.push(Change::Put {
                name: TOTAL.into(),
                expect: Expect::At(revision),
                bytes: Total { bytes: total.bytes.saturating_sub(bytes) }.encode(),
            });
            match committed(self.documents.commit(partition, changes).await)? {
                Committed::Done(_) => return Ok(true),
                Committed::Conflict(name) if name == TOTAL => {}
                // What was to be removed has changed or is gone: whoever asked must look again.
                Committed::Conflict(_) => return Err(StorageError::Contended),
            }
        }
        Err(StorageError::Contended)
    }

    /// What there is to know of the group. None if it vanished while we looked.
    async fn look_up(&self, group: &GroupRef, missing: Missing) -> Result<Option<Known>, AppendError> {
        let record = match (self.catalogue.find(group).await?, missing) {
            (Some((record, _)), _) => record,
            (None, Missing::Refuse) => return Err(GroupNotFound.into()),
            (None, Missing::Create) => match self.catalogue.create(group, NewGroup::default()).await? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        let partition = storage::partition(group, &record.id);
        let known = self.total(&partition).await?;
        Ok(known.map(|(total, revision)| Known { partition, total, revision, streams: HashMap::new() }))
    }

    async fn total(&self, partition: &str) -> Result<Option<(Total, Revision)>, StorageError> {
        let key = Key { partition: partition.to_owned(), name: TOTAL.into() };
        match self.documents.get(key).await? {
            Some(document) => Ok(Some((Total::decode(&document)?, document.revision))),
            None => Ok(None),
        }
    }

    async fn plan(
        &self,
        group: &GroupRef,
        known: &mut Known,
        streams: &[(Arc<str>, Vec<Line>)],
        missing: Missing,
    ) -> Result<Plan, AppendError> {
        let ingested_ms = self.clock.now().as_millisecond();
        let mut plan = Plan { changes: Vec::new(), total: known.total, streams: Vec::new(), sequence: 0 };
        for (name, lines) in streams {
            let (mut stream, expect) = match known.streams.get(name) {
                Some((stream, revision)) => (stream.clone(), Expect::At(*revision)),
                None => match self.stream(&known.partition, name).await? {
                    Some((stream, revision)) => (stream, Expect::At(revision)),
                    None if missing == Missing::Create => {
                        (Stream { id: new_stream_id(), created_ms: ingested_ms, written: None }, Expect::Absent)
                    }
                    None => return Err(StreamNotFound.into()),
                },
            };
            for lines in split(lines) {
                plan.sequence = self.next_sequence(ingested_ms);
                plan.batch(name, &mut stream, ingested_ms, lines);
            }
            plan.changes.push(Change::Put { name: storage::stream(name), expect, bytes: stream.encode() });
            plan.streams.push((Arc::clone(name), stream));
        }
        plan.changes.push(Change::Put {
            name: TOTAL.into(),
            expect: Expect::At(known.revision),
            bytes: plan.total.encode(),
        });
        tracing::trace!(log_group.name = %group.name, changes = plan.changes.len(), "appending log events");
        Ok(plan)
    }

    async fn stream(&self, partition: &str, name: &str) -> Result<Option<(Stream, Revision)>, StorageError> {
        let key = Key { partition: partition.to_owned(), name: storage::stream(name) };
        match self.documents.get(key).await? {
            Some(document) => Ok(Some((Stream::decode(&document)?, document.revision))),
            None => Ok(None),
        }
    }

    /// Nineteen digits at most that grow with time and are given once.
    fn next_sequence(&self, now_ms: i64) -> u64 {
        const PER_MS: u64 = 1_000_000;
        let counter = self.counter.fetch_add(1, Ordering::Relaxed) % PER_MS;
        u64::try_from(now_ms).unwrap_or_default().saturating_mul(PER_MS).saturating_add(counter)
    }
}

impl Plan {
    fn batch(&mut self, name: &str, stream: &mut Stream, ingested_ms: i64, lines: &[Line]) {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            return;
        };
        let at = BatchAt { first_ms: first.at_ms, stream: stream.id, sequence: self.sequence };
        let bytes = lines.iter().map(|line| line.size() as u64).sum();
        self.changes.push(Change::Put {
            name: at.batch(),
            expect: Expect::Absent,
            bytes: Batch::encode(name, ingested_ms, lines),
        });
        self.changes.push(Change::Put {
            name: at.entry(),
            expect: Expect::Absent,
            bytes: Entry { last_ms: last.at_ms, bytes }.encode(),
        });
        self.total.bytes += bytes;
        stream.wrote(Written { first_ms: first.at_ms, last_ms: last.at_ms, ingested_ms, sequence: self.sequence });
    }
}

/// Cuts lines, which are in order, into batches that keep the bounds.
fn split(lines: &[Line]) -> Vec<&[Line]> {
    let mut batches = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let mut bytes = 0;
        let fitting = rest
            .iter()
            .take(BATCH_EVENTS_MAX)
            .take_while(|line| {
                bytes += line.size();
                bytes <= BATCH_BYTES_MAX && line.at_ms - first.at_ms <= BATCH_SPAN_MAX_MS
            })
            .count();
        let (batch, behind) = rest.split_at(fitting.max(1));
        batches.push(batch);
        rest = behind;
    }
    batches
}

/// A number that no stream of the group has, as good as surely: 18 digits at most.
pub(crate) fn new_stream_id() -> StreamId {
    random() % 1_000_000_000_000_000_000
}

fn random() -> u64 {
    Uuid::new_v4().as_u64_pair().1 ^ Uuid::new_v4().as_u64_pair().1.rotate_left(32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_keep_their_bounds_and_lose_nothing(
            mut events in prop::collection::vec((0i64..100_000, 0usize..200_000), 0..40),
        ) {
            events.sort_by_key(|event| event.0);
            let lines: Vec<Line> =
                events.iter().map(|(at_ms, size)| Line { at_ms: *at_ms, message: "x".repeat(*size) }).collect();
            let batches = split(&lines);
            for batch in &batches {
                let bytes: usize = batch.iter().map(Line::size).sum();
                prop_assert!(batch.len() == 1 || bytes <= BATCH_BYTES_MAX);
                prop_assert!(batch[batch.len() - 1].at_ms - batch[0].at_ms <= BATCH_SPAN_MAX_MS);
            }
            prop_assert_eq!(batches.concat(), lines);
        }
    }

    #[test]
    fn stream_ids_have_eighteen_digits_at_most() {
        assert!((0..1000).all(|_| new_stream_id() < 1_000_000_000_000_000_000));
    }
}
