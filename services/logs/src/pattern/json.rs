//! Conditions on JSON messages: `{ $.a.b = "x*" && ($.n > 3 || $.c NOT EXISTS) }`.
//!
//! ```text
//! leaf      := selector relation
//! relation  := operator value | IS (NULL | TRUE | FALSE) | NOT EXISTS
//! ```
//!
//! A message is read only as deep as its selectors go, and numbers stay as they were written: a quoted number in
//! the pattern is compared with the digits in the message.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::InvalidPattern;
use super::compare::Comparison;
use super::expression::{self, Expression, Reader};
use super::tokens::{Language, Step, Token, cut};

/// At most so many wildcards in the selectors of one pattern. Source: user guide, "Quotas"; recorded.
const WILDCARDS_MAX: usize = 3;

/// What a message must satisfy.
pub(super) type Condition = Expression<Leaf>;

/// Something said of what a selector leads to.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    steps: Vec<Step>,
    relation: Relation,
}

/// What is said of the selected value.
#[derive(Clone, Debug)]
enum Relation {
    Compared(Comparison),
    /// `IS …`, as JSON writes it.
    Is(&'static str),
    NotExists,
}

/// Reads what stands between the braces.
pub(super) fn parse(text: &str) -> Result<Condition, InvalidPattern> {
    let tokens = cut(text, Language::Json)?;
    let wildcards = |steps: &[Step]| steps.iter().filter(|step| **step == Step::Any).count();
    let mut all = 0;
    for token in &tokens {
        if let Token::Selector(steps) = token {
            if wildcards(steps) > 1 {
                return Err(InvalidPattern::TooManyWildcardsInSelector);
            }
            all += wildcards(steps);
        }
    }
    if all > WILDCARDS_MAX {
        return Err(InvalidPattern::TooManyWildcards);
    }
    expression::parse(&tokens, &leaf)
}

fn leaf(reader: &mut Reader<'_>) -> Result<Leaf, InvalidPattern> {
    let Token::Selector(steps) = reader.next()? else {
        return Err(InvalidPattern::Syntax);
    };
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    let relation = match reader.next()? {
        Token::Operator(operator) => Relation::Compared(Comparison::new(*operator, reader.next()?)?),
        Token::Word(word) if is(word, "IS") => match reader.next()? {
            Token::Word(word) if is(word, "NULL") => Relation::Is("null"),
            Token::Word(word) if is(word, "TRUE") => Relation::Is("true"),
            Token::Word(word) if is(word, "FALSE") => Relation::Is("false"),
            _ => return Err(InvalidPattern::Syntax),
        },
        Token::Word(word) if is(word, "NOT") => match reader.next()? {
            Token::Word(word) if is(word, "EXISTS") => Relation::NotExists,
            _ => return Err(InvalidPattern::Syntax),
        },
        _ => return Err(InvalidPattern::Syntax),
    };
    Ok(Leaf { steps: steps.clone(), relation })
}

/// Whether `message` is a JSON object that satisfies `condition`. Anything else never matches, not even `NOT EXISTS`.
pub(super) fn matches(condition: &Condition, message: &str) -> bool {
    if !message.trim_start().starts_with('{') {
        return false;
    }
    // The engine reads to the end here, so what follows looks into a document known to be whole.
    serde_json::from_str::<&RawValue>(message).is_ok_and(|root| {
        condition.holds(&|leaf| {
            let selected = select(root, &leaf.steps);
            match &leaf.relation {
                Relation::NotExists => selected.is_empty(),
                Relation::Is(literal) => selected.iter().any(|value| is(value, literal)),
                Relation::Compared(comparison) => selected.iter().any(|value| compared(value, comparison)),
            }
        })
    })
}

/// Every value that `steps` lead to: one at most, unless there is a wildcard among them.
fn select<'a>(root: &'a RawValue, steps: &[Step]) -> Vec<&'a RawValue> {
    let mut values = vec![root];
    for step in steps {
        values = values.into_iter().flat_map(|value| into(value, step)).collect();
    }
    values
}

fn into<'a>(value: &'a RawValue, step: &Step) -> Vec<&'a RawValue> {
    let members = || serde_json::from_str::<HashMap<String, &'a RawValue>>(value.get()).unwrap_or_default();
    match (value.get().as_bytes().first(), step) {
        // Of a repeated member the last counts (recorded).
        (Some(b'{'), Step::Member(name)) => members().remove(name).into_iter().collect(),
        (Some(b'{'), Step::Any) => members().into_values().collect(),
        (Some(b'['), Step::Element(index)) => elements(value).into_iter().nth(*index).into_iter().collect(),
        (Some(b'['), Step::Any) => elements(value),
        _ => Vec::new(),
    }
}

fn elements(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// Whether the value is `literal`, or an array that holds it (recorded).
fn is(value: &RawValue, literal: &str) -> bool {
    value.get() == literal
        || (value.get().starts_with('[') && elements(value).iter().any(|element| element.get() == literal))
}

/// Only strings and numbers can be compared; everything else fails, `!=` included (recorded).
fn compared(value: &RawValue, comparison: &Comparison) -> bool {
    match value.get().as_bytes().first() {
        Some(b'"') => {
            serde_json::from_str::<String>(value.get()).is_ok_and(|text| comparison.holds_for_text(&text, false))
        }
        Some(b'-' | b'0'..=b'9') => comparison.holds_for_number(value.get()),
        _ => false,
    }
}
