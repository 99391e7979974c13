//! From AWS's patterns (Java) to the `regex` crate's.
//!
//! Three things differ: Java's `\d`, `\w` and `\s` are ASCII, it has
//! look-around, and `\uHHHH` inside a class may be a surrogate. The look-around
//! of the models is a handful of patterns; each is translated by hand below, and
//! a new one stops the generator.

use anyhow::{Context as _, Result, bail};

/// A pattern the `regex` crate can decide.
#[derive(Debug, PartialEq)]
pub(super) struct Translated {
    /// What must match as a whole.
    pub(super) require: String,
    /// What must not match as a whole.
    pub(super) forbid: Option<String>,
}

/// Patterns with look-around: as written, what must match, what must not.
const BY_HAND: &[(&str, &str, Option<&str>)] = &[
    // Not digits alone. (lambda `Alias`, `FunctionUrlQualifier`)
    (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", r"[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*", None),
    (r"((?!^\d+$)^[0-9a-zA-Z-_]+$)", r"[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*", None),
    // The same for the qualifier at the end of a name. (lambda `FunctionUrlFunctionName`)
    (
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?",
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9]{1}:)?([0-9]{12}:)?(function:)?([a-zA-Z0-9_-]{1,64})(:([0-9]*[a-zA-Z_-][0-9a-zA-Z_-]*))?",
        None,
    ),
    // Not beginning with `system.`. (lambda `CollectionName`)
    (r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)", r"[_a-zA-Z0-9][^$]*", Some(r"system\x2e(?s:.*)")),
    // Not ending with a dot. (lambda `S3Bucket`)
    (r"[0-9A-Za-z\.\-_]*(?<!\.)", r"([0-9A-Za-z._-]*[0-9A-Za-z_-])?", None),
    // No two hyphens in a row. (iam `accountAliasType`)
    (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", Some(r"(?s:.*)--(?s:.*)")),
];

/// Translates one pattern.
///
/// # Errors
/// If it has look-around that is not in the table, or the result does not compile.
pub(super) fn translate(pattern: &str) -> Result<Translated> {
    let translated = match BY_HAND.iter().find(|(written, ..)| *written == pattern) {
        Some((_, require, forbid)) => Translated { require: (*require).to_owned(), forbid: forbid.map(str::to_owned) },
        None if ["(?=", "(?!", "(?<"].iter().any(|look| pattern.contains(look)) => {
            bail!("`{pattern}` has look-around: translate it by hand in xtask/src/generate/pattern.rs")
        }
        None => Translated { require: ascii(pattern), forbid: None },
    };
    for part in [Some(&translated.require), translated.forbid.as_ref()].into_iter().flatten() {
        regex::Regex::new(&format!(r"\A(?:{part})\z")).with_context(|| format!("`{pattern}` does not translate"))?;
    }
    Ok(translated)
}

/// Spells the perl classes as Java means them.
fn ascii(pattern: &str) -> String {
    let mut written = String::new();
    let mut letters = pattern.chars().peekable();
    let mut class = false;
    while let Some(letter) = letters.next() {
        match (letter, letters.peek().copied()) {
            ('\\', Some(escaped)) => {
                letters.next();
                match (escaped, class) {
                    ('d', true) => written.push_str("0-9"),
                    ('d', false) => written.push_str("[0-9]"),
                    ('w', true) => written.push_str("A-Za-z0-9_"),
                    ('w', false) => written.push_str("[A-Za-z0-9_]"),
                    ('s', true) => written.push_str(r" \t\n\x0B\f\r"),
                    ('s', false) => written.push_str(r"[ \t\n\x0B\f\r]"),
                    ('S', true) => written.push_str(r"[^ \t\n\x0B\f\r]"),
                    ('S', false) => written.push_str(r"[^ \t\n\x0B\f\r]"),
                    _ => written.extend(['\\', escaped]),
                }
                continue;
            }
            ('[', _) if !class => class = true,
            (']', _) => class = false,
            _ => {}
        }
        written.push(letter);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[track_caller]
    fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
        let translated = translate(pattern).unwrap();
        let matches = |part: &str, value| regex::Regex::new(&format!(r"\A(?:{part})\z")).unwrap().is_match(value);
        let accepts = |value| {
            matches(&translated.require, value) && !translated.forbid.as_ref().is_some_and(|it| matches(it, value))
        };
        for value in accepted {
            assert!(accepts(value), "`{pattern}` refuses {value:?}");
        }
        for value in refused {
            assert!(!accepts(value), "`{pattern}` accepts {value:?}");
        }
    }

    #[test]
    fn an_alias_is_not_a_number() {
        for pattern in [r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"] {
            check(pattern, &["live", "2024-01-02", "1a", "_"], &["", "1", "2024", "a.b", "$LATEST"]);
        }
    }

    #[test]
    fn a_url_name_ends_in_no_version() {
        let pattern = super::BY_HAND[2].0;
        check(pattern, &["f", "f:live", "function:7", "000000000000:function:f:v1"], &["f:1", "function:f:12"]);
    }

    #[test]
    fn a_collection_is_not_the_systems() {
        check(super::BY_HAND[3].0, &["orders", "system", "systems.a"], &["system.users", "$cmd", "a$b"]);
    }

    #[test]
    fn a_bucket_does_not_end_with_a_dot() {
        check(super::BY_HAND[4].0, &["", "b", "a.b"], &["a.", "."]);
    }

    #[test]
    fn an_account_alias_has_no_double_hyphen() {
        check(super::BY_HAND[5].0, &["abc", "a-b-c"], &["ab", "a--b", "-ab", "ab-"]);
    }

    #[test]
    fn classes_are_ascii() {
        check(r"\d{2}", &["12"], &["١٢"]);
        check(r"[\w+=,.@-]+", &["a+b", "x@y", "-"], &["é", ""]);
        check(r"[^\s]+", &["index.handler"], &["a b", "a\tb"]);
        check(r"[\s\S]*", &["", "a b\n"], &[]);
        check(r"\S{3,4}", &["abc"], &["a c", "ab"]);
    }

    #[test]
    fn unknown_look_around_stops_the_generator() {
        assert!(translate("(?=a).*").unwrap_err().to_string().contains("by hand"));
    }
}
