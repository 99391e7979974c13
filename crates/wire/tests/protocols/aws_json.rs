//! aws-json, on the example of CloudWatch Logs.

use http::StatusCode;
use lanthorn_model::invocation::RequestId;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::logs;
use lanthorn_wire::operation::Operation as _;
use lanthorn_wire::protocol::{decode, encode, fault};
use lanthorn_wire::shape::{Decode as _, Encode as _};
use proptest::prelude::*;

use crate::arbitrary::{Choices, json, value};
use crate::{header, request, text};

proptest! {
    #[test]
    fn every_input_is_read_as_it_was_meant(seed: u64) {
        for operation in logs::SERVICE.operations {
            let schema = operation.input.expect("each operation of logs takes a structure");
            let meant = value(schema, &mut Choices::new(seed));
            let body = json(schema, &meant, &|_| true).to_string();
            prop_assert_eq!(decode(operation, &request("POST /", &[], body)), Ok(meant));
        }
    }

    #[test]
    fn every_output_is_written_as_it_was_meant(seed: u64) {
        for operation in logs::SERVICE.operations {
            let Some(schema) = operation.output else { continue };
            let meant = value(schema, &mut Choices::new(seed));
            let expected = json(schema, &meant, &|_| true);
            let answer = encode(operation, meant, RequestId::random());
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap(), expected);
        }
    }

    #[test]
    fn structs_and_values_are_one_thing(seed: u64) {
        let schema = logs::FilterLogEvents::MODEL.output.unwrap();
        let any = value(schema, &mut Choices::new(seed));
        let output = logs::FilterLogEventsResponse::from_value(any.clone()).unwrap();
        prop_assert_eq!(output.into_value(), any);
    }
}

#[test]
fn an_answer_names_its_content_type_and_request() {
    let output = logs::PutLogEventsResponse { next_sequence_token: Some("1".to_owned()), ..Default::default() };
    let id = RequestId::random();
    let answer = encode(logs::PutLogEvents::MODEL, output.into_value(), id);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "application/x-amz-json-1.1");
    assert_eq!(header(&answer, "x-amzn-requestid"), id.to_string());
    assert_eq!(text(&answer), r#"{"nextSequenceToken":"1"}"#);
}

#[test]
fn an_operation_without_output_answers_nothing() {
    let answer = encode(logs::CreateLogGroup::MODEL, ().into_value(), RequestId::random());
    assert_eq!((answer.status(), text(&answer)), (StatusCode::OK, ""));
}

#[test]
fn an_error_is_named_in_the_body() {
    let error = logs::errors::RESOURCE_NOT_FOUND.fault("The specified log group does not exist.");
    let answer = fault(&logs::SERVICE, &error, RequestId::random());
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        text(&answer),
        r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#
    );
}

#[track_caller]
fn refused(body: &str, expected: &str) {
    let fault: Fault = decode(logs::PutLogEvents::MODEL, &request("POST /", &[], body.to_owned())).unwrap_err();
    assert_eq!((fault.status, fault.code.as_str()), (StatusCode::BAD_REQUEST, "SerializationException"));
    assert!(fault.message.starts_with(expected), "{}", fault.message);
}

#[test]
fn what_is_no_request_is_refused_in_aws_words() {
    refused("{", "Could not parse request body into json: ");
    refused("{} {}", "Could not parse request body into json: ");
    refused(r#"{"logGroupName":1}"#, "NUMBER_VALUE can not be converted to a String");
    refused(r#"{"logGroupName":true}"#, "TRUE_VALUE can not be converted to a String");
    refused(r#"{"logGroupName":["x"]}"#, "Start of list found where not expected");
    refused(r#"{"logGroupName":{}}"#, "Start of structure or map found where not expected.");
    refused(r#"{"logEvents":"x"}"#, "Expected list or null");
    refused(r#"{"logEvents":["x"]}"#, "Expected start of structure or map");
    refused(r#"{"logEvents":[{"timestamp":"x"}]}"#, "STRING_VALUE can not be converted to a Long");
}

#[test]
fn an_absent_body_is_an_empty_structure() {
    for body in ["", "{}", "null"] {
        let read = decode(logs::DescribeLogGroups::MODEL, &request("POST /", &[], body)).unwrap();
        let input = logs::DescribeLogGroupsRequest::from_value(read).unwrap();
        assert_eq!(input, logs::DescribeLogGroupsRequest::default());
    }
}

#[test]
fn unknown_members_and_nulls_are_let_pass() {
    let body = r#"{"logGroupName":"g","logStreamName":null,"logEvents":[],"new":{"a":[1,{"b":null}]}}"#;
    let read = decode(logs::PutLogEvents::MODEL, &request("POST /", &[], body)).unwrap();
    assert!(logs::PutLogEventsRequest::from_value(read).is_err(), "a required member is missing");
    let body = body.replace("null,\"logEvents", "\"s\",\"logEvents");
    let read = decode(logs::PutLogEvents::MODEL, &request("POST /", &[], body)).unwrap();
    let input = logs::PutLogEventsRequest::from_value(read).unwrap();
    assert_eq!((input.log_group_name.as_str(), input.log_stream_name.as_str()), ("g", "s"));
}

#[test]
fn a_body_cannot_exhaust_the_stack() {
    let body = "{\"new\":".to_owned() + &"[".repeat(200_000);
    refused(&body, "Could not parse request body into json: ");
}
