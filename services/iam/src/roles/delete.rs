//! DeleteRole.

use lanthorn_model::arn::AccountId;
use lanthorn_store::documents::Expect;

use super::NoSuchRole;
use crate::iam::{CannotRecord, Iam, NotRecorded};
use crate::names::RoleName;
use crate::records::Entity as _;

/// A role was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteRoleError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// Managed policies are attached to it.
    #[error("managed policies are attached to the role")]
    PoliciesAttached,
    /// Policies are written into it.
    #[error("policies are written into the role")]
    InlinePolicies,
    /// Somebody changed it at the same time; ask again.
    #[error("the role has changed meanwhile")]
    Changing,
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Deletes a role without policies. Its sessions may do nothing from then on.
    ///
    /// # Errors
    /// [`DeleteRoleError`].
    pub async fn delete_role(&self, account: &AccountId, name: &RoleName) -> Result<(), DeleteRoleError> {
        let kept = self.memory.now().role(account, name.as_str()).cloned();
        let kept = kept.ok_or_else(|| NoSuchRole(name.clone()))?;
        // Source: DeleteRole reference. AWS looks for attached policies first.
        if !kept.value.attached.is_empty() {
            return Err(DeleteRoleError::PoliciesAttached);
        }
        if !kept.value.inline.is_empty() {
            return Err(DeleteRoleError::InlinePolicies);
        }
        match self.delete(&kept.value.place(), Expect::At(kept.revision)).await {
            Ok(()) => Ok(()),
            Err(NotRecorded::Outrun(_)) => Err(DeleteRoleError::Changing),
            Err(NotRecorded::CannotRecord(error)) => Err(error.into()),
        }
    }
}
