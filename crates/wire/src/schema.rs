//! Shapes as data: what a model says of a value, for one generic layer to read.
//!
//! The generator writes one [`Schema`] per shape as a `static`; decoding,
//! validation, encoding and `Debug` all walk these tables, so no code exists
//! for each shape but its struct. Schemas refer to each other by address and may
//! form cycles (a shape may contain itself).
//!
//! What this is *not*: protocol. How a member is spelled stands here
//! ([`Location`], wire names); how it is read and written stands in
//! [`crate::protocol`].

use crate::pattern::Pattern;

/// A shape of a service model.
#[derive(Debug)]
pub struct Schema {
    /// The shape's name in the model.
    pub name: &'static str,
    /// What kind of value it is, and of what it is made.
    pub kind: Kind,
    /// Least length (strings in characters, blobs in bytes, lists and maps in entries) or least value of a number.
    pub min: Option<i64>,
    /// Greatest length or value, counted as for `min`.
    pub max: Option<i64>,
    /// What a string must match as a whole.
    pub pattern: Option<&'static Pattern>,
    /// The values a string may have, in the order AWS lists them in its refusals; empty if any may be.
    pub values: &'static [&'static str],
    /// Whether the value must never be shown: not in `Debug`, not in a refusal.
    pub sensitive: bool,
}

/// The kind of a shape.
#[derive(Debug)]
pub enum Kind {
    /// Named members, in the model's order. Unions are structures of which one member is present.
    Structure(&'static [Member]),
    /// A list.
    List(Elements),
    /// A map from strings.
    Map(Entries),
    /// Text.
    String,
    /// Bytes; base64 inside JSON and forms.
    Blob,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A double, and AWS's `float`.
    Double,
    /// A boolean.
    Boolean,
    /// A point in time; the format where the model overrides the protocol's.
    Timestamp(Option<TimestampFormat>),
}

/// What a list is made of.
#[derive(Debug)]
pub struct Elements {
    /// Each element.
    pub schema: &'static Schema,
    /// The XML and form name of an element.
    pub wire: &'static str,
    /// Whether elements stand directly in the parent, in XML and forms.
    pub flattened: bool,
    /// Whether AWS's refusals of an element end with `Member must not be null`.
    pub not_null: bool,
}

/// What a map is made of.
#[derive(Debug)]
pub struct Entries {
    /// Each key: a string.
    pub key: &'static Schema,
    /// Each value.
    pub value: &'static Schema,
    /// The XML and form name of a key.
    pub key_wire: &'static str,
    /// The XML and form name of a value.
    pub value_wire: &'static str,
    /// Whether entries stand directly in the parent, in XML and forms.
    pub flattened: bool,
    /// Whether AWS's refusals of a value end with `Member must not be null`.
    pub not_null: bool,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the model.
    pub name: &'static str,
    /// Its name on the wire, where `location` says it is.
    pub wire: &'static str,
    /// Its shape.
    pub schema: &'static Schema,
    /// Whether it must be present.
    pub required: bool,
    /// Where rest-json carries it when the structure is a whole input or output; the other protocols have only bodies.
    pub location: Location,
}

/// Where a rest-json member travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the JSON body.
    Body,
    /// It is the body.
    Payload,
    /// In the path.
    Label,
    /// In the query string; a map contributes each of its entries.
    Query,
    /// In a header.
    Header,
    /// A map in headers whose names begin with the wire name.
    HeaderPrefix,
    /// The HTTP status.
    StatusCode,
}

/// How a timestamp is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// Seconds since 1970, perhaps with a fraction.
    EpochSeconds,
    /// `2026-11-21T20:15:41Z`.
    DateTime,
    /// `Sat, 21 Nov 2026 20:15:41 GMT`.
    HttpDate,
}

/// Builders for the generated tables. Each is `const`: the tables cost nothing at start.
impl Schema {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, min: None, max: None, pattern: None, values: &[], sensitive: false }
    }

    /// A structure of `members`.
    #[must_use]
    pub const fn structure(name: &'static str, members: &'static [Member]) -> Self {
        Self::new(name, Kind::Structure(members))
    }

    /// A list of `schema`, each element spelled `member`.
    #[must_use]
    pub const fn list(name: &'static str, schema: &'static Schema) -> Self {
        Self::new(name, Kind::List(Elements { schema, wire: "member", flattened: false, not_null: false }))
    }

    /// A map from `key` to `value`.
    #[must_use]
    pub const fn map(name: &'static str, key: &'static Schema, value: &'static Schema) -> Self {
        let (key_wire, value_wire) = ("key", "value");
        Self::new(name, Kind::Map(Entries { key, value, key_wire, value_wire, flattened: false, not_null: false }))
    }

    /// Text.
    #[must_use]
    pub const fn string(name: &'static str) -> Self {
        Self::new(name, Kind::String)
    }

    /// Bytes.
    #[must_use]
    pub const fn blob(name: &'static str) -> Self {
        Self::new(name, Kind::Blob)
    }

    /// A 32-bit integer.
    #[must_use]
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// A 64-bit integer.
    #[must_use]
    pub const fn long(name: &'static str) -> Self {
        Self::new(name, Kind::Long)
    }

    /// A double.
    #[must_use]
    pub const fn double(name: &'static str) -> Self {
        Self::new(name, Kind::Double)
    }

    /// A boolean.
    #[must_use]
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A point in time.
    #[must_use]
    pub const fn timestamp(name: &'static str, format: Option<TimestampFormat>) -> Self {
        Self::new(name, Kind::Timestamp(format))
    }

    /// With a least length or value.
    #[must_use]
    pub const fn min(self, min: i64) -> Self {
        Self { min: Some(min), ..self }
    }

    /// With a greatest length or value.
    #[must_use]
    pub const fn max(self, max: i64) -> Self {
        Self { max: Some(max), ..self }
    }

    /// With a pattern to match.
    #[must_use]
    pub const fn pattern(self, pattern: &'static Pattern) -> Self {
        Self { pattern: Some(pattern), ..self }
    }

    /// With the values it may have.
    #[must_use]
    pub const fn values(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }

    /// Never to be shown.
    #[must_use]
    pub const fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// A list whose elements are refused with `Member must not be null` at the end.
    ///
    /// # Panics
    /// At compile time, if this is neither a list nor a map.
    #[must_use]
    pub const fn not_null(mut self) -> Self {
        match &mut self.kind {
            Kind::List(elements) => elements.not_null = true,
            Kind::Map(entries) => entries.not_null = true,
            _ => panic!("only lists and maps have elements"),
        }
        self
    }

    /// The members, if this is a structure.
    #[must_use]
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }
}

impl Member {
    /// A member of the body, spelled by its own name.
    #[must_use]
    pub const fn new(name: &'static str, schema: &'static Schema) -> Self {
        Self { name, wire: name, schema, required: false, location: Location::Body }
    }

    /// One that must be present.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// One that travels at `location` under the name `wire`.
    #[must_use]
    pub const fn at(self, location: Location, wire: &'static str) -> Self {
        Self { location, wire, ..self }
    }
}
