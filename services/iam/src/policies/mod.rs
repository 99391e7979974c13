//! What can be done with managed policies, one file per operation or pair of them.

mod create;
mod delete;
mod read;
mod versions;

pub use create::{CreatePolicyError, NewPolicy};
pub use delete::DeletePolicyError;
pub use read::{ListPolicies, RolesUsing, Scope, Usage};
pub use versions::{ChangeVersionError, CreateVersionError, DeleteVersionError};

use std::sync::Arc;

use crate::document::Document;
use crate::iam::{CannotRecord, Iam};
use crate::managed_policy::ManagedPolicy;
use crate::names::PolicyArn;
use crate::roles::QuotaExceeded;
use crate::snapshot::Kept;

/// There is no policy of that ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy `{0}` does not exist")]
pub struct NoSuchPolicy(pub PolicyArn);

/// The policy has no such version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy `{policy}` has no version {version}")]
pub struct NoSuchVersion {
    /// Which policy.
    pub policy: PolicyArn,
    /// The number asked for.
    pub version: u32,
}

/// A managed policy's size in characters, white space apart. Source: IAM quotas, "Managed policy length".
const SIZE: QuotaExceeded = QuotaExceeded { name: "PolicySize", limit: 6_144 };

fn check_size(document: &Document) -> Result<(), QuotaExceeded> {
    if document.counted_size() > SIZE.limit { Err(SIZE) } else { Ok(()) }
}

impl Iam {
    fn customer_policy(&self, arn: &PolicyArn) -> Result<Kept<ManagedPolicy>, NoSuchPolicy> {
        self.memory.now().customer_policy(arn).cloned().ok_or_else(|| NoSuchPolicy(arn.clone()))
    }

    /// Applies `change` to a customer managed policy.
    async fn change_policy<E>(
        &self,
        arn: &PolicyArn,
        change: impl Fn(&mut ManagedPolicy) -> Result<(), E>,
    ) -> Result<Arc<ManagedPolicy>, E>
    where
        E: From<NoSuchPolicy> + From<CannotRecord>,
    {
        let changed = self.change(self.customer_policy(arn)?, change).await?;
        changed.ok_or_else(|| NoSuchPolicy(arn.clone()).into())
    }
}
