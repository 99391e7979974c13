//! Connections of the Runtime API: from HTTP to [`Request`]s and back.
//!
//! Bodies are read within limits and before anything is decided, so a slow or endless body harms only its
//! own connection.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lanthorn_model::limits;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use super::refusal::Refusal;
use super::{Answer, Delivery, Request};

/// Connections of one runtime process; more wait to be accepted.
const CONNECTIONS_MAX: usize = 32;
/// What is read past, so that a runtime that sends too much can still hear that it did.
const EXCESS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The one response mode there is beside the usual.
const STREAMING: &[u8] = b"streaming";

/// Accepts and serves until aborted; its connections end with it.
pub(super) async fn accept(listener: TcpListener, requests: mpsc::Sender<Request>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("the semaphore is never closed");
        while connections.try_join_next().is_some() {}
        // An error concerns one connection, which has gone before it was accepted.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let requests = requests.clone();
        connections.spawn(async move {
            serve(stream, requests).await;
            drop(permit);
        });
    }
}

async fn serve(stream: TcpStream, requests: mpsc::Sender<Request>) {
    // A head and a body that leave in two segments cost AWS's Python client 40 ms each.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| {
        let requests = requests.clone();
        async move { Ok::<_, Infallible>(route(request, &requests).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a runtime's connection ended early");
    }
}

async fn route(request: http::Request<Incoming>, requests: &mpsc::Sender<Request>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    match (&parts.method, path.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => next(requests).await,
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, what @ ("response" | "error")]) => {
            let Ok(id) = id.parse() else { return refuse(Refusal::InvalidRequestId) };
            let answer = match *what {
                "response" => response(&parts.headers, body).await,
                _ => error(&parts.headers, body).await,
            };
            match answer {
                Ok(answer) => settle(requests, |reply| Request::Answer { id, answer, reply }).await,
                Err(refusal) => refuse(refusal),
            }
        }
        (&Method::POST, ["2018-06-01", "runtime", "init", "error"]) => match error(&parts.headers, body).await {
            Ok(answer) => settle(requests, |reply| Request::InitError { answer, reply }).await,
            Err(refusal) => refuse(refusal),
        },
        (&Method::GET, ["2018-06-01", "ping"]) => plain(StatusCode::OK, "pong"),
        (_, ["2018-06-01", "runtime", "invocation", ..] | ["2018-06-01", "runtime", "init", "error"]) => {
            plain(StatusCode::METHOD_NOT_ALLOWED, "")
        }
        _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
    }
}

/// Waits for an event, however long that takes.
async fn next(requests: &mpsc::Sender<Request>) -> Response<Full<Bytes>> {
    match ask(requests, |reply| Request::Next { reply }).await {
        Some(Ok(Delivery { headers, event })) => {
            let mut response = Response::new(Full::new(event));
            *response.headers_mut() = headers;
            response
        }
        Some(Err(refusal)) => refuse(refusal),
        None => gone(),
    }
}

async fn settle(
    requests: &mpsc::Sender<Request>,
    request: impl FnOnce(oneshot::Sender<Result<(), Refusal>>) -> Request,
) -> Response<Full<Bytes>> {
    match ask(requests, request).await {
        Some(Ok(())) => json(StatusCode::ACCEPTED, Bytes::from_static(br#"{"status":"OK"}"#)),
        Some(Err(refusal)) => refuse(refusal),
        None => gone(),
    }
}

/// The driver's answer; none if the environment has let go of this process.
async fn ask<T>(requests: &mpsc::Sender<Request>, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    requests.send(request(reply)).await.ok()?;
    answer.await.ok()
}

/// What a `…/response` says. A streamed one is gathered whole; if it broke off, its trailers say why.
async fn response(headers: &HeaderMap, body: Incoming) -> Result<Answer, Refusal> {
    let mode = headers.get("lambda-runtime-function-response-mode").map(HeaderValue::as_bytes);
    let body = read(body).await?;
    match mode {
        None => {}
        Some(mode) if mode.eq_ignore_ascii_case(STREAMING) => {
            if let Some(error_type) = body.trailers.get("lambda-runtime-function-error-type") {
                let encoded =
                    body.trailers.get("lambda-runtime-function-error-body").map_or(&b""[..], HeaderValue::as_bytes);
                let payload = BASE64_STANDARD.decode(encoded).unwrap_or_default().into();
                let error_type = String::from_utf8_lossy(error_type.as_bytes()).into_owned();
                return Ok(Answer::Error { error_type, payload });
            }
        }
        Some(_) => return Ok(Answer::InvalidResponseMode),
    }
    Ok(body.payload.map_or(Answer::TooLarge, Answer::Response))
}

/// What a `…/error` says.
async fn error(headers: &HeaderMap, body: Incoming) -> Result<Answer, Refusal> {
    let error_type = headers.get("lambda-runtime-function-error-type").map(HeaderValue::as_bytes);
    let error_type = String::from_utf8_lossy(error_type.unwrap_or_default()).into_owned();
    let body = read(body).await?;
    Ok(body.payload.map_or(Answer::TooLarge, |payload| Answer::Error { error_type, payload }))
}

struct Body {
    /// None if it was longer than an answer may be.
    payload: Option<Bytes>,
    trailers: HeaderMap,
}

async fn read(mut body: Incoming) -> Result<Body, Refusal> {
    let mut gathered = BytesMut::new();
    let mut excess = 0;
    let mut trailers = HeaderMap::new();
    while let Some(frame) = body.frame().await {
        match frame.map_err(|_| Refusal::Truncated)?.into_data() {
            Ok(data) if excess == 0 && gathered.len() + data.len() <= limits::RESPONSE_BYTES_MAX => {
                gathered.extend_from_slice(&data);
            }
            Ok(data) => {
                excess += data.len();
                gathered.clear();
                if excess > EXCESS_BYTES_MAX {
                    break;
                }
            }
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Ok(Body { payload: (excess == 0).then(|| gathered.freeze()), trailers })
}

fn refuse(refusal: Refusal) -> Response<Full<Bytes>> {
    json(refusal.status(), refusal.body().into())
}

/// The process that asks has been killed or the environment is ending; nobody will read this.
fn gone() -> Response<Full<Bytes>> {
    let body = br#"{"errorMessage":"The execution environment ended","errorType":"InternalServerError"}"#;
    json(StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(body))
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
