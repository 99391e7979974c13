//! Filter patterns: the language that picks log events.
//!
//! ```text
//! ERROR -"BAD REQUEST" ?a ?b        terms        every term, no excluded one, else any optional one
//! { $.status >= 500 && $.id != 7 }  json         conditions on the members of a JSON object
//! [ip, ..., status = 4*, bytes]     fields       conditions on the words of a line, by their place
//! %^START|^END%                     regular      a term, or a value in either of the other two
//! ```
//!
//! Sources: the user guide's "Filter pattern syntax", and where it is silent, answers of AWS recorded in September 2026
//! (the tests say which rules these are). What this is *not*: the query language of Logs Insights.

mod compare;
mod expression;
mod fields;
mod json;
mod regular;
mod terms;
#[cfg(test)]
mod tests;
mod tokens;

use std::str::FromStr;

/// A filter pattern that was understood.
#[derive(Clone, Debug)]
pub struct Pattern(Form);

#[derive(Clone, Debug)]
enum Form {
    Everything,
    Terms(terms::Terms),
    Json(json::Condition),
    Fields(fields::Fields),
}

/// A filter pattern that was not understood. Printed, it is AWS's own text (recorded).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// The parts are known, but do not stand in an order that means something.
    #[error("Invalid filter pattern")]
    Syntax,
    /// A part holds a character that it may not hold; the text ends there.
    #[error("Invalid character(s) in term '{0}'")]
    Term(String),
    /// Two fields of a space-delimited pattern have one name.
    #[error("Duplicate field '{0}'")]
    DuplicateField(String),
    /// An opening brace or bracket without its partner at the end.
    #[error("If a filter pattern starts with '{0}' it must end with '{1}'")]
    Unclosed(char, char),
    /// More than two regular expressions.
    #[error("Your input has exceeded the maximum of 2 regular expressions per filter pattern.")]
    TooManyRegularExpressions,
    /// More than three wildcards in all selectors.
    #[error("Your input has exceeded the maximum of 3 JSON wildcard selectors allowed per filter pattern.")]
    TooManyWildcards,
    /// More than one wildcard in one selector.
    #[error(
        "Your filter pattern has a JSON path selector that exceeds the maximum of 1 wildcard allowed per json selector."
    )]
    TooManyWildcardsInSelector,
}

impl Pattern {
    /// Whether `message` is what the pattern asks for.
    #[must_use]
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Form::Everything => true,
            Form::Terms(terms) => terms.matches(message),
            Form::Json(condition) => json::matches(condition, message),
            Form::Fields(fields) => fields.matches(message),
        }
    }

    /// The pattern that every message matches; written as nothing at all.
    #[must_use]
    pub const fn everything() -> Self {
        Self(Form::Everything)
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let text = text.trim();
        let form = match text.chars().next() {
            None => Form::Everything,
            Some('{') => Form::Json(json::parse(inside(text, '{', '}')?)?),
            Some('[') => Form::Fields(fields::parse(inside(text, '[', ']')?)?),
            Some(_) => Form::Terms(terms::parse(text)?),
        };
        Ok(Self(form))
    }
}

/// What stands between the `open` that `text` starts with and the `close` it must end with.
fn inside(text: &str, open: char, close: char) -> Result<&str, InvalidPattern> {
    text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).ok_or(InvalidPattern::Unclosed(open, close))
}
