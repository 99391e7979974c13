//! Neighbours for an environment, and a function to run.

pub(crate) mod logs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use lanthorn_environment::runtimes::{CannotInstall, Config, Runtimes};
use lanthorn_environment::{CannotAssume, CodeGone, CodeSource, RoleCredentials, Rooms, ServeEndpoint};
use lanthorn_model::arn::{FunctionId, RoleArn, Version};
use lanthorn_model::clock::{SharedClock, SystemClock};
use lanthorn_model::credentials::{Secret, SessionCredentials};
use lanthorn_model::function::{
    Architecture, Code, Configuration, Function, LogFormat, Logging, Sha256, State, TracingMode,
};
use lanthorn_model::invocation::{Completion, Invocation, Outcome, RequestId};
use lanthorn_sandbox::Launcher;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) use logs::Logs;

/// The rooms around an environment, and what a test needs of them.
pub(crate) struct House {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) logs: Arc<Logs>,
    /// Shown at `/var/task`.
    pub(crate) task: PathBuf,
    _directory: TempDir,
}

impl House {
    /// A house in real time, with the interpreters of this host.
    pub(crate) fn on_this_host(launcher: Arc<dyn Launcher>) -> Self {
        let path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
        let home = std::env::var_os("HOME").map(PathBuf::from);
        // Shared by all tests, so that each interpreter is tried out once and not once a test.
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runtimes");
        let runtimes = |_: &Path| Runtimes::discover(&Config { directory, path, home });
        Self::build(launcher, runtimes, Arc::new(SystemClock))
    }

    /// A house with these interpreters, on this clock.
    pub(crate) fn build(
        launcher: Arc<dyn Launcher>,
        runtimes: impl FnOnce(&Path) -> Result<Arc<Runtimes>, CannotInstall>,
        clock: SharedClock,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let task = directory.path().join("task");
        std::fs::create_dir(&task).expect("created");
        let logs = Arc::new(Logs::default());
        let rooms = Rooms {
            launcher,
            runtimes: runtimes(&directory.path().join("runtimes")).expect("a fresh directory is writable"),
            credentials: Arc::new(AnyRole),
            logs: Arc::<Logs>::clone(&logs),
            endpoint: Arc::new(NoEndpoint),
            code: Arc::new(OneTask(task.clone())),
            clock,
        };
        Self { rooms: Arc::new(rooms), logs, task, _directory: directory }
    }

    /// Writes a file of the function's code.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let file = self.task.join(name);
        std::fs::create_dir_all(file.parent().expect("below the task")).expect("created");
        std::fs::write(file, text).expect("written");
    }
}

/// A function called `f` with 128 MiB and 3 seconds.
pub(crate) fn function(runtime: &str, handler: &str) -> Function {
    Function {
        id: FunctionId {
            account: "000000000000".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
            name: "f".parse().expect("a name"),
        },
        version: Version::Latest,
        configuration: Configuration {
            runtime: runtime.parse().expect("a runtime"),
            handler: handler.to_owned(),
            role: "arn:aws:iam::000000000000:role/r".parse().expect("a role"),
            description: String::new(),
            memory_mib: 128,
            timeout_s: 3,
            ephemeral_storage_mib: 512,
            environment: None,
            architecture: Architecture::X86_64,
            tracing: TracingMode::PassThrough,
            logging: Logging { format: LogFormat::Text, group: None },
        },
        code: Code { sha256: Sha256::new([0; 32]), size: 1 },
        state: State::Active,
        last_update: None,
        revision_id: Uuid::nil(),
        last_modified: Timestamp::UNIX_EPOCH,
        tags: BTreeMap::new(),
    }
}

/// A call that wants the end of its log.
pub(crate) fn invocation(payload: &str) -> Invocation {
    Invocation {
        id: RequestId::random(),
        payload: payload.to_owned().into(),
        invoked_arn: "arn:aws:lambda:us-east-1:000000000000:function:f".into(),
        client_context: None,
        trace: Some("Root=1-5e1a9f6e-0f0a4f5e8a4d3f1f9b8a7c6d;Parent=0f0a4f5e8a4d3f1f;Sampled=0".into()),
        wants_log_tail: true,
    }
}

pub(crate) fn success(completion: &Completion) -> &str {
    match &completion.outcome {
        Outcome::Success(payload) => std::str::from_utf8(payload).expect("UTF-8"),
        Outcome::Failure(payload) => panic!("failed: {}", String::from_utf8_lossy(payload)),
    }
}

pub(crate) fn failure(completion: &Completion) -> &str {
    match &completion.outcome {
        Outcome::Failure(payload) => std::str::from_utf8(payload).expect("UTF-8"),
        Outcome::Success(payload) => panic!("succeeded: {}", String::from_utf8_lossy(payload)),
    }
}

/// The end of the log that came with an answer, line by line.
pub(crate) fn tail(completion: &Completion) -> Vec<String> {
    let tail = completion.log_tail.as_ref().expect("it was asked for");
    std::str::from_utf8(tail).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Assumes every role there is.
struct AnyRole;

impl RoleCredentials for AnyRole {
    fn assume(&self, _: RoleArn, _: FunctionId) -> BoxFuture<'_, Result<SessionCredentials, CannotAssume>> {
        let credentials = SessionCredentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: Secret::new("secret"),
            session_token: Secret::new("token"),
            expiration: Timestamp::MAX,
        };
        Box::pin(async move { Ok(credentials) })
    }
}

/// Has the same code for every function.
struct OneTask(PathBuf);

impl CodeSource for OneTask {
    fn unpacked(&self, _: &Code) -> BoxFuture<'_, Result<PathBuf, CodeGone>> {
        let task = self.0.clone();
        Box::pin(async move { Ok(task) })
    }
}

/// Lets connections to the AWS endpoint wait.
struct NoEndpoint;

impl ServeEndpoint for NoEndpoint {
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync> {
        Box::new(listener)
    }
}
