//! A shard: one thread, one single-threaded runtime, one listener, and the edge,
//! front end, placement and environments behind it.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context as _;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::rooms::Rooms;

/// All shards, running.
pub(super) struct Shards {
    threads: Vec<JoinHandle<()>>,
    edges: Vec<oneshot::Receiver<()>>,
}

/// Starts one shard for each of `listeners`. Their edges stop at `drain`, their threads at `stop`.
pub(super) fn start(
    rooms: &Arc<Rooms>,
    listeners: Vec<TcpListener>,
    drain: &CancellationToken,
    stop: &CancellationToken,
) -> anyhow::Result<Shards> {
    let mut shards = Shards { threads: Vec::new(), edges: Vec::new() };
    for (number, listener) in listeners.into_iter().enumerate() {
        let (done, edge) = oneshot::channel();
        let (rooms, drain, stop) = (Arc::clone(rooms), drain.clone(), stop.clone());
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("shard-{number}")).spawn(move || {
            executor.block_on(async move {
                let (edge, placement) = rooms.shard(number);
                let reaper = tokio::spawn(async move { placement.reap().await });
                if let Err(error) = edge.serve(listener, drain).await {
                    tracing::error!(%error, "a shard cannot serve its listener");
                }
                // The other side is gone only if the main thread is, and with it the process.
                let _ = done.send(());
                stop.cancelled().await;
                reaper.abort();
            });
        })?;
        shards.threads.push(thread);
        shards.edges.push(edge);
    }
    Ok(shards)
}

impl Shards {
    /// Resolves once every edge has finished what it had begun.
    pub(super) async fn edges_done(&mut self) {
        for edge in self.edges.drain(..) {
            // A shard that panicked has nothing left to finish.
            let _ = edge.await;
        }
    }

    /// Waits for the threads.
    pub(super) fn join(self) -> anyhow::Result<()> {
        for thread in self.threads {
            thread.join().ok().context("a shard panicked")?;
        }
        Ok(())
    }
}
