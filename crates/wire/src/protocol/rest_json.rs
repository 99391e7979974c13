//! rest-json: members in the path, the query string, the headers, and the rest in a JSON body.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::{Malformed, header, json, respond, scalar, status};
use crate::fault::Fault;
use crate::recognise::bind;
use crate::request::Request;
use crate::schema::{Kind, Location, Member, Schema, TimestampFormat};
use crate::service::OperationModel;
use crate::value::Value;

/// The content type of every answer that does not say another. Lambda's own, for payloads too (recorded).
const JSON: &str = "application/json";

/// Reads a request.
pub(super) fn decode(
    operation: &OperationModel,
    schema: &'static Schema,
    request: &Request,
) -> Result<Value, Malformed> {
    let members = schema.members();
    let in_body = members.iter().any(|member| member.location == Location::Body);
    let body = if in_body { json::read_body(schema, &request.body)? } else { Value::Null };
    let mut values = match body {
        Value::Structure(values) => values,
        _ => vec![Value::Null; members.len()],
    };
    let labels = labels(operation, request.path());
    for (member, value) in members.iter().zip(&mut values) {
        match member.location {
            Location::Body | Location::StatusCode => {}
            Location::Payload => *value = payload(member, &request.body)?,
            Location::Label => {
                if let Some((_, text)) = labels.iter().find(|(label, _)| *label == member.wire) {
                    let text =
                        percent_decode_str(text).decode_utf8().map_err(|_| Malformed::new("The path is not UTF-8"))?;
                    *value = scalar::read(member.schema, &text, TimestampFormat::DateTime)?;
                }
            }
            Location::Query => *value = from_query(member, request.query())?,
            Location::Header => *value = from_header(member, &request.headers)?,
            Location::HeaderPrefix => *value = from_headers(member, &request.headers),
        }
    }
    Ok(Value::Structure(values))
}

fn labels<'r>(operation: &OperationModel, path: &'r str) -> Vec<(&'static str, &'r str)> {
    let mut labels = Vec::new();
    bind(operation.path, path, &mut |label, text| labels.push((label, text)));
    labels
}

/// A payload is the body itself: shared, not copied. None is sent where nothing is.
fn payload(member: &Member, body: &Bytes) -> Result<Value, Malformed> {
    match member.schema.kind {
        _ if body.is_empty() => Ok(Value::Null),
        Kind::Blob => Ok(Value::Blob(body.clone())),
        Kind::String => match std::str::from_utf8(body) {
            Ok(text) => Ok(Value::String(text.to_owned())),
            Err(_) => Err(Malformed::new("The body is not UTF-8")),
        },
        _ => json::read(member.schema, body),
    }
}

fn from_query(member: &Member, query: &str) -> Result<Value, Malformed> {
    if query.is_empty() {
        return Ok(Value::Null);
    }
    let pairs = || form_urlencoded::parse(query.as_bytes());
    let mut said = pairs().filter(|(key, _)| key == member.wire).map(|(_, value)| value);
    match &member.schema.kind {
        Kind::List(elements) => {
            let values: Result<Vec<_>, _> =
                said.map(|text| scalar::read(elements.schema, &text, TimestampFormat::DateTime)).collect();
            let values = values?;
            Ok(if values.is_empty() { Value::Null } else { Value::List(values) })
        }
        Kind::Map(entries) => {
            let mut values = BTreeMap::new();
            for (key, text) in pairs() {
                let value = scalar::read(entries.value, &text, TimestampFormat::DateTime)?;
                values.entry(key.into_owned()).or_insert(value);
            }
            Ok(Value::Map(values))
        }
        _ => match said.next() {
            Some(text) => scalar::read(member.schema, &text, TimestampFormat::DateTime),
            None => Ok(Value::Null),
        },
    }
}

fn from_header(member: &Member, headers: &HeaderMap) -> Result<Value, Malformed> {
    let Some(value) = headers.get(member.wire) else { return Ok(Value::Null) };
    let text = std::str::from_utf8(value.as_bytes())
        .map_err(|_| Malformed::new(format!("The header {} is not UTF-8", member.wire)))?;
    match &member.schema.kind {
        Kind::List(elements) => {
            let values =
                text.split(',').map(|text| scalar::read(elements.schema, text.trim(), TimestampFormat::HttpDate));
            Ok(Value::List(values.collect::<Result<_, _>>()?))
        }
        _ => scalar::read(member.schema, text, TimestampFormat::HttpDate),
    }
}

fn from_headers(member: &Member, headers: &HeaderMap) -> Value {
    let prefix = member.wire.to_ascii_lowercase();
    let mut values = BTreeMap::new();
    for (name, value) in headers {
        if let (Some(key), Ok(text)) = (name.as_str().strip_prefix(&prefix), value.to_str()) {
            values.insert(key.to_owned(), Value::String(text.to_owned()));
        }
    }
    if values.is_empty() { Value::Null } else { Value::Map(values) }
}

/// Writes an answer.
pub(super) fn encode(operation: &OperationModel, output: Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status(operation.status);
    let (Some(schema), Value::Structure(values)) = (operation.output, &output) else { return response };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    let members = schema.members();
    for (member, value) in members.iter().zip(values).filter(|(_, value)| !value.is_null()) {
        match (member.location, value) {
            (Location::StatusCode, Value::Integer(code)) => {
                *response.status_mut() = u16::try_from(*code).map_or(StatusCode::OK, status);
            }
            (Location::Header, value) => {
                if let (Ok(name), Some(text)) =
                    (member.wire.parse(), scalar::write(member.schema, value, TimestampFormat::HttpDate))
                {
                    header(&mut response, name, &text);
                }
            }
            (Location::HeaderPrefix, Value::Map(entries)) => {
                for (key, value) in entries {
                    if let (Ok(name), Value::String(text)) =
                        (format!("{}{key}", member.wire).parse::<HeaderName>(), value)
                    {
                        header(&mut response, name, text);
                    }
                }
            }
            _ => {}
        }
    }
    let payload = members.iter().position(|member| member.location == Location::Payload);
    let in_body = members.iter().any(|member| member.location == Location::Body);
    let body = match (payload, output) {
        (Some(at), Value::Structure(mut values)) => match (values.swap_remove(at), members[at].schema) {
            (Value::Null, _) => Bytes::new(),
            (Value::Blob(bytes), _) => bytes,
            (Value::String(text), _) => text.into(),
            (value, schema) => json::write(schema, &value).into(),
        },
        (None, output) if in_body => json::write_body(schema, &output).into(),
        _ => Bytes::new(),
    };
    if response.status() == StatusCode::NO_CONTENT {
        // No body may follow, whatever the model says.
        response.headers_mut().remove(CONTENT_LENGTH);
    } else {
        *response.body_mut() = body;
    }
    response
}

/// Writes an error: its name in a header, as `{"Type":"User","message":"…"}` in the body.
pub(super) fn fault(fault: &Fault) -> Response<Bytes> {
    let body = serde_json::to_vec(&fault.json()).expect("text serializes");
    let mut response = respond(fault.status, JSON, body);
    header(&mut response, HeaderName::from_static("x-amzn-errortype"), &fault.code);
    response
}
