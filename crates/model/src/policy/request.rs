//! What is asked of the engine: who wants to do what to which resource.

use std::collections::BTreeMap;

use super::{Context, Policy};
use crate::arn::{AccountId, RoleArn};
use crate::principal::Principal;

/// One request to be decided.
///
/// [`Request::new`] makes the common one; the two last fields are for callers
/// that hold a session's policy or a resource's.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks; already authenticated.
    pub principal: &'a Principal,
    /// What they want to do, as `lambda:InvokeFunction`.
    pub action: &'a str,
    /// What they want to do it to: an ARN, or `*` where the action has no resource.
    pub resource: &'a str,
    /// The circumstances that conditions may ask about.
    pub context: &'a Context,
    /// The terms on which the caller's session was made.
    pub session: Option<&'a SessionTerms>,
    /// The policy of the resource itself.
    pub resource_policy: ResourcePolicy<'a>,
}

/// What a session was limited to and marked with when it was made.
#[derive(Clone, Debug, Default)]
pub struct SessionTerms {
    /// Its session policies, together: nothing is allowed that they do not allow. None: no limit.
    pub policy: Option<Policy>,
    /// Its tags; as `aws:PrincipalTag/KEY` they go before those of the role.
    pub tags: BTreeMap<String, String>,
    /// The keys of those tags that a session of the next role inherits.
    pub transitive_tag_keys: Vec<String>,
    /// Who stands behind it, as `aws:SourceIdentity`.
    pub source_identity: Option<String>,
}

/// The part a resource's own policy has in the decision.
#[derive(Clone, Copy, Debug, Default)]
pub enum ResourcePolicy<'a> {
    /// The resource has none.
    #[default]
    Absent,
    /// It grants beside the identity's policies (functions, queues, buckets).
    Beside(&'a Policy),
    /// Nothing is granted without it (a role's trust policy).
    Gate(&'a Policy),
}

/// What IAM knows of the caller.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// The account's root user: everything in its own account.
    Owner,
    /// A role's session.
    Role(Identity<'a>),
    /// A service, an anonymous caller, or a role that is gone: only a resource's
    /// policy can let it in.
    Stranger,
}

/// A role as the engine needs it.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The role's ARN, with its path; `aws:PrincipalArn`.
    pub arn: &'a RoleArn,
    /// The role's tags; `aws:PrincipalTag/KEY`.
    pub tags: &'a BTreeMap<String, String>,
    /// Everything attached to it, managed and inline.
    pub policies: &'a [&'a Policy],
    /// Its permissions boundary.
    pub boundary: Option<&'a Policy>,
}

impl<'a> Request<'a> {
    /// A request outside any limited session, of a resource without a policy.
    #[must_use]
    pub fn new(principal: &'a Principal, action: &'a str, resource: &'a str, context: &'a Context) -> Self {
        Self { principal, action, resource, context, session: None, resource_policy: ResourcePolicy::Absent }
    }

    /// The same request made in a session on these `terms`.
    #[must_use]
    pub fn in_session(mut self, terms: Option<&'a SessionTerms>) -> Self {
        self.session = terms;
        self
    }

    pub(super) fn session_policy(&self) -> Option<&'a Policy> {
        self.session.and_then(|terms| terms.policy.as_ref())
    }

    /// The same request of a resource with a policy of its own.
    #[must_use]
    pub fn guarded_by(mut self, policy: ResourcePolicy<'a>) -> Self {
        self.resource_policy = policy;
        self
    }

    /// Whether caller and resource belong to one account. A resource whose ARN
    /// names no account (`*`, a bucket) counts as the caller's own.
    pub(super) fn within_one_account(&self) -> bool {
        match (self.principal.account(), account_of(self.resource)) {
            (Some(caller), Some(owner)) => caller.as_str() == owner,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

impl<'a> ResourcePolicy<'a> {
    pub(super) fn policy(self) -> Option<&'a Policy> {
        match self {
            Self::Absent => None,
            Self::Beside(policy) | Self::Gate(policy) => Some(policy),
        }
    }
}

/// The account an ARN names, if it names one.
fn account_of(resource: &str) -> Option<&str> {
    let account = resource.split(':').nth(4)?;
    account.parse::<AccountId>().is_ok().then_some(account)
}
