//! Is it JSON, and if not, where does it end to be so?
//!
//! AWS parses events with Jackson and tells its words to the caller. The check
//! itself is `serde_json`'s; only for an event that fails it do we look for
//! Jackson's words, which is off the hot path.

/// The payload is not JSON: what Jackson says of it, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{complaint} at line {line}, column {column}")]
pub struct Malformed {
    /// Jackson's words.
    pub complaint: String,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes, one past what was read as Jackson counts.
    pub column: usize,
}

/// Jackson's list of what may stand where a value is expected (recorded).
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// Whether `payload` is one JSON value.
pub(crate) fn check(payload: &[u8]) -> Result<(), Malformed> {
    let parsed = std::str::from_utf8(payload).ok().map(serde_json::from_str::<serde::de::IgnoredAny>);
    match parsed {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(explain(payload, Some(&error))),
        None => Err(explain(payload, None)),
    }
}

/// Finds Jackson's words for a payload that is not JSON.
fn explain(payload: &[u8], error: Option<&serde_json::Error>) -> Malformed {
    let start = payload.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(payload.len());
    let at = |index: usize, complaint: String| {
        let line = 1 + payload[..index].iter().filter(|byte| **byte == b'\n').count();
        let line_start = payload[..index].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Malformed { complaint, line, column: index - line_start + 1 }
    };
    let Some(&first) = payload.get(start) else {
        return at(payload.len(), "No content to map due to end-of-input".to_owned());
    };
    let word = payload[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let after = payload.get(start + word).copied();
    if word > 0 && first.is_ascii_alphabetic() {
        if let Some(bad) = after.filter(|byte| !byte.is_ascii() && !(0xC2..=0xF4).contains(byte)) {
            return at(start + word + 1, format!("Invalid UTF-8 start byte 0x{bad:x}"));
        }
        let token = String::from_utf8_lossy(&payload[start..start + word]);
        if !matches!(&*token, "null" | "true" | "false") {
            return at(start + word, format!("Unrecognized token '{token}': was expecting {VALUES}"));
        }
    }
    if !b"{[\"-0123456789ntf".contains(&first) {
        let shown = if first.is_ascii_graphic() {
            format!("'{}' (code {first})", char::from(first))
        } else {
            format!("(CTRL-CHAR, code {first})")
        };
        return at(start, format!("Unexpected character ({shown}): expected a valid value {VALUES}"));
    }
    if let Some(bad) = std::str::from_utf8(payload).err() {
        let index = bad.valid_up_to();
        return at(index + 1, format!("Invalid UTF-8 start byte 0x{:x}", payload[index]));
    }
    match error {
        Some(error) if error.is_eof() => at(payload.len(), "Unexpected end-of-input".to_owned()),
        Some(error) => {
            let lines = payload.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
            let index =
                (lines.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)).min(payload.len() - 1);
            let byte = payload[index];
            at(index, format!("Unexpected character ('{}' (code {byte}))", char::from(byte).escape_default()))
        }
        None => at(start, "Unexpected character".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(payload: &[u8], complaint: &str, column: usize) {
        let expected = Malformed { complaint: complaint.to_owned(), line: 1, column };
        assert_eq!(check(payload), Err(expected), "for {}", payload.escape_ascii());
    }

    #[test]
    fn json_of_any_kind_passes() {
        for payload in ["{}", " [1, 2.5e3] ", "\"text\"", "null", "-1", "{\"a\":{\"b\":[true,false]}}", "\"\u{e9}\""] {
            assert_eq!(check(payload.as_bytes()), Ok(()), "for {payload}");
        }
    }

    /// Recorded: `test_lambda_invoke_payload_encoding_error`.
    #[test]
    fn broken_encodings_are_refused_in_the_recorded_words() {
        refuses(b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87", 3);
        let control = format!("Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {VALUES}");
        refuses(b"\x99\xeb,j\x07\xa1zYh", &control, 1);
    }

    #[test]
    fn a_bare_word_is_an_unrecognised_token() {
        refuses(b"hello", &format!("Unrecognized token 'hello': was expecting {VALUES}"), 6);
    }

    #[test]
    fn an_open_object_ends_too_early() {
        refuses(b"{\"a\":", "Unexpected end-of-input", 6);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_pass_or_are_explained(payload in proptest::collection::vec(proptest::num::u8::ANY, 1..64)) {
            let value: Option<serde_json::Value> = serde_json::from_slice(&payload).ok();
            proptest::prop_assert_eq!(check(&payload).is_ok(), value.is_some());
        }
    }
}
