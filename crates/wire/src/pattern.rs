//! A model's pattern: its text for refusals, and the automaton that decides.
//!
//! AWS's patterns are Java's and are matched against the whole value. The
//! generator translates what the `regex` crate spells differently (ASCII `\d`,
//! look-around) and fails on anything it does not know, so compiling one here
//! cannot fail. Each is compiled once, when first asked.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern that a string must match from its first to its last character.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    require: &'static str,
    forbid: Option<&'static str>,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    require: Regex,
    forbid: Option<Regex>,
}

impl Pattern {
    /// A pattern that the `regex` crate reads as AWS does.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { text, require: text, forbid: None, compiled: OnceLock::new() }
    }

    /// A pattern that AWS prints as `text` and that `require` decides.
    #[must_use]
    pub const fn translated(text: &'static str, require: &'static str) -> Self {
        Self { text, require, forbid: None, compiled: OnceLock::new() }
    }

    /// The same pattern, refusing also what `forbid` matches as a whole: for look-ahead.
    #[must_use]
    pub const fn except(mut self, forbid: &'static str) -> Self {
        self.forbid = Some(forbid);
        self
    }

    /// The pattern as AWS prints it.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Whether `value` matches as a whole.
    ///
    /// # Panics
    /// Never for generated patterns: the generator has compiled each of them.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let compiled =
            self.compiled.get_or_init(|| Compiled { require: whole(self.require), forbid: self.forbid.map(whole) });
        compiled.require.is_match(value) && !compiled.forbid.as_ref().is_some_and(|forbid| forbid.is_match(value))
    }
}

fn whole(pattern: &str) -> Regex {
    Regex::new(&format!(r"\A(?:{pattern})\z")).expect("the generator has compiled this pattern")
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_matches_the_whole_value() {
        let pattern = Pattern::new("[a-z]+|[0-9]+");
        assert!(pattern.matches("abc"));
        assert!(pattern.matches("123"));
        assert!(!pattern.matches("abc123"));
        assert!(!pattern.matches("abc\n"));
    }

    #[test]
    fn an_exception_refuses_what_the_requirement_allows() {
        let pattern = Pattern::translated("(?!ab)[a-z]+", "[a-z]+").except("ab.*");
        assert!(pattern.matches("ba"));
        assert!(!pattern.matches("abc"));
    }
}
