//! A control plane on a directory of its own, with neighbours that can be told what to say.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use lanthorn_control::functions::change::ConfigurationChange;
use lanthorn_control::functions::create::CreateFunction;
use lanthorn_control::host::{CannotRun, DataPlane, Roles, RuntimeCheck};
use lanthorn_control::{Control, Parts};
use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::clock::ManualClock;
use lanthorn_model::function::{Architecture, Function, LastUpdate, Sha256, State};
use lanthorn_model::runtime::Runtime;
use lanthorn_store::blobs::{Reader, Stored};
use lanthorn_store::documents::{Document, Revision};
use lanthorn_store::records::function;
use lanthorn_store::{Blobs, Error, Store, embedded};
use tempfile::TempDir;
use tokio::sync::watch;

/// How long a package stays that nobody uses.
pub(crate) const GRACE: Duration = Duration::from_secs(600);
/// How long a test waits for a state before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Room {
    pub(crate) control: Arc<Control>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) directory: TempDir,
}

/// Lets nobody read a blob while it is closed.
pub(crate) struct Gate(watch::Sender<bool>);

struct GatedBlobs {
    inner: Arc<dyn Blobs>,
    gate: Arc<Gate>,
}

/// Every role is good but the one called `stranger`; every runtime but Ruby is installed.
struct Neighbours;

impl Room {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let clock = Arc::new(ManualClock::at("2026-11-21T12:00:00Z".parse().expect("a timestamp")));
        let store = embedded::open(directory.path(), clock.clone()).expect("an empty directory");
        let gate = Arc::new(Gate(watch::Sender::new(true)));
        let blobs = Arc::new(GatedBlobs { inner: Arc::clone(&store.blobs), gate: Arc::clone(&gate) });
        let control = open(Store { blobs, ..store.clone() }, &clock, &directory).await;
        Self { control, store, clock, gate, directory }
    }

    /// Another control plane on the same store and directory, as after a restart. It reads blobs freely.
    pub(crate) async fn restart(&mut self) {
        self.control = open(self.store.clone(), &self.clock, &self.directory).await;
    }

    /// Makes a function out of one file, and waits until it is Active.
    pub(crate) async fn active(&self, name: &str, source: &str) -> Function {
        self.control.create_function(request(name, source)).await.expect("a good function");
        self.settled(name).await
    }

    /// Waits until nothing is going on with a function any more.
    pub(crate) async fn settled(&self, name: &str) -> Function {
        let wait = async {
            loop {
                let function = self.function(name).await.expect("it exists");
                if function.state != State::Pending && function.last_update != Some(LastUpdate::InProgress) {
                    return function;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it settles")
    }

    pub(crate) async fn function(&self, name: &str) -> Option<Function> {
        self.control.get_function(&id(name), None).await.ok()
    }

    pub(crate) async fn document(&self, name: &str) -> Document {
        self.store.documents.get(function::key(&id(name))).await.expect("readable").expect("it exists")
    }

    pub(crate) fn unpacked(&self, sha256: &Sha256) -> PathBuf {
        self.directory.path().join("cache/code").join(sha256.to_string())
    }

    /// Holds the next change of a function in progress: its code has to be read again, and cannot be.
    pub(crate) fn hold(&self, function: &Function) {
        std::fs::remove_dir_all(self.unpacked(&function.code.sha256)).expect("it was unpacked");
        self.gate.0.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.gate.0.send_replace(true);
    }
}

async fn open(store: Store, clock: &Arc<ManualClock>, directory: &TempDir) -> Arc<Control> {
    let parts = Parts {
        store,
        clock: clock.clone(),
        roles: Arc::new(Neighbours),
        runtimes: Arc::new(Neighbours),
        data_plane: Arc::new(Neighbours),
        architecture: Architecture::X86_64,
        data_dir: directory.path().to_owned(),
        code_grace: GRACE,
    };
    Control::open(parts).await.expect("it opens")
}

pub(crate) fn id(name: &str) -> FunctionId {
    FunctionId {
        account: "000000000000".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        name: name.parse().expect("a name"),
    }
}

pub(crate) fn role(name: &str) -> RoleArn {
    format!("arn:aws:iam::000000000000:role/{name}").parse().expect("a role")
}

pub(crate) fn request(name: &str, source: &str) -> CreateFunction {
    CreateFunction {
        id: id(name),
        zip: zip(source),
        runtime: "python3.12".parse().expect("a runtime"),
        handler: "index.handler".to_owned(),
        role: role("lambda"),
        architecture: None,
        settings: ConfigurationChange::default(),
        tags: BTreeMap::new(),
    }
}

/// A package whose `index.py` is `source`.
pub(crate) fn zip(source: &str) -> Bytes {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("index.py", zip::write::SimpleFileOptions::default()).expect("in memory");
    writer.write_all(source.as_bytes()).expect("in memory");
    writer.finish().expect("in memory").into_inner().into()
}

impl Blobs for GatedBlobs {
    fn put(&self, source: Reader) -> BoxFuture<'_, Result<Stored, Error>> {
        self.inner.put(source)
    }

    fn get(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<(Reader, u64)>, Error>> {
        async move {
            self.gate.0.subscribe().wait_for(|open| *open).await.expect("the gate stays");
            self.inner.get(sha256).await
        }
        .boxed()
    }

    fn delete(&self, sha256: Sha256) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.delete(sha256)
    }
}

impl Roles for Neighbours {
    fn lambda_may_assume(&self, role: &RoleArn) -> bool {
        role.name() != "stranger"
    }
}

impl RuntimeCheck for Neighbours {
    fn check(&self, runtime: &Runtime) -> Result<(), CannotRun> {
        if runtime.as_str().starts_with("ruby") {
            return Err(CannotRun("install ruby".to_owned()));
        }
        Ok(())
    }
}

impl DataPlane for Neighbours {
    fn reached(&self, _: Revision) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}
