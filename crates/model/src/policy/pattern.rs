//! Texts with wildcards and policy variables, compiled for matching.
//!
//! `*` stands for any run of characters (none, or many, colons and slashes too),
//! `?` for exactly one, `${key}` for a value of the request. What a variable
//! brings in is taken literally, and a variable without a value makes the whole
//! pattern match nothing.
//!
//! Sources: IAM user guide, "IAM JSON policy elements: Resource" and "Variables
//! and tags" (default values, `${*}`, `${?}`, `${$}`, version 2012-10-17 only).

use super::context::Values;
use super::scope::{Key, Scope};

/// One text of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    tokens: Box<[Token]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(Box<str>),
    /// `?`
    One,
    /// `*`
    Run,
    /// `${key}` or `${key, 'default'}`
    Variable {
        key: Key,
        default: Option<Box<str>>,
    },
}

/// How a text of a policy is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Whether `*` and `?` stand for other characters.
    pub(super) wildcards: bool,
    /// Whether `${…}` is a variable: in policies of version 2012-10-17.
    pub(super) variables: bool,
}

/// Whether letters must agree in case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Exact,
    Ignored,
}

impl Pattern {
    /// Compiles `text`; none if a variable is not closed or has no name.
    pub(super) fn new(text: &str, reading: Reading) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if reading.variables && rest.starts_with("${") {
                let (inside, after) = rest[2..].split_once('}')?;
                rest = after;
                match inside {
                    "*" | "?" | "$" => literal.push_str(inside),
                    _ => {
                        flush(&mut literal, &mut tokens);
                        tokens.push(variable(inside)?);
                    }
                }
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '*' if reading.wildcards => {
                    flush(&mut literal, &mut tokens);
                    if tokens.last() != Some(&Token::Run) {
                        tokens.push(Token::Run);
                    }
                }
                '?' if reading.wildcards => {
                    flush(&mut literal, &mut tokens);
                    tokens.push(Token::One);
                }
                c => literal.push(c),
            }
        }
        flush(&mut literal, &mut tokens);
        Some(Self { tokens: tokens.into() })
    }

    /// Whether the whole of `subject` fits.
    ///
    /// Walks both once and, on a mismatch, goes back to the last `*` alone: going
    /// back further could not help, so the cost is their product at worst.
    pub(super) fn matches(&self, subject: &str, case: Case, scope: &Scope<'_>) -> bool {
        let subject = subject.as_bytes();
        let (mut token, mut at) = (0, 0);
        let mut last_run: Option<(usize, usize)> = None;
        loop {
            let next = match self.tokens.get(token) {
                None if at == subject.len() => return true,
                None => None,
                Some(Token::Run) => {
                    last_run = Some((token, at));
                    Some(at)
                }
                Some(Token::One) => (at < subject.len()).then(|| at + char_len(subject[at])),
                Some(Token::Text(text)) => step(subject, at, text, case),
                Some(Token::Variable { key, default }) => match resolve(key, default.as_deref(), scope) {
                    Some(text) => step(subject, at, text, case),
                    None => return false,
                },
            };
            (token, at) = match (next, last_run) {
                (Some(next), _) => (token + 1, next),
                (None, Some((run, from))) if from < subject.len() => {
                    let from = from + char_len(subject[from]);
                    last_run = Some((run, from));
                    (run + 1, from)
                }
                (None, _) => return false,
            };
        }
    }
}

/// Where `text` ends in `subject` if it stands at `at`.
fn step(subject: &[u8], at: usize, text: &str, case: Case) -> Option<usize> {
    let end = at + text.len();
    let found = subject.get(at..end)?;
    let same = match case {
        Case::Exact => found == text.as_bytes(),
        Case::Ignored => found.eq_ignore_ascii_case(text.as_bytes()),
    };
    same.then_some(end)
}

/// The length of the UTF-8 character that begins with `first`.
fn char_len(first: u8) -> usize {
    match first {
        0x00..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

fn flush(literal: &mut String, tokens: &mut Vec<Token>) {
    if !literal.is_empty() {
        tokens.push(Token::Text(std::mem::take(literal).into()));
    }
}

fn variable(inside: &str) -> Option<Token> {
    let (name, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((name, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (name, Some(default.into()))
        }
    };
    let name = name.trim();
    (!name.is_empty()).then(|| Token::Variable { key: Key::new(name), default })
}

/// A variable's text. A key with several values has no one text.
fn resolve<'a>(key: &Key, default: Option<&'a str>, scope: &'a Scope<'_>) -> Option<&'a str> {
    match scope.values(key) {
        Some(Values::One(value)) => Some(value),
        Some(Values::Many(_)) => None,
        None => default,
    }
}
