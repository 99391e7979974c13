//! Keeps a snapshot in step with the store.
//!
//! ```text
//!   handler ──commit──► store ──watch──► follower task ──► snapshot (ArcSwap) ──► every reader
//!      ▲                                       │
//!      └──────── heard(revision) ◄─────────────┘   a handler answers when its own change can be read
//! ```
//!
//! The follower is the only writer of the snapshot. When the watch ends with an
//! error it watches again from nothing, and readers keep the last snapshot meanwhile.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use futures::StreamExt;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Event, Revision};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::records::PARTITION_PREFIX;
use crate::snapshot::Snapshot;

/// The snapshot, followed.
pub(crate) struct Memory {
    snapshot: Arc<ArcSwap<Snapshot>>,
    progress: watch::Receiver<Progress>,
    follower: JoinHandle<()>,
}

/// How far the follower is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress {
    /// Whether everything that existed has been told.
    caught_up: bool,
    /// The newest change that the snapshot shows.
    heard: Revision,
}

/// The store ended before it told what it holds.
#[derive(Debug, thiserror::Error)]
#[error("the store closed before it had told of roles and keys")]
pub(crate) struct NeverCaughtUp;

/// At most so many events make one new snapshot.
const BATCH: usize = 256;
/// How long to wait before watching a store that failed again.
const RETRY: Duration = Duration::from_millis(500);
/// How long a handler waits to be able to read what it wrote. The change is durable by then: if the
/// watch is broken for longer, the answer goes out and memory follows when it can.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

impl Memory {
    /// Starts to follow `documents`, on the current runtime.
    pub(crate) fn follow(documents: Arc<dyn Documents>) -> Self {
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (told, progress) = watch::channel(Progress { caught_up: false, heard: Revision(0) });
        let follower = tokio::spawn(follow(documents, Arc::clone(&snapshot), told));
        Self { snapshot, progress, follower }
    }

    /// What is known now.
    pub(crate) fn now(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// Waits until everything that the store holds is known.
    pub(crate) async fn caught_up(&self) -> Result<(), NeverCaughtUp> {
        self.progress.clone().wait_for(|progress| progress.caught_up).await.map(drop).map_err(|_| NeverCaughtUp)
    }

    /// Waits until the change of `revision` can be read.
    pub(crate) async fn heard(&self, revision: Revision) {
        let mut progress = self.progress.clone();
        let heard = progress.wait_for(|progress| progress.heard >= revision);
        if !matches!(tokio::time::timeout(HEARD_WITHIN, heard).await, Ok(Ok(_))) {
            tracing::warn!(revision = revision.0, "a change of IAM is durable, but not yet readable");
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

async fn follow(documents: Arc<dyn Documents>, snapshot: Arc<ArcSwap<Snapshot>>, told: watch::Sender<Progress>) {
    loop {
        let mut events = documents.watch(PARTITION_PREFIX.to_owned()).ready_chunks(BATCH);
        // What is being built: nothing of it shows until the store has told everything.
        let mut next = Snapshot::default();
        let mut progress = Progress { caught_up: false, heard: Revision(0) };
        let mut broken = false;
        while let Some(chunk) = events.next().await {
            for event in chunk {
                match event {
                    Ok(event) => {
                        progress.heard = progress.heard.max(revision_of(&event));
                        progress.caught_up |= event == Event::CaughtUp;
                        next.apply(event);
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the watch of IAM's records broke");
                        broken = true;
                    }
                }
            }
            if progress.caught_up {
                snapshot.store(Arc::new(next.clone()));
                told.send_replace(progress);
            }
        }
        if !broken {
            return; // The store is closed.
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn revision_of(event: &Event) -> Revision {
    match event {
        Event::Put(document) => document.revision,
        Event::Deleted { revision, .. } => *revision,
        Event::CaughtUp => Revision(0),
    }
}
