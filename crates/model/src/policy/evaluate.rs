//! The decision.
//!
//! ```text
//! any Deny that applies ─────────────────────────────► DeniedExplicitly
//!        │ none
//! a role's trust policy that does not reach the caller ► DeniedImplicitly(Resource)
//!        │
//! same account                          another account
//!   resource policy names the session     identity ∩ boundary ∩ session
//!     → Allowed                           and the resource policy must allow
//!   identity ∪ resource policy
//!   ∩ boundary ∩ session → Allowed
//! ```
//!
//! A right that a resource policy gives to a *role* is limited by boundary and
//! session policy, one given to a *session* is not, and one given to an *account*
//! only passes the question on to the caller's own policies.
//!
//! Source: IAM user guide, "Policy evaluation for requests within a single
//! account" and "Cross-account policy evaluation logic".

use super::principals::Reach;
use super::scope::Scope;
use super::statement::Effect;
use super::{Decision, Identity, Layer, Policy, Request, ResourcePolicy, Standing};
use crate::principal::Principal;

/// Decides `request` for a caller of this `standing`.
pub fn evaluate(request: &Request<'_>, standing: &Standing<'_>) -> Decision {
    let scope = Scope::new(request, standing);
    if let Some(layer) = explicit_deny(&scope) {
        return Decision::DeniedExplicitly(layer);
    }
    let granted = request.resource_policy.policy().map_or(Reach::None, |policy| policy.reach(Effect::Allow, &scope));
    if granted == Reach::None && matches!(request.resource_policy, ResourcePolicy::Gate(_)) {
        return Decision::DeniedImplicitly(Layer::Resource);
    }
    match standing {
        // A session that outlived its role: whatever names the role means another one now.
        Standing::Stranger if matches!(request.principal, Principal::AssumedRole { .. }) => {
            Decision::DeniedImplicitly(Layer::Identity)
        }
        Standing::Stranger if granted >= Reach::Named => Decision::Allowed,
        Standing::Stranger => Decision::DeniedImplicitly(Layer::Resource),
        Standing::Owner
            if request.session_policy().is_some_and(|session| session.reach(Effect::Allow, &scope) == Reach::None) =>
        {
            Decision::DeniedImplicitly(Layer::Session)
        }
        Standing::Owner if request.within_one_account() || granted != Reach::None => Decision::Allowed,
        Standing::Owner => Decision::DeniedImplicitly(Layer::Resource),
        Standing::Role(identity) if request.within_one_account() => within_account(&scope, identity, granted),
        Standing::Role(identity) => match within_account(&scope, identity, Reach::None) {
            Decision::Allowed if granted == Reach::None => Decision::DeniedImplicitly(Layer::Resource),
            decision => decision,
        },
    }
}

fn explicit_deny(scope: &Scope<'_>) -> Option<Layer> {
    let denies = |policy: &Policy| policy.reach(Effect::Deny, scope) != Reach::None;
    let request = scope.request;
    if let Standing::Role(identity) = scope.standing {
        if identity.policies.iter().any(|policy| denies(policy)) {
            return Some(Layer::Identity);
        }
        if identity.boundary.is_some_and(denies) {
            return Some(Layer::Boundary);
        }
    }
    if request.session_policy().is_some_and(denies) {
        return Some(Layer::Session);
    }
    request.resource_policy.policy().is_some_and(denies).then_some(Layer::Resource)
}

/// A role's own part: `granted` is what the resource's policy adds to its own policies.
fn within_account(scope: &Scope<'_>, identity: &Identity<'_>, granted: Reach) -> Decision {
    let allows = |policy: &Policy| policy.reach(Effect::Allow, scope) != Reach::None;
    if granted == Reach::Exactly {
        return Decision::Allowed;
    }
    if granted < Reach::Named && !identity.policies.iter().any(|policy| allows(policy)) {
        return Decision::DeniedImplicitly(Layer::Identity);
    }
    if identity.boundary.is_some_and(|boundary| !allows(boundary)) {
        return Decision::DeniedImplicitly(Layer::Boundary);
    }
    if scope.request.session_policy().is_some_and(|session| !allows(session)) {
        return Decision::DeniedImplicitly(Layer::Session);
    }
    Decision::Allowed
}
