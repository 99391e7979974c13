//! XML answers, written along a schema.

use quick_xml::escape::escape;

use super::scalar;
use crate::schema::{Kind, Schema, TimestampFormat};
use crate::value::Value;

/// Writes `value` as the element `name`.
pub(super) fn element(xml: &mut String, name: &str, schema: &Schema, value: &Value) {
    match (&schema.kind, value) {
        (_, Value::Null) => {}
        (Kind::List(elements), Value::List(values)) if elements.flattened => {
            for value in values {
                element(xml, name, elements.schema, value);
            }
        }
        (Kind::Map(entries), Value::Map(values)) if entries.flattened => {
            for (key, value) in values {
                nested(xml, name, |xml| {
                    text(xml, entries.key_wire, key);
                    element(xml, entries.value_wire, entries.value, value);
                });
            }
        }
        (Kind::Structure(_), _) => nested(xml, name, |xml| members(xml, schema, value)),
        (Kind::List(elements), Value::List(values)) => nested(xml, name, |xml| {
            for value in values {
                element(xml, elements.wire, elements.schema, value);
            }
        }),
        (Kind::Map(entries), Value::Map(values)) => nested(xml, name, |xml| {
            for (key, value) in values {
                nested(xml, "entry", |xml| {
                    text(xml, entries.key_wire, key);
                    element(xml, entries.value_wire, entries.value, value);
                });
            }
        }),
        (_, value) => {
            if let Some(value) = scalar::write(schema, value, TimestampFormat::DateTime) {
                text(xml, name, &value);
            }
        }
    }
}

/// Writes the members of a structure, without an element around them.
pub(super) fn members(xml: &mut String, schema: &Schema, value: &Value) {
    if let Value::Structure(values) = value {
        for (member, value) in schema.members().iter().zip(values) {
            element(xml, member.wire, member.schema, value);
        }
    }
}

/// Writes an element of text.
pub(super) fn text(xml: &mut String, name: &str, text: &str) {
    nested(xml, name, |xml| xml.push_str(&escape(text)));
}

/// Writes an element around what `inside` writes.
pub(super) fn nested(xml: &mut String, name: &str, inside: impl FnOnce(&mut String)) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    inside(xml);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}
