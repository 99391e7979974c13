//! What STS asks of the rest of the house.

use std::sync::Arc;

use lanthorn_iam::Iam;
use lanthorn_model::arn::RoleArn;
use lanthorn_model::policy::{Decision, Policy, Request};
use lanthorn_sts::{AssumableRole, Roles};

/// IAM, as the one who knows roles.
pub(crate) struct IamRoles(pub(crate) Arc<Iam>);

impl Roles for IamRoles {
    fn role(&self, arn: &RoleArn) -> Option<AssumableRole> {
        let role = self.0.role(arn)?;
        let trust = role.trust.policy().clone();
        Some(AssumableRole { id: role.id.clone(), trust, max_session_s: role.max_session_s })
    }

    fn authorize(&self, request: &Request<'_>) -> Decision {
        self.0.authorize(request)
    }

    fn managed_policy(&self, role: &RoleArn, arn: &str) -> Option<Policy> {
        self.0.managed_policy(role.account(), &arn.parse().ok()?)
    }
}
