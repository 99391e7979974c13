//! `FilterLogEvents`: the events of a group, or of some of its streams, that match a pattern, by time.

use std::collections::HashSet;
use std::sync::Arc;

use super::page;
use super::position::Cursor;
use super::scan::{Direction, Found, Scan, Window};
use crate::Logs;
use crate::facts::{GroupNotFound, InvalidToken, StreamNotFound};
use crate::names::GroupRef;
use crate::pattern::{InvalidPattern, Pattern};
use crate::records::Group;
use crate::storage::{self, StorageError, StreamId};

/// One request opens about so many bytes of batches; then it answers with what it has and a token. A rare pattern in a
/// large group thus takes many short requests instead of an endless one, as on AWS.
const OPENED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Up to so many streams are read each by itself, more through the group's order in time.
/// Also the most that can be named. Source: Smithy shape `InputLogStreamNames`.
const STREAMS_BY_THEMSELVES_MAX: usize = 100;

/// The newest events first can be asked for from this time on, in ms since 1970: 1 January 2024.
/// Source: FilterLogEvents, `startFromHead`.
const BACKWARD_SINCE_MS: i64 = 1_704_067_200_000;

/// Nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum FilterEventsError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The group has no stream of one of the names given.
    #[error(transparent)]
    NoStream(#[from] StreamNotFound),
    /// The pattern is not one.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
    /// The token is not one of this operation.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// The newest events first were asked for, from a time before 2024 on.
    #[error("events from before 2024 are read from the oldest on")]
    BackwardTooEarly,
    /// The store failed; safe to repeat.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Which streams are searched.
#[derive(Clone, Debug, Default)]
pub(crate) enum Streams {
    #[default]
    All,
    Named(Vec<String>),
    Prefixed(String),
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilterQuery {
    pub(crate) streams: Streams,
    /// From this time on, in ms since 1970.
    pub(crate) start_ms: Option<i64>,
    /// Up to and with this time.
    pub(crate) end_ms: Option<i64>,
    /// What a message must match; none: anything.
    pub(crate) pattern: Option<String>,
    /// The token of an earlier answer; it decides the direction.
    pub(crate) token: Option<String>,
    /// At most so many events.
    pub(crate) limit: Option<usize>,
    /// Without a token: the newest events first.
    pub(crate) backward: bool,
}

/// What was found: events in the order asked for, and how to go on; no token if there is no more.
#[derive(Clone, Debug)]
pub(crate) struct Filtered {
    pub(crate) events: Vec<Found>,
    pub(crate) token: Option<String>,
}

impl Logs {
    /// The matching events, by time. An answer may be empty and still have a token.
    pub(crate) async fn filter_events(
        &self,
        group: &GroupRef,
        query: FilterQuery,
    ) -> Result<Filtered, FilterEventsError> {
        let pattern: Pattern = query.pattern.as_deref().unwrap_or_default().parse()?;
        let cursor = query.token.as_deref().map(Cursor::from_search_token).transpose()?;
        let direction = match cursor {
            Some(Cursor::Forward(_)) => Direction::Forward,
            Some(Cursor::Backward(_)) => Direction::Backward,
            None if !query.backward => Direction::Forward,
            None if query.start_ms.is_some_and(|start_ms| start_ms < BACKWARD_SINCE_MS) => {
                return Err(FilterEventsError::BackwardTooEarly);
            }
            None => Direction::Backward,
        };
        self.flusher.flush(group).await?;
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let expired_before_ms = record.expired_before_ms(self.clock.now().as_millisecond());
        let window = Window {
            start_ms: query.start_ms.unwrap_or(0).max(expired_before_ms),
            end_ms: query.end_ms.map_or(i64::MAX, |end_ms| end_ms.saturating_add(1)),
            cursor,
            pattern: Arc::new(pattern),
            direction,
        };
        let partition = storage::partition(group, &record.id);
        let scan = match self.searched(group, &record, query.streams).await? {
            None => Scan::of_group(&self.documents, partition, window, None),
            Some(streams) if streams.len() <= STREAMS_BY_THEMSELVES_MAX => {
                Scan::of_streams(&self.documents, partition, window, streams)
            }
            Some(streams) => Scan::of_group(&self.documents, partition, window, Some(streams)),
        };
        let page = page(scan.pausing_after(OPENED_BYTES_MAX), query.limit).await?;
        let behind = page.events.last().filter(|_| page.more).map(|last| match direction {
            Direction::Forward => Cursor::Forward(last.position),
            Direction::Backward => Cursor::Backward(last.position),
        });
        Ok(Filtered { events: page.events, token: page.paused.or(behind).map(Cursor::search_token) })
    }

    /// The ids of the streams to be searched; none for all.
    async fn searched(
        &self,
        group: &GroupRef,
        record: &Group,
        streams: Streams,
    ) -> Result<Option<HashSet<StreamId>>, FilterEventsError> {
        match streams {
            Streams::All => Ok(None),
            Streams::Named(names) => {
                let mut ids = HashSet::new();
                for name in &names {
                    ids.insert(self.find_stream(group, record, name).await?.ok_or(StreamNotFound)?.id);
                }
                Ok(Some(ids))
            }
            Streams::Prefixed(prefix) => Ok(Some(self.stream_ids(group, record, &prefix).await?)),
        }
    }
}
