//! Which documents are refused, and in which words.

use super::*;
use crate::policy::NamedPrincipal;

#[track_caller]
fn check(kind: Kind, text: &str, expected: &str) {
    let got = match Policy::parse(text, kind) {
        Ok(_) => "good".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(got, expected, "{text}");
}

/// The statement's members of a document of version 2012-10-17.
fn statement(members: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{members}}}]}}"#)
}

const SYNTAX: &str = "Syntax errors in policy.";

#[test]
fn permission_policies() {
    let managed = |members: &str, expected: &str| check(Kind::Managed, &statement(members), expected);
    managed(r#""Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*""#, "good");
    managed(r#""Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b"],"Condition":{}"#, "good");
    managed(r#""Effect":"Allow","Action":"s3:*""#, "Policy statement must contain resources.");
    managed(r#""Effect":"Allow","Action":"s3:*","Resource":[]"#, "Policy statement must contain resources.");
    managed(r#""Effect":"Allow","Resource":"*""#, "Policy statement must contain actions.");
    managed(
        r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*""#,
        "Policy document should not specify a principal.",
    );
    managed(
        r#""Effect":"Allow","Action":"GetObject","Resource":"*""#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    );
    managed(
        r#""Effect":"Allow","Action":"s3:Get:Object","Resource":"*""#,
        "Actions/Condition can contain only one colon.",
    );
    managed(r#""Effect":"Allow","Action":"s 3:Get","Resource":"*""#, "Vendor s 3 is not valid");
    managed(
        r#""Effect":"Allow","Action":"s3:*","Resource":"bucket""#,
        r#"Resource bucket must be in ARN format or "*"."#,
    );
    managed(
        r#""Effect":"Allow","Action":"s3:*","Resource":"arn:error:s3:::b""#,
        r#"Partition "error" is not valid for resource "arn:error:s3:::b"."#,
    );
    managed(
        r#""Effect":"Allow","Action":"s3:*","Resource":"arn:error:s3""#,
        r#"Partition "error" is not valid for resource "arn:error:s3:*:*:*"."#,
    );
    managed(
        r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws""#,
        "Resource vendor must be fully qualified and cannot contain regexes.",
    );
    managed(r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3::b""#, "The policy failed legacy parsing");
    managed(r#""Effect":"allow","Action":"s3:*","Resource":"*""#, "The policy failed legacy parsing");
    managed(r#""Effect":"Maybe","Action":"s3:*","Resource":"*""#, SYNTAX);
    managed(r#""Action":"s3:*","Resource":"*""#, SYNTAX);
    managed(r#""Effect":"Allow","Action":"s3:*","NotAction":"iam:*","Resource":"*""#, SYNTAX);
    managed(r#""Effect":"Allow","Effect":"Deny","Action":"s3:*","Resource":"*""#, SYNTAX);
    managed(r#""Effect":"Allow","Action":"s3:*","Resource":"*","Color":"red""#, SYNTAX);
    managed(r#""Effect":"Allow","Action":{"s3":"*"},"Resource":"*""#, SYNTAX);
}

#[test]
fn documents() {
    let plain = r#""Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    check(Kind::Managed, &format!(r#"{{"Version":"2012-10-17","Id":"x",{plain}}}"#), "good");
    check(Kind::Managed, &format!("{{{plain}}}"), "Policy document must be version 2012-10-17 or greater.");
    check(Kind::Inline, &format!("{{{plain}}}"), "good");
    check(
        Kind::Managed,
        &format!(r#"{{"Version":"2008-10-17",{plain}}}"#),
        "Policy document must be version 2012-10-17 or greater.",
    );
    check(Kind::Inline, &format!(r#"{{"Version":"2008-10-17",{plain}}}"#), "good");
    check(Kind::Inline, &format!(r#"{{"Version":"2020-01-01",{plain}}}"#), SYNTAX);
    check(Kind::Inline, r#"{"Version":"2012-10-17"}"#, SYNTAX);
    check(Kind::Inline, r#"{"Version":"2012-10-17","Statement":[]}"#, SYNTAX);
    check(Kind::Inline, r#"{"Version":"2012-10-17","Statement":"all"}"#, SYNTAX);
    check(Kind::Inline, "[]", SYNTAX);
    check(Kind::Inline, "", SYNTAX);
    check(Kind::Inline, "{", SYNTAX);
    let twice = r#"{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    check(
        Kind::Inline,
        &format!(r#"{{"Version":"2012-10-17","Statement":[{twice},{twice}]}}"#),
        "Statement IDs (SID) in a single policy must be unique.",
    );
}

#[test]
fn conditions() {
    let with = |condition: &str, expected: &str| {
        let members = format!(r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{condition}"#);
        check(Kind::Inline, &statement(&members), expected);
    };
    with(r#"{"StringEquals":{"aws:x":["a","b"]},"Bool":{"aws:y":true}}"#, "good");
    with(r#"{"ForAnyValue:StringLikeIfExists":{"aws:x":"a"}}"#, "good");
    with(r#"{"StringIs":{"aws:x":"a"}}"#, SYNTAX);
    with(r#"{"ForSome:StringEquals":{"aws:x":"a"}}"#, SYNTAX);
    with(r#"{"NumericEquals":{"aws:x":"many"}}"#, SYNTAX);
    with(r#"{"DateLessThan":{"aws:x":"tomorrow"}}"#, SYNTAX);
    with(r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}"#, SYNTAX);
    with(r#"{"Bool":{"aws:x":"perhaps"}}"#, SYNTAX);
    with(r#"{"StringEquals":{"aws:x":{"a":"b"}}}"#, SYNTAX);
    with(r#"{"StringEquals":"a"}"#, SYNTAX);
    with(r#"{"StringEquals":{"aws:x":"${aws:username"}}"#, SYNTAX);
    with(r#"{"ArnLike":{"aws:x":"arn:aws:s3"}}"#, "good");
}

#[test]
fn trust_policies() {
    let trust = |members: &str, expected: &str| check(Kind::Trust, &statement(members), expected);
    trust(r#""Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole""#, "good");
    trust(
        r#""Effect":"Allow","Principal":{"AWS":["000000000000","arn:aws:iam::111111111111:role/a/b","*"]},
           "Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":"x"}}"#,
        "good",
    );
    trust(r#""Effect":"Allow","Action":"sts:AssumeRole""#, "Missing required field Principal");
    trust(
        r#""Effect":"Allow","Principal":{},"Action":"sts:AssumeRole""#,
        "Missing required field Principal cannot be empty!",
    );
    trust(r#""Effect":"Allow","Principal":{"AWS":"*"}"#, "Missing required field Action");
    trust(r#""Principal":{"AWS":"*"},"Action":"sts:AssumeRole""#, "Missing required field Effect");
    trust(r#""Effect":"Maybe","Principal":{"AWS":"*"},"Action":"sts:AssumeRole""#, "Invalid effect: Maybe");
    trust(
        r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":"*""#,
        "AssumeRole policy may only specify STS AssumeRole actions.",
    );
    trust(
        r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*""#,
        "Has prohibited field Resource",
    );
    trust(
        r#""Effect":"Deny","NotPrincipal":{"AWS":"000000000000"},"Action":"sts:AssumeRole""#,
        "AssumeRole policy must not contain NotPrincipal field.",
    );
    let principal = |principal: &str, expected: &str| {
        trust(&format!(r#""Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole""#), expected);
    };
    principal(r#"{"AWS":"arn:aws:iam::1:role/x"}"#, r#"Invalid principal in policy: "AWS":"arn:aws:iam::1:role/x""#);
    principal(
        r#"{"AWS":"arn:aws:iam::000000000000:role/*"}"#,
        r#"Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:role/*""#,
    );
    principal(r#"{"Service":"lambda"}"#, r#"Invalid principal in policy: "SERVICE":"lambda""#);
    principal(r#"{"Person":"me"}"#, r#"Invalid principal in policy: "Person""#);
    principal(r#""me""#, r#"Invalid principal in policy: "me""#);
    check(Kind::Trust, "{", "This policy contains invalid Json");
    check(Kind::Trust, r#"{"Version":"1","Statement":[]}"#, "The policy must contain a valid version string");
    check(Kind::Trust, r#"{"Version":"2012-10-17","Statement":[]}"#, "Could not parse the policy: Statement is empty!");
}

#[test]
fn named_principals_can_be_looked_up() {
    let text = statement(
        r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com",
           "AWS":["arn:aws:iam::000000000000:role/a/b","arn:aws:iam::000000000000:user/u","000000000000"]}"#,
    );
    let policy = Policy::parse(&text, Kind::Trust).unwrap();
    let account = "000000000000".parse().unwrap();
    let expected = [
        NamedPrincipal::Role { account: &account, name: "b", arn: "arn:aws:iam::000000000000:role/a/b" },
        NamedPrincipal::User { account: &account, arn: "arn:aws:iam::000000000000:user/u" },
    ];
    assert_eq!(policy.named_principals().collect::<Vec<_>>(), expected);
}
