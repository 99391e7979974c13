//! Filter patterns of logs, and the lines they are held against.
//!
//! An answer depends on pattern and line alone, blanks around a pattern mean nothing, and a plain word is looked for
//! as it is.

#![no_main]

use lanthorn_logs::pattern::Pattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<&str>)| {
    let (text, lines) = input;
    let Ok(pattern) = text.parse::<Pattern>() else { return };
    let padded: Pattern = format!(" {text}\n").parse().expect("it parses without blanks around it");
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for line in lines {
        let matched = pattern.matches(line);
        assert_eq!(pattern.clone().matches(line), matched);
        assert_eq!(padded.matches(line), matched, "{text:?} on {line:?}");
        if is_word {
            assert_eq!(matched, line.contains(text), "{text:?} on {line:?}");
        }
    }
});
