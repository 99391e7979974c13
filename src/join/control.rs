//! What `control` asks of the rest of the house, and what the edge asks of it.

use std::sync::Arc;

use futures::future::BoxFuture;
use lanthorn_control::code::Packages;
use lanthorn_control::host::{CannotRun, DataPlane, Roles, RuntimeCheck};
use lanthorn_edge::code;
use lanthorn_environment::Runtimes;
use lanthorn_frontend::Directory;
use lanthorn_iam::Iam;
use lanthorn_model::arn::RoleArn;
use lanthorn_model::function::Sha256;
use lanthorn_model::runtime::Runtime;
use lanthorn_store::documents::Revision;

use super::LAMBDA;

/// IAM, as the one who knows execution roles.
pub(crate) struct KnownRoles(pub(crate) Arc<Iam>);

impl Roles for KnownRoles {
    fn lambda_may_assume(&self, role: &RoleArn) -> bool {
        self.0.trusts(role, LAMBDA).is_ok()
    }
}

/// This host's interpreters.
pub(crate) struct HostRuntimes(pub(crate) Arc<Runtimes>);

impl RuntimeCheck for HostRuntimes {
    fn check(&self, runtime: &Runtime) -> Result<(), CannotRun> {
        self.0.check(runtime).map_err(|absent| CannotRun(absent.to_string()))
    }
}

/// The front end's directory, as the one who must know what control tells.
pub(crate) struct FollowedDirectory(pub(crate) Arc<Directory>);

impl DataPlane for FollowedDirectory {
    fn reached(&self, revision: Revision) -> BoxFuture<'_, ()> {
        Box::pin(self.0.reached(revision))
    }
}

/// Control's packages, for download.
pub(crate) struct DownloadablePackages(pub(crate) Arc<Packages>);

impl code::Packages for DownloadablePackages {
    fn open(&self, sha256: Sha256) -> BoxFuture<'_, Result<Option<code::Package>, code::Unreadable>> {
        Box::pin(async move {
            let found = self.0.download(sha256).await.map_err(|error| code::Unreadable(error.to_string()))?;
            Ok(found.map(|(bytes, size)| code::Package { bytes, size }))
        })
    }
}
