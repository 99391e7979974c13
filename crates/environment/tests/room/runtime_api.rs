//! The HTTP Runtime API, byte by byte, its runtime played by the test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lanthorn_environment::{Handle, Readiness, start};
use lanthorn_model::limits;
use lanthorn_sandbox::Exit;
use lanthorn_sandbox::simulated::{self, Cell, Running};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::advance;

use crate::played::{self, Stillness, stillness};
use crate::support::{House, failure, function, invocation, success, tail};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const OK: &str = r#"{"status":"OK"}"#;

struct Scene {
    house: House,
    handle: Handle,
    cell: Cell,
    process: Running,
    _still: Stillness,
}

/// A provided runtime that has just started.
async fn scene() -> Scene {
    let still = stillness();
    let (launcher, control) = simulated::new();
    let house = played::house(Arc::new(launcher));
    house.write("bootstrap", "");
    let handle = start(&house.rooms, Arc::new(function("provided.al2023", "f")));
    let mut cell = control.created().await;
    let process = cell.started().await.expect("the box stands");
    assert_eq!(process.argv, ["/var/task/bootstrap"]);
    assert!(process.inherited.is_empty());
    Scene { house, handle, cell, process, _still: still }
}

/// One connection of a runtime.
struct Client(BufReader<TcpStream>);

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.expect("the API is served")))
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the API reads");
    }

    async fn ask_next(&mut self) {
        self.send(&format!("GET {NEXT} HTTP/1.1\r\nHost: api\r\n\r\n")).await;
    }

    async fn post(&mut self, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(&format!("POST {path} HTTP/1.1\r\nHost: api\r\nContent-Length: {length}\r\n{headers}\r\n{body}"))
            .await;
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let status = self.line().await.split(' ').nth(1).expect("a status").parse().expect("a number");
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.insert(name.to_owned(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().expect("a number")];
        self.0.read_exact(&mut body).await.expect("a body");
        Answer { status, headers, body: String::from_utf8(body).expect("UTF-8") }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("a line");
        line.trim_end().to_owned()
    }
}

fn answer_path(answer: &Answer, what: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{}/{what}", answer.headers["lambda-runtime-aws-request-id"])
}

#[tokio::test]
async fn an_event_has_awss_headers_and_a_response_is_accepted() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let mut call = invocation(r#"{"a":1}"#);
    call.client_context = Some(r#"{"custom":{}}"#.into());
    let (id, trace) = (call.id, call.trace.clone().expect("traced"));
    let waiting = scene.handle.invoke(call);
    let mut event = client.answer().await;
    assert_eq!((event.status, event.body.as_str()), (200, r#"{"a":1}"#));
    assert!(event.headers.remove("date").is_some());
    let deadline_ms = scene.house.rooms.clock.now().as_millisecond() + 3000;
    let expected = [
        ("content-length", "7".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id.to_string()),
        ("lambda-runtime-client-context", r#"{"custom":{}}"#.to_owned()),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned()),
        ("lambda-runtime-trace-id", trace.to_string()),
    ];
    assert_eq!(event.headers, expected.map(|(name, value)| (name.to_owned(), value)).into());

    let answer = client.post(&answer_path(&event, "response"), "", "[2]").await;
    assert_eq!((answer.status, answer.body.as_str()), (202, OK));
    assert_eq!(success(&waiting.await.expect("taken")), "[2]");
    // The caller has its answer; the environment is free only when the runtime asks again.
    client.ask_next().await;
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
}

#[tokio::test]
async fn an_error_reaches_the_caller_as_it_is_and_the_log_by_its_type() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    let header = "Lambda-Runtime-Function-Error-Type: Function.MyError\r\n";
    let answer = client.post(&answer_path(&event, "error"), header, r#"{"anything":1}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, OK));
    assert_eq!(failure(&waiting.await.expect("taken")), r#"{"anything":1}"#);
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    let refused = client.post("/2018-06-01/runtime/invocation/nonsense/response", "", "1").await;
    let invalid_id = r#"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#;
    assert_eq!((refused.status, refused.body.as_str()), (400, invalid_id));
    let refused = client.post("/2018-06-01/runtime/init/error", "", "{}").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body,
        r#"{"errorMessage":"State transition from Ready to InitError failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}"#
    );
    client.ask_next().await;
    let again = client.answer().await;
    assert_eq!(again.body, event.body);
    assert_eq!(client.post(&answer_path(&event, "response"), "", "1").await.status, 202);
    assert_eq!(client.post(&answer_path(&event, "response"), "", "1").await.status, 403);
    waiting.await.expect("taken");
    for (request, status) in
        [("GET /2018-06-01/ping", 200), ("GET /nowhere", 404), ("PUT /2018-06-01/runtime/init/error", 405)]
    {
        client.send(&format!("{request} HTTP/1.1\r\nHost: api\r\n\r\n")).await;
        assert_eq!(client.answer().await.status, status, "for {request}");
    }
}

#[tokio::test]
async fn a_response_over_the_limit_is_refused_and_the_runtime_goes_on() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    let refused = client.post(&answer_path(&event, "response"), "", &"x".repeat(limits::RESPONSE_BYTES_MAX + 1)).await;
    assert_eq!(refused.status, 413);
    assert_eq!(
        refused.body,
        r#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#
    );
    assert!(failure(&waiting.await.expect("taken")).contains("Function.ResponseSizeTooLarge"));

    client.ask_next().await;
    scene.handle.ready().await;
    let waiting = scene.handle.invoke(invocation("2"));
    let event = client.answer().await;
    let longest = "x".repeat(limits::RESPONSE_BYTES_MAX);
    assert_eq!(client.post(&answer_path(&event, "response"), "", &longest).await.status, 202);
    assert_eq!(success(&waiting.await.expect("taken")), longest);
    assert_eq!(scene.cell.resets(), 0);
}

#[tokio::test]
async fn a_streamed_response_is_gathered_and_its_trailers_are_heard() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    let path = answer_path(&event, "response");
    let head =
        "HTTP/1.1\r\nHost: api\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n";
    client.send(&format!("POST {path} {head}\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n")).await;
    assert_eq!(client.answer().await.status, 202);
    assert_eq!(success(&waiting.await.expect("taken")), "[1,2]");

    client.ask_next().await;
    scene.handle.ready().await;
    let waiting = scene.handle.invoke(invocation("2"));
    let event = client.answer().await;
    let path = answer_path(&event, "response");
    let trailers =
        "Lambda-Runtime-Function-Error-Type: Runtime.Broken\r\nLambda-Runtime-Function-Error-Body: eyJhIjoxfQ==\r\n";
    let names = "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n";
    client.send(&format!("POST {path} {head}{names}\r\n1\r\n[\r\n0\r\n{trailers}\r\n")).await;
    assert_eq!(client.answer().await.status, 202);
    assert_eq!(failure(&waiting.await.expect("taken")), r#"{"a":1}"#);
}

#[tokio::test]
async fn a_response_mode_that_does_not_exist_ends_the_call() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    let header = "Lambda-Runtime-Function-Response-Mode: sideways\r\n";
    let refused = client.post(&answer_path(&event, "response"), header, "1").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("InvalidFunctionResponseMode"));
    assert!(failure(&waiting.await.expect("taken")).contains("Runtime.InvalidResponseModeHeader"));
}

#[tokio::test]
async fn an_init_error_over_http_is_told_to_the_call() {
    let mut scene = scene().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let header = "Lambda-Runtime-Function-Error-Type: Runtime.NoSuchHandler\r\n";
    for _ in 0..2 {
        let mut client = Client::connect(scene.cell.runtime_api).await;
        let answer = client.post("/2018-06-01/runtime/init/error", header, r#"{"errorMessage":"m"}"#).await;
        assert_eq!((answer.status, answer.body.as_str()), (202, OK));
        if scene.cell.resets() < 2 {
            scene.process = scene.cell.started().await.expect("INIT is run again");
        }
    }
    let completion = waiting.await.expect("taken");
    assert_eq!(failure(&completion), r#"{"errorMessage":"m"}"#);
    let report = tail(&completion).pop().expect("a report");
    assert!(report.ends_with("Status: error\tError Type: Runtime.NoSuchHandler"), "{report}");
}

#[tokio::test]
async fn connections_of_a_killed_process_reach_nobody() {
    let mut scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    // The process dies; a request of its that was on the way must not count as the next process's.
    scene.process.exit(Exit::Exited(1));
    assert!(failure(&waiting.await.expect("taken")).contains("exit status 1"));
    let mut ghost = Client::connect(scene.cell.runtime_api).await;
    ghost.ask_next().await;
    let waiting = scene.handle.invoke(invocation("2"));
    let _fresh = scene.cell.started().await.expect("started afresh");
    let mut fresh = Client::connect(scene.cell.runtime_api).await;
    let refused = fresh.post(&answer_path(&event, "response"), "", "\"stale\"").await;
    assert_eq!(refused.status, 400);
    fresh.ask_next().await;
    let event = fresh.answer().await;
    assert_eq!(event.body, "2");
    assert_eq!(fresh.post(&answer_path(&event, "response"), "", "2").await.status, 202);
    assert_eq!(success(&waiting.await.expect("taken")), "2");
}

#[tokio::test]
async fn a_runtime_that_never_comes_back_is_reset_at_its_deadline() {
    let scene = scene().await;
    let mut client = Client::connect(scene.cell.runtime_api).await;
    client.ask_next().await;
    let waiting = scene.handle.invoke(invocation("1"));
    let event = client.answer().await;
    assert_eq!(client.post(&answer_path(&event, "response"), "", "1").await.status, 202);
    assert_eq!(success(&waiting.await.expect("taken")), "1");
    advance(Duration::from_millis(3001)).await;
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    assert_eq!(scene.cell.resets(), 1);
}
