//! Terms: words and phrases that a message must hold, must not hold, or may hold.

use regex::Regex;

use super::{InvalidPattern, regular, tokens};

/// What is looked for in the message as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    required: Vec<Term>,
    excluded: Vec<Term>,
    optional: Vec<Term>,
}

#[derive(Clone, Debug)]
enum Term {
    /// Found anywhere, also within a word: `Exception` is in `IllegalArgumentException`.
    Text(String),
    Regular(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regular(regex) => regex.is_match(message),
        }
    }
}

impl Terms {
    /// Optional terms count only where there is no other kind. Source: user guide; recorded.
    pub(super) fn matches(&self, message: &str) -> bool {
        if self.required.is_empty() && self.excluded.is_empty() {
            return self.optional.iter().any(|term| term.is_in(message));
        }
        self.required.iter().all(|term| term.is_in(message)) && !self.excluded.iter().any(|term| term.is_in(message))
    }
}

/// Reads terms separated by blanks; `text` is neither empty nor blank.
pub(super) fn parse(text: &str) -> Result<Terms, InvalidPattern> {
    let mut terms = Terms::default();
    let mut regular_expressions = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (kind, unsigned) = match rest.chars().next() {
            Some('-') => (&mut terms.excluded, &rest[1..]),
            Some('?') => (&mut terms.optional, &rest[1..]),
            _ => (&mut terms.required, rest),
        };
        // What is refused is named whole, up to the next blank.
        let whole = || InvalidPattern::Term(rest.split_whitespace().next().unwrap_or(rest).to_owned());
        let (term, length) = match unsigned.chars().next() {
            Some('"') => match tokens::quoted(unsigned)? {
                (quoted, _) if quoted.is_empty() => return Err(whole()),
                (quoted, length) => (Term::Text(quoted), length),
            },
            Some('%') => {
                let (source, length) = tokens::percent(unsigned)?;
                regular_expressions += 1;
                (Term::Regular(regular::compile(source)?), length)
            }
            _ => {
                let word = unsigned.split_whitespace().next().unwrap_or_default();
                if !unsigned.starts_with(word) || word.is_empty() || !word.chars().all(in_bare_term) {
                    return Err(whole());
                }
                (Term::Text(word.to_owned()), word.len())
            }
        };
        kind.push(term);
        if regular_expressions > regular::REGULAR_EXPRESSIONS_MAX {
            return Err(InvalidPattern::TooManyRegularExpressions);
        }
        let behind = &unsigned[length..];
        if !behind.is_empty() && !behind.starts_with(char::is_whitespace) {
            return Err(whole());
        }
        rest = behind.trim_start();
    }
    Ok(terms)
}

/// Everything else belongs into double quotes. Source: user guide, "Matching terms".
fn in_bare_term(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
