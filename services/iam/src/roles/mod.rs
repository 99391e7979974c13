//! What can be done with roles, one file per operation or pair of them.

mod attach;
mod boundary;
mod create;
mod delete;
mod inline;
mod read;
mod tag;
mod update;

pub use attach::{AttachError, DetachError};
pub use boundary::PutBoundaryError;
pub use create::{CreateRoleError, NewRole};
pub use delete::DeleteRoleError;
pub use inline::{DeleteInlineError, INLINE_SIZE_MAX, NoSuchInlinePolicy, PutInlineError};
pub use tag::TagRoleError;
pub use update::{RoleUpdate, UpdateRoleError, UpdateTrustError};

use std::sync::Arc;

use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::{Kind, MalformedPolicy, NamedPrincipal};

use crate::document::Document;
use crate::iam::{CannotRecord, Iam};
use crate::names::RoleName;
use crate::role::Role;

/// There is no role of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the role `{0}` does not exist")]
pub struct NoSuchRole(pub RoleName);

/// A quota would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quota {name} of {limit} would be exceeded")]
pub struct QuotaExceeded {
    /// AWS's name of it, as `PoliciesPerRole`.
    pub name: &'static str,
    /// How many there may be.
    pub limit: usize,
}

/// A trust policy's size in characters, white space apart. Source: IAM quotas, "Role trust policy length".
const TRUST_SIZE: QuotaExceeded = QuotaExceeded { name: "ACLSizePerRole", limit: 2_048 };

impl Iam {
    /// Applies `change` to the role `name`.
    async fn change_role<E>(
        &self,
        account: &AccountId,
        name: &RoleName,
        change: impl Fn(&mut Role) -> Result<(), E>,
    ) -> Result<Arc<Role>, E>
    where
        E: From<NoSuchRole> + From<CannotRecord>,
    {
        let current = self.memory.now().role(account, name.as_str()).cloned();
        let current = current.ok_or_else(|| NoSuchRole(name.clone()))?;
        let changed = self.change(current, change).await?;
        changed.ok_or_else(|| NoSuchRole(name.clone()).into())
    }

    /// Reads a trust policy. The users and roles of our own accounts that it names must exist, as on AWS.
    fn trust_policy(&self, text: &str) -> Result<Document, MalformedPolicy> {
        let document = Document::parse(text, Kind::Trust)?;
        let snapshot = self.memory.now();
        for named in document.policy().named_principals() {
            let (exists, arn) = match named {
                NamedPrincipal::Role { account, name, arn } => {
                    (snapshot.role(account, name).is_some() || !snapshot.knows(account), arn)
                }
                NamedPrincipal::User { account, arn } => (!snapshot.knows(account), arn),
                _ => continue,
            };
            if !exists {
                return Err(MalformedPolicy::Principal(format!("\"AWS\":\"{arn}\"")));
            }
        }
        Ok(document)
    }
}

fn check_trust_size(document: &Document) -> Result<(), QuotaExceeded> {
    if document.counted_size() > TRUST_SIZE.limit { Err(TRUST_SIZE) } else { Ok(()) }
}
