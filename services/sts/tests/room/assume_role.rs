//! AssumeRole: who may, for how long, on which terms.

use lanthorn_model::policy::{Context as PolicyContext, Layer};

use super::*;

const ACCOUNT: &str = r#""Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole""#;
const NOTHING: &str = r#""Action":"none:None","Resource":"*""#;
const ALL: &str = r#""Action":"*","Resource":"*""#;
const WORKER: (&str, &str, &str, &str) = ("worker", "AROAWORKERWORKERWORK1", ACCOUNT, ALL);

fn arn(role: &str) -> String {
    format!("arn:aws:iam::000000000000:role/{role}")
}

fn denied(who: &str, role: &str) -> String {
    format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {}", arn(role))
}

const ROOT: &str = "arn:aws:iam::000000000000:root";
const SESSION: &str = "arn:aws:sts::000000000000:assumed-role/worker/test";

#[tokio::test]
async fn a_role_is_assumed() {
    let room = Room::open(&[WORKER]).await;
    let (role, root) = (arn("worker"), Asking::root());
    let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "test"), ("DurationSeconds", "900")];
    let answer = room.done(&root, "AssumeRole", &parameters).await;
    assert_eq!(member(&answer, "Arn").as_deref(), Some(SESSION));
    assert_eq!(member(&answer, "AssumedRoleId").as_deref(), Some("AROAWORKERWORKERWORK1:test"));
    assert_eq!(member(&answer, "Expiration").as_deref(), Some("2026-01-02T03:19:05Z"));
    assert_eq!(member(&answer, "PackedPolicySize"), None);
    let id = member(&answer, "AccessKeyId").unwrap();
    assert!(id.starts_with("ASIA") && id.len() == 20, "{id}");
    assert_eq!(room.using(&answer).principal.arn(), SESSION);
}

#[tokio::test]
async fn who_may() {
    let trusts_worker = format!(r#""Principal":{{"AWS":"{}"}},"Action":"sts:AssumeRole""#, arn("worker"));
    let lambda = r#""Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole""#;
    let room = Room::open(&[
        ("worker", "AROAWORKERWORKERWORK1", ACCOUNT, NOTHING),
        ("by-name", "AROABYNAMEBYNAMEBYNA1", &trusts_worker, NOTHING),
        ("by-account", "AROABYACCOUNTBYACCOU1", ACCOUNT, NOTHING),
        ("for-lambda", "AROAFORLAMBDAFORLAMB1", lambda, NOTHING),
    ])
    .await;
    let root = Asking::root();
    let worker = room.assume(&root, "worker", &[]).await;
    room.assume(&worker, "by-name", &[]).await;
    let ask = async |caller: &Asking, who: &str, role: &str| {
        let (role_arn, text) = (arn(role), denied(who, role));
        let parameters = [("RoleArn", role_arn.as_str()), ("RoleSessionName", "test")];
        room.refused(caller, "AssumeRole", &parameters, (403, "AccessDenied", &text)).await;
    };
    ask(&worker, SESSION, "by-account").await; // Its account is trusted, but its own policies do not allow it.
    ask(&worker, SESSION, "for-lambda").await;
    ask(&worker, SESSION, "none").await; // No such role: the same words.
    ask(&root, ROOT, "for-lambda").await;
    ask(&root, ROOT, "by-name").await;
}

#[tokio::test]
async fn conditions_of_the_trust_policy() {
    let with = |condition: &str| format!(r#"{ACCOUNT},"Condition":{condition}"#);
    let external = with(r#"{"StringEquals":{"sts:ExternalId":"secret"}}"#);
    let named = with(r#"{"StringLike":{"sts:RoleSessionName":"te*"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#);
    let elsewhere = with(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#);
    let room = Room::open(&[
        ("external", "AROAEXTERNALEXTERNAL1", &external, NOTHING),
        ("named", "AROANAMEDNAMEDNAMED12", &named, NOTHING),
        ("elsewhere", "AROAELSEWHEREELSEWHE1", &elsewhere, NOTHING),
    ])
    .await;
    let root = Asking::root();
    room.assume(&root, "external", &[("ExternalId", "secret")]).await;
    room.assume(&root, "named", &[]).await;
    for (role, id) in [("external", Some(("ExternalId", "other"))), ("external", None), ("elsewhere", None)] {
        let role_arn = arn(role);
        let mut parameters = vec![("RoleArn", role_arn.as_str()), ("RoleSessionName", "test")];
        parameters.extend(id);
        room.refused(&root, "AssumeRole", &parameters, (403, "AccessDenied", &denied(ROOT, role))).await;
    }
}

#[tokio::test]
async fn how_long() {
    let room = Room::open(&[WORKER]).await;
    let (root, role) = (Asking::root(), arn("worker"));
    let worker = room.assume(&root, "worker", &[("DurationSeconds", "7200")]).await;
    let ask = |seconds: &'static str| {
        [("RoleArn", role.clone()), ("RoleSessionName", "test".to_owned()), ("DurationSeconds", seconds.to_owned())]
    };
    let refused = async |caller: &Asking, seconds: &'static str, text: &str| {
        let owned = ask(seconds);
        let parameters: Vec<(&str, &str)> = owned.iter().map(|(key, value)| (*key, value.as_str())).collect();
        room.refused(caller, "AssumeRole", &parameters, (400, "ValidationError", text)).await;
    };
    refused(&root, "7201", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.").await;
    let chained = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
    refused(&worker, "3601", chained).await;
    let short = "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900";
    refused(&root, "899", short).await;
}

#[tokio::test]
async fn a_session_policy_limits_the_session() {
    let room = Room::open(&[WORKER]).await;
    let root = Asking::root();
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
    let limited = room.assume(&root, "worker", &[("Policy", policy)]).await;
    let by_arn = room.assume(&root, "worker", &[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadS3")]).await;
    let free = room.assume(&root, "worker", &[]).await;
    let iam = SmallIam::new(&[WORKER]);
    let ask = |who: &Asking, action: &str| {
        let context = PolicyContext::new();
        let terms = who.session.as_ref().map(|session| &*session.terms);
        iam.authorize(&policy::Request::new(&who.principal, action, "*", &context).in_session(terms))
    };
    let missing = Decision::DeniedImplicitly(Layer::Session);
    assert_eq!((ask(&limited, "sqs:SendMessage"), ask(&limited, "s3:GetObject")), (Decision::Allowed, missing));
    assert_eq!((ask(&by_arn, "s3:GetObject"), ask(&by_arn, "s3:PutObject")), (Decision::Allowed, missing));
    assert_eq!(ask(&free, "s3:PutObject"), Decision::Allowed);
}

#[tokio::test]
async fn a_limited_session_cannot_leave_its_limits_by_another_role() {
    let room = Room::open(&[WORKER, ("admin", "AROAADMINADMINADMINA1", ACCOUNT, ALL)]).await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let limited = room.assume(&Asking::root(), "worker", &[("Policy", policy)]).await;
    let (role, text) = (arn("admin"), denied(SESSION, "admin"));
    let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", "test")];
    room.refused(&limited, "AssumeRole", &parameters, (403, "AccessDenied", &text)).await;
}

#[tokio::test]
async fn terms_have_a_size() {
    let room = Room::open(&[WORKER]).await;
    let (root, role) = (Asking::root(), arn("worker"));
    let base = [("RoleArn", role.as_str()), ("RoleSessionName", "test")];
    let policy = |length: usize| {
        let action = "x".repeat(length);
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:{action}","Resource":"*"}}]}}"#
        )
    };
    let half = policy(930);
    let answer = room.done(&root, "AssumeRole", &[base[0], base[1], ("Policy", &half)]).await;
    assert_eq!(member(&answer, "PackedPolicySize").as_deref(), Some("50"));
    let over = policy(2_048);
    let text = "Packed policy consumes 105% of allotted space, please use smaller policy.";
    room.refused(&root, "AssumeRole", &[base[0], base[1], ("Policy", &over)], (400, "PackedPolicyTooLarge", text))
        .await;
    let malformed = (400, "MalformedPolicyDocument", "Syntax errors in policy.");
    room.refused(&root, "AssumeRole", &[base[0], base[1], ("Policy", "{}")], malformed).await;
    let padded = room.done(&root, "AssumeRole", &[base[0], base[1], ("MinimumSessionTokenSize", "4096")]).await;
    let token = member(&padded, "SessionToken").unwrap();
    assert!(token.len() >= 4_096);
    assert_eq!(member(&padded, "SessionTokenSize"), Some(token.len().to_string()));
}

#[tokio::test]
async fn tags_and_source_identity_need_the_trust_policys_word() {
    let actions = r#""Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    let all = format!(
        r#""Principal":{{"AWS":"000000000000"}},{actions},"Condition":{{"StringEqualsIfExists":{{"aws:RequestTag/team":"lamps"}}}}"#
    );
    let room = Room::open(&[WORKER, ("tagged", "AROATAGGEDTAGGEDTAGG1", &all, ALL)]).await;
    let root = Asking::root();
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "lamps"), ("SourceIdentity", "alice")];
    let tagged =
        room.assume(&root, "tagged", &[tags[0], tags[1], tags[2], ("TransitiveTagKeys.member.1", "team")]).await;
    let terms = &tagged.session.as_ref().unwrap().terms;
    assert_eq!(terms.tags, BTreeMap::from([("team".to_owned(), "lamps".to_owned())]));
    assert_eq!(terms.source_identity.as_deref(), Some("alice"));

    // What is transitive, and who stands behind it, goes on into the next session.
    let next = room.assume(&tagged, "worker", &[]).await;
    assert_eq!(next.session.as_ref().unwrap().terms.tags, terms.tags);
    assert_eq!(next.session.as_ref().unwrap().terms.source_identity, terms.source_identity);

    let refused = async |caller: &Asking, role: &str, more: &[(&str, &str)], expected: (u16, &str, &str)| {
        let role = arn(role);
        let mut parameters = vec![("RoleArn", role.as_str()), ("RoleSessionName", "test")];
        parameters.extend_from_slice(more);
        room.refused(caller, "AssumeRole", &parameters, expected).await;
    };
    let may_not = |action: &str, role: &str| {
        format!("User: {ROOT} is not authorized to perform: {action} on resource: {}", arn(role))
    };
    let text = may_not("sts:TagSession", "worker");
    refused(&root, "worker", &tags[..2], (403, "AccessDenied", &text)).await;
    let text = may_not("sts:SetSourceIdentity", "worker");
    refused(&root, "worker", &tags[2..], (403, "AccessDenied", &text)).await;
    let text = may_not("sts:AssumeRole", "tagged");
    let other = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "wicks")];
    refused(&root, "tagged", &other, (403, "AccessDenied", &text)).await;
    let conflict = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.";
    refused(&tagged, "tagged", &tags[..2], (400, "ValidationError", conflict)).await;
}

#[tokio::test]
async fn what_is_no_role() {
    let room = Room::open(&[WORKER]).await;
    let root = Asking::root();
    let parameters = [("RoleArn", "arn:aws:iam::000000000000:user/x"), ("RoleSessionName", "test")];
    let text = "arn:aws:iam::000000000000:user/x is invalid";
    room.refused(&root, "AssumeRole", &parameters, (400, "ValidationError", text)).await;
    let role = arn("worker");
    let mfa = [
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "test"),
        ("SerialNumber", "GAHT12345678"),
        ("TokenCode", "123456"),
    ];
    let (status, body) = room.ask(&root, "AssumeRole", &mfa).await;
    assert_eq!((status, member(&body, "Code").as_deref()), (403, Some("AccessDenied")), "{body}");
}
