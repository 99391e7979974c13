//! The query protocol: a form in, XML out.
//!
//! `Tags.member.2.Key=a` is the member `Key` of the second element of `Tags`; a
//! flattened list leaves `member` out, a map counts `entry`s.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use http::{Response, StatusCode};
use lanthorn_model::invocation::RequestId;

use super::{Malformed, respond, scalar, xml};
use crate::fault::Fault;
use crate::request::Request;
use crate::schema::{Kind, Schema, TimestampFormat};
use crate::service::OperationModel;
use crate::value::Value;

/// How deep a form may nest. The models' deepest input is six levels; a hostile one could be as deep as it is long.
const DEPTH_MAX: usize = 32;

/// Reads a request: the form, and the query string of a GET.
pub(super) fn decode(schema: &'static Schema, request: &Request) -> Result<Value, Malformed> {
    let form = Form::of(request);
    structure(schema, "", &form, DEPTH_MAX)
}

/// A form by key; of a key said twice the first counts.
struct Form<'r>(BTreeMap<Cow<'r, str>, Cow<'r, str>>);

impl<'r> Form<'r> {
    fn of(request: &'r Request) -> Self {
        let mut form = BTreeMap::new();
        for text in [request.query().as_bytes(), &request.body] {
            for (key, value) in form_urlencoded::parse(text) {
                form.entry(key).or_insert(value);
            }
        }
        Self(form)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(Cow::as_ref)
    }

    /// Whether anything is said at or below `key`.
    fn has(&self, key: &str) -> bool {
        let below = format!("{key}.");
        let from = (Bound::Included(below.as_str()), Bound::Unbounded);
        self.0.contains_key(key)
            || self.0.range::<str, _>(from).next().is_some_and(|(found, _)| found.starts_with(&below))
    }
}

fn read(schema: &'static Schema, key: &str, form: &Form<'_>, depth: usize) -> Result<Value, Malformed> {
    let depth = depth.checked_sub(1).ok_or_else(|| Malformed::new("The request is nested too deeply"))?;
    if !form.has(key) {
        return Ok(Value::Null);
    }
    match &schema.kind {
        Kind::Structure(_) => structure(schema, key, form, depth),
        Kind::List(elements) => {
            let step = if elements.flattened { key.to_owned() } else { format!("{key}.{}", elements.wire) };
            let values: Result<_, _> =
                numbered(&step, form).map(|key| read(elements.schema, &key, form, depth)).collect();
            Ok(Value::List(values?))
        }
        Kind::Map(entries) => {
            let step = if entries.flattened { key.to_owned() } else { format!("{key}.entry") };
            let mut values = BTreeMap::new();
            for at in numbered(&step, form) {
                let key = form.get(&format!("{at}.{}", entries.key_wire)).unwrap_or_default().to_owned();
                values.insert(key, read(entries.value, &format!("{at}.{}", entries.value_wire), form, depth)?);
            }
            Ok(Value::Map(values))
        }
        _ => match form.get(key) {
            Some(text) => scalar::read(schema, text, TimestampFormat::DateTime),
            None => Ok(Value::Null),
        },
    }
}

fn structure(schema: &'static Schema, key: &str, form: &Form<'_>, depth: usize) -> Result<Value, Malformed> {
    let member = |wire: &str| if key.is_empty() { wire.to_owned() } else { format!("{key}.{wire}") };
    let values = schema.members().iter().map(|it| read(it.schema, &member(it.wire), form, depth));
    Ok(Value::Structure(values.collect::<Result<_, _>>()?))
}

/// `key.1`, `key.2`, … as far as the form goes.
fn numbered<'a>(key: &'a str, form: &'a Form<'_>) -> impl Iterator<Item = String> + 'a {
    (1..).map(move |at| format!("{key}.{at}")).take_while(|key| form.has(key))
}

/// Writes an answer.
pub(super) fn encode(operation: &OperationModel, output: &Value, namespace: &str, id: RequestId) -> Response<Bytes> {
    let name = operation.name;
    let mut text = format!("<{name}Response xmlns=\"{namespace}\">");
    if let Some(schema) = operation.output {
        xml::nested(&mut text, &format!("{name}Result"), |text| xml::members(text, schema, output));
    }
    xml::nested(&mut text, "ResponseMetadata", |text| xml::text(text, "RequestId", &id.to_string()));
    text.push_str(&format!("</{name}Response>"));
    respond(StatusCode::OK, "text/xml", text)
}

/// Writes an error.
pub(super) fn fault(fault: &Fault, namespace: &str, id: RequestId) -> Response<Bytes> {
    let mut text = format!("<ErrorResponse xmlns=\"{namespace}\">");
    xml::nested(&mut text, "Error", |text| {
        xml::text(text, "Type", if fault.status.is_server_error() { "Receiver" } else { "Sender" });
        xml::text(text, "Code", &fault.code);
        xml::text(text, "Message", &fault.message);
    });
    xml::text(&mut text, "RequestId", &id.to_string());
    text.push_str("</ErrorResponse>");
    respond(fault.status, "text/xml", text)
}
