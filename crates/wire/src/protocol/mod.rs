//! The server side of AWS's protocols.
//!
//! Three entrances, each telling the protocols apart by the service's model:
//! [`decode`] reads a request into a value, [`encode`] writes the answer,
//! [`fault()`] writes an error. The protocols themselves know no service.

mod aws_json;
mod json;
mod query;
mod rest_json;
mod scalar;
mod timestamp;
mod xml;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use lanthorn_model::invocation::RequestId;

use crate::fault::Fault;
use crate::request::Request;
use crate::service::{OperationModel, Protocol, ServiceModel};
use crate::value::Value;

/// Reads the input of `operation` out of `request`, not yet validated; [`Value::Null`] if it takes none.
///
/// # Errors
/// A fault if the request is malformed: no JSON, a number that is none.
pub fn decode(operation: &'static OperationModel, request: &Request) -> Result<Value, Fault> {
    let Some(schema) = operation.input else { return Ok(Value::Null) };
    match operation.service.protocol {
        Protocol::RestJson => rest_json::decode(operation, schema, request).map_err(Malformed::into_json_fault),
        Protocol::AwsJson { .. } => json::read(schema, &request.body).map_err(Malformed::into_json_fault),
        Protocol::Query { .. } => query::decode(schema, request).map_err(Malformed::into_query_fault),
    }
}

/// Writes the answer of a success.
#[must_use]
pub fn encode(operation: &'static OperationModel, output: Value, id: RequestId) -> Response<Bytes> {
    let response = match operation.service.protocol {
        Protocol::RestJson => rest_json::encode(operation, output),
        Protocol::AwsJson { version, .. } => aws_json::encode(operation, &output, version),
        Protocol::Query { xml_namespace } => query::encode(operation, &output, xml_namespace, id),
    };
    identified(response, id)
}

/// Writes the answer of a failure, as clients of `service` understand it.
#[must_use]
pub fn fault(service: &'static ServiceModel, fault: &Fault, id: RequestId) -> Response<Bytes> {
    let mut response = match service.protocol {
        Protocol::RestJson => rest_json::fault(fault),
        Protocol::AwsJson { version, .. } => aws_json::fault(fault, version),
        Protocol::Query { xml_namespace } => query::fault(fault, xml_namespace, id),
    };
    *response.status_mut() = fault.status;
    for (name, value) in &fault.headers {
        if let Ok(name) = name.parse() {
            header(&mut response, name, value);
        }
    }
    identified(response, id)
}

/// A request that is not what its protocol says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(String);

impl Malformed {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn into_json_fault(self) -> Fault {
        let fault = Fault::new(StatusCode::BAD_REQUEST, "SerializationException", self.0);
        Fault { capital_message: true, ..fault }
    }

    fn into_query_fault(self) -> Fault {
        Fault::new(StatusCode::BAD_REQUEST, "MalformedInput", self.0)
    }
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header; text that no header can carry (a line break) is left out rather than the answer lost.
fn header(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn identified(mut response: Response<Bytes>, id: RequestId) -> Response<Bytes> {
    header(&mut response, HeaderName::from_static("x-amzn-requestid"), &id.to_string());
    response
}

/// The status a model gives.
fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
}
