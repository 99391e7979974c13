//! JSON bodies, read and written along a schema in one pass.
//!
//! The refusals of wrong types are AWS's own (seen: `NUMBER_VALUE can not be
//! converted to a String`, `Start of list found where not expected`). Unknown
//! members are let pass and `null` is absence, as on AWS.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::{Malformed, timestamp};
use crate::schema::{Kind, Location, Member, Schema, TimestampFormat};
use crate::value::Value;

/// Reads a whole document; an empty one and `null` are empty structures.
pub(super) fn read(schema: &'static Schema, body: &[u8]) -> Result<Value, Malformed> {
    parse(Seed { schema, only: None }, body)
}

/// Reads the members of `schema` that travel in a rest-json body; the others are left absent.
pub(super) fn read_body(schema: &'static Schema, body: &[u8]) -> Result<Value, Malformed> {
    parse(Seed { schema, only: Some(Location::Body) }, body)
}

/// Writes a value.
pub(super) fn write(schema: &Schema, value: &Value) -> Vec<u8> {
    serialize(&Written { schema, value, only: None })
}

/// Writes the members of `schema` that travel in a rest-json body.
pub(super) fn write_body(schema: &Schema, value: &Value) -> Vec<u8> {
    serialize(&Written { schema, value, only: Some(Location::Body) })
}

fn parse(seed: Seed, body: &[u8]) -> Result<Value, Malformed> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let read = read.map(|value| match (value, &seed.schema.kind) {
        (Value::Null, Kind::Structure(members)) => Value::Structure(vec![Value::Null; members.len()]),
        (value, _) => value,
    });
    read.map_err(|error| {
        let text = error.to_string();
        if error.is_data() {
            // AWS gives no position for a value of the wrong type.
            let position = format!(" at line {} column {}", error.line(), error.column());
            Malformed::new(text.strip_suffix(&position).unwrap_or(&text))
        } else {
            Malformed::new(format!("Could not parse request body into json: {text}"))
        }
    })
}

fn serialize(written: &Written<'_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(256);
    serde_json::to_writer(&mut text, written).expect("a value has string keys and a Vec takes all that is written");
    text
}

/// Reads a value of a shape; of a structure perhaps only the members that travel in one place.
#[derive(Clone, Copy)]
struct Seed {
    schema: &'static Schema,
    only: Option<Location>,
}

impl Seed {
    fn of(schema: &'static Schema) -> Self {
        Self { schema, only: None }
    }

    /// What AWS calls the shape in its refusals.
    fn article(self) -> &'static str {
        match self.schema.kind {
            Kind::String | Kind::Structure(_) | Kind::List(_) | Kind::Map(_) => "a String",
            Kind::Blob => "a Blob",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Double => "a Double",
            Kind::Boolean => "a Boolean",
            Kind::Timestamp(_) => "a Timestamp",
        }
    }

    fn refuse<E: serde::de::Error>(self, token: &str) -> E {
        match self.schema.kind {
            Kind::List(_) => E::custom("Expected list or null"),
            Kind::Structure(_) | Kind::Map(_) => E::custom("Expected start of structure or map"),
            _ => E::custom(format_args!("{token} can not be converted to {}", self.article())),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.article())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        match self.schema.kind {
            Kind::Boolean => Ok(Value::Boolean(value)),
            _ => Err(self.refuse(if value { "TRUE_VALUE" } else { "FALSE_VALUE" })),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match self.schema.kind {
            Kind::Integer if i32::try_from(value).is_ok() => Ok(Value::Integer(value)),
            Kind::Long => Ok(Value::Integer(value)),
            Kind::Double => Ok(Value::Double(value as f64)),
            Kind::Timestamp(_) => {
                timestamp::from_epoch(value as f64).map(Value::Timestamp).map_err(|it| E::custom(it.0))
            }
            _ => Err(self.refuse("NUMBER_VALUE")),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        match self.schema.kind {
            Kind::Double => Ok(Value::Double(value)),
            Kind::Timestamp(_) => timestamp::from_epoch(value).map(Value::Timestamp).map_err(|it| E::custom(it.0)),
            // AWS truncates where a whole number is wanted.
            Kind::Integer | Kind::Long if value.abs() < 9.0e15 => self.visit_i64(value as i64),
            _ => Err(self.refuse("NUMBER_VALUE")),
        }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        match self.schema.kind {
            Kind::String => Ok(Value::String(value.to_owned())),
            Kind::Blob => match STANDARD.decode(value) {
                Ok(bytes) => Ok(Value::Blob(bytes.into())),
                Err(_) => Err(E::custom("Unable to decode the Base64 value of a Blob")),
            },
            Kind::Timestamp(Some(format)) if format != TimestampFormat::EpochSeconds => {
                timestamp::read(value, format).map(Value::Timestamp).map_err(|it| E::custom(it.0))
            }
            // The only numbers JSON cannot write.
            Kind::Double if ["NaN", "Infinity", "-Infinity"].contains(&value) => {
                value.parse().map(Value::Double).map_err(|_| self.refuse("STRING_VALUE"))
            }
            _ => Err(self.refuse("STRING_VALUE")),
        }
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        match self.schema.kind {
            Kind::String => Ok(Value::String(value)),
            _ => self.visit_str(&value),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let Kind::List(elements) = &self.schema.kind else {
            return Err(A::Error::custom("Start of list found where not expected"));
        };
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(Seed::of(elements.schema))? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        match &self.schema.kind {
            Kind::Structure(members) => {
                let mut values = vec![Value::Null; members.len()];
                let travels = |member: &Member| self.only.is_none_or(|only| member.location == only);
                while let Some(At(found)) = access.next_key_seed(Find(members))? {
                    match found.filter(|at| travels(&members[*at])) {
                        Some(at) => values[at] = access.next_value_seed(Seed::of(members[at].schema))?,
                        None => drop(access.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Value::Structure(values))
            }
            Kind::Map(entries) => {
                let mut values = BTreeMap::new();
                while let Some(key) = access.next_key()? {
                    values.insert(key, access.next_value_seed(Seed::of(entries.value))?);
                }
                Ok(Value::Map(values))
            }
            _ => Err(A::Error::custom("Start of structure or map found where not expected.")),
        }
    }
}

/// Finds a member by its wire name without copying it.
struct Find(&'static [Member]);

/// Where the member is, if the structure has it.
struct At(Option<usize>);

impl<'de> DeserializeSeed<'de> for Find {
    type Value = At;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<At, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Find {
    type Value = At;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<At, E> {
        Ok(At(self.0.iter().position(|member| member.wire == name)))
    }
}

struct Written<'a> {
    schema: &'a Schema,
    value: &'a Value,
    only: Option<Location>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.schema.kind, self.value) {
            (Kind::Structure(members), Value::Structure(values)) => {
                let mut map = serializer.serialize_map(None)?;
                for (member, value) in members.iter().zip(values) {
                    if !value.is_null() && self.only.is_none_or(|only| member.location == only) {
                        map.serialize_entry(member.wire, &Written { schema: member.schema, value, only: None })?;
                    }
                }
                map.end()
            }
            (Kind::List(elements), Value::List(values)) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Written { schema: elements.schema, value, only: None })?;
                }
                list.end()
            }
            (Kind::Map(entries), Value::Map(values)) => {
                let mut map = serializer.serialize_map(Some(values.len()))?;
                for (key, value) in values {
                    map.serialize_entry(key, &Written { schema: entries.value, value, only: None })?;
                }
                map.end()
            }
            (_, Value::Boolean(value)) => serializer.serialize_bool(*value),
            (_, Value::Integer(value)) => serializer.serialize_i64(*value),
            (_, Value::Double(value)) if value.is_finite() => serializer.serialize_f64(*value),
            (_, Value::Double(value)) if value.is_nan() => serializer.serialize_str("NaN"),
            (_, Value::Double(value)) => serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
            (_, Value::String(value)) => serializer.serialize_str(value),
            (_, Value::Blob(bytes)) => serializer.serialize_str(&STANDARD.encode(bytes)),
            (Kind::Timestamp(Some(format)), Value::Timestamp(value)) if *format != TimestampFormat::EpochSeconds => {
                serializer.serialize_str(&timestamp::write(*value, *format))
            }
            (_, Value::Timestamp(value)) => match value.as_millisecond() {
                whole if whole % 1000 == 0 => serializer.serialize_i64(whole / 1000),
                milliseconds => serializer.serialize_f64(timestamp::to_epoch(milliseconds)),
            },
            _ => serializer.serialize_unit(),
        }
    }
}
