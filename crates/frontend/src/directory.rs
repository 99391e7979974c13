//! Every function, resolved in memory: a snapshot that follows the store.
//!
//! ```text
//!  control ──commit──► store ──watch──► Directory::follow ──► entries ──► resolve()
//!     └───────── reached(revision) ◄────────┘
//! ```
//!
//! A reader of the control plane that saw a function become `Active` must find it
//! callable. So before control answers with a record of revision *r* it waits for
//! [`Directory::reached`]`(r)`, which is nearly always true already.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_model::function::{Function, State};
use lanthorn_placement::{Shared, Target};
use lanthorn_store::documents::{Document, Event, Revision};
use lanthorn_store::{Documents, records};
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::{InvokeError, NotFound};

/// How long to wait before watching again after the store failed.
const WATCH_AGAIN: Duration = Duration::from_millis(200);

/// All functions by name. Written by the one task that runs [`Directory::follow`].
pub struct Directory {
    entries: RwLock<HashMap<FunctionId, Entry>>,
    /// Written by the same task; the other side is every waiter of [`Directory::reached`].
    applied: watch::Sender<Applied>,
    placement: Arc<Shared>,
}

/// How far the directory has followed the store. Watches are counted from 1.
#[derive(Clone, Copy, Debug, Default)]
struct Applied {
    /// The newest revision up to which everything is known.
    revision: u64,
    /// The last watch that has begun.
    begun: u64,
    /// The last watch that has caught up.
    caught_up: u64,
}

/// What a watch has told before it caught up: in no order, and what was deleted before it began it does not tell.
struct Snapshot {
    unseen: HashSet<FunctionId>,
    newest: u64,
}

enum Entry {
    Callable(Target),
    NotActive(State),
}

impl Directory {
    /// An empty directory, whose targets are made by `placement`.
    #[must_use]
    pub fn new(placement: Arc<Shared>) -> Arc<Self> {
        let (applied, _) = watch::channel(Applied::default());
        Arc::new(Self { entries: RwLock::default(), applied, placement })
    }

    /// Which target serves `qualifier` of `function` at this moment.
    ///
    /// # Errors
    /// [`InvokeError::NotFound`] or [`InvokeError::NotActive`].
    pub fn resolve(&self, function: &FunctionId, qualifier: Option<&Qualifier>) -> Result<Target, InvokeError> {
        let entries = self.entries.read();
        match (entries.get(function), qualifier) {
            (Some(Entry::Callable(target)), None | Some(Qualifier::Latest)) => Ok(target.clone()),
            (Some(Entry::NotActive(state)), None | Some(Qualifier::Latest)) => Err(InvokeError::NotActive(*state)),
            (_, qualifier) => {
                let qualifier = qualifier.cloned().unwrap_or(Qualifier::Latest);
                Err(NotFound { id: function.clone(), qualifier }.into())
            }
        }
    }

    /// Follows `documents` until dropped. Run once.
    pub async fn follow(&self, documents: Arc<dyn Documents>) {
        loop {
            if let Err(error) = self.watch(&*documents).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "lost sight of the functions; watching again");
            }
            tokio::time::sleep(WATCH_AGAIN).await;
        }
    }

    /// Resolves once every function that existed at the start is known.
    pub async fn caught_up(&self) {
        self.wait(|applied| applied.caught_up > 0).await;
    }

    /// Resolves once the change of `revision`, which has been made, is known here.
    pub async fn reached(&self, revision: Revision) {
        let now = *self.applied.borrow();
        if now.revision < revision.0 {
            // A watch that begins from now on tells what that change left, whatever its revision: the function
            // may have been deleted since.
            self.wait(|applied| applied.revision >= revision.0 || applied.caught_up > now.begun).await;
        }
    }

    /// One watch, until it ends.
    async fn watch(&self, documents: &dyn Documents) -> Result<(), lanthorn_store::Error> {
        self.applied.send_modify(|applied| applied.begun += 1);
        let mut snapshot = Some(Snapshot { unseen: self.entries.read().keys().cloned().collect(), newest: 0 });
        let mut events = documents.watch(records::function::PARTITION_PREFIX.to_owned());
        while let Some(event) = events.next().await {
            self.apply(event?, &mut snapshot);
        }
        Ok(())
    }

    fn apply(&self, event: Event, snapshot: &mut Option<Snapshot>) {
        let (key, revision) = match event {
            Event::Put(document) => {
                self.put(&document);
                (document.key, document.revision)
            }
            Event::Deleted { key, revision } => {
                if let Some(id) = records::function::id_of(&key) {
                    self.remove(&id);
                }
                (key, revision)
            }
            Event::CaughtUp => return self.catch_up(snapshot.take()),
        };
        match snapshot {
            None => self.tell(revision),
            Some(snapshot) => {
                snapshot.newest = snapshot.newest.max(revision.0);
                if let Some(id) = records::function::id_of(&key) {
                    snapshot.unseen.remove(&id);
                }
            }
        }
    }

    /// Everything that is has been told: what is known but was not told again has been deleted meanwhile.
    fn catch_up(&self, snapshot: Option<Snapshot>) {
        let Some(Snapshot { unseen, newest }) = snapshot else { return };
        unseen.iter().for_each(|id| self.remove(id));
        self.applied.send_modify(|applied| {
            applied.revision = applied.revision.max(newest);
            applied.caught_up = applied.begun;
        });
    }

    async fn wait(&self, condition: impl Fn(&Applied) -> bool) {
        let waited = self.applied.subscribe().wait_for(condition).await.map(drop);
        waited.expect("the sender lives as long as the directory, which is borrowed");
    }

    /// Takes in a document, if it is about a function and can be read. What was known of one whose record cannot
    /// be read any more stays.
    fn put(&self, document: &Document) {
        if records::function::id_of(&document.key).is_none() {
            return;
        }
        match records::function::decode(document) {
            Ok(function) => self.replace(function),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, document = %document.key.partition, "a function's record cannot be read");
            }
        }
    }

    /// Puts `function` in place. Its target stays the same, and its environments warm, unless its code or
    /// configuration changed.
    fn replace(&self, function: Function) {
        let mut entries = self.entries.write();
        let same = |target: &Target| {
            let known = target.function();
            known.code == function.code && known.configuration == function.configuration
        };
        let entry = match (function.state, entries.get(&function.id)) {
            (State::Active, Some(Entry::Callable(target))) if same(target) => return,
            (State::Active, _) => Entry::Callable(self.placement.target(Arc::new(function.clone()))),
            (state, _) => Entry::NotActive(state),
        };
        let former = entries.insert(function.id, entry);
        drop(entries);
        retire(former);
    }

    fn remove(&self, id: &FunctionId) {
        let former = self.entries.write().remove(id);
        retire(former);
    }

    fn tell(&self, revision: Revision) {
        self.applied.send_if_modified(|applied| {
            let newer = revision.0 > applied.revision;
            applied.revision = applied.revision.max(revision.0);
            newer
        });
    }
}

fn retire(former: Option<Entry>) {
    if let Some(Entry::Callable(target)) = former {
        target.retire();
    }
}
