//! One execution environment: a sandbox, a runtime in it, and their life cycle.
//!
//! One task owns one environment and everything in it; others hold a [`Handle`].
//! What this crate is *not*: it does not choose which environment serves a call
//! (that is `placement`), and knows neither HTTP clients nor AWS errors.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::credentials::SessionCredentials;

/// Gives an environment the execution role's credentials. The binary fills it with STS.
pub trait RoleCredentials: Send + Sync {
    /// Fresh credentials of `role`, in a session named after the function.
    fn assume(&self, role: RoleArn, function: FunctionId) -> BoxFuture<'_, Result<SessionCredentials, CannotAssume>>;
}

/// The role cannot be assumed; the text is for the function's log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotAssume(pub String);

/// Takes a function's log lines. The binary fills it with CloudWatch Logs. Never blocks; when its bounded
/// channel is full it drops events and counts them.
pub trait LogSink: Send + Sync {
    /// Appends `events` to `stream` of `group`, making both if they are not there.
    fn append(&self, group: &Arc<str>, stream: &Arc<str>, events: Vec<LogEvent>);
}

/// One event of a function's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was written.
    pub at: Timestamp,
    /// The text as AWS keeps it; platform lines end in `\n`.
    pub message: Bytes,
}

/// Serves the AWS endpoint inside a sandbox. The binary fills it with the edge.
pub trait ServeEndpoint: Send + Sync {
    /// Serves every connection that arrives on `listener` (non-blocking, inside the sandbox's network
    /// namespace) until the returned guard is dropped.
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync>;
}
