//! The accept loop, and the life of a connection.
//!
//! ```text
//! accept ──► peek: HTTP/1.1 or h2? ──► request ⇄ answer … ──► closed
//!   │             (in time, or closed)        │
//!   └─ drain ─► no more connections ──► in-flight requests finish, idle connections close
//! ```
//!
//! A connection decides its protocol from the first bytes, peeked at rather than
//! read: the hot path, HTTP/1.1, runs on hyper's own connection with nothing in between.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::body::AnswerBody;

/// What answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Answers one request. Errors are answers too.
    fn answer(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = http::Response<AnswerBody>> + Send;
}

/// How long a new connection may take to say its first word, and a request its head.
/// It also closes connections that are idle for so long.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// How long what we sent may stay unread before the connection is given up.
const UNREAD_WITHIN: Duration = Duration::from_secs(60);
/// The longest request head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most headers of a request.
const HEADERS_MAX: usize = 128;
/// Requests at once on one h2 connection.
const STREAMS_MAX: u32 = 256;
/// How much of a body h2 lets the client send ahead, in bytes.
const WINDOW_BYTES: u32 = 1024 * 1024;
/// How long to rest when the system has no descriptor or memory for a connection.
const REST: Duration = Duration::from_millis(20);

/// Serves connections of `listener` until `drain` is cancelled, then finishes what is in flight.
///
/// # Cancel safety
/// Dropping the future closes the listener and every connection at once.
pub(crate) async fn serve<A: Answer>(
    listener: TcpListener,
    connections_max: usize,
    answer: Arc<A>,
    drain: CancellationToken,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            biased;
            () = drain.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit.map_err(io::Error::other)?,
        };
        let (stream, peer) = tokio::select! {
            biased;
            () = drain.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept a connection");
                    sleep(REST).await;
                    continue;
                }
            },
        };
        let (answer, drain) = (Arc::clone(&answer), drain.clone());
        connections.spawn(async move {
            let _permit = permit;
            if let Err(error) = connection(stream, peer, answer, drain).await {
                tracing::debug!(peer.address = %peer, error = %error, "a connection broke");
            }
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection<A: Answer>(
    stream: TcpStream,
    peer: SocketAddr,
    answer: Arc<A>,
    drain: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_WITHIN))?;
    let version = tokio::select! {
        biased;
        () = drain.cancelled() => return Ok(()),
        version = timeout(HEAD_WITHIN, version_of(&stream)) => match version {
            Ok(version) => version?,
            Err(_) => return Ok(()),
        },
    };
    let service = service_fn(move |request| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, std::convert::Infallible>(answer.answer(request, peer).await) }
    });
    let io = TokioIo::new(stream);
    match version {
        None => Ok(()),
        Some(Version::Http1) => {
            let mut server = http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WITHIN)
                .max_headers(HEADERS_MAX)
                .max_header_size(HEAD_BYTES_MAX);
            drive(server.serve_connection(io, service), &drain).await
        }
        Some(Version::Http2) => {
            let mut server = http2::Builder::new(TokioExecutor::new());
            server
                .timer(TokioTimer::new())
                .keep_alive_interval(HEAD_WITHIN)
                .keep_alive_timeout(UNREAD_WITHIN)
                .max_concurrent_streams(STREAMS_MAX)
                .initial_stream_window_size(WINDOW_BYTES)
                .initial_connection_window_size(4 * WINDOW_BYTES)
                .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX));
            drive(server.serve_connection(io, service), &drain).await
        }
    }
}

/// Runs a connection to its end; asks it to end when `drain` is cancelled.
async fn drive<C>(connection: C, drain: &CancellationToken) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    C: GracefulConnection,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(Into::into)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// What the client speaks; none if it left without a word.
///
/// The preface of h2 begins with `PRI `, which no method of HTTP/1.1 does.
async fn version_of(stream: &TcpStream) -> io::Result<Option<Version>> {
    const PREFACE: &[u8] = b"PRI ";
    let mut start = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        return Ok(match &start[..length] {
            [] => None,
            PREFACE => Some(Version::Http2),
            // `P` alone may still become `POST`. It stays readable, so wait rather than ask again at once.
            part if PREFACE.starts_with(part) => {
                sleep(REST).await;
                continue;
            }
            _ => Some(Version::Http1),
        });
    }
}
