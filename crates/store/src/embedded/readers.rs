//! Reading, off the shards: a few threads, each with a connection, that share one bounded line of jobs.
//!
//! Under WAL a reader sees the last commit that was whole when it began, waits for no writer and
//! holds none up; a long list occupies one thread of the pool, never a shard.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Failure};

/// Reads that may wait; more of them wait in their callers.
const JOBS_WAITING_MAX: usize = 256;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The pool. Dropping it waits for the reads that run.
pub(super) struct Readers {
    /// Taken when the pool is dropped, which is what ends the threads.
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> std::io::Result<Self> {
        let (jobs, line) = mpsc::channel(JOBS_WAITING_MAX);
        let line = Arc::new(Mutex::new(line));
        let mut readers = Self { jobs: Some(jobs), threads: Vec::new() };
        for connection in connections {
            let line = Arc::clone(&line);
            let builder = std::thread::Builder::new().name("store-reader".to_owned());
            readers.threads.push(builder.spawn(move || serve(connection, &line))?);
        }
        Ok(readers)
    }

    /// Runs `query` in a read transaction: everything it sees is of one moment.
    pub(super) async fn read<T, Q>(&self, doing: &'static str, query: Q) -> Result<T, Error>
    where
        T: Send + 'static,
        Q: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !reply.is_closed() {
                // Nobody listens any more: the caller gave up.
                let _ = reply.send(snapshot(connection, query));
            }
        });
        let closed = || Error { doing, failure: Failure::Closed };
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map_err(|source| Error { doing, failure: source.into() })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A reader that panicked has said so on its own.
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: Connection, line: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // One thread waits in line for all: it leaves with the job, and the lock passes to the next.
        let job = line.lock().blocking_recv();
        match job {
            Some(job) => job(&mut connection),
            None => return,
        }
    }
}

fn snapshot<T>(
    connection: &mut Connection,
    query: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let found = query(&transaction)?;
    transaction.finish()?;
    Ok(found)
}
