//! The rules of `PutLogEvents`.

use std::sync::Arc;

use crate::Logs;
use crate::facts::{GroupNotFound, StreamNotFound};
use crate::ingest::{AppendError, Missing};
use crate::names::GroupRef;
use crate::records::Line;
use crate::storage::StorageError;

/// A request may hold so many bytes: messages in UTF-8, plus 26 for each event. Source: PutLogEvents.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Events of one request may lie so far apart, in ms. Source: PutLogEvents.
const SPAN_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// Events older than so many ms are rejected. Source: PutLogEvents, 14 days.
const AGE_MAX_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Events from further ahead than so many ms are rejected. Source: PutLogEvents, 2 hours.
const FUTURE_MAX_MS: i64 = 2 * 60 * 60 * 1000;

/// Why a request is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutRefusal {
    /// An event is older than the one before it.
    #[error("the events are not in the order of their times")]
    NotChronological,
    /// The accepted events lie more than 24 hours apart.
    #[error("the events lie more than 24 hours apart")]
    SpansTooLong,
    /// The request is too large.
    #[error("the events have {bytes} bytes, {max} are allowed")]
    TooLarge {
        /// What it counts for.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
}

/// Nothing was put.
#[derive(Debug, thiserror::Error)]
pub enum PutEventsError {
    /// There is no such group.
    #[error(transparent)]
    NoGroup(#[from] GroupNotFound),
    /// The group has no such stream.
    #[error(transparent)]
    NoStream(#[from] StreamNotFound),
    /// The request breaks a rule.
    #[error(transparent)]
    Refused(#[from] PutRefusal),
    /// The store failed; safe to repeat, though events may then be there twice.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Which events of a request were left out, by their places in it. Source: Smithy shape `RejectedLogEventsInfo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// This event and all behind it are too far ahead.
    pub too_new_start: Option<usize>,
    /// All events before this one are too old.
    pub too_old_end: Option<usize>,
    /// All events before this one have outlived the group's retention.
    pub expired_end: Option<usize>,
}

/// What a request led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PutReceipt {
    /// The sequence of the stream's last batch; 0 if there is none.
    pub(crate) sequence: u64,
    pub(crate) rejected: Rejected,
}

impl Logs {
    /// Puts `lines` into a stream; durable when it answers.
    pub(crate) async fn put(
        &self,
        group: &GroupRef,
        stream: &str,
        lines: Vec<Line>,
    ) -> Result<PutReceipt, PutEventsError> {
        check(&lines)?;
        let (record, _) = self.catalogue.find(group).await?.ok_or(GroupNotFound)?;
        let now_ms = self.clock.now().as_millisecond();
        let (accepted, rejected) = sort_out(&lines, now_ms, record.expired_before_ms(now_ms));
        if let (Some(first), Some(last)) = (accepted.first(), accepted.last())
            && last.at_ms - first.at_ms > SPAN_MAX_MS
        {
            return Err(PutRefusal::SpansTooLong.into());
        }
        let sequence = if accepted.is_empty() {
            let stream = self.find_stream(group, &record, stream).await?.ok_or(StreamNotFound)?;
            stream.written.map_or(0, |written| written.sequence)
        } else {
            let part = [(Arc::from(stream), accepted.to_vec())];
            self.journal.append(group, &part, Missing::Refuse).await.map_err(|error| match error {
                AppendError::NoGroup(fact) => PutEventsError::NoGroup(fact),
                AppendError::NoStream(fact) => PutEventsError::NoStream(fact),
                AppendError::Storage(error) => PutEventsError::Storage(error),
            })?
        };
        Ok(PutReceipt { sequence, rejected })
    }
}

/// Rules for the request as a whole.
fn check(lines: &[Line]) -> Result<(), PutRefusal> {
    let bytes = lines.iter().map(Line::size).sum();
    if bytes > REQUEST_BYTES_MAX {
        return Err(PutRefusal::TooLarge { bytes, max: REQUEST_BYTES_MAX });
    }
    if lines.is_sorted_by_key(|line| line.at_ms) { Ok(()) } else { Err(PutRefusal::NotChronological) }
}

/// What of `lines`, which are in order, is taken at `now_ms`, and what is not.
fn sort_out(lines: &[Line], now_ms: i64, expired_before_ms: i64) -> (&[Line], Rejected) {
    let too_old = lines.partition_point(|line| line.at_ms < now_ms - AGE_MAX_MS);
    let expired = lines.partition_point(|line| line.at_ms < expired_before_ms);
    let too_new = lines.partition_point(|line| line.at_ms <= now_ms + FUTURE_MAX_MS);
    let rejected = Rejected {
        too_new_start: (too_new < lines.len()).then_some(too_new),
        too_old_end: (too_old > 0).then_some(too_old),
        expired_end: (expired > too_old).then_some(expired),
    };
    (&lines[too_old.max(expired).min(too_new)..too_new], rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 60 * 60 * 1000;
    const NOW_MS: i64 = 1_800_000_000_000;

    fn lines(hours: &[i64]) -> Vec<Line> {
        hours.iter().map(|hour| Line { at_ms: NOW_MS + hour * HOUR_MS, message: "x".into() }).collect()
    }

    #[test]
    fn what_is_too_old_or_too_new_is_left_out() {
        let lines = lines(&[-24 * 15, -24 * 14 - 1, -1, 0, 2, 3]);
        let (accepted, rejected) = sort_out(&lines, NOW_MS, 0);
        assert_eq!(accepted, &lines[2..5]);
        assert_eq!(rejected, Rejected { too_new_start: Some(5), too_old_end: Some(2), expired_end: None });
    }

    #[test]
    fn what_has_outlived_the_retention_is_left_out() {
        let lines = lines(&[-24 * 15, -72, -30, -1]);
        let (accepted, rejected) = sort_out(&lines, NOW_MS, NOW_MS - 48 * HOUR_MS);
        assert_eq!(accepted, &lines[2..]);
        assert_eq!(rejected, Rejected { too_new_start: None, too_old_end: Some(1), expired_end: Some(2) });
    }

    #[test]
    fn all_may_be_left_out() {
        let lines = lines(&[3, 4]);
        let (accepted, rejected) = sort_out(&lines, NOW_MS, 0);
        assert!(accepted.is_empty());
        assert_eq!(rejected.too_new_start, Some(0));
    }

    #[test]
    fn a_request_has_an_order_and_a_size() {
        assert_eq!(check(&lines(&[0, -1])), Err(PutRefusal::NotChronological));
        let line = |size: usize| Line { at_ms: 0, message: "x".repeat(size) };
        assert_eq!(check(&[line(REQUEST_BYTES_MAX - 26)]), Ok(()));
        let too_large = PutRefusal::TooLarge { bytes: REQUEST_BYTES_MAX + 1, max: REQUEST_BYTES_MAX };
        assert_eq!(check(&[line(REQUEST_BYTES_MAX - 25)]), Err(too_large));
    }
}
