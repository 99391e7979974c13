//! CreatePolicy.

use std::sync::Arc;

use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::{Kind, MalformedPolicy};
use lanthorn_store::documents::Expect;

use super::check_size;
use crate::document::Document;
use crate::iam::{CannotRecord, Iam, NotRecorded};
use crate::ids::{self, NoEntropy};
use crate::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::names::{EntityPath, PolicyArn, PolicyName, PolicyOwner};
use crate::roles::QuotaExceeded;
use crate::tags::{Tags, TagsError};

/// A managed policy to be made.
#[derive(Clone, Debug)]
pub struct NewPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its path.
    pub path: EntityPath,
    /// What it says, as JSON.
    pub document: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Its tags; a key given twice is an error.
    pub tags: Vec<(String, String)>,
}

/// A policy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreatePolicyError {
    /// There is one of that name, perhaps in another case.
    #[error("the policy `{0}` exists already")]
    Exists(PolicyName),
    /// It is no policy.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// The tags are not to be had.
    #[error(transparent)]
    Tags(#[from] TagsError),
    /// It is too long, or there are too many.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// No unique id could be made.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// Policies of an account: as many as AWS gives on request. Source: IAM quotas, "Customer managed policies".
const POLICIES: QuotaExceeded = QuotaExceeded { name: "PoliciesPerAccount", limit: 5_000 };

impl Iam {
    /// Makes a managed policy; what it says is its version 1.
    ///
    /// # Errors
    /// [`CreatePolicyError`]; only after `Record` may the policy be there all the same.
    pub async fn create_policy(
        &self,
        account: &AccountId,
        new: NewPolicy,
    ) -> Result<Arc<ManagedPolicy>, CreatePolicyError> {
        let document = Document::parse(&new.document, Kind::Managed)?;
        check_size(&document)?;
        let tags = Tags::default().with(new.tags)?;
        {
            let snapshot = self.memory.now();
            if snapshot.policy_name_taken(account, &new.name) {
                return Err(CreatePolicyError::Exists(new.name));
            }
            if snapshot.policies(account).count() >= POLICIES.limit {
                return Err(POLICIES.into());
            }
        }
        let created_at = self.now();
        let policy = ManagedPolicy {
            arn: PolicyArn::new(PolicyOwner::Account(account.clone()), &new.path, &new.name),
            id: ids::unique("ANPA")?.into(),
            name: new.name,
            path: new.path,
            created_at,
            updated_at: created_at,
            description: new.description,
            versions: vec![PolicyVersion { number: 1, document, created_at }],
            default_version: 1,
            last_version: 1,
            tags,
        };
        match self.put(&policy, Expect::Absent).await {
            Ok(()) => Ok(Arc::new(policy)),
            Err(NotRecorded::Outrun(_)) => Err(CreatePolicyError::Exists(policy.name)),
            Err(NotRecorded::CannotRecord(error)) => Err(error.into()),
        }
    }
}
