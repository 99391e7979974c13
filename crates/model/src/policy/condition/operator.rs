//! The operators, each with its operands read once.

use std::cmp::Ordering;

use base64::Engine as _;
use jiff::Timestamp;

use super::arn::ArnPattern;
use super::ip::Network;
use super::{boolean, date};
use crate::policy::pattern::{Case, Pattern, Reading};
use crate::policy::scope::Scope;

/// An operator with its operands.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    operands: Operands,
    negated: bool,
}

#[derive(Clone, Debug)]
enum Operands {
    Texts(Box<[Pattern]>, Case),
    Numbers(Box<[f64]>, Comparison),
    Dates(Box<[Timestamp]>, Comparison),
    Booleans(Box<[bool]>),
    Bytes(Box<[Vec<u8>]>),
    Networks(Box<[Network]>),
    Arns(Box<[ArnPattern]>),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// The operator `name` on `values`; none if there is no such operator or a value is none of its kind.
    pub(super) fn new(name: &str, values: &[&str], variables: bool) -> Option<Self> {
        let (operands, negated) = match name {
            "StringEquals" => (texts(values, Case::Exact, false, variables)?, false),
            "StringNotEquals" => (texts(values, Case::Exact, false, variables)?, true),
            "StringEqualsIgnoreCase" => (texts(values, Case::Ignored, false, variables)?, false),
            "StringNotEqualsIgnoreCase" => (texts(values, Case::Ignored, false, variables)?, true),
            "StringLike" => (texts(values, Case::Exact, true, variables)?, false),
            "StringNotLike" => (texts(values, Case::Exact, true, variables)?, true),
            "Bool" => (Operands::Booleans(each(values, boolean)?), false),
            "BinaryEquals" => (Operands::Bytes(each(values, bytes)?), false),
            "IpAddress" => (Operands::Networks(each(values, |value| value.parse().ok())?), false),
            "NotIpAddress" => (Operands::Networks(each(values, |value| value.parse().ok())?), true),
            "ArnEquals" | "ArnLike" => (arns(values, variables)?, false),
            "ArnNotEquals" | "ArnNotLike" => (arns(values, variables)?, true),
            _ => {
                if let Some((comparison, negated)) = name.strip_prefix("Numeric").and_then(comparison) {
                    (Operands::Numbers(each(values, number)?, comparison), negated)
                } else if let Some((comparison, negated)) = name.strip_prefix("Date").and_then(comparison) {
                    (Operands::Dates(each(values, date::parse)?, comparison), negated)
                } else {
                    return None;
                }
            }
        };
        Some(Self { operands, negated })
    }

    /// Whether it asks for the absence of a match (`StringNotEquals`).
    pub(super) fn negated(&self) -> bool {
        self.negated
    }

    /// Whether `value` of the request passes.
    pub(super) fn accepts(&self, value: &str, scope: &Scope<'_>) -> bool {
        let matched = match &self.operands {
            Operands::Texts(patterns, case) => patterns.iter().any(|pattern| pattern.matches(value, *case, scope)),
            Operands::Numbers(operands, comparison) => {
                number(value).is_some_and(|value| comparison.any(operands, |operand| value.partial_cmp(operand)))
            }
            Operands::Dates(operands, comparison) => {
                date::parse(value).is_some_and(|value| comparison.any(operands, |operand| Some(value.cmp(operand))))
            }
            Operands::Booleans(operands) => boolean(value).is_some_and(|value| operands.contains(&value)),
            Operands::Bytes(operands) => bytes(value).is_some_and(|value| operands.contains(&value)),
            Operands::Networks(networks) => {
                value.parse().is_ok_and(|address| networks.iter().any(|network| network.contains(address)))
            }
            Operands::Arns(patterns) => patterns.iter().any(|pattern| pattern.matches(value, scope)),
        };
        matched != self.negated
    }
}

impl Comparison {
    fn any<T>(self, operands: &[T], compare: impl Fn(&T) -> Option<Ordering>) -> bool {
        operands.iter().filter_map(compare).any(|ordering| match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        })
    }
}

/// The comparison a name ends with, and whether it is negated.
fn comparison(suffix: &str) -> Option<(Comparison, bool)> {
    Some(match suffix {
        "Equals" => (Comparison::Equal, false),
        "NotEquals" => (Comparison::Equal, true),
        "LessThan" => (Comparison::Less, false),
        "LessThanEquals" => (Comparison::LessOrEqual, false),
        "GreaterThan" => (Comparison::Greater, false),
        "GreaterThanEquals" => (Comparison::GreaterOrEqual, false),
        _ => return None,
    })
}

fn texts(values: &[&str], case: Case, wildcards: bool, variables: bool) -> Option<Operands> {
    let patterns = each(values, |value| Pattern::new(value, Reading { wildcards, variables }))?;
    Some(Operands::Texts(patterns, case))
}

fn arns(values: &[&str], variables: bool) -> Option<Operands> {
    Some(Operands::Arns(each(values, |value| ArnPattern::new(value, variables))?))
}

fn each<T>(values: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<Box<[T]>> {
    values.iter().map(|value| read(value)).collect()
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
