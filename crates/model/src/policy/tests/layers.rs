//! Identity, boundary, session and resource policies together.

use super::*;
use crate::policy::{Layer, SessionTerms};

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const INVOKE: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}}"#;
const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
const NEVER: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"lambda:*","Resource":"*"}}"#;

fn grant_to(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},
            "Action":"lambda:InvokeFunction","Resource":"{FUNCTION}"}}}}"#
    )
}

/// Everything that may stand around an invocation by `worker`.
#[derive(Default)]
struct Around<'a> {
    identity: &'a [&'a str],
    boundary: Option<&'a str>,
    session: Option<&'a str>,
    resource: Option<&'a str>,
    on: Option<&'a str>,
}

#[track_caller]
fn check(around: &Around<'_>, expected: Decision) {
    let identity: Vec<Policy> = around.identity.iter().map(|text| inline(text)).collect();
    let identity: Vec<&Policy> = identity.iter().collect();
    let boundary = around.boundary.map(inline);
    let session = around.session.map(|text| SessionTerms { policy: Some(inline(text)), ..SessionTerms::default() });
    let on_resource = around.resource.map(resource);
    let (principal, context) = (role_session(), Context::new());
    let request = Request::new(&principal, "lambda:InvokeFunction", around.on.unwrap_or(FUNCTION), &context)
        .in_session(session.as_ref())
        .guarded_by(on_resource.as_ref().map_or(ResourcePolicy::Absent, ResourcePolicy::Beside));
    assert_eq!(decide_request(&request, &identity, boundary.as_ref()), expected);
}

#[test]
fn nothing_is_allowed_by_silence() {
    check(&Around::default(), Decision::DeniedImplicitly(Layer::Identity));
    check(&Around { identity: &[NOTHING], ..Around::default() }, Decision::DeniedImplicitly(Layer::Identity));
    check(&Around { identity: &[NOTHING, INVOKE], ..Around::default() }, Decision::Allowed);
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let denied = Decision::DeniedExplicitly;
    check(&Around { identity: &[ALL, NEVER], ..Around::default() }, denied(Layer::Identity));
    check(&Around { identity: &[ALL], boundary: Some(NEVER), ..Around::default() }, denied(Layer::Boundary));
    check(&Around { identity: &[ALL], session: Some(NEVER), ..Around::default() }, denied(Layer::Session));
    let everyone = grant_to("\"*\"").replace("Allow", "Deny");
    check(&Around { identity: &[ALL], resource: Some(&everyone), ..Around::default() }, denied(Layer::Resource));
    let account = grant_to(r#"{"AWS":"000000000000"}"#).replace("Allow", "Deny");
    check(&Around { identity: &[ALL], resource: Some(&account), ..Around::default() }, denied(Layer::Resource));
}

#[test]
fn boundary_and_session_only_take_away() {
    let missing = Decision::DeniedImplicitly;
    check(
        &Around { identity: &[ALL], boundary: Some(INVOKE), session: Some(ALL), ..Around::default() },
        Decision::Allowed,
    );
    check(&Around { identity: &[ALL], boundary: Some(NOTHING), ..Around::default() }, missing(Layer::Boundary));
    check(&Around { identity: &[ALL], session: Some(NOTHING), ..Around::default() }, missing(Layer::Session));
    check(&Around { boundary: Some(ALL), session: Some(ALL), ..Around::default() }, missing(Layer::Identity));
}

#[test]
fn a_resource_policy_grants_as_far_as_it_reaches() {
    let missing = Decision::DeniedImplicitly;
    let role = grant_to(r#"{"AWS":"arn:aws:iam::000000000000:role/service-role/worker"}"#);
    check(&Around { resource: Some(&role), ..Around::default() }, Decision::Allowed);
    check(&Around { resource: Some(&role), boundary: Some(NOTHING), ..Around::default() }, missing(Layer::Boundary));
    check(&Around { resource: Some(&role), session: Some(NOTHING), ..Around::default() }, missing(Layer::Session));
    let session = grant_to(r#"{"AWS":"arn:aws:sts::000000000000:assumed-role/worker/hello"}"#);
    check(&Around { resource: Some(&session), boundary: Some(NOTHING), ..Around::default() }, Decision::Allowed);
    let account = grant_to(r#"{"AWS":"arn:aws:iam::000000000000:root"}"#);
    check(&Around { resource: Some(&account), ..Around::default() }, missing(Layer::Identity));
    check(&Around { resource: Some(&account), identity: &[INVOKE], ..Around::default() }, Decision::Allowed);
    let other = grant_to(r#"{"AWS":"arn:aws:sts::000000000000:assumed-role/worker/other"}"#);
    check(&Around { resource: Some(&other), ..Around::default() }, missing(Layer::Identity));
}

#[test]
fn across_accounts_both_must_allow() {
    let there = "arn:aws:lambda:us-east-1:111111111111:function:hello";
    let (on, missing) = (Some(there), Decision::DeniedImplicitly as fn(Layer) -> Decision);
    let role = grant_to(r#"{"AWS":"arn:aws:iam::000000000000:role/worker"}"#).replace(FUNCTION, there);
    check(&Around { on, identity: &[ALL], ..Around::default() }, missing(Layer::Resource));
    check(&Around { on, resource: Some(&role), ..Around::default() }, missing(Layer::Identity));
    check(&Around { on, resource: Some(&role), identity: &[INVOKE], ..Around::default() }, Decision::Allowed);
    let account = grant_to(r#"{"AWS":"000000000000"}"#).replace(FUNCTION, there);
    check(&Around { on, resource: Some(&account), identity: &[INVOKE], ..Around::default() }, Decision::Allowed);
}

#[test]
fn services_and_strangers_need_the_resources_word() {
    let context = Context::new().with("AWS:SourceAccount", "000000000000");
    let s3 = resource(&grant_to(r#"{"Service":"s3.amazonaws.com"}"#));
    let ask = |principal: &Principal, policy: &Policy| {
        decide_stranger(principal, policy, "lambda:InvokeFunction", &context).is_allowed()
    };
    assert!(ask(&service("s3.amazonaws.com"), &s3));
    assert!(!ask(&service("sns.amazonaws.com"), &s3));
    assert!(!ask(&Principal::Anonymous, &s3));
    assert!(!ask(&role_session(), &s3), "a session whose role is gone");
    let everyone = resource(&grant_to("\"*\""));
    assert!(ask(&Principal::Anonymous, &everyone));
    assert!(!ask(&role_session(), &everyone), "a session whose role is gone");
    let account = resource(&grant_to(r#"{"AWS":"000000000000"}"#));
    assert!(!ask(&service("s3.amazonaws.com"), &account));
}

#[test]
fn everyone_but_some() {
    let text = grant_to(r#"{"AWS":["000000000000","arn:aws:iam::000000000000:role/worker"]}"#)
        .replace("\"Principal\"", "\"NotPrincipal\"")
        .replace("Allow", "Deny");
    check(&Around { identity: &[ALL], resource: Some(&text), ..Around::default() }, Decision::Allowed);
    let text = text.replace("role/worker", "role/other");
    let denied = Decision::DeniedExplicitly(Layer::Resource);
    check(&Around { identity: &[ALL], resource: Some(&text), ..Around::default() }, denied);
}

#[test]
fn a_sessions_tags_go_before_its_roles() {
    let marked = |text: &str| {
        let terms = SessionTerms {
            tags: BTreeMap::from([("team".to_owned(), "wicks".to_owned())]),
            source_identity: Some("alice".to_owned()),
            ..SessionTerms::default()
        };
        let policy = inline(&format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*",
                "Condition":{{"StringEquals":{text}}}}}}}"#
        ));
        let (principal, context) = (role_session(), Context::new());
        let request = Request::new(&principal, "a:Do", "*", &context);
        let plain = decide_request(&request, &[&policy], None).is_allowed();
        (plain, decide_request(&request.in_session(Some(&terms)), &[&policy], None).is_allowed())
    };
    assert_eq!(marked(r#"{"aws:PrincipalTag/team":"wicks"}"#), (false, true));
    assert_eq!(marked(r#"{"aws:PrincipalTag/team":"lamps"}"#), (true, false));
    assert_eq!(marked(r#"{"aws:SourceIdentity":"alice"}"#), (false, true));
}

#[test]
fn the_root_user_owns_its_account_alone() {
    let root = Principal::Root { account: "000000000000".parse().unwrap() };
    let context = Context::new();
    let ask = |on: &str, policy: ResourcePolicy<'_>| {
        evaluate(&Request::new(&root, "lambda:InvokeFunction", on, &context).guarded_by(policy), &Standing::Owner)
    };
    let elsewhere = "arn:aws:lambda:us-east-1:111111111111:function:hello";
    assert_eq!(ask(FUNCTION, ResourcePolicy::Absent), Decision::Allowed);
    assert_eq!(ask("*", ResourcePolicy::Absent), Decision::Allowed);
    assert_eq!(ask(elsewhere, ResourcePolicy::Absent), Decision::DeniedImplicitly(Layer::Resource));
    let denied = resource(&grant_to("\"*\"").replace("Allow", "Deny"));
    assert_eq!(ask(FUNCTION, ResourcePolicy::Beside(&denied)), Decision::DeniedExplicitly(Layer::Resource));
    let s3 = resource(&grant_to(r#"{"Service":"s3.amazonaws.com"}"#));
    assert_eq!(ask(FUNCTION, ResourcePolicy::Beside(&s3)), Decision::Allowed);
    assert_eq!(ask(FUNCTION, ResourcePolicy::Gate(&s3)), Decision::DeniedImplicitly(Layer::Resource));
}

#[test]
fn a_refusal_speaks_as_aws() {
    let (principal, context) = (role_session(), Context::new());
    let request = Request::new(&principal, "lambda:InvokeFunction", FUNCTION, &context);
    let who = "User: arn:aws:sts::000000000000:assumed-role/worker/hello is not authorized to perform: \
               lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:hello";
    assert_eq!(
        Decision::DeniedImplicitly(Layer::Identity).explain(&request),
        Some(format!("{who} because no identity-based policy allows the lambda:InvokeFunction action"))
    );
    assert_eq!(
        Decision::DeniedExplicitly(Layer::Boundary).explain(&request),
        Some(format!("{who} with an explicit deny in a permissions boundary"))
    );
    assert_eq!(Decision::Allowed.explain(&request), None);
    assert_eq!(request.unauthorized(), who);
}
