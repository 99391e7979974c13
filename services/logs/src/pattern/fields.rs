//! Conditions on the words of a line by their place: `[ip, user, ..., status = 4*, bytes > 1000]`.
//!
//! A line's words stand between blanks; what is in double quotes or square brackets is one word. Without an ellipsis
//! the last field takes the rest of the line. With one, the fields behind it are counted from the end of the line.

use std::collections::HashSet;

use super::InvalidPattern;
use super::compare::Comparison;
use super::expression::{self, Expression, Reader};
use super::tokens::{Language, Token, cut};

const ELLIPSIS: &str = "...";

/// The fields before and behind the ellipsis; none behind it, and `open` unset, where there is no ellipsis.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    front: Vec<Condition>,
    open: bool,
    back: Vec<Condition>,
}

/// What is said of one field; none where nothing is.
type Condition = Option<Expression<Comparison>>;

/// Reads what stands between the brackets.
pub(super) fn parse(text: &str) -> Result<Fields, InvalidPattern> {
    let tokens = cut(text, Language::Fields)?;
    let mut fields = Fields { front: Vec::new(), open: false, back: Vec::new() };
    let mut names = HashSet::new();
    for field in tokens.split(|token| matches!(token, Token::Comma)) {
        let name = match field.first() {
            None => None,
            Some(Token::Word(name)) => Some(name.as_str()),
            Some(_) => return Err(InvalidPattern::Syntax),
        };
        if let Some(name) = name
            && !names.insert(name)
        {
            return Err(InvalidPattern::DuplicateField(name.to_owned()));
        }
        if name == Some(ELLIPSIS) {
            if field.len() > 1 {
                return Err(InvalidPattern::Syntax);
            }
            fields.open = true;
            continue;
        }
        let condition = match name {
            Some(name) if field.len() > 1 => Some(expression::parse(field, &|reader| comparison(name, reader))?),
            _ => None,
        };
        if fields.open { fields.back.push(condition) } else { fields.front.push(condition) }
    }
    Ok(fields)
}

/// `name operator value`; the user guide spells one field `w1` and `W1` in one pattern.
fn comparison(field: &str, reader: &mut Reader<'_>) -> Result<Comparison, InvalidPattern> {
    match (reader.next()?, reader.next()?) {
        (Token::Word(name), Token::Operator(operator)) if name.eq_ignore_ascii_case(field) => {
            Comparison::new(*operator, reader.next()?)
        }
        _ => Err(InvalidPattern::Syntax),
    }
}

fn holds(condition: &Condition, word: &str) -> bool {
    condition.as_ref().is_none_or(|expression| expression.holds(&|comparison| comparison.holds_for_text(word, true)))
}

impl Fields {
    pub(super) fn matches(&self, message: &str) -> bool {
        let message = message.trim();
        if self.open {
            let words = words(message);
            let (front, back) = (self.front.len(), self.back.len());
            return words.len() >= front + back
                && all(&self.front, &words[..front])
                && all(&self.back, &words[words.len() - back..]);
        }
        let Some((last, leading)) = self.front.split_last() else {
            return !message.is_empty();
        };
        let mut rest = message;
        for condition in leading {
            match word(rest) {
                Some((word, behind)) if holds(condition, word) => rest = behind,
                _ => return false,
            }
        }
        match word(rest) {
            None => false,
            // A single word loses its quotes or brackets; a longer rest is taken as it is (recorded).
            Some((word, "")) => holds(last, word),
            Some(_) => holds(last, rest.trim()),
        }
    }
}

fn all(conditions: &[Condition], words: &[&str]) -> bool {
    conditions.iter().zip(words).all(|(condition, word)| holds(condition, word))
}

fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some((word, behind)) = word(rest) {
        words.push(word);
        rest = behind;
    }
    words
}

/// The first word of `line` and what is behind it, without blanks in between.
fn word(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let enclosed = match line.chars().next()? {
        '"' => line[1..].split_once('"'),
        '[' => line[1..].split_once(']'),
        _ => None,
    };
    let (word, behind) = enclosed.or_else(|| line.split_once(char::is_whitespace)).unwrap_or((line, ""));
    Some((word, behind.trim_start()))
}
