//! Operators, keys that are not there, and sets.

use std::net::IpAddr;

use super::*;

/// Whether a condition `{operator: {key: value}}` holds in `context`; all three as JSON.
#[track_caller]
fn check(condition: &str, context: &Context, expected: bool) {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":
            {{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}}}"#
    );
    let decision = decide(&[&inline(&text)], "lambda:InvokeFunction", FUNCTION, context);
    assert_eq!(decision.is_allowed(), expected, "{condition} in {context:?}");
}

fn given(value: &'static str) -> Context {
    Context::new().with("x:key", value)
}

fn set(values: &[&str]) -> Context {
    Context::new().with_all("x:key", values.iter().map(|&value| value.to_owned()).collect())
}

#[test]
fn strings() {
    check(r#"{"StringEquals":{"x:key":"a"}}"#, &given("a"), true);
    check(r#"{"StringEquals":{"X:KEY":["b","a"]}}"#, &given("a"), true);
    check(r#"{"StringEquals":{"x:key":"a*"}}"#, &given("ab"), false);
    check(r#"{"StringEquals":{"x:key":"A"}}"#, &given("a"), false);
    check(r#"{"StringEqualsIgnoreCase":{"x:key":"A"}}"#, &given("a"), true);
    check(r#"{"StringLike":{"x:key":"a*"}}"#, &given("ab"), true);
    check(r#"{"StringNotLike":{"x:key":"a*"}}"#, &given("ab"), false);
    check(r#"{"StringNotEquals":{"x:key":["a","b"]}}"#, &given("b"), false);
    check(r#"{"StringNotEquals":{"x:key":["a","b"]}}"#, &given("c"), true);
    check(r#"{"StringNotEqualsIgnoreCase":{"x:key":"A"}}"#, &given("a"), false);
    check(r#"{"StringEquals":{"x:key":"${aws:PrincipalTag/team}"}}"#, &given("lamps"), true);
}

#[test]
fn numbers_dates_booleans_bytes() {
    check(r#"{"NumericLessThan":{"x:key":"10"}}"#, &given("9.5"), true);
    check(r#"{"NumericLessThan":{"x:key":10}}"#, &given("10"), false);
    check(r#"{"NumericLessThanEquals":{"x:key":10}}"#, &given("10"), true);
    check(r#"{"NumericGreaterThan":{"x:key":10}}"#, &given("11"), true);
    check(r#"{"NumericGreaterThanEquals":{"x:key":10}}"#, &given("9"), false);
    check(r#"{"NumericEquals":{"x:key":[1,10]}}"#, &given("10.0"), true);
    check(r#"{"NumericNotEquals":{"x:key":[1,10]}}"#, &given("10"), false);
    check(r#"{"NumericEquals":{"x:key":10}}"#, &given("ten"), false);
    check(r#"{"Bool":{"x:key":true}}"#, &given("True"), true);
    check(r#"{"Bool":{"x:key":"false"}}"#, &given("true"), false);
    check(r#"{"BinaryEquals":{"x:key":"QUJD"}}"#, &given("QUJD"), true);
    let new_year = Context::new().at("2026-01-01T00:00:00Z".parse().unwrap());
    check(r#"{"DateGreaterThan":{"aws:CurrentTime":"2025-12-31T23:59:59+01:00"}}"#, &new_year, true);
    check(r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-01"}}"#, &new_year, false);
    check(r#"{"DateEquals":{"aws:CurrentTime":"1767225600"}}"#, &new_year, true);
    check(r#"{"DateLessThanEquals":{"aws:EpochTime":"2026"}}"#, &new_year, true);
    check(r#"{"DateNotEquals":{"aws:CurrentTime":"2026-01"}}"#, &new_year, false);
    check(r#"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-01T00:00:01Z"}}"#, &new_year, false);
    check(r#"{"NumericGreaterThan":{"aws:EpochTime":"1767225599"}}"#, &new_year, true);
}

#[test]
fn addresses() {
    let from = |ip: &str| Context::new().from_ip(ip.parse::<IpAddr>().unwrap());
    check(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, &from("203.0.113.9"), true);
    check(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/25"}}"#, &from("203.0.113.200"), false);
    check(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.9"}}"#, &from("203.0.113.9"), true);
    check(r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}}"#, &from("2001:db8:1::1"), true);
    check(r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, &from("198.51.100.1"), true);
    check(r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, &from("::1"), false);
    check(r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, &from("::1"), true);
    check(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, &from("203.0.113.9"), false);
    check(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, &from("198.51.100.1"), true);
}

#[test]
fn arns_compare_component_by_component() {
    let source = Context::new().with("aws:SourceArn", "arn:aws:s3:::pictures");
    check(r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::pic*"}}"#, &source, true);
    check(r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::pic*"}}"#, &source, true);
    check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:*:pictures"}}"#, &source, false);
    check(r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::pic*"}}"#, &source, false);
    check(r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:::other"}}"#, &source, true);
    check(r#"{"ArnLike":{"aws:SourceArn":"*"}}"#, &source, true);
    let rule = Context::new().with("aws:SourceArn", "arn:aws:events:us-east-1:000000000000:rule/a:b");
    check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:events:*:*:rule/*"}}"#, &rule, true);
    check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:ev*:000000000000:x:y:rule/*"}}"#, &rule, false);
    check(r#"{"ArnLike":{"aws:SourceArn":"arn:aws:events:*:${aws:PrincipalAccount}:rule/*"}}"#, &rule, true);
    check(
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}"#,
        &Context::new().with("aws:SourceArn", "arn:aws:s3"),
        false,
    );
}

#[test]
fn a_missing_key() {
    let nothing = Context::new();
    check(r#"{"StringEquals":{"x:key":"a"}}"#, &nothing, false);
    check(r#"{"StringNotEquals":{"x:key":"a"}}"#, &nothing, true);
    check(r#"{"StringEqualsIfExists":{"x:key":"a"}}"#, &nothing, true);
    check(r#"{"StringEqualsIfExists":{"x:key":"a"}}"#, &given("b"), false);
    check(r#"{"ForAllValues:StringEquals":{"x:key":"a"}}"#, &nothing, true);
    check(r#"{"ForAnyValue:StringEquals":{"x:key":"a"}}"#, &nothing, false);
    check(r#"{"ForAnyValue:StringNotEquals":{"x:key":"a"}}"#, &nothing, false);
    check(r#"{"Null":{"x:key":"true"}}"#, &nothing, true);
    check(r#"{"Null":{"x:key":false}}"#, &nothing, false);
    check(r#"{"Null":{"x:key":"true"}}"#, &given("a"), false);
    check(r#"{"Null":{"x:key":"false"}}"#, &given("a"), true);
}

#[test]
fn sets() {
    check(r#"{"ForAllValues:StringEquals":{"x:key":["a","b"]}}"#, &set(&["a", "b", "a"]), true);
    check(r#"{"ForAllValues:StringEquals":{"x:key":["a","b"]}}"#, &set(&["a", "c"]), false);
    check(r#"{"ForAllValues:StringEquals":{"x:key":["a"]}}"#, &set(&[]), true);
    check(r#"{"ForAnyValue:StringEquals":{"x:key":["a","b"]}}"#, &set(&["c", "b"]), true);
    check(r#"{"ForAnyValue:StringEquals":{"x:key":["a","b"]}}"#, &set(&["c"]), false);
    check(r#"{"ForAnyValue:StringNotEquals":{"x:key":["a"]}}"#, &set(&["a", "b"]), true);
    check(r#"{"ForAllValues:StringNotLike":{"x:key":["a*"]}}"#, &set(&["b", "ab"]), false);
    check(r#"{"StringNotEquals":{"x:key":["a"]}}"#, &set(&["a", "b"]), false);
}

#[test]
fn all_conditions_must_hold() {
    let both = Context::new().with("x:one", "1").with("x:two", "2");
    check(r#"{"StringEquals":{"x:one":"1","x:two":"2"},"NumericEquals":{"x:two":2}}"#, &both, true);
    check(r#"{"StringEquals":{"x:one":"1","x:two":"2"},"NumericEquals":{"x:two":3}}"#, &both, false);
    check("{}", &both, true);
}

#[test]
fn the_caller_is_known_without_being_told() {
    let nothing = Context::new();
    check(r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:role/service-role/worker"}}"#, &nothing, true);
    check(r#"{"StringEquals":{"aws:PrincipalAccount":"000000000000"}}"#, &nothing, true);
    check(r#"{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}"#, &nothing, true);
    check(r#"{"StringLike":{"aws:userid":"*:hello"}}"#, &nothing, true);
    check(r#"{"Bool":{"aws:PrincipalIsAWSService":"false"}}"#, &nothing, true);
    check(
        r#"{"Null":{"aws:PrincipalServiceName":"true","aws:username":"true","aws:CurrentTime":"true"}}"#,
        &nothing,
        true,
    );
}
