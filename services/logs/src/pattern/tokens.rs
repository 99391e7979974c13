//! Cuts a JSON or space-delimited pattern into tokens.
//!
//! Cutting comes before understanding, for AWS reports a character that fits nowhere before it looks at the order
//! of the rest (recorded: `{ "v": [1] }` is refused for its colon).

use regex::Regex;

use super::{InvalidPattern, regular};

/// A part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Token {
    /// `$.a.b[0]`.
    Selector(Vec<Step>),
    /// `"…"`, without its quotes.
    Quoted(String),
    /// `%…%`, compiled.
    Regular(Regex),
    /// Letters, digits and `_ - + . *`.
    Word(String),
    /// How two values are compared.
    Operator(Operator),
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`; only between fields.
    Comma,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One step from a JSON value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `.name` or `.['name']`.
    Member(String),
    /// `[7]`.
    Element(usize),
    /// `.*` or `[*]`: each member of an object, each element of an array (recorded: either spelling, either kind).
    Any,
}

/// Which of the two languages is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Fields,
}

impl Token {
    /// As the pattern has it, for the refusal's text.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Quoted(text) => format!("\"{text}\""),
            Self::Regular(regex) => format!("%{regex}%"),
            Self::Word(word) => word.clone(),
            _ => String::new(),
        }
    }
}

/// Cuts `text` into tokens.
pub(super) fn cut(text: &str, language: Language) -> Result<Vec<Token>, InvalidPattern> {
    let mut rest = text;
    let mut tokens = Vec::new();
    let mut regular_expressions = 0;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' if language == Language::Fields => (Token::Comma, 1),
            '&' => pair(rest, "&&", Token::And)?,
            '|' => pair(rest, "||", Token::Or)?,
            '=' => (Token::Operator(Operator::Equal), 1),
            '!' => pair(rest, "!=", Token::Operator(Operator::Unequal))?,
            '<' if rest.starts_with("<=") => (Token::Operator(Operator::LessOrEqual), 2),
            '<' => (Token::Operator(Operator::Less), 1),
            '>' if rest.starts_with(">=") => (Token::Operator(Operator::GreaterOrEqual), 2),
            '>' => (Token::Operator(Operator::Greater), 1),
            '"' => {
                let (quoted, length) = quoted(rest)?;
                (Token::Quoted(quoted), length)
            }
            '%' => {
                regular_expressions += 1;
                let (source, length) = percent(rest)?;
                (Token::Regular(regular::compile(source)?), length)
            }
            '$' if language == Language::Json => selector(rest)?,
            _ if in_word(first) => {
                let length = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            _ => return Err(InvalidPattern::Term(first.to_string())),
        };
        tokens.push(token);
        if regular_expressions > regular::REGULAR_EXPRESSIONS_MAX {
            return Err(InvalidPattern::TooManyRegularExpressions);
        }
        rest = &rest[length..];
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || "_-+.*".contains(c)
}

fn pair(rest: &str, spelled: &str, token: Token) -> Result<(Token, usize), InvalidPattern> {
    if rest.starts_with(spelled) {
        Ok((token, spelled.len()))
    } else {
        Err(InvalidPattern::Term(rest.chars().take(2).collect()))
    }
}

/// The text of the quoted string that `rest` starts with, and how many bytes it took, quotes included.
/// A backslash makes the next character itself.
pub(super) fn quoted(rest: &str) -> Result<(String, usize), InvalidPattern> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((text, at + 1)),
            '\\' => text.push(characters.next().map_or('\\', |(_, escaped)| escaped)),
            _ => text.push(c),
        }
    }
    Err(InvalidPattern::Term(rest.to_owned()))
}

/// The source of the regular expression that `rest` starts with, and how many bytes it took, percent signs included.
pub(super) fn percent(rest: &str) -> Result<(&str, usize), InvalidPattern> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '%' if at > 1 => return Ok((&rest[1..at], at + 1)),
            '%' => break,
            '\\' => {
                characters.next();
            }
            _ => {}
        }
    }
    Err(InvalidPattern::Term(rest.to_owned()))
}

/// The selector that `rest` starts with, and how many bytes it took.
fn selector(rest: &str) -> Result<(Token, usize), InvalidPattern> {
    let mut steps = Vec::new();
    let mut at = 1;
    loop {
        let (step, length) = match rest[at..].chars().next() {
            Some('.') if rest[at + 1..].starts_with('[') => bracket(&rest[at + 1..]).map(|(step, n)| (step, n + 1))?,
            Some('.') if rest[at + 1..].starts_with('*') => (Step::Any, 2),
            Some('.') => {
                let name = &rest[at + 1..];
                let length = name.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(name.len());
                if length == 0 {
                    let end = rest[at + 1..].chars().next().map_or(rest.len(), |c| at + 1 + c.len_utf8());
                    return Err(InvalidPattern::Term(rest[..end].to_owned()));
                }
                (Step::Member(name[..length].to_owned()), length + 1)
            }
            // An array stands behind a property, never at the root. Source: user guide, "Property selector".
            Some('[') if !steps.is_empty() => bracket(&rest[at..])?,
            _ => break,
        };
        steps.push(step);
        at += length;
    }
    if steps.is_empty() {
        let end = rest[at..].chars().next().map_or(rest.len(), |c| at + c.len_utf8());
        return Err(InvalidPattern::Term(rest[..end].to_owned()));
    }
    Ok((Token::Selector(steps), at))
}

/// `[7]`, `[*]` or `['name']` at the start of `rest`, and how many bytes it took.
fn bracket(rest: &str) -> Result<(Step, usize), InvalidPattern> {
    let until = |end: usize| {
        let end = rest[end..].chars().next().map_or(rest.len(), |c| end + c.len_utf8());
        InvalidPattern::Term(rest[..end].to_owned())
    };
    if rest.starts_with("[*]") {
        return Ok((Step::Any, 3));
    }
    if let Some(name) = rest.strip_prefix("['") {
        let length = name.find('\'').ok_or_else(|| until(rest.len()))?;
        return if length > 0 && name[length..].starts_with("']") {
            Ok((Step::Member(name[..length].to_owned()), length + 4))
        } else {
            Err(until(length + 3))
        };
    }
    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
    match rest[1..=digits].parse() {
        Ok(index) if rest[digits + 1..].starts_with(']') => Ok((Step::Element(index), digits + 2)),
        _ => Err(until(digits + 1)),
    }
}
