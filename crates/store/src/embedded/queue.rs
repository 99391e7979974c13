//! Queues in the tables `queues`, `messages` and `payloads`.
//!
//! A message's whole state is when it is due and which lease was its last: a leased message is one
//! that is due when its lease ends. The index on (queue, due) is therefore all a lease needs, however
//! many messages wait. The depth of a queue is counted as it changes, for the same reason.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use jiff::Timestamp;
use lanthorn_model::clock::SharedClock;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};

use super::Engine;
use super::writer::{Batch, Verdict};
use crate::Error;
use crate::queue::{LeaseError, Leased, Queue, Receipt};

/// The queues of an open data directory.
pub(super) struct EmbeddedQueue {
    engine: Arc<Engine>,
    clock: SharedClock,
}

impl EmbeddedQueue {
    pub(super) fn new(engine: Arc<Engine>, clock: SharedClock) -> Self {
        Self { engine, clock }
    }

    /// Runs a change that a receipt entitles to; it answers whether the receipt still held.
    fn with_receipt<'a, W>(&'a self, doing: &'static str, work: W) -> BoxFuture<'a, Result<(), LeaseError>>
    where
        W: FnOnce(&mut Batch<'_>) -> rusqlite::Result<bool> + Send + 'static,
    {
        let work = |batch: &mut Batch<'_>| {
            Ok(match work(batch)? {
                true => Verdict::Keep(Ok(())),
                false => Verdict::Undo(Err(LeaseError::Stale)),
            })
        };
        async move { self.engine.writer.run(doing, 0, work).await? }.boxed()
    }
}

impl Queue for EmbeddedQueue {
    fn send(&self, queue: String, bytes: Bytes, delay: Duration) -> BoxFuture<'_, Result<(), Error>> {
        let clock = Arc::clone(&self.clock);
        let size = bytes.len();
        let work = move |batch: &mut Batch<'_>| {
            let now = now_ms(&clock);
            add(batch, &queue, &bytes, now, later_ms(now, delay)).map(Verdict::Keep)
        };
        self.engine.writer.run("send a message", size, work).boxed()
    }

    fn lease(&self, queue: String, limit: usize, lease: Duration) -> BoxFuture<'_, Result<Vec<Leased>, Error>> {
        let clock = Arc::clone(&self.clock);
        let work = move |batch: &mut Batch<'_>| {
            let now = now_ms(&clock);
            take(batch, &queue, limit, now, later_ms(now, lease)).map(Verdict::Keep)
        };
        self.engine.writer.run("lease messages", 0, work).boxed()
    }

    fn extend(&self, receipt: Receipt, lease: Duration) -> BoxFuture<'_, Result<(), LeaseError>> {
        let clock = Arc::clone(&self.clock);
        self.with_receipt("extend a lease", move |batch| {
            let until = later_ms(now_ms(&clock), lease);
            let changed = batch
                .connection()
                .prepare_cached("UPDATE messages SET due_ms = ?3 WHERE id = ?1 AND lease = ?2")?
                .execute((receipt.message, receipt.lease, until))?;
            Ok(changed > 0)
        })
    }

    fn acknowledge(&self, receipt: Receipt) -> BoxFuture<'_, Result<(), LeaseError>> {
        self.with_receipt("acknowledge a message", move |batch| remove(batch.connection(), &receipt))
    }

    fn release(&self, receipt: Receipt, delay: Duration) -> BoxFuture<'_, Result<(), LeaseError>> {
        let clock = Arc::clone(&self.clock);
        self.with_receipt("release a message", move |batch| {
            let due = later_ms(now_ms(&clock), delay);
            // A new lease number that nobody is given: the receipt is stale at once.
            let nobodys = batch.number();
            let changed = batch
                .connection()
                .prepare_cached("UPDATE messages SET due_ms = ?3, lease = ?4 WHERE id = ?1 AND lease = ?2")?
                .execute((receipt.message, receipt.lease, due, nobodys))?;
            Ok(changed > 0)
        })
    }

    fn depth(&self, queue: String) -> BoxFuture<'_, Result<u64, Error>> {
        self.engine
            .readers
            .read("count messages", move |connection| {
                let depth = connection
                    .prepare_cached("SELECT depth FROM queues WHERE name = ?1")?
                    .query_row([queue], |row| row.get(0))
                    .optional()?;
                Ok(depth.unwrap_or(0))
            })
            .boxed()
    }
}

fn add(batch: &mut Batch<'_>, queue: &str, bytes: &Bytes, now_ms: i64, due_ms: i64) -> rusqlite::Result<()> {
    let message = batch.number();
    let connection = batch.connection();
    let queue: i64 = connection
        .prepare_cached(
            "INSERT INTO queues (name, depth) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET depth = depth + 1 RETURNING id",
        )?
        .query_row([queue], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO messages (id, queue, due_ms, lease, attempts, sent_ms) VALUES (?1, ?2, ?3, 0, 0, ?4)",
        )?
        .execute((message, queue, due_ms, now_ms))?;
    connection
        .prepare_cached("INSERT INTO payloads (message, bytes) VALUES (?1, ?2)")?
        .execute((message, &bytes[..]))?;
    Ok(())
}

fn take(batch: &mut Batch<'_>, queue: &str, limit: usize, now_ms: i64, until_ms: i64) -> rusqlite::Result<Vec<Leased>> {
    let due = due(batch.connection(), queue, limit, now_ms)?;
    let mut leased = Vec::with_capacity(due.len());
    for message in due {
        let lease = batch.number();
        let connection = batch.connection();
        let (attempts, sent_ms) = connection
            .prepare_cached(
                "UPDATE messages SET due_ms = ?2, lease = ?3, attempts = attempts + 1 WHERE id = ?1
                 RETURNING attempts, sent_ms",
            )?
            .query_row((message, until_ms, lease), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let bytes: Vec<u8> = connection
            .prepare_cached("SELECT bytes FROM payloads WHERE message = ?1")?
            .query_row([message], |row| row.get(0))?;
        leased.push(Leased {
            receipt: Receipt { message, lease },
            bytes: bytes.into(),
            attempts,
            sent_at: timestamp(sent_ms)?,
        });
    }
    Ok(leased)
}

/// The first messages that are due, oldest due first and in the order of sending where that is equal.
fn due(connection: &Connection, queue: &str, limit: usize, now_ms: i64) -> rusqlite::Result<Vec<u64>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT id FROM messages WHERE queue = (SELECT id FROM queues WHERE name = ?1) AND due_ms <= ?2
             ORDER BY due_ms, id LIMIT ?3",
        )?
        .query_map((queue, now_ms, limit), |row| row.get(0))?
        .collect()
}

/// Removes the message if the receipt holds, and says whether it did.
fn remove(connection: &Connection, receipt: &Receipt) -> rusqlite::Result<bool> {
    let queue: Option<i64> = connection
        .prepare_cached("DELETE FROM messages WHERE id = ?1 AND lease = ?2 RETURNING queue")?
        .query_row((receipt.message, receipt.lease), |row| row.get(0))
        .optional()?;
    let Some(queue) = queue else { return Ok(false) };
    connection.prepare_cached("DELETE FROM payloads WHERE message = ?1")?.execute([receipt.message])?;
    connection.prepare_cached("UPDATE queues SET depth = depth - 1 WHERE id = ?1")?.execute([queue])?;
    Ok(true)
}

fn now_ms(clock: &SharedClock) -> i64 {
    clock.now().as_millisecond()
}

/// `delay` after `now_ms`; one beyond the end of time is the end of time.
fn later_ms(now_ms: i64, delay: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
}

fn timestamp(ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, Box::new(error)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_lease_walks_the_index() {
        let directory = tempfile::tempdir().unwrap();
        let connection = crate::embedded::schema::open(&directory.path().join("store.db")).unwrap();
        let mut plan = connection
            .prepare(
                "EXPLAIN QUERY PLAN SELECT id FROM messages
                 WHERE queue = (SELECT id FROM queues WHERE name = 'q') AND due_ms <= 1 ORDER BY due_ms, id LIMIT 1",
            )
            .unwrap();
        let steps: Vec<String> =
            plan.query_map([], |row| row.get(3)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert!(steps[0].contains("messages_due (queue=? AND due_ms<?)"), "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("B-TREE")), "sorted by hand: {steps:?}");
    }
}
