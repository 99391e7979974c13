//! What STS needs of IAM. The binary joins the two.

use lanthorn_model::arn::RoleArn;
use lanthorn_model::policy::{Decision, Policy, Request};

/// Knows roles and decides requests.
pub trait Roles: Send + Sync {
    /// The role of this ARN, path and all; none if there is none.
    fn role(&self, arn: &RoleArn) -> Option<AssumableRole>;

    /// Decides `request` for its caller: the caller's own policies, those of its session, and the
    /// resource's that the request holds.
    fn authorize(&self, request: &Request<'_>) -> Decision;

    /// The managed policy `arn` as it is in force, if a role of the account of `role` may use it.
    fn managed_policy(&self, role: &RoleArn, arn: &str) -> Option<Policy>;
}

/// A role as far as sessions of it go.
#[derive(Clone, Debug)]
pub struct AssumableRole {
    /// `AROA…`; another one if the role is deleted and made again.
    pub id: Box<str>,
    /// Who may assume it.
    pub trust: Policy,
    /// The longest a session of it may last, in seconds: 3,600 to 43,200.
    pub max_session_s: u32,
}
