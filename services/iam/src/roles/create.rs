//! CreateRole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::MalformedPolicy;
use lanthorn_store::documents::Expect;

use super::{QuotaExceeded, check_trust_size};
use crate::iam::{CannotRecord, Iam, NotRecorded};
use crate::ids::{self, NoEntropy};
use crate::names::{EntityPath, PolicyArn, RoleName, role_arn};
use crate::role::Role;
use crate::tags::{Tags, TagsError};

/// A role to be made.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: EntityPath,
    /// Its trust policy, as JSON.
    pub trust: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// The longest a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_s: u32,
    /// The managed policy that bounds what it may do.
    pub boundary: Option<PolicyArn>,
    /// Its tags; a key given twice is an error.
    pub tags: Vec<(String, String)>,
}

/// A role was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateRoleError {
    /// There is one of that name, perhaps in another case.
    #[error("the role `{0}` exists already")]
    Exists(RoleName),
    /// The trust policy is none.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// The boundary does not exist.
    #[error("the boundary `{0}` does not exist")]
    NoSuchBoundary(PolicyArn),
    /// The tags are not to be had.
    #[error(transparent)]
    Tags(#[from] TagsError),
    /// The trust policy is too long, or there are too many roles.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// No unique id could be made.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// Roles of an account. AWS begins with 1,000 and raises it on request; a server of one's own begins
/// where AWS ends. Source: IAM quotas, "Roles in an AWS account".
const ROLES: QuotaExceeded = QuotaExceeded { name: "RolesPerAccount", limit: 10_000 };

impl Iam {
    /// Makes a role.
    ///
    /// # Errors
    /// [`CreateRoleError`]; only after `Record` may the role be there all the same.
    pub async fn create_role(&self, account: &AccountId, new: NewRole) -> Result<Arc<Role>, CreateRoleError> {
        let trust = self.trust_policy(&new.trust)?;
        check_trust_size(&trust)?;
        let tags = Tags::default().with(new.tags)?;
        {
            let snapshot = self.memory.now();
            if snapshot.role_name_taken(account, &new.name) {
                return Err(CreateRoleError::Exists(new.name));
            }
            if let Some(boundary) = new.boundary.as_ref().filter(|arn| !snapshot.attachable(account, arn)) {
                return Err(CreateRoleError::NoSuchBoundary(boundary.clone()));
            }
            if snapshot.roles(account).count() >= ROLES.limit {
                return Err(ROLES.into());
            }
        }
        let role = Role {
            arn: role_arn(account, &new.path, &new.name),
            id: ids::unique("AROA")?.into(),
            name: new.name,
            path: new.path,
            created_at: self.now(),
            description: new.description,
            max_session_s: new.max_session_s,
            trust,
            boundary: new.boundary,
            attached: BTreeSet::new(),
            inline: BTreeMap::new(),
            tags,
        };
        match self.put(&role, Expect::Absent).await {
            Ok(()) => Ok(Arc::new(role)),
            Err(NotRecorded::Outrun(_)) => Err(CreateRoleError::Exists(role.name)),
            Err(NotRecorded::CannotRecord(error)) => Err(error.into()),
        }
    }
}
