//! A decoded value, shaped by a [`Schema`](crate::schema::Schema) and not yet a struct.
//!
//! Requests become a `Value`, are validated as one, and only then become the
//! typed input; answers take the same way back. Text and payloads are moved
//! along it, never copied.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

/// What a request or an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: an absent member.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer or a long.
    Integer(i64),
    /// A double.
    Double(f64),
    /// Text.
    String(String),
    /// Bytes.
    Blob(Bytes),
    /// A point in time.
    Timestamp(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(BTreeMap<String, Value>),
    /// A structure: one value for each member of its schema, in the schema's order.
    Structure(Vec<Value>),
}

impl Value {
    /// Whether it is absent.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// A value that is not of the shape that was asked for: the tables and the structs disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value is not of its shape")]
pub struct Mismatch;
