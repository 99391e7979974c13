//! The query protocol, on the examples of IAM and STS.

use form_urlencoded::Serializer;
use http::StatusCode;
use jiff::Timestamp;
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::operation::Operation as _;
use lanthorn_wire::protocol::{decode, encode, fault};
use lanthorn_wire::schema::{Kind, Schema};
use lanthorn_wire::shape::{Decode as _, Encode as _};
use lanthorn_wire::value::Value;
use lanthorn_wire::{iam, sts};
use proptest::prelude::*;

use crate::arbitrary::{Choices, value};
use crate::{header, request, text};

/// Writes a form as a client does.
fn form(schema: &Schema, value: &Value, key: &str, pairs: &mut Vec<(String, String)>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match (&schema.kind, value) {
        (_, Value::Null) => {}
        (Kind::Structure(members), Value::Structure(values)) => {
            for (member, value) in members.iter().zip(values) {
                form(member.schema, value, &below(member.wire), pairs);
            }
        }
        (Kind::List(_), Value::List(values)) if values.is_empty() => pairs.push((key.to_owned(), String::new())),
        (Kind::List(elements), Value::List(values)) => {
            for (at, value) in values.iter().enumerate() {
                form(elements.schema, value, &below(&format!("member.{}", at + 1)), pairs);
            }
        }
        (Kind::Map(entries), Value::Map(values)) => {
            for (at, (name, value)) in values.iter().enumerate() {
                pairs.push((below(&format!("entry.{}.key", at + 1)), name.clone()));
                form(entries.value, value, &below(&format!("entry.{}.value", at + 1)), pairs);
            }
        }
        (_, Value::String(text)) => pairs.push((key.to_owned(), text.clone())),
        (_, Value::Integer(number)) => pairs.push((key.to_owned(), number.to_string())),
        (_, Value::Boolean(truth)) => pairs.push((key.to_owned(), truth.to_string())),
        (_, Value::Timestamp(moment)) => pairs.push((key.to_owned(), moment.to_string())),
        (_, other) => panic!("no input of IAM holds {other:?}"),
    }
}

/// A form cannot say "an empty structure": it reads as an absent one.
fn sayable(value: Value) -> Value {
    match value {
        Value::Structure(values) => {
            let values: Vec<_> = values.into_iter().map(sayable).collect();
            if values.iter().all(Value::is_null) { Value::Null } else { Value::Structure(values) }
        }
        Value::List(values) => Value::List(values.into_iter().map(sayable).filter(|value| !value.is_null()).collect()),
        Value::Map(values) if values.is_empty() => Value::Null,
        other => other,
    }
}

proptest! {
    #[test]
    fn every_input_is_read_as_it_was_meant(seed: u64) {
        for operation in iam::SERVICE.operations.iter().chain(sts::SERVICE.operations) {
            let Some(schema) = operation.input else { continue };
            let meant = sayable(value(schema, &mut Choices::new(seed)));
            let mut pairs = vec![("Action".to_owned(), operation.name.to_owned())];
            form(schema, &meant, "", &mut pairs);
            let body = Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let read = sayable(decode(operation, &request("POST /", &[], body.clone())).unwrap());
            prop_assert_eq!(&read, &meant);
            let read = sayable(decode(operation, &request(&format!("GET /?{body}"), &[], "")).unwrap());
            prop_assert_eq!(read, meant);
        }
    }

    #[test]
    fn every_output_is_well_formed(seed: u64) {
        for operation in iam::SERVICE.operations.iter().chain(sts::SERVICE.operations) {
            let output = operation.output.map_or(Value::Null, |schema| value(schema, &mut Choices::new(seed)));
            let answer = encode(operation, output, RequestId::random());
            let mut reader = quick_xml::Reader::from_str(text(&answer));
            while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        }
    }
}

#[test]
fn an_answer_is_wrapped_twice() {
    let output = sts::GetCallerIdentityResponse {
        user_id: Some("000000000000".to_owned()),
        account: Some("000000000000".to_owned()),
        arn: Some("arn:aws:iam::000000000000:root".to_owned()),
    };
    let id = RequestId::random();
    let answer = encode(sts::GetCallerIdentity::MODEL, output.into_value(), id);
    assert_eq!((answer.status(), header(&answer, "content-type")), (StatusCode::OK, "text/xml"));
    assert_eq!(
        text(&answer),
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <UserId>000000000000</UserId><Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        )
    );
}

#[test]
fn lists_dates_and_markup_are_spelled_as_aws_spells_them() {
    let role = iam::Role {
        path: "/".to_owned(),
        role_name: "a<b".to_owned(),
        role_id: "AROA".to_owned(),
        arn: "arn".to_owned(),
        create_date: Timestamp::from_second(1_795_292_141).unwrap(),
        assume_role_policy_document: None,
        description: None,
        max_session_duration: Some(3600),
        permissions_boundary: None,
        tags: None,
        role_last_used: None,
        source_role_template: None,
    };
    let output = iam::ListRolesResponse { roles: vec![role], is_truncated: Some(false), marker: None };
    let answer = encode(iam::ListRoles::MODEL, output.into_value(), RequestId::random());
    assert!(
        text(&answer).contains(
            "<ListRolesResult><Roles><member><Path>/</Path><RoleName>a&lt;b</RoleName><RoleId>AROA</RoleId>\
             <Arn>arn</Arn><CreateDate>2026-11-21T20:15:41Z</CreateDate>\
             <MaxSessionDuration>3600</MaxSessionDuration></member></Roles><IsTruncated>false</IsTruncated>"
        ),
        "{}",
        text(&answer)
    );
}

#[test]
fn an_operation_without_output_answers_its_request_id() {
    let answer = encode(iam::AttachRolePolicy::MODEL, ().into_value(), RequestId::random());
    let begins = "<AttachRolePolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata>";
    assert!(text(&answer).starts_with(begins), "{}", text(&answer));
}

#[test]
fn an_error_has_a_type_a_code_and_a_message() {
    let id = RequestId::random();
    let error = iam::errors::NO_SUCH_ENTITY.fault("The role with name r cannot be found.");
    let answer = fault(&iam::SERVICE, &error, id);
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        text(&answer),
        format!(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>NoSuchEntity</Code><Message>The role with name r cannot be found.</Message></Error>\
             <RequestId>{id}</RequestId></ErrorResponse>"
        )
    );
    let answer = fault(&iam::SERVICE, &iam::errors::SERVICE_FAILURE.fault("-"), id);
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&answer).contains("<Type>Receiver</Type>"));
}

#[test]
fn a_form_reads_nested_lists() {
    let body = "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D\
                &Tags.member.1.Key=a+b&Tags.member.1.Value=1&Tags.member.2.Key=c&Tags.member.2.Value=";
    let read = decode(iam::CreateRole::MODEL, &request("POST /", &[], body)).unwrap();
    let input = iam::CreateRoleRequest::from_value(read).unwrap();
    assert_eq!(input.assume_role_policy_document, "{}");
    let tags: Vec<_> = input.tags.unwrap().into_iter().map(|tag| (tag.key, tag.value)).collect();
    assert_eq!(tags, [("a b".to_owned(), "1".to_owned()), ("c".to_owned(), String::new())]);
}

#[test]
fn a_number_that_is_none_is_malformed() {
    let body = "Action=AssumeRole&RoleArn=a&RoleSessionName=s&DurationSeconds=soon";
    let fault = decode(sts::AssumeRole::MODEL, &request("POST /", &[], body)).unwrap_err();
    assert_eq!((fault.code.as_str(), fault.status), ("MalformedInput", StatusCode::BAD_REQUEST));
}
