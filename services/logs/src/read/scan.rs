//! Walks events in order, out of batches that overlap in time.
//!
//! ```text
//!  time ─────────────────────────────────►
//!  batch a   [■ ■   ■]                       opened
//!  batch b      [■    ■ ■]                   opened
//!  batch c               [■ ■]               not yet
//!                        ▲ horizon: every event before it is in an opened batch
//! ```
//!
//! An event is given out once it lies before the horizon; then none can come before it. Batches are opened one after
//! the other, decoded and filtered off the shard's thread where that takes long, and forgotten when they are empty: a
//! scan holds what overlaps, never what it has passed. Backwards it is the same picture in a mirror, but that the
//! horizon is as far behind a batch's beginning as a batch may reach.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

use lanthorn_store::Documents;
use lanthorn_store::documents::Document;

use super::position::{Cursor, Position};
use super::source::Source;
use crate::pattern::Pattern;
use crate::records::{Batch, EVENT_OVERHEAD_BYTES, Line};
use crate::storage::{BATCH_SPAN_MAX_MS, BatchAt, StorageError, StreamId};

/// A batch of more bytes than this is decoded on a thread that may block.
const INLINE_BYTES_MAX: usize = 16 * 1024;

/// In which order events are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    Backward,
}

/// Which events are wanted, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// From this time on, in ms since 1970.
    pub(crate) start_ms: i64,
    /// And before this time.
    pub(crate) end_ms: i64,
    /// And behind this position, or before it, whichever way the cursor looks.
    pub(crate) cursor: Option<Cursor>,
    /// And matching this.
    pub(crate) pattern: Arc<Pattern>,
    pub(crate) direction: Direction,
}

/// An event that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) position: Position,
    pub(crate) stream: Arc<str>,
    pub(crate) ingested_ms: i64,
    pub(crate) message: String,
}

/// What a step led to.
pub(crate) enum Step {
    Event(Found),
    /// The scan has done as much as it may at once; all up to here has been given out.
    Paused(Cursor),
    End,
}

/// Walks events.
pub(crate) struct Scan {
    window: Arc<Window>,
    source: Source,
    opened: BinaryHeap<Opened>,
    /// How many bytes of batches may still be opened; none: any number.
    budget: Option<usize>,
}

/// A batch whose wanted events have not all been given out; never empty. Greater is what is given out sooner.
struct Opened {
    at: BatchAt,
    stream: Arc<str>,
    ingested_ms: i64,
    /// With their places in the batch; the next to be given out is the last.
    lines: Vec<(u32, Line)>,
    direction: Direction,
}

impl Window {
    /// The time from which on events can be wanted.
    pub(super) fn earliest_ms(&self) -> i64 {
        match self.cursor {
            Some(Cursor::Forward(position)) => self.start_ms.max(position.at_ms),
            _ => self.start_ms,
        }
        .max(0)
    }

    /// The time from which on no event can be wanted.
    pub(super) fn until_ms(&self) -> i64 {
        match self.cursor {
            Some(Cursor::Backward(position)) => self.end_ms.min(position.at_ms.saturating_add(1)),
            _ => self.end_ms,
        }
    }

    fn wants(&self, position: Position) -> bool {
        (self.start_ms..self.end_ms).contains(&position.at_ms)
            && match self.cursor {
                None => true,
                Some(Cursor::Forward(cursor)) => position > cursor,
                Some(Cursor::Backward(cursor)) => position < cursor,
            }
    }
}

impl Scan {
    /// Walks the events of a group, or of those of its streams, through the group's order in time.
    pub(crate) fn of_group(
        documents: &Arc<dyn Documents>,
        partition: String,
        window: Window,
        streams: Option<HashSet<StreamId>>,
    ) -> Self {
        let source = Source::entries(Arc::clone(documents), partition, &window, streams);
        Self { window: Arc::new(window), source, opened: BinaryHeap::new(), budget: None }
    }

    /// Walks the events of a few streams, each of which is read by itself.
    pub(crate) fn of_streams(
        documents: &Arc<dyn Documents>,
        partition: String,
        window: Window,
        streams: impl IntoIterator<Item = StreamId>,
    ) -> Self {
        let source = Source::streams(Arc::clone(documents), partition, &window, streams);
        Self { window: Arc::new(window), source, opened: BinaryHeap::new(), budget: None }
    }

    /// Lets the scan pause after it has opened about so many bytes of batches.
    pub(crate) fn pausing_after(mut self, bytes: usize) -> Self {
        self.budget = Some(bytes);
        self
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Result<Step, StorageError> {
        loop {
            let horizon_ms =
                self.source.front(&self.window, &mut self.budget).await?.map(|first_ms| self.reach(first_ms));
            if let Some(first) = self.opened.peek()
                && horizon_ms.is_none_or(|horizon_ms| self.is_before(first.next().at_ms, horizon_ms))
            {
                return Ok(self.give().map_or(Step::End, Step::Event));
            }
            let Some(horizon_ms) = horizon_ms else {
                return Ok(Step::End);
            };
            if self.budget == Some(0)
                && let Some(cursor) = self.pause(horizon_ms)
            {
                return Ok(Step::Paused(cursor));
            }
            let Some((at, document)) = self.source.take().await? else {
                continue;
            };
            if let Some(budget) = &mut self.budget {
                *budget = budget.saturating_sub(document.bytes.len());
            }
            self.opened.extend(open(at, document, &self.window).await?);
        }
    }

    /// The time on whose near side no batch that begins at `first_ms`, or comes after such a one, has events.
    fn reach(&self, first_ms: i64) -> i64 {
        match self.window.direction {
            Direction::Forward => first_ms,
            Direction::Backward => first_ms.saturating_add(BATCH_SPAN_MAX_MS),
        }
    }

    fn is_before(&self, at_ms: i64, horizon_ms: i64) -> bool {
        match self.window.direction {
            Direction::Forward => at_ms < horizon_ms,
            Direction::Backward => at_ms > horizon_ms,
        }
    }

    /// Where to go on later; none if that were where this scan began, or it would never arrive.
    fn pause(&self, horizon_ms: i64) -> Option<Cursor> {
        match self.window.direction {
            Direction::Forward => {
                (horizon_ms > self.window.earliest_ms()).then(|| Cursor::Forward(Position::before(horizon_ms)))
            }
            Direction::Backward => {
                let behind_ms = horizon_ms.saturating_add(1);
                (behind_ms < self.window.until_ms()).then(|| Cursor::Backward(Position::before(behind_ms)))
            }
        }
    }

    /// Gives out the first event of the opened batches.
    fn give(&mut self) -> Option<Found> {
        let mut batch = self.opened.pop()?;
        let (index, line) = batch.lines.pop()?;
        let found = Found {
            position: position(batch.at, &line, index),
            stream: Arc::clone(&batch.stream),
            ingested_ms: batch.ingested_ms,
            message: line.message,
        };
        if !batch.lines.is_empty() {
            self.opened.push(batch);
        }
        Some(found)
    }
}

impl Found {
    /// What the event counts for, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.message.len() + EVENT_OVERHEAD_BYTES
    }
}

impl Opened {
    fn next(&self) -> Position {
        let (index, line) = self.lines.last().expect("an opened batch is never empty");
        position(self.at, line, *index)
    }
}

impl Ord for Opened {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.direction {
            Direction::Forward => other.next().cmp(&self.next()),
            Direction::Backward => self.next().cmp(&other.next()),
        }
    }
}

impl PartialOrd for Opened {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Opened {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Opened {}

fn position(at: BatchAt, line: &Line, index: u32) -> Position {
    Position { at_ms: line.at_ms, sequence: at.sequence, stream: at.stream, index }
}

/// Decodes a batch and keeps what is wanted; none if nothing is.
async fn open(at: BatchAt, document: Document, window: &Arc<Window>) -> Result<Option<Opened>, StorageError> {
    if document.bytes.len() <= INLINE_BYTES_MAX {
        return decode(at, &document, window);
    }
    let window = Arc::clone(window);
    match tokio::task::spawn_blocking(move || decode(at, &document, &window)).await {
        Ok(opened) => opened,
        Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
    }
}

fn decode(at: BatchAt, document: &Document, window: &Window) -> Result<Option<Opened>, StorageError> {
    let batch = Batch::decode(document)?;
    let mut lines: Vec<(u32, Line)> = (0..)
        .zip(batch.lines)
        .filter(|(index, line)| window.wants(position(at, line, *index)) && window.pattern.matches(&line.message))
        .collect();
    if window.direction == Direction::Forward {
        lines.reverse();
    }
    let opened =
        Opened { at, stream: batch.stream.into(), ingested_ms: batch.ingested_ms, lines, direction: window.direction };
    Ok((!opened.lines.is_empty()).then_some(opened))
}
