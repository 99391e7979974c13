//! Amazon CloudWatch Logs: groups, streams, events and the search over them.
//!
//! ```text
//!  functions ──Writer──► ingest ──┐                       ┌──► read    GetLogEvents, FilterLogEvents
//!  PutLogEvents ─────────► ingest ┴──► store (Documents) ─┤    pattern the language of filters
//!                                                         └──► manage  groups, streams, tags, retention, sweeping
//! ```
//!
//! Everything durable is in the store, in the layout that `storage.rs` draws; in memory are only a bounded buffer of
//! events on their way there and what the journal remembers of the groups it writes to. `api` alone knows the wire
//! and `fault_map.rs` alone knows AWS's errors. What this crate is *not*: it is not where the server's own diagnostics
//! go, and it does not know what a function is.

mod api;
mod catalogue;
mod config;
mod facts;
mod fault_map;
mod ingest;
mod manage;
mod names;
pub mod pattern;
mod read;
mod records;
mod storage;

pub use config::Config;
pub use facts::{GroupNotFound, InvalidToken, StreamNotFound};
pub use ingest::{Dropped, Event, PutEventsError, PutRefusal, Rejected, Writer};
pub use manage::{
    CreateGroupError, CreateStreamError, DeleteGroupError, GroupError, RetentionError, StreamError, TagError,
};
pub use names::{GroupRef, Scope, is_group_name, is_stream_name};
pub use read::{FilterEventsError, GetEventsError};
pub use storage::StorageError;

use std::future::Future;
use std::sync::Arc;

use lanthorn_model::clock::SharedClock;
use lanthorn_store::{Documents, Store};
use tokio::sync::{Notify, watch};

use crate::catalogue::Catalogue;
use crate::ingest::{Buffer, Flusher, Journal};

/// The log store of all accounts and regions.
pub struct Logs {
    documents: Arc<dyn Documents>,
    clock: SharedClock,
    config: Config,
    catalogue: Catalogue,
    journal: Arc<Journal>,
    buffer: Arc<Buffer>,
    flusher: Arc<Flusher>,
    /// Wakes the sweeper when a deleted group has left something.
    sweepable: Notify,
}

impl Logs {
    /// The logs kept in `store`. Nothing is read yet, and nothing runs until [`Logs::run`] does.
    #[must_use]
    pub fn open(store: &Store, clock: SharedClock, config: Config) -> Arc<Self> {
        let documents = Arc::clone(&store.documents);
        let catalogue = Catalogue::new(Arc::clone(&documents), Arc::clone(&clock));
        let journal = Arc::new(Journal::new(Arc::clone(&documents), catalogue.clone(), Arc::clone(&clock)));
        let buffer = Arc::new(Buffer::new(&config, Arc::clone(&clock)));
        let flusher = Arc::new(Flusher::new(Arc::clone(&buffer), Arc::clone(&journal), &config));
        Arc::new(Self { documents, clock, config, catalogue, journal, buffer, flusher, sweepable: Notify::new() })
    }

    /// A writer for the platform's and the functions' lines.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer::new(&self.buffer)
    }

    /// Stores what writers wrote, and removes what is no longer kept, until `ended` resolves; then stores what still
    /// waits and takes nothing in any more. Run it once, on a runtime that lives as long.
    pub async fn run(self: Arc<Self>, ended: impl Future<Output = ()> + Send) {
        let (end, ending) = watch::channel(false);
        let sweeping = self.sweep_until(ending.clone());
        let flushing = Arc::clone(&self.flusher).run(ending);
        let ending = async move {
            ended.await;
            end.send_replace(true);
        };
        futures::join!(ending, sweeping, flushing);
    }

    /// Stores all that waits.
    ///
    /// # Errors
    /// The store failed; what could not be stored waits on.
    pub async fn flush(&self) -> Result<(), StorageError> {
        self.flusher.flush_all().await
    }

    /// How many events wait to be stored.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.waiting()
    }

    async fn sweep_until(&self, mut ended: watch::Receiver<bool>) {
        let sweeping = async {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(self.config.sweep_every) => {}
                    () = self.sweepable.notified() => {}
                }
                if let Err(error) = self.sweep().await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "expired log events could not be removed");
                }
            }
        };
        tokio::select! {
            () = sweeping => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
    }

    fn nudge_sweeper(&self) {
        self.sweepable.notify_one();
    }
}
