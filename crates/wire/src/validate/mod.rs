//! The model's constraints, with AWS's own text for each violation.
//!
//! Everything is checked and everything found is said at once, in the order of
//! the model's members, the pattern of a value before its length. AWS does not
//! say in which order it lists several (recorded answers were sorted by whoever
//! recorded them); this is what most of the seen ones do.

mod text;

use std::fmt;

use crate::schema::{Kind, Schema};
use crate::value::Value;

/// How many violations are kept. A hostile body can hold millions; no honest one comes near.
const VIOLATIONS_MAX: usize = 256;

/// What a request violates; prints as AWS says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<String>);

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = if self.0.len() == 1 { "error" } else { "errors" };
        write!(formatter, "{} validation {errors} detected: {}", self.0.len(), self.0.join("; "))
    }
}

/// Checks an input against its schema.
///
/// # Errors
/// [`Violations`] if there is any.
pub fn validate(schema: &'static Schema, input: &Value) -> Result<(), Violations> {
    let mut check = Check { path: String::new(), violations: Vec::new() };
    check.members(schema, input);
    if check.violations.is_empty() { Ok(()) } else { Err(Violations(check.violations)) }
}

struct Check {
    /// Where in the input we are, as AWS spells it: `vpcConfig.subnetIds`, `tags.1.member.key`.
    path: String,
    violations: Vec<String>,
}

impl Check {
    fn members(&mut self, schema: &'static Schema, value: &Value) {
        let Value::Structure(values) = value else { return };
        for (member, value) in schema.members().iter().zip(values) {
            if value.is_null() && !member.required {
                continue;
            }
            self.within(&lower_first(member.name), |check| check.value(member.schema, value));
        }
    }

    fn value(&mut self, schema: &'static Schema, value: &Value) {
        if value.is_null() {
            self.violated(schema, value, "Member must not be null");
            return;
        }
        for broken in text::broken(schema, value) {
            self.violated(schema, value, &broken);
        }
        match (&schema.kind, value) {
            (Kind::Structure(_), _) => self.members(schema, value),
            (Kind::List(elements), Value::List(values)) => {
                if text::holds_structures(elements.schema) {
                    for (at, value) in values.iter().enumerate() {
                        self.within(&format!("{}.member", at + 1), |check| check.value(elements.schema, value));
                    }
                } else if values.iter().any(|value| text::is_broken(elements.schema, value)) {
                    let all = text::all(elements.schema, elements.not_null);
                    self.violated(schema, value, &format!("Member must satisfy constraint: [{all}]"));
                }
            }
            (Kind::Map(entries), Value::Map(values)) => {
                if values.keys().any(|key| text::is_broken_key(entries.key, key)) {
                    let all = text::all(entries.key, false);
                    self.violated(schema, value, &format!("Map keys must satisfy constraint: [{all}]"));
                }
                if text::holds_structures(entries.value) {
                    for (key, value) in values {
                        self.within(&format!("{key}.member"), |check| check.value(entries.value, value));
                    }
                } else if values.values().any(|value| text::is_broken(entries.value, value)) {
                    let all = text::all(entries.value, entries.not_null);
                    self.violated(schema, value, &format!("Map value must satisfy constraint: [{all}]"));
                }
            }
            _ => {}
        }
    }

    fn within(&mut self, step: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(step);
        check(self);
        self.path.truncate(length);
    }

    fn violated(&mut self, schema: &'static Schema, value: &Value, constraint: &str) {
        if self.violations.len() < VIOLATIONS_MAX {
            let said = text::said(schema, value);
            self.violations.push(format!("{said} at '{}' failed to satisfy constraint: {constraint}", self.path));
        }
    }
}

/// AWS's spelling of a member in a path: `KMSKeyArn` is `kMSKeyArn`.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
