//! Moves what waits in the buffer into the store.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::{Mutex, watch};

use super::buffer::{Buffer, Event, Taken};
use super::journal::{AppendError, Journal, Missing};
use crate::config::Config;
use crate::names::GroupRef;
use crate::records::{EVENT_OVERHEAD_BYTES, Line};
use crate::storage::{StorageError, TIME_MAX_MS};

/// One commit takes about so many bytes.
const COMMIT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// So many groups are stored at once.
const GROUPS_AT_ONCE: usize = 8;

/// A message is stored in parts of so many bytes: what one event may be. Source: the service's quota of 256 KB, which
/// Lambda keeps to.
const MESSAGE_BYTES_MAX: usize = 256 * 1024 - EVENT_OVERHEAD_BYTES;

/// Between a failure of the store and the next attempt.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// After the end, the store is tried so often.
const LAST_ATTEMPTS: usize = 3;

/// Moves what waits in the buffer into the store.
pub(crate) struct Flusher {
    buffer: Arc<Buffer>,
    journal: Arc<Journal>,
    flush_after: Duration,
    /// So many commits of one group take all that can wait; a flush does no more, however fast events come in.
    rounds_max: usize,
    /// Held from taking events out to their commit, so that a read that finds the buffer empty finds them stored.
    in_flight: Vec<Mutex<()>>,
}

impl Flusher {
    pub(crate) fn new(buffer: Arc<Buffer>, journal: Arc<Journal>, config: &Config) -> Self {
        let in_flight = (0..GROUPS_AT_ONCE * 8).map(|_| Mutex::default()).collect();
        let rounds_max = config.buffer_bytes_max / COMMIT_BYTES_MAX + 1;
        Self { buffer, journal, flush_after: config.flush_after, rounds_max, in_flight }
    }

    /// Flushes until `ended`, then a last time, and takes nothing in any more.
    pub(crate) async fn run(self: Arc<Self>, mut ended: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = self.buffer.filled() => {}
                _ = ended.wait_for(|ended| *ended) => break,
            }
            tokio::select! {
                () = tokio::time::sleep(self.flush_after) => {}
                () = self.buffer.pressing() => {}
                _ = ended.wait_for(|ended| *ended) => break,
            }
            if let Err(error) = self.flush_all().await {
                tracing::error!(error = &error as &dyn std::error::Error, "log events could not be stored");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
        self.buffer.close();
        for attempt in 1..=LAST_ATTEMPTS {
            match self.flush_all().await {
                Ok(()) => return,
                Err(error) if attempt == LAST_ATTEMPTS => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "log events are lost: they could not be stored before the end");
                }
                Err(_) => tokio::time::sleep(RETRY_AFTER).await,
            }
        }
    }

    /// Stores all that waits. Of several failures the first is told; nothing that failed is lost.
    pub(crate) async fn flush_all(self: &Arc<Self>) -> Result<(), StorageError> {
        let outcomes: Vec<_> = futures::stream::iter(self.buffer.groups())
            .map(|group| async move { self.flush(&group).await })
            .buffer_unordered(GROUPS_AT_ONCE)
            .collect()
            .await;
        outcomes.into_iter().collect()
    }

    /// Stores all that waits for `group`.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the flush, so nothing that was taken out is lost.
    pub(crate) async fn flush(self: &Arc<Self>, group: &GroupRef) -> Result<(), StorageError> {
        let (flusher, group) = (Arc::clone(self), group.clone());
        let flush = tokio::spawn(async move {
            let _in_flight = flusher.in_flight(&group).lock().await;
            for _ in 0..flusher.rounds_max {
                let Some(taken) = flusher.buffer.take(&group, COMMIT_BYTES_MAX) else { break };
                let held = Held { buffer: &flusher.buffer, taken };
                flusher.store(&held.taken).await?;
                held.settle();
            }
            Ok(())
        });
        match flush.await {
            Ok(outcome) => outcome,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            // The runtime is going down; what was not stored is told by whoever flushes last.
            Err(_) => Ok(()),
        }
    }

    /// Waits until no flush of `group` is under way, and forgets what waits for it.
    pub(crate) async fn discard(&self, group: &GroupRef) {
        let _in_flight = self.in_flight(group).lock().await;
        self.buffer.discard(group);
    }

    fn in_flight(&self, group: &GroupRef) -> &Mutex<()> {
        let place = group.name.bytes().fold(0usize, |hash, c| hash.wrapping_mul(31).wrapping_add(c.into()));
        &self.in_flight[place % self.in_flight.len()]
    }

    async fn store(&self, taken: &Taken) -> Result<(), StorageError> {
        let streams: Vec<_> = taken
            .streams
            .iter()
            .map(|(name, events)| (Arc::clone(name), lines(events)))
            .filter(|(_, lines)| !lines.is_empty())
            .collect();
        if streams.is_empty() {
            return Ok(());
        }
        match self.journal.append(&taken.group, &streams, Missing::Create).await {
            Ok(_) => Ok(()),
            Err(AppendError::Storage(error)) => Err(error),
            Err(AppendError::NoGroup(_) | AppendError::NoStream(_)) => unreachable!("whatever is missing is made"),
        }
    }
}

/// Events between the buffer and the store. Dropped without [`Held::settle`], because the store failed or the runtime
/// went down, they wait again: rather stored twice than lost.
struct Held<'a> {
    buffer: &'a Buffer,
    taken: Taken,
}

impl Held<'_> {
    fn settle(mut self) {
        self.buffer.settle(&self.taken);
        self.taken.streams.clear();
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let streams = std::mem::take(&mut self.taken.streams);
        if !streams.is_empty() {
            self.buffer.put_back(Taken { group: self.taken.group.clone(), streams });
        }
    }
}

/// Events as they are stored: in the order of their times, as text, none too long and none empty.
fn lines(events: &[Event]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(events.len());
    for event in events {
        let at_ms = event.at.as_millisecond().clamp(0, TIME_MAX_MS);
        let message = String::from_utf8_lossy(&event.message);
        let mut rest: &str = &message;
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rest.floor_char_boundary(MESSAGE_BYTES_MAX));
            lines.push(Line { at_ms, message: part.to_owned() });
            rest = behind;
        }
    }
    // Stable, so that events of one moment stay in the order of their coming.
    lines.sort_by_key(|line| line.at_ms);
    lines
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn event(at_ms: i64, message: impl Into<bytes::Bytes>) -> Event {
        Event { at: Timestamp::from_millisecond(at_ms).expect("in range"), message: message.into() }
    }

    #[test]
    fn lines_are_in_order_and_text() {
        let lines = lines(&[event(2, "b"), event(1, "a"), event(2, ""), event(2, vec![b'c', 0xFF])]);
        let lines: Vec<_> = lines.iter().map(|line| (line.at_ms, line.message.as_str())).collect();
        assert_eq!(lines, [(1, "a"), (2, "b"), (2, "c\u{FFFD}")]);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = format!("a{}", "é".repeat(MESSAGE_BYTES_MAX));
        let lines = lines(&[event(0, long.clone())]);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.message.len() <= MESSAGE_BYTES_MAX));
        assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<String>(), long);
    }
}
