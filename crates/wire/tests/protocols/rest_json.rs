//! rest-json, on the example of Lambda.

use std::collections::BTreeMap;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::StatusCode;
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::lambda;
use lanthorn_wire::operation::Operation as _;
use lanthorn_wire::protocol::{decode, encode, fault};
use lanthorn_wire::request::Request;
use lanthorn_wire::schema::{Location, Schema};
use lanthorn_wire::service::{OperationModel, Segment};
use lanthorn_wire::shape::{Decode, Encode as _};
use lanthorn_wire::value::Value;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use crate::arbitrary::{Choices, in_body, json, value};
use crate::{header, request, text};

/// A scalar as text.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Timestamp(moment) => moment.to_string(),
        other => panic!("{other:?} is no scalar"),
    }
}

/// A request as a client writes it.
fn written(operation: &OperationModel, schema: &'static Schema, value: &Value) -> Request {
    let Value::Structure(values) = value else { panic!("an input is a structure") };
    let mut labels = BTreeMap::new();
    let mut query = Serializer::new(String::new());
    query.extend_pairs(operation.query);
    let mut headers = Vec::new();
    let mut body = Bytes::new();
    for (member, value) in schema.members().iter().zip(values).filter(|(_, value)| !value.is_null()) {
        match (member.location, value) {
            (Location::Label, value) => {
                labels.insert(member.wire, scalar(value));
            }
            (Location::Query, Value::List(values)) => {
                query.extend_pairs(values.iter().map(|value| (member.wire, scalar(value))));
            }
            (Location::Query, value) => {
                query.append_pair(member.wire, &scalar(value));
            }
            (Location::Header, value) => headers.push((member.wire, scalar(value))),
            (Location::Payload, Value::Blob(bytes)) => body = bytes.clone(),
            (Location::Payload, value) => body = json(member.schema, value, &|_| true).to_string().into(),
            (Location::Body, _) => {}
            other => panic!("no input of Lambda holds {other:?}"),
        }
    }
    if schema.members().iter().any(in_body) {
        body = json(schema, value, &in_body).to_string().into();
    }
    let segments = operation.path.iter().map(|segment| match segment {
        Segment::Literal(literal) => (*literal).to_owned(),
        Segment::Label(label) | Segment::Greedy(label) => {
            utf8_percent_encode(&labels[label], NON_ALPHANUMERIC).to_string()
        }
    });
    let path: Vec<String> = segments.collect();
    let head = format!("{} /{}?{}", operation.method, path.join("/"), query.finish());
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    request(&head, &headers, body)
}

/// What a query string cannot say: an empty list.
fn sayable(schema: &Schema, value: Value) -> Value {
    let Value::Structure(values) = value else { return value };
    let members = schema.members().iter().zip(values);
    Value::Structure(
        members
            .map(|(member, value)| match value {
                Value::List(values) if member.location == Location::Query && values.is_empty() => Value::Null,
                value => value,
            })
            .collect(),
    )
}

proptest! {
    #[test]
    fn every_input_is_read_as_it_was_meant(seed: u64) {
        for operation in lambda::SERVICE.operations {
            let schema = operation.input.expect("each operation of Lambda takes a structure");
            let meant = sayable(schema, value(schema, &mut Choices::new(seed)));
            let request = written(operation, schema, &meant);
            prop_assert_eq!(lambda::SERVICE.recognise(&request).unwrap().name, operation.name);
            prop_assert_eq!(decode(operation, &request), Ok(meant));
        }
    }

    #[test]
    fn every_output_is_written_as_it_was_meant(seed: u64) {
        for operation in lambda::SERVICE.operations {
            let Some(schema) = operation.output else { continue };
            if schema.members().iter().any(|member| matches!(member.location, Location::Payload | Location::StatusCode)) {
                continue;
            }
            let meant = value(schema, &mut Choices::new(seed));
            let expected = json(schema, &meant, &in_body);
            let answer = encode(operation, meant, RequestId::random());
            prop_assert_eq!(answer.status().as_u16(), operation.status);
            if !answer.body().is_empty() {
                prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap(), expected);
            }
        }
    }

    #[test]
    fn structs_and_values_are_one_thing(seed: u64) {
        let any = value(lambda::GetFunction::MODEL.output.unwrap(), &mut Choices::new(seed));
        let output = lambda::GetFunctionResponse::from_value(any.clone()).unwrap();
        prop_assert_eq!(output.into_value(), any);
    }
}

fn read<T: Decode>(operation: &'static OperationModel, request: &Request) -> T {
    T::from_value(decode(operation, request).unwrap()).unwrap()
}

#[test]
fn an_invocation_shares_its_payload() {
    let payload = Bytes::from_static(b"{\"key\":1}");
    let target =
        "/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f:live/invocations?Qualifier=live";
    let headers = [("X-Amz-Invocation-Type", "Event"), ("X-Amz-Log-Type", "Tail"), ("X-Amz-Client-Context", "e30=")];
    let request = request(&format!("POST {target}"), &headers, payload.clone());
    let input: lambda::InvocationRequest = read(lambda::Invoke::MODEL, &request);
    assert_eq!(input.function_name, "arn:aws:lambda:us-east-1:000000000000:function:f:live");
    assert_eq!(input.qualifier.as_deref(), Some("live"));
    assert_eq!(input.invocation_type.as_deref(), Some("Event"));
    assert_eq!(input.log_type.as_deref(), Some("Tail"));
    assert_eq!(input.client_context.as_deref(), Some("e30="));
    assert_eq!(input.payload.unwrap().as_ptr(), payload.as_ptr());
}

#[test]
fn no_body_is_no_payload() {
    let input: lambda::InvocationRequest =
        read(lambda::Invoke::MODEL, &request("POST /2015-03-31/functions/f/invocations", &[], ""));
    assert_eq!(input.payload, None);
}

#[test]
fn an_answer_of_invoke_is_the_payload_itself() {
    let payload = Bytes::from_static(b"null");
    let output = lambda::InvocationResponse {
        status_code: Some(200),
        function_error: Some("Unhandled".to_owned()),
        log_result: Some("bG9n".to_owned()),
        payload: Some(payload.clone()),
        executed_version: Some("$LATEST".to_owned()),
        durable_execution_arn: None,
    };
    let answer = encode(lambda::Invoke::MODEL, output.into_value(), RequestId::random());
    assert_eq!(answer.body().as_ptr(), payload.as_ptr());
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(header(&answer, "x-amz-function-error"), "Unhandled");
    assert_eq!(header(&answer, "x-amz-log-result"), "bG9n");
    assert_eq!(header(&answer, "x-amz-executed-version"), "$LATEST");
}

#[test]
fn the_output_says_the_status() {
    let accepted = lambda::InvocationResponse { status_code: Some(202), ..Default::default() };
    let answer = encode(lambda::Invoke::MODEL, accepted.into_value(), RequestId::random());
    assert_eq!((answer.status(), text(&answer)), (StatusCode::ACCEPTED, ""));
    // Recorded: DeleteFunction answers 204.
    let deleted = lambda::DeleteFunctionResponse { status_code: Some(204) };
    let answer = encode(lambda::DeleteFunction::MODEL, deleted.into_value(), RequestId::random());
    assert_eq!((answer.status(), text(&answer)), (StatusCode::NO_CONTENT, ""));
}

#[test]
fn an_operation_without_output_answers_its_status_alone() {
    let answer = encode(lambda::UntagResource::MODEL, ().into_value(), RequestId::random());
    assert_eq!((answer.status(), text(&answer)), (StatusCode::NO_CONTENT, ""));
}

#[test]
fn an_output_of_nothing_is_an_empty_object() {
    let none = lambda::GetFunctionConcurrencyResponse::default();
    let answer = encode(lambda::GetFunctionConcurrency::MODEL, none.into_value(), RequestId::random());
    assert_eq!(text(&answer), "{}");
}

#[test]
fn keys_of_a_query_may_repeat() {
    let head =
        "DELETE /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af?tagKeys=a&tagKeys=b%20c";
    let input: lambda::UntagResourceRequest = read(lambda::UntagResource::MODEL, &request(head, &[], ""));
    assert_eq!(input.resource, "arn:aws:lambda:us-east-1:000000000000:function:f");
    assert_eq!(input.tag_keys, ["a", "b c"]);
}

/// Bodies as recorded: `Type` and `message`, except where the model spells `Message`.
#[test]
fn an_error_is_named_in_a_header() {
    let error = lambda::errors::RESOURCE_CONFLICT.fault("Function already exist: f");
    let answer = fault(&lambda::SERVICE, &error, RequestId::random());
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(header(&answer, "x-amzn-errortype"), "ResourceConflictException");
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!(text(&answer), r#"{"Type":"User","message":"Function already exist: f"}"#);

    let error = lambda::errors::RESOURCE_NOT_FOUND.fault("Function not found: ARN");
    assert_eq!(
        text(&fault(&lambda::SERVICE, &error, RequestId::random())),
        r#"{"Message":"Function not found: ARN","Type":"User"}"#
    );
    let error = error.without("Type");
    assert_eq!(text(&fault(&lambda::SERVICE, &error, RequestId::random())), r#"{"Message":"Function not found: ARN"}"#);

    let error = lambda::errors::SERVICE.fault("An error occurred");
    let answer = fault(&lambda::SERVICE, &error, RequestId::random());
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(text(&answer), r#"{"Message":"An error occurred","Type":"Service"}"#);
}

#[test]
fn a_throttle_says_why_and_when_to_come_back() {
    let error = lambda::errors::TOO_MANY_REQUESTS.fault("Rate Exceeded.");
    let error = error.with("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded").header("Retry-After", "1");
    let answer = fault(&lambda::SERVICE, &error, RequestId::random());
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&answer, "retry-after"), "1");
    assert_eq!(
        text(&answer),
        r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#
    );
}

#[test]
fn a_header_cannot_be_smuggled() {
    let output = lambda::InvocationResponse { function_error: Some("a\r\nb: c".to_owned()), ..Default::default() };
    let answer = encode(lambda::Invoke::MODEL, output.into_value(), RequestId::random());
    assert_eq!(header(&answer, "x-amz-function-error"), "");
    assert!(answer.headers().get("b").is_none());
}
