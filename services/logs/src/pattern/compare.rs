//! Values and comparisons, as they stand in JSON and in space-delimited conditions.

use regex::Regex;

use super::InvalidPattern;
use super::tokens::{Operator, Token};

/// The right side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text, quoted or not, in which an asterisk at either end stands for anything.
    Text(Wildcard),
    /// An unquoted number: its value, and how it was written.
    Number(f64, String),
    /// `%…%`.
    Regular(Regex),
}

/// Text with an optional asterisk at its ends. One inside is itself, as the user guide of 2020 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    open_start: bool,
    middle: String,
    open_end: bool,
}

/// A comparison: which, and with what.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) operator: Operator,
    pub(super) value: Value,
}

impl Wildcard {
    pub(super) fn new(text: &str) -> Self {
        let (open_start, rest) = text.strip_prefix('*').map_or((false, text), |rest| (true, rest));
        let (open_end, middle) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
        // A single asterisk has been taken for the start; it stands for anything.
        Self { open_start, middle: middle.to_owned(), open_end }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => text == self.middle,
            (true, false) => text.ends_with(&self.middle),
            (false, true) => text.starts_with(&self.middle),
            (true, true) => text.contains(&self.middle),
        }
    }
}

impl Comparison {
    /// The comparison of what stands left of it with `token`.
    ///
    /// # Errors
    /// An order is asked of something that is no number, or the token is no value at all.
    pub(super) fn new(operator: Operator, token: &Token) -> Result<Self, InvalidPattern> {
        let value = match token {
            Token::Quoted(text) => Value::Text(Wildcard::new(text)),
            Token::Regular(regex) => Value::Regular(regex.clone()),
            // The keyword is no value: `= null` is refused, `= true` is the text (recorded).
            Token::Word(word) if word.eq_ignore_ascii_case("null") => return Err(InvalidPattern::Syntax),
            Token::Word(word) => number(word)
                .map_or_else(|| Value::Text(Wildcard::new(word)), |number| Value::Number(number, word.clone())),
            _ => return Err(InvalidPattern::Syntax),
        };
        match (operator, &value) {
            (Operator::Equal | Operator::Unequal, _) | (_, Value::Number(..)) => Ok(Self { operator, value }),
            _ => Err(InvalidPattern::Term(token.written())),
        }
    }

    /// Whether text stands in this relation: a JSON string, or a word of a line.
    /// `numeric` tells whether the text may be read as a number: a word may, a JSON string may not (recorded).
    pub(super) fn holds_for_text(&self, text: &str, numeric: bool) -> bool {
        let as_number = || if numeric { number(text) } else { None };
        let equal = match &self.value {
            Value::Text(wildcard) => wildcard.matches(text),
            Value::Regular(regex) => regex.is_match(text),
            Value::Number(value, written) => text == written || as_number() == Some(*value),
        };
        self.decide(equal, as_number)
    }

    /// Whether a JSON number, as it was written, stands in this relation.
    pub(super) fn holds_for_number(&self, lexeme: &str) -> bool {
        let equal = match &self.value {
            // A quoted number is compared as it is written: "1" is 1 but not 1.0 (recorded).
            Value::Text(wildcard) => wildcard.matches(lexeme),
            Value::Regular(regex) => regex.is_match(lexeme),
            Value::Number(value, _) => number(lexeme) == Some(*value),
        };
        self.decide(equal, || number(lexeme))
    }

    fn decide(&self, equal: bool, left: impl Fn() -> Option<f64>) -> bool {
        let ordered = |holds: fn(&f64, &f64) -> bool| match (&self.value, left()) {
            (Value::Number(right, _), Some(left)) => holds(&left, right),
            _ => false,
        };
        match self.operator {
            Operator::Equal => equal,
            Operator::Unequal => !equal,
            Operator::Less => ordered(f64::lt),
            Operator::LessOrEqual => ordered(f64::le),
            Operator::Greater => ordered(f64::gt),
            Operator::GreaterOrEqual => ordered(f64::ge),
        }
    }
}

/// An integer or decimal with an optional sign and exponent; nothing else that a float parser might take.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().any(|c| c.is_ascii_digit());
    let legal = text.bytes().all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    if digits && legal { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}
