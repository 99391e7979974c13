//! The engine against vectors of our own: one module per question.

mod conditions;
mod grammar;
mod layers;
mod matching;
mod properties;

use std::collections::BTreeMap;

use super::{Context, Decision, Identity, Kind, Policy, Request, ResourcePolicy, Standing, evaluate};
use crate::arn::RoleArn;
use crate::principal::Principal;

pub(super) const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:hello";

pub(super) fn role_session() -> Principal {
    Principal::AssumedRole {
        account: "000000000000".parse().unwrap(),
        role_name: "worker".into(),
        role_id: "AROAEXAMPLEEXAMPLE123".into(),
        session_name: "hello".into(),
    }
}

pub(super) fn service(name: &str) -> Principal {
    Principal::Service { account: "000000000000".parse().unwrap(), name: name.into() }
}

pub(super) fn inline(text: &str) -> Policy {
    Policy::parse(text, Kind::Inline).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(super) fn resource(text: &str) -> Policy {
    Policy::parse(text, Kind::Resource).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What the role `worker` may do with `policies` attached, and nothing else around.
pub(super) fn decide(policies: &[&Policy], action: &str, on: &str, context: &Context) -> Decision {
    let principal = role_session();
    decide_request(&Request::new(&principal, action, on, context), policies, None)
}

pub(super) fn decide_request(request: &Request<'_>, policies: &[&Policy], boundary: Option<&Policy>) -> Decision {
    let arn: RoleArn = "arn:aws:iam::000000000000:role/service-role/worker".parse().unwrap();
    let tags = BTreeMap::from([("team".to_owned(), "lamps".to_owned())]);
    evaluate(request, &Standing::Role(Identity { arn: &arn, tags: &tags, policies, boundary }))
}

/// As `decide_request` for a caller that is no role.
pub(super) fn decide_stranger(principal: &Principal, on: &Policy, action: &str, context: &Context) -> Decision {
    let request = Request::new(principal, action, FUNCTION, context).guarded_by(ResourcePolicy::Beside(on));
    evaluate(&request, &Standing::Stranger)
}
