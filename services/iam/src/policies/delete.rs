//! DeletePolicy.

use lanthorn_store::documents::Expect;

use super::NoSuchPolicy;
use crate::iam::{CannotRecord, Iam, NotRecorded};
use crate::names::PolicyArn;
use crate::records::Entity as _;

/// A policy was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeletePolicyError {
    /// There is no such policy of one's own.
    #[error(transparent)]
    NotFound(#[from] NoSuchPolicy),
    /// Roles have it attached, or as their boundary.
    #[error("roles use the policy")]
    Attached,
    /// It has versions beside the default one.
    #[error("the policy has more than one version")]
    MoreVersions,
    /// Somebody changed it at the same time; ask again.
    #[error("the policy has changed meanwhile")]
    Changing,
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Deletes a managed policy that nobody uses.
    ///
    /// A role that takes it on at the same moment may keep the name of a policy that is gone, which
    /// grants nothing (and as a boundary lets nothing through): partitions commit one by one.
    ///
    /// # Errors
    /// [`DeletePolicyError`].
    pub async fn delete_policy(&self, arn: &PolicyArn) -> Result<(), DeletePolicyError> {
        let kept = self.customer_policy(arn)?;
        let usage = self.usage_of(arn);
        if usage.attached + usage.boundaries > 0 {
            return Err(DeletePolicyError::Attached);
        }
        if kept.value.versions.len() > 1 {
            return Err(DeletePolicyError::MoreVersions);
        }
        match self.delete(&kept.value.place(), Expect::At(kept.revision)).await {
            Ok(()) => Ok(()),
            Err(NotRecorded::Outrun(_)) => Err(DeletePolicyError::Changing),
            Err(NotRecorded::CannotRecord(error)) => Err(error.into()),
        }
    }
}
