//! Who may do what, as the edge and others ask.

use lanthorn_iam::Untrusting;
use lanthorn_model::policy::{self, Decision, Layer, Request};

use super::*;

fn session_of(role_id: &str) -> Principal {
    Principal::AssumedRole {
        account: account(),
        role_name: "worker".into(),
        role_id: role_id.into(),
        session_name: "hello".into(),
    }
}

fn decide(room: &Room, principal: &Principal, action: &str, on: &str) -> Decision {
    room.iam.authorize(&Request::new(principal, action, on, &policy::Context::new()))
}

const LOGS: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/hello:*";

#[tokio::test]
async fn a_session_may_what_its_role_may() {
    let room = Room::open().await;
    let id = member(&room.role("worker").await, "RoleId").unwrap();
    let session = session_of(&id);
    let missing = Decision::DeniedImplicitly(Layer::Identity);
    assert_eq!(decide(&room, &session, "logs:PutLogEvents", LOGS), missing);
    room.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", BASIC)]).await;
    assert_eq!(decide(&room, &session, "logs:PutLogEvents", LOGS), Decision::Allowed);
    assert_eq!(decide(&room, &session, "s3:GetObject", "arn:aws:s3:::b/k"), missing);
    room.done("PutRolePolicy", &[("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)]).await;
    assert_eq!(decide(&room, &session, "s3:GetObject", "arn:aws:s3:::b/k"), Decision::Allowed);
    room.done("PutRolePermissionsBoundary", &[("RoleName", "worker"), ("PermissionsBoundary", BASIC)]).await;
    assert_eq!(
        decide(&room, &session, "s3:GetObject", "arn:aws:s3:::b/k"),
        Decision::DeniedImplicitly(Layer::Boundary)
    );
    assert_eq!(decide(&room, &session, "logs:PutLogEvents", LOGS), Decision::Allowed);
}

#[tokio::test]
async fn a_policys_new_version_counts_at_once() {
    let room = Room::open().await;
    let id = member(&room.role("worker").await, "RoleId").unwrap();
    room.done("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)]).await;
    let arn = ("PolicyArn", "arn:aws:iam::000000000000:policy/p");
    room.done("AttachRolePolicy", &[("RoleName", "worker"), arn]).await;
    assert!(decide(&room, &session_of(&id), "s3:GetObject", "*").is_allowed());
    let sqs = ALLOW_S3.replace("s3", "sqs");
    room.done("CreatePolicyVersion", &[arn, ("PolicyDocument", &sqs), ("SetAsDefault", "true")]).await;
    assert!(!decide(&room, &session_of(&id), "s3:GetObject", "*").is_allowed());
    assert!(decide(&room, &session_of(&id), "sqs:SendMessage", "*").is_allowed());
}

#[tokio::test]
async fn a_session_dies_with_its_role() {
    let room = Room::open().await;
    let id = member(&room.role("worker").await, "RoleId").unwrap();
    room.done("PutRolePolicy", &[("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)]).await;
    assert!(decide(&room, &session_of(&id), "s3:GetObject", "*").is_allowed());
    room.done("DeleteRolePolicy", &[("RoleName", "worker"), ("PolicyName", "p")]).await;
    room.done("DeleteRole", &[("RoleName", "worker")]).await;
    assert!(!decide(&room, &session_of(&id), "s3:GetObject", "*").is_allowed());
    room.role("worker").await;
    room.done("PutRolePolicy", &[("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)]).await;
    assert!(!decide(&room, &session_of(&id), "s3:GetObject", "*").is_allowed(), "the new role is another one");
}

#[tokio::test]
async fn the_root_user_may_all_in_its_account() {
    let room = Room::open().await;
    let root = Principal::Root { account: account() };
    assert_eq!(decide(&room, &root, "s3:GetObject", "*"), Decision::Allowed);
    let elsewhere = "arn:aws:lambda:us-east-1:111111111111:function:f";
    assert_eq!(decide(&room, &root, "lambda:InvokeFunction", elsewhere), Decision::DeniedImplicitly(Layer::Resource));
    let nobody = Decision::DeniedImplicitly(Layer::Resource);
    assert_eq!(decide(&room, &Principal::Anonymous, "s3:GetObject", "*"), nobody);
}

#[tokio::test]
async fn lambda_is_trusted_where_the_trust_policy_says_so() {
    let room = Room::open().await;
    room.role("worker").await;
    let arn = |text: &str| text.parse().unwrap();
    let worker = arn("arn:aws:iam::000000000000:role/worker");
    assert_eq!(room.iam.trusts(&worker, "lambda.amazonaws.com"), Ok(()));
    assert_eq!(room.iam.trusts(&worker, "events.amazonaws.com"), Err(Untrusting::NotTrusted));
    let other_path = arn("arn:aws:iam::000000000000:role/team/worker");
    assert_eq!(room.iam.trusts(&other_path, "lambda.amazonaws.com"), Err(Untrusting::NoSuchRole));
    let other_account = arn("arn:aws:iam::111111111111:role/worker");
    assert_eq!(room.iam.trusts(&other_account, "lambda.amazonaws.com"), Err(Untrusting::NoSuchRole));
    let here_alone = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}]}"#;
    room.done("UpdateAssumeRolePolicy", &[("RoleName", "worker"), ("PolicyDocument", here_alone)]).await;
    assert_eq!(room.iam.trusts(&worker, "lambda.amazonaws.com"), Ok(()));
}

#[tokio::test]
async fn operations_are_about_arns() {
    let room = Room::open().await;
    room.done("CreateRole", &[("RoleName", "worker"), ("Path", "/team/"), ("AssumeRolePolicyDocument", TRUST_LAMBDA)])
        .await;
    let check = |operation: &str, parameters: &[(&str, &str)], expected: &str| {
        let find = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(room.iam.resource(operation, &account(), &find), expected, "{operation}");
    };
    check("GetRole", &[("RoleName", "worker")], "arn:aws:iam::000000000000:role/team/worker");
    check("GetRole", &[("RoleName", "none")], "arn:aws:iam::000000000000:role/none");
    check("CreateRole", &[("RoleName", "new"), ("Path", "/a/")], "arn:aws:iam::000000000000:role/a/new");
    check("CreatePolicy", &[("PolicyName", "new"), ("Path", "/a/")], "arn:aws:iam::000000000000:policy/a/new");
    check(
        "AttachRolePolicy",
        &[("RoleName", "worker"), ("PolicyArn", BASIC)],
        "arn:aws:iam::000000000000:role/team/worker",
    );
    check("GetPolicy", &[("PolicyArn", BASIC)], BASIC);
    check("ListRoles", &[], "*");
    check("ListRoles", &[("PathPrefix", "/a/")], "*");
}
