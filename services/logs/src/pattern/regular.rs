//! The regular expressions between percent signs: a small language, rewritten for the engine we use.
//!
//! Only what AWS documents is let through: letters, digits, blanks, `_ # = @ / ; , : -`, the operators
//! `^ $ ? [ ] { } | \ * + .`, and the escapes `\d \D \s \S \w \W \xhh`. Classes mean ASCII, whatever the engine's
//! own `\d` means. Matching takes time linear in the message, so a pattern cannot be used to stall a search.

use regex::{Regex, RegexBuilder};

use super::InvalidPattern;

/// At most so many in one pattern. Source: user guide, "Quotas"; recorded.
pub(super) const REGULAR_EXPRESSIONS_MAX: usize = 2;

/// The compiled form may take so many bytes: `[a-z]{1000}{1000}` is refused instead of built.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// Compiles what stood between two percent signs.
pub(super) fn compile(source: &str) -> Result<Regex, InvalidPattern> {
    let rewritten = rewrite(source)?;
    RegexBuilder::new(&rewritten)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|_| InvalidPattern::Syntax)
}

fn rewrite(source: &str) -> Result<String, InvalidPattern> {
    let mut out = String::with_capacity(source.len() + 8);
    let mut rest = source.char_indices();
    let mut in_class = false;
    let refuse = |end: usize| InvalidPattern::Term(format!("%{}", &source[..end]));
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => {
                let (_, escaped) = rest.next().ok_or_else(|| refuse(at + 1))?;
                escape(escaped, in_class, &mut rest, &mut out)
                    .ok_or_else(|| refuse(rest.offset().min(source.len())))?;
            }
            // Nested classes are the engine's idea, not AWS's: an inner bracket is itself.
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            ']' => out.push_str("\\]"),
            '{' if !in_class => {
                let inside = rest.as_str().split_once('}').map(|(inside, _)| inside);
                let inside = inside.ok_or(InvalidPattern::Syntax)?;
                out.push_str(&repetition(inside).ok_or(InvalidPattern::Syntax)?);
                for _ in 0..=inside.chars().count() {
                    rest.next();
                }
            }
            '}' => out.push_str("\\}"),
            '{' => out.push_str("\\{"),
            // The engine reads `--` in a class as a set difference.
            '-' if in_class && out.ends_with('-') => out.push_str("\\-"),
            '^' | '$' | '?' | '|' | '*' | '+' | '.' | '-' => out.push(c),
            ' ' | '_' | '=' | '@' | '/' | ';' | ',' | ':' | '#' => out.push(c),
            _ if c.is_ascii_alphanumeric() => out.push(c),
            _ => return Err(refuse(at + c.len_utf8())),
        }
    }
    if in_class { Err(refuse(source.len())) } else { Ok(out) }
}

/// Writes what `\escaped` stands for; none if it stands for nothing.
fn escape(escaped: char, in_class: bool, rest: &mut std::str::CharIndices<'_>, out: &mut String) -> Option<()> {
    const DIGIT: &str = "0-9";
    const WORD: &str = "0-9A-Za-z_";
    const BLANK: &str = r" \t\n\r\x0B\x0C";
    let (members, negated) = match escaped {
        'd' | 'D' => (DIGIT, escaped == 'D'),
        'w' | 'W' => (WORD, escaped == 'W'),
        's' | 'S' => (BLANK, escaped == 'S'),
        'x' => {
            let digits: String = rest.by_ref().take(2).map(|(_, c)| c).collect();
            let byte = u8::from_str_radix(&digits, 16).ok().filter(|byte| digits.len() == 2 && byte.is_ascii())?;
            out.push_str(&regex::escape(&char::from(byte).to_string()));
            return Some(());
        }
        't' | 'n' | 'r' => {
            out.push('\\');
            out.push(escaped);
            return Some(());
        }
        _ if escaped.is_ascii_punctuation() => {
            out.push('\\');
            out.push(escaped);
            return Some(());
        }
        _ => return None,
    };
    match (in_class, negated) {
        (true, false) => out.push_str(members),
        (_, true) => out.push_str(&format!("[^{members}]")),
        (false, false) => out.push_str(&format!("[{members}]")),
    }
    Some(())
}

/// `{m}`, `{m,}`, `{,n}` or `{m,n}`, blanks allowed, as the engine writes it.
fn repetition(inside: &str) -> Option<String> {
    let number = |text: &str| -> Option<Option<u16>> {
        let text = text.trim();
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    match inside.split_once(',') {
        None => number(inside)?.map(|exactly| format!("{{{exactly}}}")),
        Some((least, most)) => match (number(least)?, number(most)?) {
            (None, None) => None,
            (least, None) => Some(format!("{{{},}}", least.unwrap_or(0))),
            (least, Some(most)) => Some(format!("{{{},{most}}}", least.unwrap_or(0))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, message: &str, expected: bool) {
        let compiled = compile(source).expect("a valid expression");
        assert_eq!(compiled.is_match(message), expected, "%{source}% on {message:?}");
    }

    #[track_caller]
    fn refused(source: &str, expected: &InvalidPattern) {
        assert_eq!(compile(source).err().as_ref(), Some(expected), "%{source}%");
    }

    #[test]
    fn the_documented_operators_work() {
        check("^[hc]at", "hat", true);
        check("^[hc]at", "that", false);
        check("[hc]at$", "a cat", true);
        check("colou?r", "color", true);
        check("a{3,5}", "aaaa", true);
        check("^a{,2}$", "aaa", false);
        check("^a{ 1, 2 }$", "aa", true);
        check(r"\[.\]", "[7]", true);
        check(r"10\.10\.0\.1", "10010,051", false);
        check("10.10.0.1", "10010,051", true);
        check(r"\x3A", "a:b", true);
        check(r"\x28", "f(x)", true);
        check("}$", "{ok}", true);
        check(r"[\d-]+x", "1-2x", true);
        check(r"^[\W]$", "a", false);
        check("[a[b]", "[", true);
    }

    #[test]
    fn a_digit_is_an_ascii_digit() {
        check(r"\d", "٣", false);
        check(r"\w", "é", false);
    }

    #[test]
    fn what_is_not_in_the_language_is_named() {
        refused("(ERROR|WARN)", &InvalidPattern::Term("%(".into()));
        refused("hello!", &InvalidPattern::Term("%hello!".into()));
        refused("café", &InvalidPattern::Term("%café".into()));
        refused(r"a\b", &InvalidPattern::Term(r"%a\b".into()));
        refused("[abc", &InvalidPattern::Term("%[abc".into()));
        refused("a{x}", &InvalidPattern::Syntax);
        refused("*", &InvalidPattern::Syntax);
        refused("[a-z]{999}[a-z]{999}[a-z]{999}[a-z]{999}[a-z]{999}[a-z]{999}[a-z]{999}", &InvalidPattern::Syntax);
    }
}
