//! A router over a control plane of its own, called without a socket.

use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Uri};
use lanthorn_control::host::{CannotRun, DataPlane, Roles, RuntimeCheck};
use lanthorn_control::{Control, Parts};
use lanthorn_model::arn::{AccountId, RoleArn};
use lanthorn_model::clock::ManualClock;
use lanthorn_model::credentials::Secret;
use lanthorn_model::function::Architecture;
use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use lanthorn_model::runtime::Runtime;
use lanthorn_store::documents::Revision;
use lanthorn_store::embedded;
use lanthorn_wire::context::Context;
use lanthorn_wire::lambda;
use lanthorn_wire::request::Request;
use lanthorn_wire::router::Router;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::routes::code::Locations;

/// How long a test waits for a state before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Room {
    router: Router,
    _directory: TempDir,
}

/// What a client sees.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The exception's name, of a fault.
    pub(super) code: Option<String>,
    pub(super) body: Value,
}

/// Every role is good but the one called `stranger`; every runtime but Ruby is installed.
struct Neighbours;

impl Room {
    pub(super) async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let clock = Arc::new(ManualClock::at("2026-11-21T12:00:00.007Z".parse().expect("a timestamp")));
        let parts = Parts {
            store: embedded::open(directory.path(), clock.clone()).expect("an empty directory"),
            clock: clock.clone(),
            roles: Arc::new(Neighbours),
            runtimes: Arc::new(Neighbours),
            data_plane: Arc::new(Neighbours),
            architecture: Architecture::X86_64,
            data_dir: directory.path().to_owned(),
            code_grace: Duration::from_secs(600),
        };
        let control = Control::open(parts).await.expect("it opens");
        let locations = Locations::new(Secret::new("secret"), clock);
        let router = super::super::register(Router::new(&lambda::SERVICE), &control, &locations);
        Self { router, _directory: directory }
    }

    pub(super) async fn call(&self, method: Method, uri: &str, body: &Value) -> Answer {
        let uri: Uri = uri.parse().expect("a target");
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request { method, uri, headers: HeaderMap::new(), body };
        let operation = lambda::SERVICE.recognise(&request).expect("an operation");
        let response = self.router.call(operation, context(), request).await;
        let code = response.headers().get("x-amzn-errortype").map(|code| code.to_str().expect("text").to_owned());
        let body = response.body();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).expect("JSON") };
        Answer { status: response.status().as_u16(), code, body }
    }

    pub(super) async fn post(&self, body: &Value) -> Answer {
        self.call(Method::POST, "/2015-03-31/functions", body).await
    }

    pub(super) async fn get(&self, tail: &str) -> Answer {
        self.call(Method::GET, &format!("/2015-03-31/functions{tail}"), &Value::Null).await
    }

    pub(super) async fn put(&self, tail: &str, body: &Value) -> Answer {
        self.call(Method::PUT, &format!("/2015-03-31/functions{tail}"), body).await
    }

    pub(super) async fn delete(&self, tail: &str) -> Answer {
        self.call(Method::DELETE, &format!("/2015-03-31/functions{tail}"), &Value::Null).await
    }

    /// Makes a function and waits for it, as the SDKs' waiters do.
    pub(super) async fn active(&self, name: &str) {
        let made = self.post(&function(name)).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.settled(name).await;
    }

    pub(super) async fn settled(&self, name: &str) {
        let wait = async {
            loop {
                let body = self.get(&format!("/{name}/configuration")).await.body;
                if body["State"] == "Active" && body["LastUpdateStatus"] == "Successful" {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it settles");
    }
}

fn context() -> Context {
    let account: AccountId = "000000000000".parse().expect("an account");
    Context {
        request_id: RequestId::random(),
        principal: Principal::Root { account: account.clone() },
        session: None,
        source_ip: None,
        access_key_id: None,
        account,
        region: "us-east-1".parse().expect("a region"),
        base_url: "http://127.0.0.1:4566".into(),
        trace: None,
    }
}

/// A plain CreateFunction request.
pub(super) fn function(name: &str) -> Value {
    json!({
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "handler.handler",
        "Role": "arn:aws:iam::000000000000:role/lambda",
        "Code": { "ZipFile": zip("x = 1") },
    })
}

/// `request` with the members of `more` set, and those that are null there gone.
pub(super) fn with(mut request: Value, more: Value) -> Value {
    let (Value::Object(members), Value::Object(more)) = (&mut request, more) else { panic!("requests are objects") };
    members.extend(more);
    members.retain(|_, value| !value.is_null());
    request
}

/// A package whose `handler.py` is `source`, as a request carries it.
pub(super) fn zip(source: &str) -> String {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("handler.py", zip::write::SimpleFileOptions::default()).expect("in memory");
    writer.write_all(source.as_bytes()).expect("in memory");
    STANDARD.encode(writer.finish().expect("in memory").into_inner())
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
