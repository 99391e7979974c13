//! AttachRolePolicy and DetachRolePolicy.

use lanthorn_model::arn::AccountId;

use super::{NoSuchRole, QuotaExceeded};
use crate::iam::{CannotRecord, Iam};
use crate::names::{PolicyArn, RoleName};
use crate::role::Role;

/// A policy was not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// There is no such policy.
    #[error("the policy `{0}` does not exist")]
    NoSuchPolicy(PolicyArn),
    /// The role has as many as it may.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// A policy was not detached.
#[derive(Debug, thiserror::Error)]
pub enum DetachError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// The policy is not attached to it.
    #[error("the policy `{0}` is not attached")]
    NotAttached(PolicyArn),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// Managed policies on one role. Source: IAM quotas, "Managed policies attached to an IAM role".
const ATTACHED: QuotaExceeded = QuotaExceeded { name: "PoliciesPerRole", limit: 10 };

impl Iam {
    /// Attaches a managed policy; one that is attached already stays so.
    ///
    /// # Errors
    /// [`AttachError`].
    pub async fn attach(&self, account: &AccountId, role: &RoleName, policy: &PolicyArn) -> Result<(), AttachError> {
        self.get_role(account, role)?;
        if !self.memory.now().attachable(account, policy) {
            return Err(AttachError::NoSuchPolicy(policy.clone()));
        }
        let change = |role: &mut Role| {
            role.attached.insert(policy.clone());
            if role.attached.len() > ATTACHED.limit { Err(AttachError::Quota(ATTACHED)) } else { Ok(()) }
        };
        self.change_role(account, role, change).await.map(drop)
    }

    /// Detaches a managed policy.
    ///
    /// # Errors
    /// [`DetachError`].
    pub async fn detach(&self, account: &AccountId, role: &RoleName, policy: &PolicyArn) -> Result<(), DetachError> {
        let change = |role: &mut Role| match role.attached.remove(policy) {
            true => Ok(()),
            false => Err(DetachError::NotAttached(policy.clone())),
        };
        self.change_role(account, role, change).await.map(drop)
    }
}
