//! A front end with a real store, a placement in simulated boxes, and the control plane's pen.

mod documents;
#[path = "../../../../placement/tests/room/support/neighbours.rs"]
mod neighbours;
mod player;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lanthorn_frontend::{Directory, FrontEnd};
use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_model::clock::ManualClock;
use lanthorn_model::function::{Function, State};
use lanthorn_placement::{Config, Placement, Shared};
use lanthorn_sandbox::simulated;
use lanthorn_store::documents::{Change, Document, Expect, Revision};
use lanthorn_store::records::function::{HEAD, Record, Running, key, partition, write};
use lanthorn_store::{Documents, embedded};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) use documents::{Interruptible, Scripted};
pub(crate) use player::Seen;

/// The room, and what a test needs of its neighbours.
pub(crate) struct House {
    pub(crate) directory: Arc<Directory>,
    pub(crate) documents: Arc<Interruptible>,
    pub(crate) frontend: FrontEnd,
    pub(crate) placement: Arc<Shared>,
    _directory: TempDir,
    #[allow(dead_code, reason = "dropping it lets time go on")]
    still: std::sync::mpsc::Sender<()>,
}

impl House {
    /// A house whose store is empty and followed by nobody.
    pub(crate) fn new() -> Self {
        let still = stop_the_clock();
        let data = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let store = embedded::open(&data.path().join("store"), clock).expect("a fresh store");
        let placement = placement_of_one_shard();
        let directory = Directory::new(Arc::clone(&placement));
        let (launcher, control) = simulated::new();
        player::play(control);
        let rooms = neighbours::rooms(launcher, Arc::new(player::NoEndpoint), data.path());
        let frontend =
            FrontEnd::new(Arc::clone(&directory), Placement::new(0, Arc::clone(&placement), Arc::clone(&rooms)));
        let documents = Arc::new(Interruptible::new(store.documents));
        Self { directory, documents, frontend, placement, _directory: data, still }
    }

    /// A house whose directory has caught up.
    pub(crate) async fn followed() -> Self {
        let house = Self::new();
        house.follow();
        house.directory.caught_up().await;
        house
    }

    /// Lets the directory follow the store from now on.
    pub(crate) fn follow(&self) {
        let (directory, documents) = (Arc::clone(&self.directory), Arc::clone(&self.documents));
        tokio::spawn(async move { directory.follow(documents).await });
    }

    /// Writes a record of `function`, as the control plane does when nothing is being changed.
    pub(crate) async fn put(&self, function: &Function) -> Revision {
        self.record(function, None).await
    }

    /// Writes a record of `function`, of which calls run `running` still.
    pub(crate) async fn record(&self, function: &Function, running: Option<&Function>) -> Revision {
        let running =
            running.map(|running| Running { configuration: running.configuration.clone(), code: running.code.clone() });
        let bytes = write(&Record { function: function.clone(), running });
        self.write(&function.id, HEAD, &bytes).await
    }

    /// Writes any document in the partition of `id`.
    pub(crate) async fn write(&self, id: &FunctionId, name: &str, bytes: &[u8]) -> Revision {
        let bytes = bytes.to_vec().into();
        let put = Change::Put { name: name.to_owned(), expect: Expect::Anything, bytes };
        self.documents.commit(partition(id), vec![put]).await.expect("written")
    }

    pub(crate) async fn delete(&self, id: &FunctionId) -> Revision {
        let delete = Change::Delete { name: HEAD.to_owned(), expect: Expect::Present };
        self.documents.commit(partition(id), vec![delete]).await.expect("deleted")
    }

    /// The function that a call of `$LATEST` would run now. The same object means the same target.
    pub(crate) fn resolved(&self, id: &FunctionId) -> Arc<Function> {
        Arc::clone(self.directory.resolve(id, None).expect("it is there").function())
    }

    /// What a call of `$LATEST` would meet, in words.
    pub(crate) fn met(&self, id: &FunctionId, qualifier: Option<&Qualifier>) -> Result<(), String> {
        self.directory.resolve(id, qualifier).map(drop).map_err(|error| error.to_string())
    }
}

/// A shard's worth of placement.
pub(crate) fn placement_of_one_shard() -> Arc<Shared> {
    Shared::new(Config {
        shards: 1,
        concurrent_executions: 10,
        environments_max: NonZeroU32::new(10).expect("not zero"),
        idle_timeout: Duration::from_secs(300),
        age_max: Duration::from_secs(14 * 3600),
    })
}

/// An active function called `name`.
pub(crate) fn function(name: &str) -> Function {
    let mut function = neighbours::function(name);
    function.id.name = name.parse().expect("a name");
    function
}

/// `function` as it is after something that runs no other code.
pub(crate) fn retagged(function: &Function) -> Function {
    let tags = BTreeMap::from([("colour".to_owned(), "blue".to_owned())]);
    let last_modified = "2026-01-12T15:37:23Z".parse().expect("a time");
    Function { tags, last_modified, revision_id: Uuid::from_u128(7), ..function.clone() }
}

/// `function` in another state.
pub(crate) fn in_state(function: &Function, state: State) -> Function {
    Function { state, ..function.clone() }
}

/// The document that holds `function`.
pub(crate) fn document(function: &Function, revision: u64) -> Document {
    let bytes = write(&Record { function: function.clone(), running: None });
    Document { key: key(&function.id), revision: Revision(revision), bytes }
}

/// Stops the clock for as long as what it returns lives: timers run when the test says [`tokio::time::advance`],
/// never because everybody waits for a socket or a thread of the store's.
fn stop_the_clock() -> std::sync::mpsc::Sender<()> {
    tokio::time::pause();
    let (tx, rx) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || rx.recv());
    tx
}
