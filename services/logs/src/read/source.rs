//! Where a scan's batches come from, in the order of their beginnings or against it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use lanthorn_store::Documents;
use lanthorn_store::documents::{Document, Key, Order, Range};

use super::scan::{Direction, Window};
use crate::records::Entry;
use crate::storage::{self, BATCH_SPAN_MAX_MS, BatchAt, StorageError, StreamId};

/// So many time entries are read at once.
const ENTRIES_PAGE: usize = 512;

/// A time entry that is read takes so many bytes of a scan's budget.
const ENTRY_COST_BYTES: usize = 64;

/// So many batches are read at once, where only one stream is read; where there are more, they share.
const BATCHES_PAGE: usize = 16;

/// Where batches come from.
pub(super) struct Source {
    documents: Arc<dyn Documents>,
    partition: String,
    direction: Direction,
    way: Way,
}

enum Way {
    /// A whole group, or many of its streams: through the time entries.
    Entries { streams: Option<HashSet<StreamId>>, page: VecDeque<BatchAt>, after: String, done: bool },
    /// A few streams, each by itself.
    Streams { cursors: Vec<StreamCursor>, page: usize },
}

struct StreamCursor {
    stream: StreamId,
    page: VecDeque<(BatchAt, Document)>,
    after: String,
    done: bool,
}

impl Source {
    pub(super) fn entries(
        documents: Arc<dyn Documents>,
        partition: String,
        window: &Window,
        streams: Option<HashSet<StreamId>>,
    ) -> Self {
        let after = storage::entries_from(begins_ms(window));
        let way = Way::Entries { streams, page: VecDeque::new(), after, done: false };
        Self { documents, partition, direction: window.direction, way }
    }

    pub(super) fn streams(
        documents: Arc<dyn Documents>,
        partition: String,
        window: &Window,
        streams: impl IntoIterator<Item = StreamId>,
    ) -> Self {
        let cursor = |stream| {
            let after = storage::batches_from(stream, begins_ms(window));
            StreamCursor { stream, page: VecDeque::new(), after, done: false }
        };
        let cursors: Vec<_> = streams.into_iter().map(cursor).collect();
        let page = (BATCHES_PAGE / cursors.len().max(1)).max(1);
        Self { documents, partition, direction: window.direction, way: Way::Streams { cursors, page } }
    }

    /// When the next batch begins, in ms since 1970; none if no batch is left that can hold wanted events. With the
    /// budget used up it may be the time up to which no such batch was found, and then [`Source::take`] takes none.
    pub(super) async fn front(
        &mut self,
        window: &Window,
        budget: &mut Option<usize>,
    ) -> Result<Option<i64>, StorageError> {
        let direction = self.direction;
        let listing = Listing { documents: &self.documents, partition: &self.partition, direction };
        let first_ms = match &mut self.way {
            Way::Entries { streams, page, after, done } => {
                while page.is_empty() && !*done {
                    let documents = listing.page(storage::ENTRIES.to_owned(), after, ENTRIES_PAGE).await?;
                    *done = documents.len() < ENTRIES_PAGE;
                    for document in &documents {
                        let at = BatchAt::of(document)?;
                        // Begins early enough to be looked at, but ended before anything that is wanted.
                        let from_ms = window.earliest_ms();
                        let passed = at.first_ms < from_ms && Entry::decode(document)?.last_ms < from_ms;
                        if !passed && streams.as_ref().is_none_or(|streams| streams.contains(&at.stream)) {
                            page.push_back(at);
                        }
                    }
                    let Some(last) = documents.last() else { break };
                    after.clone_from(&last.key.name);
                    let last_ms = BatchAt::of(last)?.first_ms;
                    *done |= !in_reach(last_ms, window);
                    if let Some(budget) = budget {
                        *budget = budget.saturating_sub(documents.len() * ENTRY_COST_BYTES);
                        if *budget == 0 && page.is_empty() && !*done {
                            return Ok(Some(last_ms));
                        }
                    }
                }
                page.front().map(|at| at.first_ms)
            }
            Way::Streams { cursors, page } => {
                for cursor in cursors.iter_mut() {
                    cursor.fill(&listing, *page).await?;
                }
                next(cursors, direction).and_then(|cursor| Some(cursor.page.front()?.0.first_ms))
            }
        };
        Ok(first_ms.filter(|first_ms| in_reach(*first_ms, window)))
    }

    /// Takes the batch that [`Source::front`] told of; none if it is gone since: expired, or its stream deleted.
    pub(super) async fn take(&mut self) -> Result<Option<(BatchAt, Document)>, StorageError> {
        match &mut self.way {
            Way::Entries { page, .. } => {
                let Some(at) = page.pop_front() else {
                    return Ok(None);
                };
                let key = Key { partition: self.partition.clone(), name: at.batch() };
                Ok(self.documents.get(key).await?.map(|document| (at, document)))
            }
            Way::Streams { cursors, .. } => {
                Ok(next(cursors, self.direction).and_then(|cursor| cursor.page.pop_front()))
            }
        }
    }
}

/// Where reading begins: early enough for a batch that reaches into the window.
fn begins_ms(window: &Window) -> i64 {
    match window.direction {
        Direction::Forward => window.earliest_ms() - BATCH_SPAN_MAX_MS,
        Direction::Backward => window.until_ms(),
    }
}

/// Whether a batch that begins at `first_ms`, or one that comes after it, can hold wanted events.
fn in_reach(first_ms: i64, window: &Window) -> bool {
    match window.direction {
        Direction::Forward => first_ms < window.until_ms(),
        Direction::Backward => first_ms >= window.earliest_ms() - BATCH_SPAN_MAX_MS,
    }
}

/// The stream whose next batch comes next of all.
fn next(cursors: &mut [StreamCursor], direction: Direction) -> Option<&mut StreamCursor> {
    let waiting = cursors.iter_mut().filter(|cursor| !cursor.page.is_empty());
    let at = |cursor: &&mut StreamCursor| cursor.page.front().map(|(at, _)| *at);
    match direction {
        Direction::Forward => waiting.min_by_key(at),
        Direction::Backward => waiting.max_by_key(at),
    }
}

/// How documents of a scan are listed.
struct Listing<'a> {
    documents: &'a Arc<dyn Documents>,
    partition: &'a str,
    direction: Direction,
}

impl Listing<'_> {
    async fn page(&self, prefix: String, after: &str, limit: usize) -> Result<Vec<Document>, StorageError> {
        let range = Range {
            partition_prefix: self.partition.to_owned(),
            name_prefix: prefix,
            after: Some(Key { partition: self.partition.to_owned(), name: after.to_owned() }),
            limit,
            order: match self.direction {
                Direction::Forward => Order::Ascending,
                Direction::Backward => Order::Descending,
            },
        };
        Ok(self.documents.list(range).await?)
    }
}

impl StreamCursor {
    async fn fill(&mut self, listing: &Listing<'_>, limit: usize) -> Result<(), StorageError> {
        if self.page.is_empty() && !self.done {
            let page = listing.page(storage::batches(self.stream), &self.after, limit).await?;
            self.done = page.len() < limit;
            if let Some(last) = page.last() {
                self.after.clone_from(&last.key.name);
            }
            for document in page {
                self.page.push_back((BatchAt::of(&document)?, document));
            }
        }
        Ok(())
    }
}
