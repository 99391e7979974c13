//! The rooms around an environment, as small as they can be. The unit tests in `src/tests.rs` use them too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use lanthorn_environment::runtimes::{Interpreter, Runtimes};
use lanthorn_environment::{
    CannotAssume, CodeGone, CodeSource, LogEvent, LogSink, RoleCredentials, Rooms, ServeEndpoint,
};
use lanthorn_model::arn::{FunctionId, RoleArn, Version};
use lanthorn_model::clock::ManualClock;
use lanthorn_model::credentials::{Secret, SessionCredentials};
use lanthorn_model::function::{
    Architecture, Code, Configuration, Function, LogFormat, Logging, Sha256, State, TracingMode,
};
use lanthorn_sandbox::simulated::Launcher;
use uuid::Uuid;

/// Names the target in the environment of its processes.
pub(crate) const TARGET: &str = "TARGET";
/// The role that cannot be assumed.
pub(crate) const FORBIDDEN: &str = "arn:aws:iam::000000000000:role/forbidden";

const RUNTIME: &str = "python3.12";

/// Rooms with a Python that is never run and a clock that stands still. `directory` is empty and stays.
pub(crate) fn rooms(launcher: Launcher, endpoint: Arc<dyn ServeEndpoint>, directory: &Path) -> Arc<Rooms> {
    let program = format!("/usr/bin/{RUNTIME}");
    let python = Interpreter { executable: PathBuf::from(&program), program, mount: None };
    let runtimes = Runtimes::given(directory, [(RUNTIME.parse().expect("a runtime"), python)]);
    Arc::new(Rooms {
        launcher: Arc::new(launcher),
        runtimes: runtimes.expect("a fresh directory is writable"),
        credentials: Arc::new(AnyRoleButOne),
        logs: Arc::new(NoLogs),
        endpoint,
        code: Arc::new(NoCode(directory.to_owned())),
        clock: Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)),
    })
}

/// A function that tells its processes that they are of `name`.
pub(crate) fn function(name: &str) -> Function {
    Function {
        id: FunctionId {
            account: "000000000000".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
            name: "f".parse().expect("a name"),
        },
        version: Version::Latest,
        configuration: Configuration {
            runtime: RUNTIME.parse().expect("a runtime"),
            handler: "f.handler".to_owned(),
            role: "arn:aws:iam::000000000000:role/r".parse().expect("a role"),
            description: String::new(),
            memory_mib: 128,
            timeout_s: 900,
            ephemeral_storage_mib: 512,
            environment: Some(BTreeMap::from([(TARGET.to_owned(), name.to_owned())])),
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

struct AnyRoleButOne;

impl RoleCredentials for AnyRoleButOne {
    fn assume(&self, role: RoleArn, _: FunctionId) -> BoxFuture<'_, Result<SessionCredentials, CannotAssume>> {
        let credentials = SessionCredentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: Secret::new("secret"),
            session_token: Secret::new("token"),
            expiration: Timestamp::MAX,
        };
        let forbidden = role.to_string() == FORBIDDEN;
        let answer = if forbidden { Err(CannotAssume("not for Lambda".to_owned())) } else { Ok(credentials) };
        Box::pin(std::future::ready(answer))
    }
}

/// Has the same directory for every function.
struct NoCode(PathBuf);

impl CodeSource for NoCode {
    fn unpacked(&self, _: &Code) -> BoxFuture<'_, Result<PathBuf, CodeGone>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

struct NoLogs;

impl LogSink for NoLogs {
    fn append(&self, _: &FunctionId, _: &Arc<str>, _: &Arc<str>, _: Vec<LogEvent>) {}
}
