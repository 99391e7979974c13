//! Single values as text: in paths, query strings, headers and forms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Malformed, timestamp};
use crate::schema::{Kind, Schema, TimestampFormat};
use crate::value::Value;

/// Reads one value; `format` is the protocol's for timestamps.
pub(super) fn read(schema: &Schema, text: &str, format: TimestampFormat) -> Result<Value, Malformed> {
    Ok(match &schema.kind {
        Kind::String => Value::String(text.to_owned()),
        Kind::Boolean => match text {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => return Err(not("a Boolean")),
        },
        Kind::Integer => Value::Integer(text.parse::<i32>().map_err(|_| not("an Integer"))?.into()),
        Kind::Long => Value::Integer(text.parse().map_err(|_| not("a Long"))?),
        Kind::Double => Value::Double(text.parse().map_err(|_| not("a Double"))?),
        Kind::Timestamp(own) => Value::Timestamp(timestamp::read(text, own.unwrap_or(format))?),
        Kind::Blob => Value::Blob(STANDARD.decode(text).map_err(|_| not("a Blob"))?.into()),
        Kind::Structure(_) | Kind::List(_) | Kind::Map(_) => return Err(not("a structure")),
    })
}

/// Writes one value; `None` for what is no single value.
pub(super) fn write(schema: &Schema, value: &Value, format: TimestampFormat) -> Option<String> {
    Some(match value {
        Value::String(value) => value.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Blob(bytes) => STANDARD.encode(bytes),
        Value::Timestamp(value) => match schema.kind {
            Kind::Timestamp(Some(own)) => timestamp::write(*value, own),
            _ => timestamp::write(*value, format),
        },
        Value::Null | Value::List(_) | Value::Map(_) | Value::Structure(_) => return None,
    })
}

fn not(what: &str) -> Malformed {
    Malformed::new(format!("STRING_VALUE can not be converted to {what}"))
}
