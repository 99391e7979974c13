//! The HTTP Runtime API: how custom runtimes and AWS's own runtime clients speak with the environment.
//!
//! ```text
//!  runtime process                    connection tasks (routes)              driver's task
//!   GET  …/next            ─────────► read, route ── Request::Next ────────► Session ─► Said::Ready
//!                          ◄───────── headers + event ◄── reply ──────────── deliver()
//!   POST …/{id}/response   ─────────► read the body, within limits ────────► Session ─► Said::Answered
//!                          ◄───────── 202 or a refusal ◄── reply ───────────
//! ```
//!
//! Each start of the runtime process has connections and a session of its own: [`Api::open`] lets go of all
//! that a killed process left behind, down to connections that were never accepted.
//!
//! Source: AWS's open runtime emulator, whose core is the code of the real sandbox. What this is *not*: the
//! Extensions and Telemetry APIs, which share the address and come later.

mod refusal;
mod routes;
mod session;

use std::net::TcpListener;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use lanthorn_model::invocation::RequestId;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use refusal::Refusal;
use session::Session;
pub(crate) use session::{Answer, Said};

/// The Runtime API of one box.
pub(crate) struct Api {
    listener: Arc<TcpListener>,
    server: Option<Server>,
    session: Session,
}

struct Server {
    accepting: JoinHandle<()>,
    requests: mpsc::Receiver<Request>,
}

/// An event as HTTP carries it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) event: Bytes,
}

/// A request that only the driver can answer.
enum Request {
    Next { reply: oneshot::Sender<Result<Delivery, Refusal>> },
    Answer { id: RequestId, answer: Answer, reply: oneshot::Sender<Result<(), Refusal>> },
    InitError { answer: Answer, reply: oneshot::Sender<Result<(), Refusal>> },
}

/// Requests under way; a runtime has one or two.
const REQUESTS_MAX: usize = 16;

impl Api {
    /// The API on `listener`, which is non-blocking and inside the box. Nothing is served before [`Api::open`].
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self { listener: Arc::new(listener), server: None, session: Session::default() }
    }

    /// Serves a runtime process that is about to start, and nobody else.
    ///
    /// # Errors
    /// If the listener cannot be registered.
    pub(crate) fn open(&mut self) -> std::io::Result<()> {
        self.close();
        // A process that was killed may have left connections that nobody has accepted.
        while self.listener.accept().is_ok() {}
        let listener = tokio::net::TcpListener::from_std(self.listener.try_clone()?)?;
        let (tx, requests) = mpsc::channel(REQUESTS_MAX);
        self.server = Some(Server { accepting: tokio::spawn(routes::accept(listener, tx)), requests });
        Ok(())
    }

    /// Ends all connections.
    pub(crate) fn close(&mut self) {
        if let Some(server) = self.server.take() {
            server.accepting.abort();
        }
        self.session = Session::default();
    }

    /// What the runtime says next; requests that say nothing new are answered on the way.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn turn(&mut self) -> Said {
        loop {
            let request = match &mut self.server {
                Some(server) => server.requests.recv().await,
                None => None,
            };
            let Some(request) = request else { return std::future::pending().await };
            if let Some(said) = self.session.hear(request) {
                return said;
            }
        }
    }

    /// Hands an event to the runtime that asks for one.
    pub(crate) fn deliver(&mut self, id: RequestId, delivery: Delivery) {
        self.session.deliver(id, delivery);
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.close();
    }
}
