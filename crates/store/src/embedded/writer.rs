//! Writing: one thread, one connection, one transaction for all that wait.
//!
//! ```text
//!  run ──► room (bytes) ──► line (requests) ──► BEGIN
//!                                                 SAVEPOINT; work; RELEASE    each request
//!                                                 …
//!                                               COMMIT  ── the fsync
//!                                               publish to watchers, answer everyone
//! ```
//!
//! While one batch is at the disk the next one gathers in the line, so the batch grows with the load
//! and nobody waits for a timer. A request that fails or thinks better of it is rolled back to its
//! savepoint; where SQLite gives up the whole transaction (a full disk), every request that was in it
//! gets the failure, and those that had not begun go into the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::watch::{Committed, Hub};
use crate::{Error, Failure};

/// Requests that may wait; more of them wait in their callers.
const REQUESTS_WAITING_MAX: usize = 4096;

/// Payload bytes that may wait, in KiB: 64 MiB. A single larger request waits until it is alone.
const WAITING_KIB_MAX: u32 = 64 * 1024;

/// Requests in one transaction: bounds how long the first of them waits for the last.
const BATCH_MAX: usize = 1024;

/// What a request's work came to.
pub(super) enum Verdict<T> {
    /// Let what it wrote stand.
    Keep(T),
    /// Undo what it wrote; this is its answer all the same.
    Undo(T),
}

/// The transaction, as a request sees it.
pub(super) struct Batch<'a> {
    connection: &'a Connection,
    /// The last number given out; see [`Batch::number`].
    counter: u64,
    committed: Vec<Committed>,
}

impl Batch<'_> {
    /// Where to write.
    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    /// A number that was never given out before and is greater than all that were.
    pub(super) fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Tells the watchers, once the batch is durable and if this request is kept.
    pub(super) fn publish(&mut self, committed: Committed) {
        self.committed.push(committed);
    }
}

/// The writer's handle. Dropping it waits until everything in the line is done.
pub(super) struct Writer {
    /// Taken when the handle is dropped, which is what ends the thread.
    requests: Option<mpsc::Sender<Box<dyn Request>>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. `counter` is the last number given out by an earlier run.
    pub(super) fn start(connection: Connection, counter: u64, hub: Arc<Hub>) -> std::io::Result<Self> {
        let (requests, line) = mpsc::channel(REQUESTS_WAITING_MAX);
        let builder = std::thread::Builder::new().name("store-writer".to_owned());
        let thread = builder.spawn(move || serve(&connection, counter, line, &hub))?;
        let room = Arc::new(Semaphore::new(WAITING_KIB_MAX as usize));
        Ok(Self { requests: Some(requests), room, thread: Some(thread) })
    }

    /// Runs `work`, which carries about `bytes` of payload, in the next transaction. Durable when it answers.
    ///
    /// # Cancel safety
    /// Dropped before its transaction begins, the work is not done; after that, it goes on as if waited for.
    pub(super) async fn run<T, W>(&self, doing: &'static str, bytes: usize, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&mut Batch<'_>) -> rusqlite::Result<Verdict<T>> + Send + 'static,
    {
        let closed = || Error { doing, failure: Failure::Closed };
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(WAITING_KIB_MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Task { work: Some(work), value: None, reply, _room: room });
        let requests = self.requests.as_ref().ok_or_else(closed)?;
        requests.send(request).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map_err(|failure| Error { doing, failure })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has said so on its own.
            let _ = thread.join();
        }
    }
}

/// The last number given out, from the database.
pub(super) fn counter(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached("SELECT value FROM counter")?.query_row([], |row| row.get(0))
}

/// One caller's part of a batch, whatever its types.
trait Request: Send {
    /// Whether the caller still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Does the work; `false` means that it is to be undone.
    fn apply(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<bool>;
    /// Answers, after all is decided.
    fn settle(self: Box<Self>, outcome: Result<(), Failure>);
}

struct Task<T, W> {
    work: Option<W>,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, Failure>>,
    /// Given back with the answer.
    _room: OwnedSemaphorePermit,
}

impl<T, W> Request for Task<T, W>
where
    T: Send,
    W: FnOnce(&mut Batch<'_>) -> rusqlite::Result<Verdict<T>> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn apply(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<bool> {
        let Some(work) = self.work.take() else { return Ok(false) };
        let (value, keep) = match work(batch)? {
            Verdict::Keep(value) => (value, true),
            Verdict::Undo(value) => (value, false),
        };
        self.value = Some(value);
        Ok(keep)
    }

    fn settle(self: Box<Self>, outcome: Result<(), Failure>) {
        let answer = match (outcome, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(Failure::Closed),
            (Err(failure), _) => Err(failure),
        };
        // Nobody listens any more: the caller gave up.
        let _ = self.reply.send(answer);
    }
}

fn serve(connection: &Connection, mut counter: u64, mut line: mpsc::Receiver<Box<dyn Request>>, hub: &Hub) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match line.blocking_recv() {
                Some(request) => waiting.push_back(request),
                None => return,
            }
        }
        while waiting.len() < BATCH_MAX
            && let Ok(request) = line.try_recv()
        {
            waiting.push_back(request);
        }
        waiting.retain(|request| request.is_wanted());
        if !waiting.is_empty() {
            counter = write_batch(connection, counter, &mut waiting, hub);
        }
    }
}

/// Takes requests from the front of `waiting` through one transaction and answers them. At least one is
/// taken. Answers the last number given out.
fn write_batch(connection: &Connection, counter: u64, waiting: &mut VecDeque<Box<dyn Request>>, hub: &Hub) -> u64 {
    let mut batch = Batch { connection, counter, committed: Vec::new() };
    let mut applied = Vec::with_capacity(waiting.len());
    let outcome = apply_all(&mut batch, counter, waiting, &mut applied);
    if let Err(error) = &outcome {
        tracing::error!(requests = applied.len(), error = %error, "a batch of changes could not be written");
        if !connection.is_autocommit() {
            // If this fails too the next BEGIN fails, and so on until the disk is well.
            let _ = connection.execute_batch("ROLLBACK");
        }
        // A log that cannot grow starts over once the database has all of it, where that still finds room.
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)");
    } else {
        hub.publish(&batch.committed, batch.counter);
    }
    for request in applied {
        request.settle(outcome.as_ref().copied().map_err(Failure::from));
    }
    // Kept even when the batch failed: it may yet turn up after a crash, with its numbers.
    batch.counter
}

fn apply_all(
    batch: &mut Batch<'_>,
    counter: u64,
    waiting: &mut VecDeque<Box<dyn Request>>,
    applied: &mut Vec<Box<dyn Request>>,
) -> rusqlite::Result<()> {
    if let Err(error) = execute(batch.connection, "BEGIN IMMEDIATE") {
        applied.extend(waiting.drain(..));
        return Err(error);
    }
    while let Some(mut request) = waiting.pop_front() {
        match apply_one(batch, &mut *request) {
            Ok(()) => applied.push(request),
            Err(error) if batch.connection.is_autocommit() => {
                applied.push(request);
                return Err(error);
            }
            Err(error) => request.settle(Err(Failure::from(&error))),
        }
    }
    if batch.counter != counter {
        batch.connection.prepare_cached("UPDATE counter SET value = ?1")?.execute([batch.counter])?;
    }
    execute(batch.connection, "COMMIT")
}

fn apply_one(batch: &mut Batch<'_>, request: &mut dyn Request) -> rusqlite::Result<()> {
    execute(batch.connection, "SAVEPOINT request")?;
    let (published, counter) = (batch.committed.len(), batch.counter);
    let applied = request.apply(batch);
    if !matches!(applied, Ok(true)) {
        // Its numbers were seen by nobody. A batch of nothing but refusals then needs no fsync.
        batch.counter = counter;
        batch.committed.truncate(published);
        if !batch.connection.is_autocommit() && execute(batch.connection, "ROLLBACK TO request").is_err() {
            // What cannot be undone alone must not be committed with the others.
            execute(batch.connection, "ROLLBACK")?;
        }
    }
    if !batch.connection.is_autocommit() {
        execute(batch.connection, "RELEASE request")?;
    }
    applied.map(|_| ())
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}
