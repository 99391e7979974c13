//! What an environment asks of the rest of the house.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use lanthorn_control::code::Packages;
use lanthorn_edge::Edge;
use lanthorn_environment::{CannotAssume, CodeGone, CodeSource, LogEvent, LogSink, RoleCredentials, ServeEndpoint};
use lanthorn_logs::{Event, Scope, Writer};
use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::credentials::SessionCredentials;
use lanthorn_model::function::Code;
use lanthorn_sts::Sts;

use super::LAMBDA;

/// Execution roles: STS gives the credentials of those that trust Lambda.
pub(crate) struct ExecutionRoles(pub(crate) Arc<Sts>);

/// How long a function's credentials live. An environment is replaced before they end
/// (`config::ENVIRONMENT_AGE_MAX`, 14 hours), so none ever runs with expired ones.
const CREDENTIALS_LAST: Duration = Duration::from_secs(15 * 60 * 60);

impl RoleCredentials for ExecutionRoles {
    fn assume(&self, role: RoleArn, function: FunctionId) -> BoxFuture<'_, Result<SessionCredentials, CannotAssume>> {
        let credentials =
            function.name.as_str().parse().map_err(|error| CannotAssume(format!("{error}"))).and_then(|session_name| {
                let issued = self.0.issue(&role, &session_name, CREDENTIALS_LAST, LAMBDA);
                issued.map_err(|error| CannotAssume(format!("the role {role} cannot be assumed by Lambda: {error}")))
            });
        Box::pin(std::future::ready(credentials))
    }
}

/// CloudWatch Logs, as the place where functions' lines go.
pub(crate) struct FunctionLogs(pub(crate) Writer);

impl LogSink for FunctionLogs {
    fn append(&self, function: &FunctionId, group: &Arc<str>, stream: &Arc<str>, events: Vec<LogEvent>) {
        let events = events.into_iter().map(|LogEvent { at, message }| Event { at, message });
        self.0.append(&Scope::new(&function.account, &function.region), group, stream, events.collect());
    }
}

/// Control's cache of unpacked packages.
pub(crate) struct UnpackedCode(pub(crate) Arc<Packages>);

impl CodeSource for UnpackedCode {
    fn unpacked(&self, code: &Code) -> BoxFuture<'_, Result<PathBuf, CodeGone>> {
        let code = code.clone();
        Box::pin(async move { self.0.unpacked(&code).await.map_err(|error| CodeGone(error.to_string())) })
    }
}

/// The shard's own edge, as the AWS endpoint inside its sandboxes. Set once, before the shard serves: the edge
/// reaches the environments, and they reach the edge.
#[derive(Default)]
pub(crate) struct ShardEndpoint(OnceLock<Arc<Edge>>);

impl ShardEndpoint {
    /// Says which edge it is.
    pub(crate) fn set(&self, edge: &Arc<Edge>) {
        // A second edge for one shard would be a slip of the builder; the first one stays.
        let _ = self.0.set(Arc::clone(edge));
    }
}

impl ServeEndpoint for ShardEndpoint {
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync> {
        match self.0.get() {
            Some(edge) => Box::new(edge.serve_endpoint(listener)),
            None => Box::new(()),
        }
    }
}
