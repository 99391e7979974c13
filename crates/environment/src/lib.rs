//! One execution environment: a sandbox, a runtime in it, and their life cycle.
//!
//! ```text
//!  placement ──start(Rooms, Function)──► Handle            cheap to clone; the only way in
//!                                          │ invoke · ready · retire · gone
//!                                          ▼
//!                                   driver (one task)      performs what lifecycle::step decides
//!                                    │     │      │
//!                   lean / runtime_api   sandbox  log      the runtime's two ways to speak; the box; the lines
//! ```
//!
//! One task owns one environment and everything in it; others hold a [`Handle`].
//! What this crate is *not*: it does not choose which environment serves a call
//! (that is `placement`), and knows neither HTTP clients nor AWS errors.

mod driver;
mod failure;
mod handle;
mod launch;
pub mod lean;
mod lifecycle;
mod log;
mod runtime_api;
pub mod runtimes;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::clock::SharedClock;
use lanthorn_model::credentials::SessionCredentials;
use lanthorn_model::function::{Code, Function};
use lanthorn_sandbox::Launcher;

pub use handle::{EnvironmentId, Handle, Readiness, Refused};
pub use runtimes::Runtimes;

/// What every environment of a shard needs from the other rooms.
pub struct Rooms {
    /// Makes the boxes.
    pub launcher: Arc<dyn Launcher>,
    /// The interpreters of this host, and our bootstraps.
    pub runtimes: Arc<Runtimes>,
    /// Assumes execution roles.
    pub credentials: Arc<dyn RoleCredentials>,
    /// Takes log lines.
    pub logs: Arc<dyn LogSink>,
    /// Serves the AWS endpoint inside the boxes.
    pub endpoint: Arc<dyn ServeEndpoint>,
    /// Unpacks code.
    pub code: Arc<dyn CodeSource>,
    /// Dates log lines and deadlines.
    pub clock: SharedClock,
}

/// Starts an environment of `function`: spawns the task that owns it on the current runtime. INIT begins at once.
///
/// # Panics
/// Outside a tokio runtime.
#[must_use]
pub fn start(rooms: &Arc<Rooms>, function: Arc<Function>) -> Handle {
    let (handle, inbox) = handle::pair(EnvironmentId::random(), function.version);
    tokio::spawn(driver::run(Arc::clone(rooms), function, inbox));
    handle
}

/// Gives an environment the execution role's credentials. The binary fills it with STS.
pub trait RoleCredentials: Send + Sync {
    /// Fresh credentials of `role`, in a session named after the function.
    fn assume(&self, role: RoleArn, function: FunctionId) -> BoxFuture<'_, Result<SessionCredentials, CannotAssume>>;
}

/// The role cannot be assumed; the text is for the function's log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotAssume(pub String);

/// Finds a function's code unpacked. The binary fills it with `control`'s cache.
pub trait CodeSource: Send + Sync {
    /// The directory to show at `/var/task`. It must stay until the process ends.
    fn unpacked(&self, code: &Code) -> BoxFuture<'_, Result<PathBuf, CodeGone>>;
}

/// The code cannot be had; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("the function's code is not available: {0}")]
pub struct CodeGone(pub String);

/// Takes a function's log lines. The binary fills it with CloudWatch Logs. Never blocks; when its bounded
/// channel is full it drops events and counts them.
pub trait LogSink: Send + Sync {
    /// Appends `events` to `stream` of `group`, in the account and region of `function`, making both if they are not
    /// there.
    fn append(&self, function: &FunctionId, group: &Arc<str>, stream: &Arc<str>, events: Vec<LogEvent>);
}

/// One event of a function's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was written.
    pub at: Timestamp,
    /// The text as AWS keeps it, valid UTF-8; platform lines end in `\n`.
    pub message: Bytes,
}

/// Serves the AWS endpoint inside a sandbox. The binary fills it with the edge.
pub trait ServeEndpoint: Send + Sync {
    /// Serves every connection that arrives on `listener` (non-blocking, inside the sandbox's network
    /// namespace) until the returned guard is dropped.
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync>;
}
