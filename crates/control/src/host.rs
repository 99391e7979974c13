//! What the control plane asks of the rest of the house. The binary fills these.

use futures::future::BoxFuture;
use lanthorn_model::arn::RoleArn;
use lanthorn_model::runtime::Runtime;
use lanthorn_store::documents::Revision;

/// Knows the execution roles. The binary fills it with IAM.
pub trait Roles: Send + Sync {
    /// Whether `role` exists and its trust policy lets `lambda.amazonaws.com` assume it.
    fn lambda_may_assume(&self, role: &RoleArn) -> bool;
}

/// Knows which runtimes this host can run. The binary fills it with the environment's runtimes.
pub trait RuntimeCheck: Send + Sync {
    /// Asks whether `runtime` can run here.
    ///
    /// # Errors
    /// [`CannotRun`], whose text tells what to install.
    fn check(&self, runtime: &Runtime) -> Result<(), CannotRun>;
}

/// A runtime that this host cannot run. The text is for the caller: it names what is missing and the command that
/// installs it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotRun(pub String);

/// The side that runs functions, which follows the records. The binary fills it with the front end's directory.
pub trait DataPlane: Send + Sync {
    /// Resolves once calls go by what the store held at `revision`: whoever was told that a function is Active
    /// must find it callable.
    fn reached(&self, revision: Revision) -> BoxFuture<'_, ()>;
}
