//! A log store in a directory of its own, called as the edge calls it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use lanthorn_logs::{Config, Event, Logs, Scope};
use lanthorn_model::clock::{Clock, ManualClock, SharedClock};
use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use lanthorn_store::Store;
use lanthorn_wire::context::Context;
use lanthorn_wire::logs::SERVICE;
use lanthorn_wire::request::Request;
use lanthorn_wire::router::Router;
use serde_json::{Value, json};
use tempfile::TempDir;

/// 15 January 2027.
pub(crate) const START_MS: i64 = 1_800_000_000_000;

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A log store, its clock and its directory.
pub(crate) struct Room {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) logs: Arc<Logs>,
    router: Router,
    config: Config,
    directory: TempDir,
}

/// An error as a client sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::at(Timestamp::from_millisecond(START_MS).expect("in range")));
        let logs = open(&directory, &clock, &config);
        Self { clock, router: logs.router(), logs, config, directory }
    }

    /// A log store over what `wrap` makes of the embedded one.
    pub(crate) fn over(wrap: impl FnOnce(Store) -> Store) -> Self {
        let room = Self::new();
        let Self { clock, logs, router, config, directory } = room;
        drop((logs, router));
        let shared: SharedClock = clock.clone();
        let store = lanthorn_store::embedded::open(directory.path(), shared.clone()).expect("the store opens");
        let logs = Logs::open(&wrap(store), shared, config.clone());
        Self { clock, router: logs.router(), logs, config, directory }
    }

    /// The same store after a restart that flushed nothing.
    pub(crate) fn reopened(self) -> Self {
        let Self { clock, logs, router, config, directory } = self;
        drop((logs, router));
        let logs = open(&directory, &clock, &config);
        Self { clock, router: logs.router(), logs, config, directory }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Calls an operation, and answers what a client would get.
    pub(crate) async fn try_call(&self, operation: &str, input: Value) -> Result<Value, Refused> {
        let model = SERVICE.operation(operation).expect("an operation of the service");
        let scope = scope();
        let context = Context {
            request_id: RequestId::random(),
            principal: Principal::Root { account: scope.account.clone() },
            session: None,
            source_ip: None,
            access_key_id: None,
            account: scope.account.clone(),
            region: scope.region.clone(),
            base_url: "http://127.0.0.1:4566".into(),
            trace: None,
        };
        let request = Request {
            method: Method::POST,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            body: serde_json::to_vec(&input).expect("JSON").into(),
        };
        let response = self.router.call(model, context, request).await;
        let status = response.status();
        let body: Value = match response.body() {
            empty if empty.is_empty() => json!({}),
            body => serde_json::from_slice(body).expect("a JSON answer"),
        };
        if status.is_success() {
            return Ok(body);
        }
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        Err(Refused { code: text("__type"), message: text("message") })
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Value {
        self.try_call(operation, input).await.unwrap_or_else(|refused| panic!("{operation}: {refused:?}"))
    }

    pub(crate) async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        let refused = self.try_call(operation, input).await.expect_err(operation);
        (refused.code, refused.message)
    }

    /// A group with one stream.
    pub(crate) async fn with_stream(&self, group: &str, stream: &str) {
        self.call("CreateLogGroup", json!({"logGroupName": group})).await;
        self.call("CreateLogStream", json!({"logGroupName": group, "logStreamName": stream})).await;
    }

    /// Puts messages, each with its time from now in ms.
    pub(crate) async fn put(&self, group: &str, stream: &str, events: &[(i64, &str)]) -> Value {
        let now_ms = self.now_ms();
        let events: Vec<Value> = events
            .iter()
            .map(|(from_now_ms, message)| json!({"timestamp": now_ms + from_now_ms, "message": message}))
            .collect();
        let input = json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
        self.call("PutLogEvents", input).await
    }

    /// Writes messages as a function does.
    pub(crate) fn write(&self, group: &str, stream: &str, messages: &[&str]) {
        let at = self.clock.now();
        let events =
            messages.iter().map(|message| Event { at, message: Bytes::copy_from_slice(message.as_bytes()) }).collect();
        self.logs.writer().append(&scope(), &group.into(), &stream.into(), events);
    }

    /// The messages that `FilterLogEvents` finds, all pages.
    pub(crate) async fn filter(&self, mut input: Value) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let page = self.call("FilterLogEvents", input.clone()).await;
            found.extend(messages(&page));
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => return found,
            }
        }
    }
}

fn open(directory: &TempDir, clock: &Arc<ManualClock>, config: &Config) -> Arc<Logs> {
    let clock: SharedClock = clock.clone();
    let store = lanthorn_store::embedded::open(directory.path(), clock.clone()).expect("the store opens");
    Logs::open(&store, clock, config.clone())
}

pub(crate) fn scope() -> Arc<Scope> {
    Scope::new(&"000000000000".parse().expect("an account"), &"us-east-1".parse().expect("a region"))
}

/// The messages of an answer with events.
pub(crate) fn messages(answer: &Value) -> Vec<String> {
    answer["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["message"].as_str().expect("a message").to_owned())
        .collect()
}

impl Room {
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Room {
    /// Puts one event into a stream that a writer has made.
    pub(crate) async fn put_to(&self, group: &str, stream: &str) {
        self.logs.flush().await.expect("stored");
        self.put(group, stream, &[(1, "put")]).await;
    }

    /// Puts `count` events into a new stream, all requests at once.
    pub(crate) async fn put_concurrently(&self, group: &str, stream: &str, count: usize) {
        self.logs.flush().await.expect("stored");
        self.call("CreateLogStream", json!({"logGroupName": group, "logStreamName": stream})).await;
        futures::future::join_all((0..count).map(|_| self.put(group, stream, &[(0, "x")]))).await;
    }
}
