//! The canonical request: the one spelling of a request that both sides sign.
//!
//! ```text
//! POST
//! /2015-03-31/functions/hello/invocations
//! Qualifier=live
//! host:127.0.0.1:4566
//! x-amz-date:20150830T123600Z
//!
//! host;x-amz-date
//! e3b0c442…b855
//! ```

use std::borrow::Cow;

use super::{Head, Style};

/// Writes the canonical request.
///
/// `payload` is its last line: a hash in hexadecimal, or a word that stands for one.
pub(super) fn request(head: Head<'_>, style: Style, signed_headers: &str, payload: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    text.extend_from_slice(head.method.as_str().as_bytes());
    text.push(b'\n');
    path(&mut text, head.uri.path(), style);
    text.push(b'\n');
    query(&mut text, head.uri.query().unwrap_or_default());
    text.push(b'\n');
    for name in signed_headers.split(';') {
        header(&mut text, head, name);
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload);
    text
}

/// The path. Everywhere but in S3 it is normalised and then encoded, as it was sent:
/// what the client encoded once is signed encoded twice, `:` as `%253A`.
fn path(text: &mut Vec<u8>, raw: &str, style: Style) {
    match style {
        Style::S3 => {
            for byte in percent_encoding::percent_decode_str(if raw.is_empty() { "/" } else { raw }) {
                encode(text, byte, b"/");
            }
        }
        Style::Standard => {
            for byte in normalised(raw).bytes() {
                encode(text, byte, b"/");
            }
        }
    }
}

/// Without empty, `.` and `..` segments; borrowed when there are none, as in every
/// path an SDK sends.
fn normalised(raw: &str) -> Cow<'_, str> {
    if raw.is_empty() {
        return Cow::Borrowed("/");
    }
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    let inner = raw.strip_prefix('/').unwrap_or(raw);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() || !inner.split('/').any(odd) {
        return if raw == "//" { Cow::Borrowed("/") } else { Cow::Borrowed(raw) };
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let end = if raw.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    Cow::Owned(format!("/{}{end}", kept.join("/")))
}

/// The parameters, encoded anew and sorted; the signature itself is left out.
fn query(text: &mut Vec<u8>, raw: &str) {
    if raw.is_empty() {
        return;
    }
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = raw
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(key, _)| *key != "X-Amz-Signature")
        .map(|(key, value)| (recoded(key), recoded(value)))
        .collect();
    pairs.sort_unstable();
    for (place, (key, value)) in pairs.iter().enumerate() {
        if place > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(key.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
}

/// A key or value as the algorithm wants it encoded; borrowed when it already is.
fn recoded(raw: &str) -> Cow<'_, str> {
    let bytes = raw.as_bytes();
    let upper = |c: &u8| c.is_ascii_digit() || (b'A'..=b'F').contains(c);
    let mut at = 0;
    let canonical = loop {
        match bytes.get(at) {
            None => break true,
            Some(c) if unreserved(*c) => at += 1,
            Some(b'%') => match bytes.get(at + 1..at + 3) {
                Some(hex) if hex.iter().all(upper) && !hex_value(hex).is_some_and(unreserved) => at += 3,
                _ => break false,
            },
            Some(_) => break false,
        }
    };
    if canonical {
        return Cow::Borrowed(raw);
    }
    // A plus sign is a blank in a query, and a client that meant a plus has encoded it.
    let blanks = raw.replace('+', " ");
    let mut text = Vec::with_capacity(raw.len() + 16);
    for byte in percent_encoding::percent_decode_str(&blanks) {
        encode(&mut text, byte, b"");
    }
    Cow::Owned(String::from_utf8(text).expect("the encoding is ASCII"))
}

fn hex_value(two: &[u8]) -> Option<u8> {
    std::str::from_utf8(two).ok().and_then(|text| u8::from_str_radix(text, 16).ok())
}

/// `name:value,value\n`; blanks at the ends go, blanks between become one.
fn header(text: &mut Vec<u8>, head: Head<'_>, name: &str) {
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    let mut values = head.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).peekable();
    match head.uri.authority() {
        // HTTP/2 says the host in the target.
        Some(authority) if name == "host" && values.peek().is_none() => {
            text.extend_from_slice(authority.as_str().as_bytes());
        }
        _ => {
            for (place, value) in values.enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                trimmed(text, value);
            }
        }
    }
    text.push(b'\n');
}

fn trimmed(text: &mut Vec<u8>, value: &[u8]) {
    let value = value.trim_ascii();
    if !value.windows(2).any(|two| two[0].is_ascii_whitespace() && two[1].is_ascii_whitespace())
        && !value.contains(&b'\t')
    {
        text.extend_from_slice(value);
        return;
    }
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

/// RFC 3986's unreserved characters, which are never encoded.
fn unreserved(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~')
}

/// `byte`, or its percent sign and two capital digits.
pub(super) fn encode(text: &mut Vec<u8>, byte: u8, safe: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if unreserved(byte) || safe.contains(&byte) {
        text.push(byte);
    } else {
        text.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_path(raw: &str, style: Style, expected: &str) {
        let mut text = Vec::new();
        path(&mut text, raw, style);
        assert_eq!(String::from_utf8(text).unwrap(), expected, "for {raw}");
    }

    #[track_caller]
    fn check_query(raw: &str, expected: &str) {
        let mut text = Vec::new();
        query(&mut text, raw);
        assert_eq!(String::from_utf8(text).unwrap(), expected, "for {raw}");
    }

    #[test]
    fn a_path_is_normalised_and_encoded_once_more() {
        check_path("", Style::Standard, "/");
        check_path("//", Style::Standard, "/");
        check_path("/a//b/./c/../d/", Style::Standard, "/a/b/d/");
        check_path("/functions/arn%3Aaws", Style::Standard, "/functions/arn%253Aaws");
        check_path("/functions/f:$LATEST/x", Style::Standard, "/functions/f%3A%24LATEST/x");
        check_path("/..", Style::Standard, "/");
    }

    #[test]
    fn a_path_of_s3_is_encoded_once_and_left_as_it_is() {
        check_path("/bucket//a/../b%20c", Style::S3, "/bucket//a/../b%20c");
        check_path("/bucket/b c", Style::S3, "/bucket/b%20c");
    }

    #[test]
    fn a_query_is_sorted_and_encoded() {
        check_query("b=2&a=1&a=0&X-Amz-Signature=00", "a=0&a=1&b=2");
        check_query("acl", "acl=");
        check_query("v-=1&v=2", "v=2&v-=1");
        check_query("a=x+y&&b=%2a%41", "a=x%20y&b=%2AA");
        check_query("MaxItems=10&Marker=%2Fx", "Marker=%2Fx&MaxItems=10");
    }

    #[test]
    fn blanks_in_a_header_are_folded() {
        let mut text = Vec::new();
        trimmed(&mut text, b"  a   b\tc ");
        assert_eq!(text, b"a b c");
    }
}
