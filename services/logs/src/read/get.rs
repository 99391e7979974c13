//! `GetLogEvents`: the events of one stream, forwards from its head or backwards from its end.

use std::sync::Arc;

use super::page;
use super::position::{Cursor, Position};
use super::scan::{Direction, Found, Scan, Window};
use crate::Logs;
use crate::facts::{GroupNotFound, InvalidToken, StreamNotFound};
use crate::names::GroupRef;
use crate::pattern::Pattern;
use crate::storage::{self, StorageError};

/// Nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum GetEventsError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The group has no such stream.
    #[error(transparent)]
    NoStream(#[from] StreamNotFound),
    /// The token is not one of this operation.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// The store failed; safe to repeat.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct GetQuery {
    /// From this time on, in ms since 1970.
    pub(crate) start_ms: Option<i64>,
    /// And before this time.
    pub(crate) end_ms: Option<i64>,
    /// The token of an earlier answer; it decides the direction.
    pub(crate) token: Option<String>,
    /// At most so many events.
    pub(crate) limit: Option<usize>,
    /// Without a token: the oldest events rather than the newest.
    pub(crate) from_head: bool,
}

/// What was found: events from the oldest to the newest, and the tokens to go on with in both directions.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) events: Vec<Found>,
    pub(crate) forward: String,
    pub(crate) backward: String,
}

impl Logs {
    /// The events of one stream. A token at the end of what there is comes back unchanged.
    pub(crate) async fn get_events(
        &self,
        group: &GroupRef,
        stream: &str,
        query: GetQuery,
    ) -> Result<Got, GetEventsError> {
        let cursor = query.token.as_deref().map(Cursor::from_stream_token).transpose()?;
        self.flusher.flush(group).await?;
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let stream = self.find_stream(group, &record, stream).await?.ok_or(StreamNotFound)?;
        let start_ms = query.start_ms.unwrap_or(0).max(record.expired_before_ms(self.clock.now().as_millisecond()));
        let (here, direction) = match cursor {
            Some(Cursor::Forward(position)) => (position, Direction::Forward),
            Some(Cursor::Backward(position)) => (position, Direction::Backward),
            None if query.from_head => (Position::before(start_ms), Direction::Forward),
            None => (Position::before(start_ms), Direction::Backward),
        };
        let window = Window {
            start_ms,
            end_ms: query.end_ms.unwrap_or(i64::MAX),
            cursor,
            pattern: Arc::new(Pattern::everything()),
            direction,
        };
        let partition = storage::partition(group, &record.id);
        let scan = Scan::of_streams(&self.documents, partition, window, [stream.id]);
        let mut events = page(scan, query.limit).await?.events;
        if direction == Direction::Backward {
            events.reverse();
        }
        let first = events.first().map_or(here, |event| event.position);
        let last = events.last().map_or(here, |event| event.position);
        Ok(Got {
            forward: Cursor::Forward(last).stream_token(),
            backward: Cursor::Backward(first).stream_token(),
            events,
        })
    }
}
