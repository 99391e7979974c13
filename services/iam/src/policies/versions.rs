//! CreatePolicyVersion, SetDefaultPolicyVersion and DeletePolicyVersion.

use lanthorn_model::policy::{Kind, MalformedPolicy};

use super::{NoSuchPolicy, NoSuchVersion, check_size};
use crate::document::Document;
use crate::iam::{CannotRecord, Iam};
use crate::managed_policy::{ManagedPolicy, PolicyVersion, VERSIONS_MAX};
use crate::names::PolicyArn;
use crate::roles::QuotaExceeded;

/// A version was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateVersionError {
    /// There is no such policy of one's own.
    #[error(transparent)]
    NotFound(#[from] NoSuchPolicy),
    /// It is no policy.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// It is too long.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The policy has as many versions as it may.
    #[error("the policy has {VERSIONS_MAX} versions already")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// Another version was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum ChangeVersionError {
    /// There is no such policy of one's own.
    #[error(transparent)]
    NotFound(#[from] NoSuchPolicy),
    /// It has no such version.
    #[error(transparent)]
    NoSuchVersion(#[from] NoSuchVersion),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// A version was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteVersionError {
    /// There is no such policy of one's own.
    #[error(transparent)]
    NotFound(#[from] NoSuchPolicy),
    /// It has no such version.
    #[error(transparent)]
    NoSuchVersion(#[from] NoSuchVersion),
    /// It is the one in force.
    #[error("the version is in force")]
    InForce,
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

impl Iam {
    /// Adds a version to a managed policy, and puts it in force if asked.
    ///
    /// # Errors
    /// [`CreateVersionError`].
    ///
    /// # Panics
    /// Never: the version that was added is there.
    pub async fn create_policy_version(
        &self,
        arn: &PolicyArn,
        text: &str,
        in_force: bool,
    ) -> Result<(PolicyVersion, bool), CreateVersionError> {
        self.customer_policy(arn)?;
        let document = Document::parse(text, Kind::Managed)?;
        check_size(&document)?;
        let now = self.now();
        let change = |policy: &mut ManagedPolicy| {
            if policy.versions.len() >= VERSIONS_MAX {
                return Err(CreateVersionError::TooMany);
            }
            policy.last_version += 1;
            let number = policy.last_version;
            policy.versions.push(PolicyVersion { number, document: document.clone(), created_at: now });
            if in_force {
                policy.default_version = number;
                policy.updated_at = now;
            }
            Ok(())
        };
        let policy = self.change_policy(arn, change).await?;
        let version = policy.versions.last().expect("a version was just added").clone();
        Ok((version, in_force))
    }

    /// Puts another version of a managed policy in force.
    ///
    /// # Errors
    /// [`ChangeVersionError`].
    pub async fn set_default_policy_version(&self, arn: &PolicyArn, version: u32) -> Result<(), ChangeVersionError> {
        let now = self.now();
        let change = |policy: &mut ManagedPolicy| {
            if policy.version(version).is_none() {
                return Err(NoSuchVersion { policy: arn.clone(), version }.into());
            }
            if policy.default_version != version {
                policy.default_version = version;
                policy.updated_at = now;
            }
            Ok::<_, ChangeVersionError>(())
        };
        self.change_policy(arn, change).await.map(drop)
    }

    /// Deletes a version that is not in force.
    ///
    /// # Errors
    /// [`DeleteVersionError`].
    pub async fn delete_policy_version(&self, arn: &PolicyArn, version: u32) -> Result<(), DeleteVersionError> {
        let change = |policy: &mut ManagedPolicy| {
            if policy.version(version).is_none() {
                return Err(NoSuchVersion { policy: arn.clone(), version }.into());
            }
            if policy.default_version == version {
                return Err(DeleteVersionError::InForce);
            }
            policy.versions.retain(|kept| kept.number != version);
            Ok(())
        };
        self.change_policy(arn, change).await.map(drop)
    }
}
