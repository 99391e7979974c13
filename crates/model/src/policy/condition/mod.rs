//! Conditions: `"Condition": {OPERATOR: {KEY: VALUES}}`.
//!
//! All conditions of a statement must hold. One holds if any of its values does;
//! a negated one (`StringNotEquals`) if none does. What a missing key means:
//!
//! | operator | key missing |
//! | --- | --- |
//! | `StringEquals`, … | does not hold |
//! | `StringNotEquals`, … | holds |
//! | `…IfExists` | holds |
//! | `ForAllValues:…` | holds |
//! | `ForAnyValue:…` | does not hold |
//! | `Null` | holds if its value is `true` |
//!
//! Sources: IAM user guide, "IAM JSON policy elements: Condition operators" and
//! "Set operators for multivalued context keys".

mod arn;
mod date;
mod ip;
mod operator;

use super::json::Json;
use super::scope::{Key, Scope};
use operator::Operator;

/// One operator on one key.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: Key,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// `Null`: whether the key must be missing.
    Missing(bool),
    Values {
        quantifier: Quantifier,
        if_exists: bool,
        operator: Operator,
    },
}

/// Which of the request's values must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    /// Any, or with a negated operator all: for keys of one value it is the same.
    Plain,
    Any,
    All,
}

/// Compiles a `Condition` block; none if it does not follow the grammar.
pub(super) fn parse(block: &Json, variables: bool) -> Option<Box<[Condition]>> {
    let Json::Object(operators) = block else { return None };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else { return None };
        for (key, values) in keys {
            conditions.push(Condition::new(operator, key, &values.scalars()?, variables)?);
        }
    }
    Some(conditions.into())
}

impl Condition {
    fn new(written: &str, key: &str, values: &[&str], variables: bool) -> Option<Self> {
        let key = Key::new(key);
        if written == "Null" {
            let wanted: Vec<bool> = values.iter().map(|value| boolean(value)).collect::<Option<_>>()?;
            let [wanted] = wanted.as_slice() else { return None };
            return Some(Self { key, test: Test::Missing(*wanted) });
        }
        let (quantifier, name) = match written.split_once(':') {
            None => (Quantifier::Plain, written),
            Some(("ForAnyValue", name)) => (Quantifier::Any, name),
            Some(("ForAllValues", name)) => (Quantifier::All, name),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let operator = Operator::new(name, values, variables)?;
        Some(Self { key, test: Test::Values { quantifier, if_exists, operator } })
    }

    /// Whether the request meets it.
    pub(super) fn holds(&self, scope: &Scope<'_>) -> bool {
        let found = scope.values(&self.key);
        let (quantifier, if_exists, operator) = match &self.test {
            Test::Missing(wanted) => return found.is_none() == *wanted,
            Test::Values { quantifier, if_exists, operator } => (*quantifier, *if_exists, operator),
        };
        let Some(found) = found else {
            return if_exists
                || match quantifier {
                    Quantifier::Plain => operator.negated(),
                    Quantifier::Any => false,
                    Quantifier::All => true,
                };
        };
        match quantifier {
            Quantifier::Plain if operator.negated() => found.iter().all(|value| operator.accepts(value, scope)),
            Quantifier::Plain | Quantifier::Any => found.iter().any(|value| operator.accepts(value, scope)),
            Quantifier::All => found.iter().all(|value| operator.accepts(value, scope)),
        }
    }
}

/// `true` or `false` as policies write it.
fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}
