//! Decisions, from memory.

use std::sync::LazyLock;

use lanthorn_model::arn::{AccountId, RoleArn};
use lanthorn_model::policy::{self, Context, Decision, Identity, Policy, Request, ResourcePolicy, Standing};
use lanthorn_model::principal::Principal;

use crate::iam::Iam;
use crate::names::{EntityPath, PolicyArn, PolicyName, PolicyOwner, RoleName, role_arn};
use crate::snapshot::Snapshot;

/// A role is not to be had for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusting {
    /// There is no role of that ARN.
    #[error("the role does not exist")]
    NoSuchRole,
    /// Its trust policy does not let the service assume it.
    #[error("the role's trust policy does not let the service assume it")]
    NotTrusted,
}

impl Iam {
    /// Decides `request`. The root user may do everything in its account; a role's session what the
    /// role's policies allow; everyone else what the resource's policy allows. A session whose role was
    /// deleted, or deleted and made again, may do nothing.
    pub fn authorize(&self, request: &Request<'_>) -> Decision {
        let snapshot = self.memory.now();
        match request.principal {
            Principal::Root { .. } => policy::evaluate(request, &Standing::Owner),
            Principal::Service { .. } | Principal::Anonymous => policy::evaluate(request, &Standing::Stranger),
            Principal::AssumedRole { account, role_name, role_id, .. } => {
                decide_for_role(&snapshot, request, (account, role_name, role_id))
            }
        }
    }

    /// Whether `role` exists and its trust policy lets `service`, as `lambda.amazonaws.com`, assume it.
    ///
    /// # Errors
    /// [`Untrusting`].
    pub fn trusts(&self, role: &RoleArn, service: &str) -> Result<(), Untrusting> {
        let known = self.role(role).ok_or(Untrusting::NoSuchRole)?;
        let principal = Principal::Service { account: role.account().clone(), name: service.into() };
        let context = Context::new().at(self.clock.now()).with("aws:SourceAccount", role.account().to_string());
        let request = Request::new(&principal, "sts:AssumeRole", role.as_str(), &context)
            .guarded_by(ResourcePolicy::Gate(known.trust.policy()));
        if policy::evaluate(&request, &Standing::Stranger).is_allowed() { Ok(()) } else { Err(Untrusting::NotTrusted) }
    }

    /// The ARN of what the IAM operation called `operation` is about, for its authorisation, from the
    /// parameters of its form. `*` for operations about nothing in particular.
    ///
    /// Source: service authorization reference, "Actions defined by AWS IAM".
    #[must_use]
    pub fn resource(&self, operation: &str, account: &AccountId, parameter: &dyn Fn(&str) -> Option<String>) -> String {
        if operation.starts_with("List") && parameter("RoleName").is_none() && parameter("PolicyArn").is_none() {
            return "*".to_owned();
        }
        let path = || parameter("Path").and_then(|path| path.parse().ok()).unwrap_or_else(EntityPath::root);
        if let Some(name) = parameter("RoleName").and_then(|name| name.parse::<RoleName>().ok()) {
            return match self.memory.now().role(account, name.as_str()) {
                Some(role) if operation != "CreateRole" => role.value.arn.to_string(),
                _ => role_arn(account, &path(), &name).to_string(),
            };
        }
        if let Some(arn) = parameter("PolicyArn") {
            return arn;
        }
        match parameter("PolicyName").and_then(|name| name.parse::<PolicyName>().ok()) {
            Some(name) => PolicyArn::new(PolicyOwner::Account(account.clone()), &path(), &name).to_string(),
            None => "*".to_owned(),
        }
    }
}

/// The policy that allows nothing.
static NOTHING: LazyLock<Policy> = LazyLock::new(|| Policy::union([]));

fn decide_for_role(snapshot: &Snapshot, request: &Request<'_>, caller: (&AccountId, &str, &str)) -> Decision {
    let (account, name, id) = caller;
    let Some(role) = snapshot.role(account, name).map(|kept| &kept.value).filter(|role| *role.id == *id) else {
        return policy::evaluate(request, &Standing::Stranger);
    };
    // An attached policy that is gone grants nothing; a boundary that is gone lets nothing through.
    let attached = role.attached.iter().filter_map(|arn| snapshot.policy(arn)).map(|policy| policy.document().policy());
    let policies: Vec<&Policy> = attached.chain(role.inline.values().map(|document| document.policy())).collect();
    let boundary =
        role.boundary.as_ref().map(|arn| snapshot.policy(arn).map_or(&*NOTHING, |policy| policy.document().policy()));
    let identity = Identity { arn: &role.arn, tags: role.tags.as_map(), policies: &policies, boundary };
    policy::evaluate(request, &Standing::Role(identity))
}
