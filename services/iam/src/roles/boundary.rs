//! PutRolePermissionsBoundary and DeleteRolePermissionsBoundary.

use lanthorn_model::arn::AccountId;

use super::{NoSuchRole, UpdateRoleError};
use crate::iam::{CannotRecord, Iam};
use crate::names::{PolicyArn, RoleName};
use crate::role::Role;

/// A boundary was not set.
#[derive(Debug, thiserror::Error)]
pub enum PutBoundaryError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// There is no such policy.
    #[error("the policy `{0}` does not exist")]
    NoSuchPolicy(PolicyArn),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Bounds a role by a managed policy.
    ///
    /// # Errors
    /// [`PutBoundaryError`].
    pub async fn put_boundary(
        &self,
        account: &AccountId,
        role: &RoleName,
        policy: &PolicyArn,
    ) -> Result<(), PutBoundaryError> {
        self.get_role(account, role)?;
        if !self.memory.now().attachable(account, policy) {
            return Err(PutBoundaryError::NoSuchPolicy(policy.clone()));
        }
        let change = |role: &mut Role| {
            role.boundary = Some(policy.clone());
            Ok::<_, PutBoundaryError>(())
        };
        self.change_role(account, role, change).await.map(drop)
    }

    /// Takes a role's boundary away; none to take is no mistake.
    ///
    /// # Errors
    /// [`UpdateRoleError`].
    pub async fn delete_boundary(&self, account: &AccountId, role: &RoleName) -> Result<(), UpdateRoleError> {
        let change = |role: &mut Role| {
            role.boundary = None;
            Ok::<_, UpdateRoleError>(())
        };
        self.change_role(account, role, change).await.map(drop)
    }
}
