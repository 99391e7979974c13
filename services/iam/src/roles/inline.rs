//! PutRolePolicy and DeleteRolePolicy: policies written into a role.

use lanthorn_model::arn::AccountId;
use lanthorn_model::policy::{Kind, MalformedPolicy};

use super::NoSuchRole;
use crate::document::Document;
use crate::iam::{CannotRecord, Iam};
use crate::names::{PolicyName, RoleName};
use crate::role::Role;

/// A policy was not written into a role.
#[derive(Debug, thiserror::Error)]
pub enum PutInlineError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// It is no policy.
    #[error(transparent)]
    Malformed(#[from] MalformedPolicy),
    /// All inline policies of the role together would be larger than [`INLINE_SIZE_MAX`].
    #[error("the inline policies of `{0}` would be too large together")]
    TooLarge(RoleName),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// The role has no such policy written into it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the role has no inline policy `{0}`")]
pub struct NoSuchInlinePolicy(pub PolicyName);

/// A policy was not taken out of a role.
#[derive(Debug, thiserror::Error)]
pub enum DeleteInlineError {
    /// There is no such role.
    #[error(transparent)]
    NotFound(#[from] NoSuchRole),
    /// The role has no such policy.
    #[error(transparent)]
    NoSuchPolicy(#[from] NoSuchInlinePolicy),
    /// The store failed.
    #[error(transparent)]
    Record(#[from] CannotRecord),
}

/// All inline policies of a role, in characters without white space. Source: IAM quotas, "Role inline policies".
pub const INLINE_SIZE_MAX: usize = 10_240;

impl Iam {
    /// Writes a policy into a role, or writes it anew.
    ///
    /// # Errors
    /// [`PutInlineError`].
    pub async fn put_inline(
        &self,
        account: &AccountId,
        role: &RoleName,
        name: &PolicyName,
        text: &str,
    ) -> Result<(), PutInlineError> {
        self.get_role(account, role)?;
        let document = Document::parse(text, Kind::Inline)?;
        let change = |role: &mut Role| {
            role.inline.insert(name.clone(), document.clone());
            let size: usize = role.inline.values().map(Document::counted_size).sum();
            if size > INLINE_SIZE_MAX { Err(PutInlineError::TooLarge(role.name.clone())) } else { Ok(()) }
        };
        self.change_role(account, role, change).await.map(drop)
    }

    /// Takes a policy out of a role.
    ///
    /// # Errors
    /// [`DeleteInlineError`].
    pub async fn delete_inline(
        &self,
        account: &AccountId,
        role: &RoleName,
        name: &PolicyName,
    ) -> Result<(), DeleteInlineError> {
        let change = |role: &mut Role| match role.inline.remove(name) {
            Some(_) => Ok(()),
            None => Err(NoSuchInlinePolicy(name.clone()).into()),
        };
        self.change_role(account, role, change).await.map(drop)
    }
}
