//! The HTTP edge: recognise, authenticate, authorise, dispatch, AWS faults.
//!
//! ```text
//!             http/          recognise   authenticate/   authorise/            Router (wire)
//! client ──► connection ──► which        who signed? ──► may they? ──────────► iam · sts · logs
//!            limits, drain  service?     SigV4           IAM, one table each   lambda (routes/) ─► control, frontend
//!                │
//!                └► /health · /snapshots/… (routes/)
//! ```
//!
//! **Invariants.** A handler sees only authenticated and authorised callers. Nothing is
//! looked up for a caller that may not ask. No body is held without a bound. Every
//! answer carries the request id that the handler, and a function, sees.
//!
//! **Absent here**: state that outlives a request (but for signing keys, which are
//! derived), and web access from foreign pages: there is no CORS, because on loopback
//! any key is root.
//!
//! One [`Edge`] belongs to one shard; shards share what the [`Parts`] point at.

mod answer;
mod authenticate;
mod authorise;
mod fault_map;
mod http;
mod limits;
pub mod metrics;
mod recognise;
mod routes;
mod trace;

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use lanthorn_iam::Iam;
use lanthorn_model::arn::{AccountId, Region};
use lanthorn_model::clock::SharedClock;
use lanthorn_sts::Sts;
use lanthorn_wire::router::Router;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use authenticate::Auth;
pub use recognise::gaps;
pub use routes::{code, functions, invoke};

use crate::answer::Front;
use crate::authenticate::{Authenticator, Door};
use crate::http::budget::Budget;
use crate::http::serve::serve;
use crate::metrics::Metrics;
use crate::recognise::Services;

/// What an edge is made of.
#[derive(Clone)]
pub struct Parts {
    /// The services that are offered, each with its handlers.
    pub routers: Vec<Arc<Router>>,
    /// Knows access keys and policies.
    pub iam: Arc<Iam>,
    /// Knows temporary credentials.
    pub sts: Arc<Sts>,
    /// Reads function packages for download.
    pub packages: Arc<dyn code::Packages>,
    /// Signs and recognises download locations.
    pub locations: code::Locations,
    /// Dates requests and answers.
    pub clock: SharedClock,
    /// How strictly callers are authenticated.
    pub auth: Auth,
    /// The account that unknown keys belong to in [`Auth::Open`].
    pub account: AccountId,
    /// The region of requests that do not say one.
    pub default_region: Region,
    /// Our version, for `/health`.
    pub version: &'static str,
    /// What a shard lets in at once.
    pub bounds: Bounds,
}

/// What a shard lets in at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections of one listener; further ones wait to be accepted.
    pub connections_max: usize,
    /// Bytes of request bodies together, small ones (below 64 KiB) aside.
    pub body_bytes_max: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections_max: 8192, body_bytes_max: 1024 * 1024 * 1024 }
    }
}

/// The edge of one shard.
pub struct Edge {
    services: Services,
    authenticator: Authenticator,
    iam: Arc<Iam>,
    packages: Arc<dyn code::Packages>,
    locations: code::Locations,
    clock: SharedClock,
    auth: Auth,
    account: AccountId,
    default_region: Region,
    version: &'static str,
    budget: Budget,
    connections_max: usize,
    /// Calls that go on without their caller.
    calls: TaskTracker,
    metrics: Metrics,
}

/// Connections of an endpoint inside a sandbox. Dropping it closes them and the listener.
#[must_use = "dropping it closes the endpoint"]
#[derive(Debug)]
pub struct Endpoint {
    task: tokio::task::AbortHandle,
}

/// Connections of one endpoint inside a sandbox: a function and what it starts need few.
const ENDPOINT_CONNECTIONS_MAX: usize = 256;

impl Edge {
    /// Joins the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let authenticator = Authenticator {
            iam: Arc::clone(&parts.iam),
            sts: parts.sts,
            auth: parts.auth,
            account: parts.account.clone(),
            keys: Mutex::default(),
        };
        Arc::new(Self {
            services: Services::new(parts.routers),
            authenticator,
            iam: parts.iam,
            packages: parts.packages,
            locations: parts.locations,
            clock: parts.clock,
            auth: parts.auth,
            account: parts.account,
            default_region: parts.default_region,
            version: parts.version,
            budget: Budget::new(parts.bounds.body_bytes_max),
            connections_max: parts.bounds.connections_max,
            calls: TaskTracker::new(),
            metrics: Metrics::default(),
        })
    }

    /// Serves `listener` until `drain` is cancelled; then takes no further connection,
    /// closes idle ones, and resolves when the last request in flight is answered and the
    /// last call whose caller has left is done.
    ///
    /// Unknown keys count as root only if the listener is bound to a loopback address
    /// and the edge is [`Auth::Open`]. To be called inside a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// If the listener cannot be used.
    ///
    /// # Cancel safety
    /// Dropping the future closes everything at once, requests in flight included.
    pub fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        drain: CancellationToken,
    ) -> impl Future<Output = io::Result<()>> + Send + use<> {
        let edge = Arc::clone(self);
        async move {
            let address = listener.local_addr()?;
            let door = if address.ip().is_loopback() { Door::Loopback } else { Door::Network };
            if door == Door::Network && edge.auth == Auth::Open {
                tracing::warn!(listen.address = %address, "not a loopback address: callers are authenticated strictly");
            }
            let connections_max = edge.connections_max;
            let calls = edge.calls.clone();
            serve(listener, connections_max, Arc::new(Front { edge, door }), drain).await?;
            calls.close();
            calls.wait().await;
            Ok(())
        }
    }

    /// Serves `listener`, which is inside a sandbox, until the guard is dropped. Only
    /// issued credentials work there, whatever the mode.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn serve_endpoint(self: &Arc<Self>, listener: TcpListener) -> Endpoint {
        let front = Arc::new(Front { edge: Arc::clone(self), door: Door::Sandbox });
        let serving = async move {
            if let Err(error) = serve(listener, ENDPOINT_CONNECTIONS_MAX, front, CancellationToken::new()).await {
                tracing::warn!(error = %error, "cannot serve the endpoint of a sandbox");
            }
        };
        Endpoint { task: tokio::spawn(serving).abort_handle() }
    }

    /// What this edge has counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}
