//! The execution role of a function: whether Lambda may use it.

use lanthorn_model::arn::{AccountId, RoleArn};

use crate::host::Roles;

/// Why a function may not have a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefused {
    /// It does not exist, or does not trust Lambda: AWS does not tell which.
    #[error("Lambda cannot assume the role `{0}`")]
    NotAssumable(RoleArn),
    /// It belongs to another account.
    #[error("the role `{0}` belongs to another account")]
    OtherAccount(RoleArn),
}

/// Asks whether a function of `account` may run as `role`.
pub(super) fn check(roles: &dyn Roles, account: &AccountId, role: &RoleArn) -> Result<(), RoleRefused> {
    if role.account() != account {
        return Err(RoleRefused::OtherAccount(role.clone()));
    }
    if !roles.lambda_may_assume(role) {
        return Err(RoleRefused::NotAssumable(role.clone()));
    }
    Ok(())
}
