//! Actions, resources, wildcards and variables.

use super::*;

/// Whether `{Allow, action, resource}` of version `version` lets `worker` do `asked` on `on`.
fn allows_in(version: &str, action: &str, resource: &str, asked: &str, on: &str) -> bool {
    let text = format!(
        r#"{{"Version":"{version}","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
    );
    let context = Context::new().with("aws:RequestedRegion", "eu-west-1").with_all("aws:TagKeys", vec!["a".into()]);
    decide(&[&inline(&text)], asked, on, &context).is_allowed()
}

#[track_caller]
fn check_action(pattern: &str, asked: &str, expected: bool) {
    assert_eq!(allows_in("2012-10-17", pattern, "*", asked, FUNCTION), expected, "{pattern} on {asked}");
}

#[track_caller]
fn check_resource(pattern: &str, on: &str, expected: bool) {
    assert_eq!(allows_in("2012-10-17", "*", pattern, "lambda:GetFunction", on), expected, "{pattern} on {on}");
}

#[test]
fn actions_match_without_case_and_with_wildcards() {
    check_action("lambda:InvokeFunction", "lambda:InvokeFunction", true);
    check_action("LAMBDA:invokefunction", "lambda:InvokeFunction", true);
    check_action("lambda:*", "lambda:InvokeFunction", true);
    check_action("*", "lambda:InvokeFunction", true);
    check_action("*:Invoke*", "lambda:InvokeFunction", true);
    check_action("lambda:Invoke??nction", "lambda:InvokeFunction", true);
    check_action("lambda:Invoke?nction", "lambda:InvokeFunction", false);
    check_action("lambda:Invoke", "lambda:InvokeFunction", false);
    check_action("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", false);
    check_action("s3:*", "lambda:InvokeFunction", false);
}

#[test]
fn resources_match_with_case_and_across_colons() {
    check_resource("*", "*", true);
    check_resource(FUNCTION, FUNCTION, true);
    check_resource("arn:aws:lambda:us-east-1:000000000000:function:Hello", FUNCTION, false);
    check_resource("arn:aws:lambda:*:*:function:*", FUNCTION, true);
    check_resource("arn:aws:lambda:*:function:hello", FUNCTION, true);
    check_resource("arn:aws:lambda:us-east-1:000000000000:function:*", &format!("{FUNCTION}:live"), true);
    check_resource(FUNCTION, &format!("{FUNCTION}:live"), false);
    check_resource("arn:aws:lambda:us-east-1:000000000000:function:h?llo", FUNCTION, true);
    check_resource("arn:aws:lambda:us-east-1:000000000000:function:hell", FUNCTION, false);
    check_resource(FUNCTION, "*", false);
}

#[test]
fn a_star_may_stand_for_nothing_and_for_much() {
    check_resource("arn:aws:s3:::b/*a*b*", "arn:aws:s3:::b/ab", true);
    check_resource("arn:aws:s3:::b/*a*b*", "arn:aws:s3:::b/xxaxxaxbxx", true);
    check_resource("arn:aws:s3:::b/*a*b", "arn:aws:s3:::b/xxaxxaxbxx", false);
    check_resource("arn:aws:s3:::b/*.log", "arn:aws:s3:::b/2026/x.log.log", true);
}

#[test]
fn a_question_mark_is_one_character_however_many_bytes() {
    check_resource("arn:aws:s3:::b/?", "arn:aws:s3:::b/ß", true);
    check_resource("arn:aws:s3:::b/??", "arn:aws:s3:::b/ß", false);
    check_resource("arn:aws:s3:::b/*?x", "arn:aws:s3:::b/日本x", true);
}

#[test]
fn a_pattern_made_to_be_slow_is_not() {
    let pattern = format!("arn:aws:s3:::b/{}b", "*a".repeat(60));
    check_resource(&pattern, &format!("arn:aws:s3:::b/{}", "a".repeat(20_000)), false);
}

#[test]
fn variables_stand_for_the_requests_values() {
    check_resource("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "arn:aws:s3:::b/lamps/x", true);
    check_resource("arn:aws:s3:::b/${aws:principaltag/TEAM}/*", "arn:aws:s3:::b/lamps/x", true);
    check_resource("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "arn:aws:s3:::b/lampshades/x", false);
    check_resource("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/AROAEXAMPLEEXAMPLE123:hello", true);
    check_resource("arn:aws:s3:::b/${aws:RequestedRegion}", "arn:aws:s3:::b/eu-west-1", true);
    check_resource("arn:aws:s3:::b/${aws:PrincipalTag/none, 'all'}", "arn:aws:s3:::b/all", true);
}

#[test]
fn a_variable_without_one_value_matches_nothing() {
    check_resource("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/", false);
    check_resource("arn:aws:s3:::b/${aws:username}*", "arn:aws:s3:::b/x", false);
    check_resource("arn:aws:s3:::b/${aws:TagKeys}", "arn:aws:s3:::b/a", false);
}

#[test]
fn wildcards_can_be_meant_literally() {
    check_resource("arn:aws:s3:::b/${*}${?}${$}", "arn:aws:s3:::b/*?$", true);
    check_resource("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false);
}

#[test]
fn the_older_version_has_no_variables() {
    let team = "arn:aws:s3:::b/${aws:PrincipalTag/team}";
    assert!(!allows_in("2008-10-17", "*", team, "s3:GetObject", "arn:aws:s3:::b/lamps"));
    assert!(allows_in("2008-10-17", "*", team, "s3:GetObject", team));
}

#[test]
fn everything_but_is_everything_but() {
    let context = Context::new();
    let policy = inline(
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","NotAction":["iam:*","sts:*"],"NotResource":"arn:aws:s3:::secret/*"}]}"#,
    );
    let ask = |action, on| decide(&[&policy], action, on, &context).is_allowed();
    assert!(ask("s3:GetObject", "arn:aws:s3:::open/x"));
    assert!(!ask("s3:GetObject", "arn:aws:s3:::secret/x"));
    assert!(!ask("iam:GetRole", "*"));
}
