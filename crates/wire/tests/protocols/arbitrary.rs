//! Any value a schema can describe, whatever its constraints, and the same in JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lanthorn_wire::schema::{Kind, Location, Member, Schema};
use lanthorn_wire::value::Value;
use serde_json::json;

/// A stream of choices from one seed.
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound` (splitmix64).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 12] = ['a', 'Z', '0', '-', '/', ':', '%', '+', '&', '<', '"', 'é'];
        (0..1 + self.below(8)).map(|_| LETTERS[self.below(12) as usize]).collect()
    }
}

/// A value of `schema` with its required members and some of the others.
pub(crate) fn value(schema: &'static Schema, choices: &mut Choices) -> Value {
    nested(schema, choices, 6)
}

fn nested(schema: &'static Schema, choices: &mut Choices, depth: u64) -> Value {
    let count = if depth == 0 { 0 } else { choices.below(3) };
    match &schema.kind {
        Kind::Structure(members) => Value::Structure(
            members
                .iter()
                .map(|member| match member.required || (depth > 0 && choices.below(2) == 0) {
                    true => nested(member.schema, choices, depth.saturating_sub(1)),
                    false => Value::Null,
                })
                .collect(),
        ),
        Kind::List(elements) => Value::List((0..count).map(|_| nested(elements.schema, choices, depth - 1)).collect()),
        Kind::Map(entries) => {
            let entry = |_| (choices.text(), nested(entries.value, choices, depth - 1));
            Value::Map((0..count).map(entry).collect::<BTreeMap<_, _>>())
        }
        Kind::String => Value::String(choices.text()),
        Kind::Blob => Value::Blob(choices.text().into()),
        Kind::Integer => Value::Integer(i64::from(choices.below(u64::MAX) as i32)),
        Kind::Long => Value::Integer(choices.below(u64::MAX) as i64),
        Kind::Double => Value::Double(choices.below(1_000_000) as f64 / 64.0),
        Kind::Boolean => Value::Boolean(choices.below(2) == 0),
        Kind::Timestamp(_) => {
            Value::Timestamp(Timestamp::from_second(choices.below(4_000_000_000) as i64).expect("in this century"))
        }
    }
}

/// The JSON of a value, of the members that `keep` keeps at the outermost level.
pub(crate) fn json(schema: &Schema, value: &Value, keep: &dyn Fn(&Member) -> bool) -> serde_json::Value {
    match (&schema.kind, value) {
        (Kind::Structure(members), Value::Structure(values)) => {
            let present = members.iter().zip(values).filter(|(member, value)| **value != Value::Null && keep(member));
            present.map(|(member, value)| (member.wire.to_owned(), json(member.schema, value, &|_| true))).collect()
        }
        (Kind::List(elements), Value::List(values)) => {
            values.iter().map(|value| json(elements.schema, value, &|_| true)).collect()
        }
        (Kind::Map(entries), Value::Map(values)) => {
            values.iter().map(|(key, value)| (key.clone(), json(entries.value, value, &|_| true))).collect()
        }
        (_, Value::Boolean(value)) => json!(value),
        (_, Value::Integer(value)) => json!(value),
        (_, Value::Double(value)) => json!(value),
        (_, Value::String(value)) => json!(value),
        (_, Value::Blob(bytes)) => json!(STANDARD.encode(bytes)),
        (_, Value::Timestamp(value)) => json!(value.as_second()),
        _ => serde_json::Value::Null,
    }
}

/// Whether rest-json carries a member in the JSON body.
pub(crate) fn in_body(member: &Member) -> bool {
    member.location == Location::Body
}
