//! AWS's texts for violated constraints. "Recorded" ones are as AWS answered; values are ours where they were masked.

use std::collections::HashSet;

use lanthorn_wire::operation::Operation;
use lanthorn_wire::protocol::decode;
use lanthorn_wire::schema::{Kind, Schema};
use lanthorn_wire::validate::validate;
use lanthorn_wire::{iam, lambda, logs, sts};

use crate::request;

/// Sends `head` and `body` to operation `O`; `expected` is the text after `N validation error(s) detected: `, if any.
#[track_caller]
fn check<O: Operation>(_: O, head: &str, body: &str, expected: &[&str]) {
    check_with(O::MODEL, &request(head, &[], body.to_owned()), expected);
}

#[track_caller]
fn check_with(
    operation: &'static lanthorn_wire::service::OperationModel,
    request: &lanthorn_wire::request::Request,
    expected: &[&str],
) {
    let input = decode(operation, request).unwrap();
    let said = validate(operation.input.unwrap(), &input).map_err(|violations| violations.to_string());
    let plural = if expected.len() == 1 { "error" } else { "errors" };
    let whole = format!("{} validation {plural} detected: {}", expected.len(), expected.join("; "));
    assert_eq!(said, if expected.is_empty() { Ok(()) } else { Err(whole) });
}

const FUNCTION: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";
const NAMESPACED: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

fn pattern(value: &str, member: &str, pattern: &str) -> String {
    format!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    )
}

/// A body of CreateFunction that violates nothing, with one more member.
fn function(more: &str) -> String {
    format!(
        r#"{{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{{"ZipFile":"UEs="}},"Runtime":"python3.12","Handler":"a.b"{more}}}"#
    )
}

const CREATE: &str = "POST /2015-03-31/functions";

#[test]
fn a_complete_request_violates_nothing() {
    let more =
        r#","Environment":{"Variables":{"KEY":"","OTHER_KEY":"x"}},"Tags":{"é ü":"v"},"MemorySize":128,"Layers":[]"#;
    check(lambda::CreateFunction, CREATE, &function(more), &[]);
}

/// Recorded: `test_function_name_and_qualifier_validation`.
#[test]
fn names_are_checked_against_the_pattern_of_the_operation() {
    for name in ["invalid:function:name", "arn:aws:ec2:us-east-1:111111111111:instance:i-1234567890abcdef0"] {
        let body = function("").replace(r#""f""#, &format!("{name:?}"));
        check(lambda::CreateFunction, CREATE, &body, &[&pattern(name, "functionName", FUNCTION)]);
        let head = format!("GET /2015-03-31/functions/{name}");
        check(lambda::GetFunction, &head, "", &[&pattern(name, "functionName", NAMESPACED)]);
    }
    for name in ["*", "my-function!", "function:my-function:$LATEST:extra", "invalid-account:function:my-function"] {
        let head = format!("GET /2015-03-31/functions/{name}");
        check(lambda::GetFunction, &head, "", &[&pattern(name, "functionName", NAMESPACED)]);
    }
    for name in ["f", "f.g", "f:$LATEST", "f:$LATEST.PUBLISHED", "000000000000:function:f", &"a".repeat(200)] {
        check(lambda::GetFunction, &format!("GET /2015-03-31/functions/{name}"), "", &[]);
    }
}

/// Recorded: create refuses more than 140 characters, on top of what the pattern says.
#[test]
fn everything_wrong_is_said_at_once() {
    let name = format!("arn:aws:lambda:invalid-region:111111111111:function:my-function{}", "a".repeat(140));
    let long = format!(
        "Value '{name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140"
    );
    let body = function("").replace(r#""f""#, &format!("{name:?}"));
    check(lambda::CreateFunction, CREATE, &body, &[&pattern(&name, "functionName", FUNCTION), &long]);
    let head = format!("GET /2015-03-31/functions/f!?Qualifier={}", "a".repeat(129));
    let long = format!(
        "Value '{}' at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to 128",
        "a".repeat(129)
    );
    check(lambda::GetFunction, &head, "", &[&pattern("f!", "functionName", NAMESPACED), &long]);
}

/// Recorded.
#[test]
fn qualifiers_have_their_patterns() {
    let numeric = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
    let head = "GET /2015-03-31/functions/f?Qualifier=invalid-qualifier-with-%3F-char";
    check(lambda::GetFunction, head, "", &[&pattern("invalid-qualifier-with-?-char", "qualifier", numeric)]);
    for qualifier in ["1", "2", "$LATEST"] {
        let head = format!("GET /2021-10-31/functions/f/url?Qualifier={qualifier}");
        let expected = pattern(qualifier, "qualifier", r"((?!^\d+$)^[0-9a-zA-Z-_]+$)");
        check(lambda::GetFunctionUrlConfig, &head, "", &[&expected]);
    }
    check(lambda::GetFunctionUrlConfig, "GET /2021-10-31/functions/f/url?Qualifier=2024-01-02", "", &[]);
    let body = r#"{"Name":"2024","FunctionVersion":"1"}"#;
    let expected = pattern("2024", "name", "(?!^[0-9]+$)([a-zA-Z0-9-_]+)");
    check(lambda::CreateAlias, "POST /2015-03-31/functions/f/aliases", body, &[&expected]);
}

/// Recorded.
#[test]
fn members_have_their_patterns() {
    let body = function("").replace("arn:aws:iam::000000000000:role/r", "r1");
    let role = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";
    check(lambda::CreateFunction, CREATE, &body, &[&pattern("r1", "role", role)]);
    let body = r#"{"Action":"lambda:InvokeFunction","StatementId":"example.com","Principal":"s3.amazonaws.com"}"#;
    let expected = pattern("example.com", "statementId", "([a-zA-Z0-9-_]+)");
    check(lambda::AddPermission, "POST /2015-03-31/functions/f/policy", body, &[&expected]);
    let body = r#"{"Action":"*","StatementId":"s","Principal":"*"}"#;
    let head = "POST /2018-10-31/layers/l/versions/1/policy";
    check(lambda::AddLayerVersionPermission, head, body, &[&pattern("*", "action", "lambda:GetLayerVersion")]);
    let taggable = r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)";
    check(
        lambda::ListTags,
        "GET /2017-03-31/tags/arn:aws:something",
        "",
        &[&pattern("arn:aws:something", "resource", taggable)],
    );
}

/// Recorded: the order is AWS's, not the model's.
#[test]
fn enumerations_are_listed() {
    let said = |value: &str, member: &str, set: &str| {
        format!(
            "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: [{set}]"
        )
    };
    let more = r#","SnapStart":{"ApplyOn":"invalidOption"}"#;
    let expected = said("invalidOption", "snapStart.applyOn", "PublishedVersions, None");
    check(lambda::CreateFunction, CREATE, &function(more), &[&expected]);
    let body = r#"{"FunctionName":"f","StartingPosition":"invalid"}"#;
    let expected = said("invalid", "startingPosition", "LATEST, AT_TIMESTAMP, TRIM_HORIZON");
    check(lambda::CreateEventSourceMapping, "POST /2015-03-31/event-source-mappings", body, &[&expected]);
    let body = r#"{"AuthType":"NONE","InvokeMode":"UNKNOWN"}"#;
    let expected = said("UNKNOWN", "invokeMode", "RESPONSE_STREAM, BUFFERED");
    check(lambda::CreateFunctionUrlConfig, "POST /2021-10-31/functions/f/url", body, &[&expected]);
    let expected = said("InvalidValue", "recursiveLoop", "Terminate, Allow");
    let body = r#"{"RecursiveLoop":"InvalidValue"}"#;
    check(lambda::PutFunctionRecursionConfig, "PUT /2024-08-31/functions/f/recursion-config", body, &[&expected]);
    let expected = said("invalid", "functionVersion", "ALL");
    check(lambda::ListFunctions, "GET /2015-03-31/functions?FunctionVersion=invalid", "", &[&expected]);
}

/// Recorded: the service itself refuses an unknown runtime, as an `InvalidParameterValueException`.
#[test]
fn a_runtime_is_the_services_to_refuse() {
    check(lambda::CreateFunction, CREATE, &function("").replace("python3.12", "non-existent-runtime"), &[]);
}

#[test]
fn what_must_be_there_must_not_be_null() {
    // Recorded.
    let head = "DELETE /2017-03-31/tags/arn:aws:lambda:us-east-1:111111111111:function:f";
    let null = |member: &str| format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
    check(lambda::UntagResource, head, "", &[&null("tagKeys")]);
    check(lambda::CreateFunction, CREATE, r#"{"FunctionName":"f"}"#, &[&null("role"), &null("code")]);
    check(iam::GetRole, "POST /", "Action=GetRole", &[&null("roleName")]);
    // Seen.
    let body = "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=a";
    check(iam::CreateRole, "POST /", body, &[&null("tags.1.member.value")]);
}

/// Recorded for `layers` and `vpcConfig.subnetIds`; seen for `architectures`.
#[test]
fn an_element_is_refused_with_all_its_constraints() {
    let layer = r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
    let arn = "arn:aws:lambda:us-east-1:111111111111:layer:l";
    let expected = format!(
        "Value '[{arn}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length \
         less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular \
         expression pattern: {layer}, Member must not be null]"
    );
    check(lambda::CreateFunction, CREATE, &function(&format!(r#","Layers":["{arn}"]"#)), &[&expected]);
    let more = r#","VpcConfig":{"SubnetIds":["bad id","subnet-1"],"SecurityGroupIds":["sg-1"]}"#;
    let expected = "Value '[bad id, subnet-1]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy \
                    constraint: [Member must have length less than or equal to 1024, Member must have length greater than \
                    or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]";
    check(lambda::CreateFunction, CREATE, &function(more), &[expected]);
    let expected = "Value '[x86]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: \
                    [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]";
    check(lambda::CreateFunction, CREATE, &function(r#","Architectures":["x86"]"#), &[expected]);
}

/// Seen: a weight of 1.5.
#[test]
fn map_values_are_refused_with_all_their_constraints() {
    let body = r#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":1.5}}}"#;
    let expected = "Value '{2=1.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must \
                    satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater \
                    than or equal to 0.0, Member must not be null]";
    check(lambda::CreateAlias, "POST /2015-03-31/functions/f/aliases", body, &[expected]);
}

#[test]
fn numbers_have_bounds() {
    let least =
        "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128";
    check(lambda::CreateFunction, CREATE, &function(r#","MemorySize":64"#), &[least]);
    let most = "Value '32769' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 32768";
    check(lambda::CreateFunction, CREATE, &function(r#","MemorySize":32769"#), &[most]);
}

#[test]
fn secrets_are_never_repeated() {
    let more = r#","Environment":{"Variables":{"1BAD":"hush"}}"#;
    let expected = "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: \
                    [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]";
    check(lambda::CreateFunction, CREATE, &function(more), &[expected]);
}

/// Seen: the pattern before the length.
#[test]
fn a_pattern_is_said_before_a_length() {
    let expected = [
        r"Value '' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
        "Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ];
    check(logs::CreateLogGroup, "POST /", r#"{"logGroupName":""}"#, &expected);
}

/// Every schema that an input of the services reaches.
fn schemas() -> impl Iterator<Item = &'static Schema> {
    let mut found: Vec<&'static Schema> = Vec::new();
    let services = [&lambda::SERVICE, &iam::SERVICE, &sts::SERVICE, &logs::SERVICE];
    let operations = services.into_iter().flat_map(|service| service.operations);
    let mut pending: Vec<_> = operations.flat_map(|operation| [operation.input, operation.output]).flatten().collect();
    let mut seen = HashSet::new();
    while let Some(schema) = pending.pop() {
        if seen.insert(std::ptr::from_ref(schema)) {
            found.push(schema);
            pending.extend(schema.members().iter().map(|member| member.schema));
            match &schema.kind {
                Kind::List(elements) => pending.push(elements.schema),
                Kind::Map(entries) => pending.extend([entries.key, entries.value]),
                _ => {}
            }
        }
    }
    found.into_iter()
}

#[test]
fn every_pattern_can_be_asked() {
    let patterns: Vec<_> = schemas().filter_map(|schema| schema.pattern).collect();
    assert!(patterns.len() > 150, "{} patterns", patterns.len());
    for pattern in patterns {
        // Compiles it, which panics where the generator and this crate disagree about `regex`.
        let _ = pattern.matches("arn:aws:lambda:us-east-1:000000000000:function:f");
    }
}

/// What a model requires can be said: a required enumeration has a value, a bound is not crossed.
#[test]
fn no_constraint_contradicts_another() {
    for schema in schemas() {
        assert!(schema.min.zip(schema.max).is_none_or(|(min, max)| min <= max), "{}", schema.name);
        for value in schema.values {
            assert!(schema.pattern.is_none_or(|pattern| pattern.matches(value)), "{}: {value}", schema.name);
        }
    }
}

#[test]
fn a_hostile_body_gets_a_bounded_answer() {
    let tags: String = (1..=2000).map(|at| format!("&Tags.member.{at}.Key=a")).collect();
    let body = format!("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D{tags}");
    let operation = iam::CreateRole::MODEL;
    let input = decode(operation, &request("POST /", &[], body)).unwrap();
    let said = validate(operation.input.unwrap(), &input).unwrap_err().to_string();
    assert!(said.starts_with("256 validation errors detected: "), "{}", &said[..80]);
}
