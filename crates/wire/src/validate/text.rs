//! The words of a violation: the value that is wrong, and what it should be.

use crate::schema::{Kind, Schema};
use crate::value::Value;

/// The value as AWS repeats it: `Value 'x'`, `Value null`, or `Value` alone where it must not be shown.
pub(super) fn said(schema: &Schema, value: &Value) -> String {
    if secret(schema) {
        return "Value".to_owned();
    }
    match value {
        Value::Null => "Value null".to_owned(),
        value => format!("Value '{}'", java(value)),
    }
}

/// Whether the shape, or something it is made of, must not be shown.
fn secret(schema: &Schema) -> bool {
    schema.sensitive
        || match &schema.kind {
            Kind::List(elements) => secret(elements.schema),
            Kind::Map(entries) => entries.key.sensitive || secret(entries.value),
            _ => false,
        }
}

/// A value as Java's `toString` prints it.
fn java(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Double(value) => format!("{value:?}"),
        Value::String(value) => value.clone(),
        Value::Blob(bytes) => format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len()),
        Value::Timestamp(value) => value.to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(java).collect::<Vec<_>>().join(", ")),
        Value::Map(values) => {
            let entries: Vec<_> = values.iter().map(|(key, value)| format!("{key}={}", java(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        // What AWS prints here names a Java class; a structure inside a list that is too long is of no use to anybody.
        Value::Structure(_) => "{}".to_owned(),
    }
}

/// Whether values of the shape are structures or made of them. Those are checked one by one, each under its own path.
pub(super) fn holds_structures(schema: &Schema) -> bool {
    match &schema.kind {
        Kind::Structure(_) => true,
        Kind::List(elements) => holds_structures(elements.schema),
        Kind::Map(entries) => holds_structures(entries.value),
        _ => false,
    }
}

/// The constraints of `schema` that `value` breaks, the pattern before the bounds.
pub(super) fn broken(schema: &Schema, value: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if let Value::String(value) = value {
        if !matches_pattern(schema, value) {
            broken.extend(pattern(schema));
        }
        if !is_listed(schema, value) {
            broken.extend(values(schema));
        }
    }
    let (above, below) = outside(schema, value);
    if above {
        broken.extend(bound(schema, "less", schema.max));
    }
    if below {
        broken.extend(bound(schema, "greater", schema.min));
    }
    broken
}

/// Whether an element breaks anything of its shape, or is absent.
pub(super) fn is_broken(schema: &Schema, value: &Value) -> bool {
    let itself = match value {
        Value::Null => true,
        Value::String(text) => !matches_pattern(schema, text) || !is_listed(schema, text),
        _ => false,
    };
    let inside = match (&schema.kind, value) {
        (Kind::List(elements), Value::List(values)) => values.iter().any(|value| is_broken(elements.schema, value)),
        (Kind::Map(entries), Value::Map(values)) => {
            values.iter().any(|(key, value)| is_broken_key(entries.key, key) || is_broken(entries.value, value))
        }
        _ => false,
    };
    itself || inside || outside(schema, value) != (false, false)
}

/// [`is_broken`] for a map's key.
pub(super) fn is_broken_key(schema: &Schema, key: &str) -> bool {
    let long = length(key.chars().count());
    let bounded = schema.min.is_none_or(|min| long >= min) && schema.max.is_none_or(|max| long <= max);
    !bounded || !matches_pattern(schema, key) || !is_listed(schema, key)
}

fn matches_pattern(schema: &Schema, text: &str) -> bool {
    schema.pattern.is_none_or(|pattern| pattern.matches(text))
}

fn is_listed(schema: &Schema, text: &str) -> bool {
    schema.values.is_empty() || schema.values.contains(&text)
}

/// All constraints of an element's shape, broken or not: so AWS says it of lists and maps (recorded for `layers`).
pub(super) fn all(schema: &Schema, not_null: bool) -> String {
    let mut all: Vec<String> = [bound(schema, "less", schema.max), bound(schema, "greater", schema.min)]
        .into_iter()
        .chain([pattern(schema), values(schema)])
        .flatten()
        .collect();
    if not_null || all.is_empty() {
        all.push("Member must not be null".to_owned());
    }
    all.join(", ")
}

/// Whether the value is above the greatest, and below the least, length or value.
fn outside(schema: &Schema, value: &Value) -> (bool, bool) {
    if schema.min.is_none() && schema.max.is_none() {
        return (false, false);
    }
    if let Value::Double(value) = value {
        return (schema.max.is_some_and(|max| *value > max as f64), schema.min.is_some_and(|min| *value < min as f64));
    }
    let measure = match value {
        Value::Integer(value) => *value,
        Value::String(value) => length(value.chars().count()),
        Value::Blob(bytes) => length(bytes.len()),
        Value::List(values) => length(values.len()),
        Value::Map(values) => length(values.len()),
        _ => return (false, false),
    };
    (schema.max.is_some_and(|max| measure > max), schema.min.is_some_and(|min| measure < min))
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn bound(schema: &Schema, relation: &str, bound: Option<i64>) -> Option<String> {
    let bound = bound?;
    Some(match schema.kind {
        Kind::Integer | Kind::Long => format!("Member must have value {relation} than or equal to {bound}"),
        Kind::Double => format!("Member must have value {relation} than or equal to {bound}.0"),
        _ => format!("Member must have length {relation} than or equal to {bound}"),
    })
}

fn pattern(schema: &Schema) -> Option<String> {
    schema.pattern.map(|pattern| format!("Member must satisfy regular expression pattern: {}", pattern.text()))
}

fn values(schema: &Schema) -> Option<String> {
    let values = schema.values;
    (!values.is_empty()).then(|| format!("Member must satisfy enum value set: [{}]", values.join(", ")))
}
