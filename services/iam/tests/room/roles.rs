//! Roles, in AWS's words.

use percent_encoding::percent_decode_str;

use super::*;

#[tokio::test]
async fn a_role_is_made_read_and_deleted() {
    let room = Room::open().await;
    let made = room
        .done(
            "CreateRole",
            &[
                ("RoleName", "worker"),
                ("Path", "/service-role/"),
                ("AssumeRolePolicyDocument", TRUST_LAMBDA),
                ("Description", "works"),
                ("MaxSessionDuration", "7200"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "lamps"),
            ],
        )
        .await;
    let arn = "arn:aws:iam::000000000000:role/service-role/worker";
    assert_eq!(member(&made, "Arn").as_deref(), Some(arn));
    let id = member(&made, "RoleId").unwrap();
    assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    assert_eq!(member(&made, "CreateDate").as_deref(), Some("2026-01-02T03:04:05Z"));

    let read = room.done("GetRole", &[("RoleName", "worker")]).await;
    let document = member(&read, "AssumeRolePolicyDocument").unwrap();
    assert!(document.starts_with("%7B%22Version%22%3A%222012-10-17%22"), "{document}");
    assert_eq!(percent_decode_str(&document).decode_utf8().unwrap(), TRUST_LAMBDA);
    assert_eq!(member(&read, "RoleId"), Some(id));
    assert_eq!(member(&read, "MaxSessionDuration").as_deref(), Some("7200"));
    assert_eq!((member(&read, "Key"), member(&read, "Value")), (Some("team".to_owned()), Some("lamps".to_owned())));

    room.done("DeleteRole", &[("RoleName", "worker")]).await;
    let gone = (404, "NoSuchEntity", "The role with name worker cannot be found.");
    room.refused("GetRole", &[("RoleName", "worker")], gone).await;
    room.refused("DeleteRole", &[("RoleName", "worker")], gone).await;
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let room = Room::open().await;
    room.role("Worker").await;
    let create = [("RoleName", "wORKER"), ("AssumeRolePolicyDocument", TRUST_LAMBDA)];
    room.refused("CreateRole", &create, (409, "EntityAlreadyExists", "Role with name wORKER already exists.")).await;
    let gone = (404, "NoSuchEntity", "The role with name worker cannot be found.");
    room.refused("GetRole", &[("RoleName", "worker")], gone).await;
}

#[tokio::test]
async fn refusals_of_create_role() {
    let room = Room::open().await;
    let check = async |more: &[(&str, &str)], expected: (u16, &str, &str)| {
        let mut parameters = vec![("RoleName", "r")];
        parameters.extend_from_slice(more);
        room.refused("CreateRole", &parameters, expected).await;
    };
    let trust = |text: &'static str| ("AssumeRolePolicyDocument", text);
    check(&[trust("{")], (400, "MalformedPolicyDocument", "This policy contains invalid Json")).await;
    check(&[trust(ALLOW_S3)], (400, "MalformedPolicyDocument", "Missing required field Principal")).await;
    let nobody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/nobody"},"Action":"sts:AssumeRole"}]}"#;
    let text = r#"Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/nobody""#;
    check(&[trust(nobody)], (400, "MalformedPolicyDocument", text)).await;
    let boundary = ("PermissionsBoundary", "arn:aws:iam::000000000000:policy/none");
    let text = "Scope ARN: arn:aws:iam::000000000000:policy/none does not exist or is not attachable.";
    check(&[trust(TRUST_LAMBDA), boundary], (404, "NoSuchEntity", text)).await;
    let tags = [
        trust(TRUST_LAMBDA),
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", ""),
        ("Tags.member.2.Key", "A"),
        ("Tags.member.2.Value", ""),
    ];
    let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    check(&tags, (400, "InvalidInput", text)).await;
    let long = TRUST_LAMBDA.replace("lambda", &"l".repeat(2_048));
    let parameters = [("RoleName", "r"), ("AssumeRolePolicyDocument", long.as_str())];
    room.refused("CreateRole", &parameters, (409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"))
        .await;
    let (status, body) = room.ask("CreateRole", &[("RoleName", "no/slash"), trust(TRUST_LAMBDA)]).await;
    assert_eq!((status, member(&body, "Code").as_deref()), (400, Some("ValidationError")), "{body}");
    let (status, _) = room.ask("GetRole", &[("RoleName", "r")]).await;
    assert_eq!(status, 404, "nothing of all that was made");
}

#[tokio::test]
async fn a_trust_policy_may_name_a_role_that_is_there() {
    let room = Room::open().await;
    room.role("caller").await;
    let trust =
        TRUST_LAMBDA.replace(r#""Service":"lambda.amazonaws.com""#, r#""AWS":"arn:aws:iam::000000000000:role/caller""#);
    room.done("CreateRole", &[("RoleName", "called"), ("AssumeRolePolicyDocument", &trust)]).await;
}

#[tokio::test]
async fn roles_are_listed_in_pages_by_path() {
    let room = Room::open().await;
    for name in ["a", "B", "c", "d", "e"] {
        room.role(name).await;
    }
    let elsewhere = [("RoleName", "x"), ("Path", "/team/"), ("AssumeRolePolicyDocument", TRUST_LAMBDA)];
    room.done("CreateRole", &elsewhere).await;
    let first = room.done("ListRoles", &[("MaxItems", "4")]).await;
    assert_eq!(members(&first, "RoleName"), ["a", "B", "c", "d"]);
    assert_eq!(member(&first, "IsTruncated").as_deref(), Some("true"));
    let marker = member(&first, "Marker").unwrap();
    let second = room.done("ListRoles", &[("MaxItems", "4"), ("Marker", &marker)]).await;
    assert_eq!(members(&second, "RoleName"), ["e", "x"]);
    assert_eq!((member(&second, "IsTruncated").as_deref(), member(&second, "Marker")), (Some("false"), None));
    let team = room.done("ListRoles", &[("PathPrefix", "/team")]).await;
    assert_eq!(members(&team, "RoleName"), ["x"]);
}

#[tokio::test]
async fn managed_policies_hang_on_roles() {
    let room = Room::open().await;
    room.role("worker").await;
    let attach = [("RoleName", "worker"), ("PolicyArn", BASIC)];
    room.done("AttachRolePolicy", &attach).await;
    room.done("AttachRolePolicy", &attach).await;
    let listed = room.done("ListAttachedRolePolicies", &[("RoleName", "worker")]).await;
    assert_eq!(members(&listed, "PolicyArn"), [BASIC]);
    assert_eq!(members(&listed, "PolicyName"), ["AWSLambdaBasicExecutionRole"]);
    let none = room.done("ListAttachedRolePolicies", &[("RoleName", "worker"), ("PathPrefix", "/mine/")]).await;
    assert_eq!(members(&none, "PolicyArn"), [""; 0]);
    let conflict = (409, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
    room.refused("DeleteRole", &[("RoleName", "worker")], conflict).await;
    let none = "arn:aws:iam::aws:policy/NoSuchPolicy";
    let text = format!("Policy {none} does not exist or is not attachable.");
    let parameters = [("RoleName", "worker"), ("PolicyArn", none)];
    room.refused("AttachRolePolicy", &parameters, (404, "NoSuchEntity", &text)).await;
    let foreign = [("RoleName", "worker"), ("PolicyArn", "arn:aws:iam::111111111111:policy/theirs")];
    let text = "Policy arn:aws:iam::111111111111:policy/theirs does not exist or is not attachable.";
    room.refused("AttachRolePolicy", &foreign, (404, "NoSuchEntity", text)).await;
    let nonsense = [("RoleName", "worker"), ("PolicyArn", "AWSLambdaBasicExecutionRole")];
    room.refused("AttachRolePolicy", &nonsense, (400, "InvalidInput", "ARN AWSLambdaBasicExecutionRole is not valid."))
        .await;
    room.done("DetachRolePolicy", &attach).await;
    room.refused("DetachRolePolicy", &attach, (404, "NoSuchEntity", &format!("Policy {BASIC} was not found."))).await;
    room.done("DeleteRole", &[("RoleName", "worker")]).await;
}

#[tokio::test]
async fn ten_managed_policies_are_enough() {
    let room = Room::open().await;
    room.role("worker").await;
    let listed = room.done("ListPolicies", &[("Scope", "AWS"), ("MaxItems", "11")]).await;
    let arns = members(&listed, "Arn");
    for arn in &arns[..10] {
        room.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", arn)]).await;
    }
    let eleventh = [("RoleName", "worker"), ("PolicyArn", arns[10].as_str())];
    room.refused("AttachRolePolicy", &eleventh, (409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"))
        .await;
}

#[tokio::test]
async fn inline_policies_are_written_into_roles() {
    let room = Room::open().await;
    room.role("worker").await;
    let put = [("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_S3)];
    room.done("PutRolePolicy", &put).await;
    let read = room.done("GetRolePolicy", &put[..2]).await;
    let document = member(&read, "PolicyDocument").unwrap();
    assert_eq!(percent_decode_str(&document).decode_utf8().unwrap(), ALLOW_S3);
    let listed = room.done("ListRolePolicies", &[("RoleName", "worker")]).await;
    assert_eq!(members(&listed, "member"), ["p"]);
    let conflict = (409, "DeleteConflict", "Cannot delete entity, must delete policies first.");
    room.refused("DeleteRole", &[("RoleName", "worker")], conflict).await;
    let malformed = [("RoleName", "worker"), ("PolicyName", "p"), ("PolicyDocument", "{}")];
    room.refused("PutRolePolicy", &malformed, (400, "MalformedPolicyDocument", "Syntax errors in policy.")).await;
    let long = ALLOW_S3.replace("s3:*", &format!("s3:{}", "x".repeat(10_240)));
    let too_large = [("RoleName", "worker"), ("PolicyName", "q"), ("PolicyDocument", long.as_str())];
    let text = "Maximum policy size of 10240 bytes exceeded for role worker";
    room.refused("PutRolePolicy", &too_large, (409, "LimitExceeded", text)).await;
    let other = [("RoleName", "worker"), ("PolicyName", "q")];
    let text = "The role policy with name q cannot be found.";
    room.refused("GetRolePolicy", &other, (404, "NoSuchEntity", text)).await;
    room.refused("DeleteRolePolicy", &other, (404, "NoSuchEntity", text)).await;
    room.done("DeleteRolePolicy", &put[..2]).await;
    room.done("DeleteRole", &[("RoleName", "worker")]).await;
}

#[tokio::test]
async fn a_role_changes() {
    let room = Room::open().await;
    room.role("worker").await;
    let one = [("RoleName", "worker")];
    room.done("UpdateRole", &[one[0], ("Description", "new"), ("MaxSessionDuration", "43200")]).await;
    let trust = TRUST_LAMBDA.replace("lambda", "events");
    room.done("UpdateAssumeRolePolicy", &[one[0], ("PolicyDocument", &trust)]).await;
    let tags = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1")];
    room.done("TagRole", &[one[0], tags[0], tags[1], ("Tags.member.2.Key", "b"), ("Tags.member.2.Value", "2")]).await;
    room.done("TagRole", &[one[0], ("Tags.member.1.Key", "A"), ("Tags.member.1.Value", "3")]).await;
    room.done("UntagRole", &[one[0], ("TagKeys.member.1", "B")]).await;
    room.done("PutRolePermissionsBoundary", &[one[0], ("PermissionsBoundary", BASIC)]).await;
    let read = room.done("GetRole", &one).await;
    assert_eq!(member(&read, "Description").as_deref(), Some("new"));
    assert_eq!(member(&read, "MaxSessionDuration").as_deref(), Some("43200"));
    assert_eq!(member(&read, "PermissionsBoundaryArn").as_deref(), Some(BASIC));
    assert!(
        percent_decode_str(&member(&read, "AssumeRolePolicyDocument").unwrap())
            .decode_utf8()
            .unwrap()
            .contains("events")
    );
    let listed = room.done("ListRoleTags", &one).await;
    assert_eq!((members(&listed, "Key"), members(&listed, "Value")), (vec!["A".to_owned()], vec!["3".to_owned()]));
    room.done("DeleteRolePermissionsBoundary", &one).await;
    let read = room.done("GetRole", &one).await;
    assert_eq!(member(&read, "PermissionsBoundaryArn"), None);
    let profiles = room.done("ListInstanceProfilesForRole", &one).await;
    assert_eq!(member(&profiles, "IsTruncated").as_deref(), Some("false"));
}

#[tokio::test]
async fn two_who_change_one_role_both_succeed() {
    let room = Room::open().await;
    room.role("worker").await;
    let attach = async |arn: &str| room.done("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", arn)]).await;
    let arns: Vec<String> = members(&room.done("ListPolicies", &[("Scope", "AWS"), ("MaxItems", "8")]).await, "Arn");
    futures::future::join_all(arns.iter().map(|arn| attach(arn))).await;
    let listed = room.done("ListAttachedRolePolicies", &[("RoleName", "worker")]).await;
    assert_eq!(members(&listed, "PolicyArn").len(), 8);
}
