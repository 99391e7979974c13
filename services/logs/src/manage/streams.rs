//! Streams: made, unmade, listed.

use std::collections::{BTreeSet, HashMap, HashSet};

use lanthorn_store::documents::{Change, Document, Expect, Key, Order, Range};

use crate::Logs;
use crate::facts::{GroupNotFound, StreamNotFound};
use crate::ingest::new_stream_id;
use crate::names::GroupRef;
use crate::records::{Entry, Group, Stream};
use crate::storage::{self, BatchAt, Committed, STREAMS, StorageError, StreamId, TOTAL, committed};

/// So many streams are looked at in one step.
const STREAMS_PAGE: usize = 500;

/// So many batches are removed in one commit.
const BATCHES_PAGE: usize = 64;

/// A stream was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateStreamError {
    /// There is one already.
    #[error("the log stream exists")]
    Exists,
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A stream was not read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The group has no such stream.
    #[error(transparent)]
    NoStream(#[from] StreamNotFound),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How streams are ordered. Source: Smithy shape `OrderBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamOrder {
    Name,
    /// Streams without events count as older than all others.
    LastEvent,
}

/// Which streams are wanted.
#[derive(Clone, Debug)]
pub(crate) struct StreamQuery {
    /// Names that begin with this.
    pub(crate) prefix: String,
    pub(crate) order: StreamOrder,
    pub(crate) descending: bool,
    /// What comes after this stream, in the order asked for.
    pub(crate) after: Option<StreamPlace>,
    /// At most so many; at least 1.
    pub(crate) limit: usize,
}

/// Where a stream stands in either order: the time of its last event in ms since 1970 (-1 without one), and its name.
pub(crate) type StreamPlace = (i64, String);

/// A stream as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamListing {
    pub(crate) name: String,
    pub(crate) record: Stream,
}

impl StreamListing {
    pub(crate) fn place(&self) -> StreamPlace {
        (self.record.written.map_or(-1, |written| written.last_ms), self.name.clone())
    }
}

impl Logs {
    pub(crate) async fn create_stream(&self, group: &GroupRef, name: &str) -> Result<(), CreateStreamError> {
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let stream = Stream { id: new_stream_id(), created_ms: self.clock.now().as_millisecond(), written: None };
        let changes = vec![
            Change::Require { name: TOTAL.into(), expect: Expect::Present },
            Change::Put { name: storage::stream(name), expect: Expect::Absent, bytes: stream.encode() },
        ];
        match committed(self.documents.commit(storage::partition(group, &record.id), changes).await)? {
            Committed::Done(_) => Ok(()),
            Committed::Conflict(name) if name == TOTAL => Err(GroupNotFound.into()),
            Committed::Conflict(_) => Err(CreateStreamError::Exists),
        }
    }

    /// Deletes a stream at once for everybody who looks, then its events.
    pub(crate) async fn delete_stream(&self, group: &GroupRef, name: &str) -> Result<(), StreamError> {
        self.flusher.flush(group).await?;
        let mut shard = self.journal.lock(group).await;
        shard.forget(group);
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let partition = storage::partition(group, &record.id);
        let key = Key { partition: partition.clone(), name: storage::stream(name) };
        let document = self.documents.get(key).await.map_err(StorageError::from)?.ok_or(StreamNotFound)?;
        let stream = Stream::decode(&document)?;
        let changes = [
            Change::Delete { name: storage::stream(name), expect: Expect::At(document.revision) },
            Change::Put {
                name: storage::deleted_stream(stream.id),
                expect: Expect::Anything,
                bytes: name.to_owned().into(),
            },
        ];
        self.journal.remove(&mut shard, group, &changes, 0).await?;
        // The lock is only for the change of the stream itself; its batches are nobody's any more.
        drop(shard);
        self.purge_stream(group, &record, stream.id).await?;
        Ok(())
    }

    /// Removes what is left of a deleted stream.
    pub(crate) async fn purge_stream(
        &self,
        group: &GroupRef,
        record: &Group,
        stream: StreamId,
    ) -> Result<(), StorageError> {
        let partition = storage::partition(group, &record.id);
        loop {
            let range = Range {
                partition_prefix: partition.clone(),
                name_prefix: storage::batches(stream),
                limit: BATCHES_PAGE,
                ..Range::default()
            };
            let batches = self.documents.list(range).await?;
            let mut changes = Vec::new();
            let mut bytes = 0;
            for batch in &batches {
                let at = BatchAt::of(batch)?;
                let key = Key { partition: partition.clone(), name: at.entry() };
                if let Some(entry) = self.documents.get(key).await? {
                    bytes += Entry::decode(&entry)?.bytes;
                }
                changes.push(Change::Delete { name: at.batch(), expect: Expect::Anything });
                changes.push(Change::Delete { name: at.entry(), expect: Expect::Anything });
            }
            let is_last = batches.len() < BATCHES_PAGE;
            if is_last {
                changes.push(Change::Delete { name: storage::deleted_stream(stream), expect: Expect::Anything });
            }
            let mut shard = self.journal.lock(group).await;
            let there = self.journal.remove(&mut shard, group, &changes, bytes).await?;
            if is_last || !there {
                return Ok(());
            }
        }
    }

    /// The stream called `name`.
    pub(crate) async fn find_stream(
        &self,
        group: &GroupRef,
        record: &Group,
        name: &str,
    ) -> Result<Option<Stream>, StorageError> {
        let key = Key { partition: storage::partition(group, &record.id), name: storage::stream(name) };
        self.documents.get(key).await?.map(|document| Stream::decode(&document)).transpose()
    }

    /// The ids of all streams whose names begin with `prefix`.
    pub(crate) async fn stream_ids(
        &self,
        group: &GroupRef,
        record: &Group,
        prefix: &str,
    ) -> Result<HashSet<StreamId>, StorageError> {
        let mut ids = HashSet::new();
        let mut after = None;
        loop {
            let page = self.stream_page(group, record, prefix, after, Order::Ascending, STREAMS_PAGE).await?;
            for document in &page {
                ids.insert(Stream::decode(document)?.id);
            }
            match page.last() {
                Some(last) if page.len() == STREAMS_PAGE => after = Some(last.key.clone()),
                _ => return Ok(ids),
            }
        }
    }

    /// At most `query.limit` streams in the order asked for, and whether there are more.
    pub(crate) async fn list_streams(
        &self,
        group: &GroupRef,
        query: &StreamQuery,
    ) -> Result<(Vec<StreamListing>, bool), StreamError> {
        self.flusher.flush(group).await?;
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let mut listings = match query.order {
            StreamOrder::Name => self.streams_by_name(group, &record, query).await?,
            StreamOrder::LastEvent => self.streams_by_last_event(group, &record, query).await?,
        };
        let more = listings.len() > query.limit;
        listings.truncate(query.limit);
        Ok((listings, more))
    }

    /// One stream more than asked for, if there is one.
    async fn streams_by_name(
        &self,
        group: &GroupRef,
        record: &Group,
        query: &StreamQuery,
    ) -> Result<Vec<StreamListing>, StorageError> {
        let partition = storage::partition(group, &record.id);
        let after = query.after.as_ref().map(|(_, name)| Key { partition, name: storage::stream(name) });
        let order = if query.descending { Order::Descending } else { Order::Ascending };
        let page = self.stream_page(group, record, &query.prefix, after, order, query.limit + 1).await?;
        page.iter().map(listing).collect()
    }

    /// The same in the order of the last events: looks at every stream, and remembers only the best.
    async fn streams_by_last_event(
        &self,
        group: &GroupRef,
        record: &Group,
        query: &StreamQuery,
    ) -> Result<Vec<StreamListing>, StorageError> {
        let mut best: BTreeSet<StreamPlace> = BTreeSet::new();
        let mut records = HashMap::new();
        let mut after = None;
        loop {
            let page = self.stream_page(group, record, &query.prefix, after, Order::Ascending, STREAMS_PAGE).await?;
            for document in &page {
                let listing = listing(document)?;
                let place = listing.place();
                let passed = query
                    .after
                    .as_ref()
                    .is_some_and(|after| if query.descending { place >= *after } else { place <= *after });
                if passed {
                    continue;
                }
                records.insert(listing.name, listing.record);
                best.insert(place);
                if best.len() > query.limit + 1 {
                    let worst = if query.descending { best.pop_first() } else { best.pop_last() };
                    if let Some((_, name)) = worst {
                        records.remove(&name);
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() == STREAMS_PAGE => after = Some(last.key.clone()),
                _ => break,
            }
        }
        let mut listings: Vec<StreamListing> = best
            .into_iter()
            .filter_map(|(_, name)| records.remove(&name).map(|record| StreamListing { name, record }))
            .collect();
        if query.descending {
            listings.reverse();
        }
        Ok(listings)
    }

    async fn stream_page(
        &self,
        group: &GroupRef,
        record: &Group,
        prefix: &str,
        after: Option<Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Document>, StorageError> {
        let range = Range {
            partition_prefix: storage::partition(group, &record.id),
            name_prefix: format!("{STREAMS}{prefix}"),
            after,
            limit,
            order,
        };
        Ok(self.documents.list(range).await?)
    }
}

fn listing(document: &Document) -> Result<StreamListing, StorageError> {
    let name = document.key.name.strip_prefix(STREAMS).unwrap_or(&document.key.name).to_owned();
    Ok(StreamListing { name, record: Stream::decode(document)? })
}
