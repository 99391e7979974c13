//! Connections, bodies, drain: HTTP without AWS.

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::TokioIo;
use lanthorn_edge::{Auth, Bounds};
use lanthorn_wire::lambda;
use lanthorn_wire::router::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use self::support::{World, error_type, json, send_h2, text};

#[tokio::test]
async fn health_needs_no_key() {
    let world = World::new(Auth::Strict).await;
    let answer = world.send(Request::get("/health").body(Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(json(&answer), serde_json::json!({ "status": "running", "version": "1.2.3" }));
    assert!(answer.headers().contains_key("x-amzn-requestid"));
    let answer = world.send(Request::post("/health").body(Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), 405);
}

#[tokio::test]
async fn http2_without_tls_is_spoken_too() {
    let world = World::new(Auth::Strict).await;
    let target = "/2015-03-31/functions/hello/configuration";
    let (mut head, body) = world.signed(&world.root, "lambda", &format!("GET {target}"), &[], "").into_parts();
    head.headers.remove("host");
    head.uri = format!("http://{}{target}", world.address).parse().unwrap();
    let answer = send_h2(world.address, Request::from_parts(head, body)).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert_eq!(json(&answer)["FunctionName"], "hello");
}

#[tokio::test]
async fn a_first_word_in_pieces_is_understood() {
    let world = World::new(Auth::Strict).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    // `P` might still become HTTP/2's preface.
    stream.write_all(b"P").await.unwrap();
    tokio::task::yield_now().await;
    stream
        .write_all(b"OST /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let world = World::new(Auth::Strict).await;
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..3 {
        sender.ready().await.expect("the connection is still there");
        let request = Request::get("/health").header("host", "localhost").body(Empty::<Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap();
    }
    connection.abort();
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_and_the_sender_hears_it() {
    let world = World::new(Auth::Open).await;
    let body = "x".repeat(7 * 1024 * 1024 + 1);
    let request = world.signed(&world.root, "lambda", "POST /2015-03-31/functions/hello/invocations", &[], &body);
    let answer = world.send(request).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (413, "RequestEntityTooLargeException"));
    assert_eq!(json(&answer)["message"], "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

#[tokio::test]
async fn a_stranger_with_a_large_body_hears_the_refusal() {
    let world = World::new(Auth::Strict).await;
    let body = "x".repeat(5 * 1024 * 1024);
    let stranger = support::Key::new("nobody", "nothing");
    let request = world.signed(&stranger, "lambda", "POST /2015-03-31/functions", &[], &body);
    let answer = world.send(request).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (403, "UnrecognizedClientException"));
    assert_eq!(world.edge.metrics().received_bytes_total.get(), 0);
    assert_eq!(world.edge.metrics().unauthenticated_total.get(), 1);
}

/// A Lambda whose GetFunctionConfiguration waits for `release`, and says when it has begun.
fn slow(begun: &Arc<Notify>, release: &Arc<Notify>) -> Router {
    let (begun, release) = (Arc::clone(begun), Arc::clone(release));
    Router::new(&lambda::SERVICE).on(lambda::GetFunctionConfiguration, move |_, _| {
        let (begun, release) = (Arc::clone(&begun), Arc::clone(&release));
        async move {
            begun.notify_one();
            release.notified().await;
            Ok(lambda::FunctionConfiguration::default())
        }
    })
}

#[tokio::test]
async fn what_is_in_flight_is_answered_before_the_drain_ends() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let world = World::with(Auth::Open, vec![slow(&begun, &release)], Bounds::default()).await;
    let mut idle = TcpStream::connect(world.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    let request = world.signed(&world.root, "lambda", "GET /2015-03-31/functions/hello/configuration", &[], "");
    let answer = tokio::spawn(support::send_to(world.address, request));
    begun.notified().await;
    world.drain.cancel();
    // An idle connection is closed at once; a new one is not taken.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    support::closed(world.address).await;
    assert!(!world.serving.is_finished());

    release.notify_one();
    assert_eq!(answer.await.unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(10), world.serving).await.expect("the drain ends").unwrap().unwrap();
}

#[tokio::test]
async fn a_call_is_finished_though_its_caller_has_left() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let world = World::with(Auth::Open, vec![slow(&begun, &release)], Bounds::default()).await;
    let request = world.signed(&world.root, "lambda", "GET /2015-03-31/functions/hello/configuration", &[], "");
    let answer = tokio::spawn(support::send_to(world.address, request));
    begun.notified().await;
    answer.abort();
    assert!(answer.await.unwrap_err().is_cancelled());
    world.drain.cancel();
    support::closed(world.address).await;
    assert!(!world.serving.is_finished(), "the call is still waited for");
    release.notify_one();
    tokio::time::timeout(Duration::from_secs(10), world.serving).await.expect("the drain ends").unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_that_panics_is_a_fault() {
    let broken = Router::new(&lambda::SERVICE)
        .on(lambda::GetFunctionConfiguration, |_, _| async { panic!("this handler is broken, for a test") });
    let world = World::with(Auth::Open, vec![broken], Bounds::default()).await;
    let answer = world.ask(&world.root).await;
    assert_eq!((answer.status().as_u16(), error_type(&answer)), (500, "InternalFailure"));
    assert_eq!(world.edge.metrics().failures_total.get(), 1);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_their_turn() {
    let bounds = Bounds { connections_max: 1, ..Bounds::default() };
    let world = World::with(Auth::Open, Vec::new(), bounds).await;
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = || Request::get("/health").header("host", "localhost").body(Full::default()).unwrap();
    assert_eq!(sender.send_request(request()).await.unwrap().status(), 200);

    let waiting = tokio::spawn(support::send_to(world.address, request().map(|_| Bytes::new())));
    sender.ready().await.unwrap();
    assert_eq!(sender.send_request(request()).await.unwrap().status(), 200);
    assert!(!waiting.is_finished());
    drop(sender);
    connection.abort();
    assert_eq!(waiting.await.unwrap().status(), 200);
}
