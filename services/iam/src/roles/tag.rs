//! TagRole and UntagRole.

use lanthorn_model::arn::AccountId;

use super::{NoSuchRole, UpdateRoleError};
use crate::iam::{CannotRecord, Iam};
use crate::names::RoleName;
use crate::role::Role;
use crate::tags::TagsError;

/// A role was not tagged.
#[derive(Debug, thiserror::Error)]
pub enum TagRoleError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// The tags are not to be had.
    #[error(transparent)]
    Tags(#[from] TagsError),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Tags a role; a key that is there gets the new value.
    ///
    /// # Errors
    /// [`TagRoleError`].
    pub async fn tag_role(
        &self,
        account: &AccountId,
        name: &RoleName,
        tags: &[(String, String)],
    ) -> Result<(), TagRoleError> {
        let change = |role: &mut Role| {
            role.tags = role.tags.with(tags.iter().cloned())?;
            Ok::<_, TagRoleError>(())
        };
        self.change_role(account, name, change).await.map(drop)
    }

    /// Takes tags away; one that is not there is no mistake.
    ///
    /// # Errors
    /// [`UpdateRoleError`].
    pub async fn untag_role(
        &self,
        account: &AccountId,
        name: &RoleName,
        keys: &[String],
    ) -> Result<(), UpdateRoleError> {
        let change = |role: &mut Role| {
            role.tags = role.tags.without(keys);
            Ok::<_, UpdateRoleError>(())
        };
        self.change_role(account, name, change).await.map(drop)
    }
}
