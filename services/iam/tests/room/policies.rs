//! Managed policies, AWS's and one's own.

use percent_encoding::percent_decode_str;

use super::*;

const MINE: &str = "arn:aws:iam::000000000000:policy/team/mine";

async fn create(room: &Room) {
    let parameters = [("PolicyName", "mine"), ("Path", "/team/"), ("PolicyDocument", ALLOW_S3), ("Description", "d")];
    let made = room.done("CreatePolicy", &parameters).await;
    assert_eq!(member(&made, "Arn").as_deref(), Some(MINE));
    assert!(member(&made, "PolicyId").unwrap().starts_with("ANPA"));
}

#[tokio::test]
async fn awss_own_policies_are_there() {
    let room = Room::open().await;
    let read = room.done("GetPolicy", &[("PolicyArn", BASIC)]).await;
    assert_eq!(member(&read, "PolicyName").as_deref(), Some("AWSLambdaBasicExecutionRole"));
    assert_eq!(member(&read, "Path").as_deref(), Some("/service-role/"));
    assert_eq!(member(&read, "AttachmentCount").as_deref(), Some("0"));
    assert_eq!(member(&read, "CreateDate").as_deref(), Some("2015-04-09T15:03:43Z"));
    let version = room.done("GetPolicyVersion", &[("PolicyArn", BASIC), ("VersionId", "v1")]).await;
    let document = member(&version, "Document").unwrap();
    let document = percent_decode_str(&document).decode_utf8().unwrap();
    assert!(document.contains("\"logs:CreateLogGroup\""), "{document}");
    let text = format!("Policy {BASIC} version v9 does not exist or is not attachable.");
    let ninth = [("PolicyArn", BASIC), ("VersionId", "v9")];
    room.refused("GetPolicyVersion", &ninth, (404, "NoSuchEntity", &text)).await;
    let text = format!(
        "User: arn:aws:iam::000000000000:root is not authorized to perform: iam:DeletePolicy on resource: policy {BASIC}"
    );
    room.refused("DeletePolicy", &[("PolicyArn", BASIC)], (403, "AccessDenied", &text)).await;
}

#[tokio::test]
async fn a_policy_of_ones_own() {
    let room = Room::open().await;
    create(&room).await;
    let again = [("PolicyName", "Mine"), ("PolicyDocument", ALLOW_S3)];
    let text = "A policy called Mine already exists. Duplicate names are not allowed.";
    room.refused("CreatePolicy", &again, (409, "EntityAlreadyExists", text)).await;
    room.role("worker").await;
    room.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", MINE)]).await;
    let read = room.done("GetPolicy", &[("PolicyArn", MINE)]).await;
    assert_eq!(member(&read, "AttachmentCount").as_deref(), Some("1"));
    assert_eq!(member(&read, "Description").as_deref(), Some("d"));
    let conflict = (409, "DeleteConflict", "Cannot delete a policy attached to entities.");
    room.refused("DeletePolicy", &[("PolicyArn", MINE)], conflict).await;
    let users = room.done("ListEntitiesForPolicy", &[("PolicyArn", MINE)]).await;
    assert_eq!(members(&users, "RoleName"), ["worker"]);
    let users = room.done("ListEntitiesForPolicy", &[("PolicyArn", MINE), ("EntityFilter", "Group")]).await;
    assert_eq!(members(&users, "RoleName"), [""; 0]);
    room.done("DetachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", MINE)]).await;
    room.done("DeletePolicy", &[("PolicyArn", MINE)]).await;
    let gone = format!("Policy {MINE} was not found.");
    room.refused("GetPolicy", &[("PolicyArn", MINE)], (404, "NoSuchEntity", &gone)).await;
}

#[tokio::test]
async fn policies_are_listed_by_owner_and_use() {
    let room = Room::open().await;
    create(&room).await;
    room.role("worker").await;
    room.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", BASIC)]).await;
    let arns = async |parameters: &[(&str, &str)]| members(&room.done("ListPolicies", parameters).await, "Arn");
    assert_eq!(arns(&[("Scope", "Local")]).await, [MINE]);
    assert_eq!(arns(&[("OnlyAttached", "true")]).await, [BASIC]);
    assert_eq!(arns(&[("PathPrefix", "/team/")]).await, [MINE]);
    assert!(arns(&[("Scope", "AWS"), ("MaxItems", "1000")]).await.contains(&BASIC.to_owned()));
    let (mut marker, mut seen) = (None::<String>, 0);
    loop {
        let mut parameters = vec![("MaxItems", "10")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = room.done("ListPolicies", &parameters).await;
        seen += members(&page, "Arn").len();
        marker = member(&page, "Marker");
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, arns(&[("MaxItems", "1000")]).await.len());
}

#[tokio::test]
async fn versions_come_and_go() {
    let room = Room::open().await;
    create(&room).await;
    let arn = ("PolicyArn", MINE);
    let sqs = ALLOW_S3.replace("s3", "sqs");
    for _ in 0..4 {
        room.done("CreatePolicyVersion", &[arn, ("PolicyDocument", &sqs)]).await;
    }
    let text = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
    let sixth = [arn, ("PolicyDocument", sqs.as_str())];
    room.refused("CreatePolicyVersion", &sixth, (409, "LimitExceeded", text)).await;
    let listed = room.done("ListPolicyVersions", &[arn]).await;
    assert_eq!(members(&listed, "VersionId"), ["v5", "v4", "v3", "v2", "v1"]);
    assert_eq!(members(&listed, "IsDefaultVersion"), ["false", "false", "false", "false", "true"]);
    let in_force = (409, "DeleteConflict", "Cannot delete the default version of a policy.");
    room.refused("DeletePolicyVersion", &[arn, ("VersionId", "v1")], in_force).await;
    room.done("SetDefaultPolicyVersion", &[arn, ("VersionId", "v5")]).await;
    room.done("DeletePolicyVersion", &[arn, ("VersionId", "v1")]).await;
    let made = room.done("CreatePolicyVersion", &[arn, ("PolicyDocument", &sqs), ("SetAsDefault", "true")]).await;
    assert_eq!(
        (member(&made, "VersionId").as_deref(), member(&made, "IsDefaultVersion").as_deref()),
        (Some("v6"), Some("true"))
    );
    let text = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";
    room.refused("DeletePolicy", &[arn], (409, "DeleteConflict", text)).await;
}

#[tokio::test]
async fn refusals_of_create_policy() {
    let room = Room::open().await;
    let check = async |document: &str, expected: (u16, &str, &str)| {
        room.refused("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", document)], expected).await;
    };
    let malformed = |text: &'static str| (400, "MalformedPolicyDocument", text);
    check("x", malformed("Syntax errors in policy.")).await;
    let old = ALLOW_S3.replace("2012-10-17", "2008-10-17");
    check(&old, malformed("Policy document must be version 2012-10-17 or greater.")).await;
    check(TRUST_LAMBDA, malformed("Policy document should not specify a principal.")).await;
    let long = ALLOW_S3.replace("s3:*", &format!("s3:{}", "x".repeat(6_144)));
    check(&long, (409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")).await;
}
