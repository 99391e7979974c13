//! aws-json 1.0 and 1.1: the operation in `X-Amz-Target`, everything else in the body.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{json, respond};
use crate::fault::Fault;
use crate::service::OperationModel;
use crate::value::Value;

/// Writes an answer; an operation without output answers nothing at all.
pub(super) fn encode(operation: &OperationModel, output: &Value, version: &str) -> Response<Bytes> {
    let body = operation.output.map(|schema| json::write(schema, output)).unwrap_or_default();
    respond(StatusCode::OK, content_type(version), body)
}

/// Writes an error: its name in `__type`.
pub(super) fn fault(fault: &Fault, version: &str) -> Response<Bytes> {
    let mut body = fault.json();
    body.insert("__type", Some(fault.code.as_str()));
    let body = serde_json::to_vec(&body).expect("text serializes");
    respond(fault.status, content_type(version), body)
}

fn content_type(version: &str) -> &'static str {
    match version {
        "1.0" => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}
