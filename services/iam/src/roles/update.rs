//! UpdateRole, UpdateRoleDescription and UpdateAssumeRolePolicy.

use std::sync::Arc;

use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::MalformedPolicy;

use super::{NoSuchRole, QuotaExceeded, check_trust_size};
use crate::iam::{CannotRecord, Iam};
use crate::names::RoleName;
use crate::role::Role;

/// What to change of a role; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct RoleUpdate {
    /// What its owner says of it.
    pub description: Option<String>,
    /// The longest a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_s: Option<u32>,
}

/// A role was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateRoleError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// A trust policy was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateTrustError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// The new one is none.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// The new one is too long.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Changes a role's description or session duration.
    ///
    /// # Errors
    /// [`UpdateRoleError`].
    pub async fn update_role(
        &self,
        account: &AccountId,
        name: &RoleName,
        update: RoleUpdate,
    ) -> Result<Arc<Role>, UpdateRoleError> {
        let change = |role: &mut Role| {
            if update.description.is_some() {
                role.description.clone_from(&update.description);
            }
            role.max_session_s = update.max_session_s.unwrap_or(role.max_session_s);
            Ok(())
        };
        self.change_role(account, name, change).await
    }

    /// Changes who may assume a role. Sessions that exist keep what they have.
    ///
    /// # Errors
    /// [`UpdateTrustError`].
    pub async fn update_trust(&self, account: &AccountId, name: &RoleName, text: &str) -> Result<(), UpdateTrustError> {
        self.get_role(account, name)?;
        let document = self.trust_policy(text)?;
        check_trust_size(&document)?;
        let change = |role: &mut Role| {
            role.trust = document.clone();
            Ok::<_, UpdateTrustError>(())
        };
        self.change_role(account, name, change).await.map(drop)
    }
}
