//! The time in a signature, `20150830T123600Z`.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A second, in UTC, that prints as ISO 8601's basic format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(Timestamp);

impl Stamp {
    /// The second that `time` falls into.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(Timestamp::from_second(time.as_second()).unwrap_or(time))
    }

    /// Reads `20150830T123600Z`; nothing else is accepted.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0_i16, |sum, c| c.is_ascii_digit().then(|| sum * 10 + i16::from(c - b'0')))
        };
        let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
        let civil =
            DateTime::new(number(0..4)?, small(4..6)?, small(6..8)?, small(9..11)?, small(11..13)?, small(13..15)?, 0);
        TimeZone::UTC.to_timestamp(civil.ok()?).ok().map(Self)
    }

    /// Reads the `Date` header's format, which some old clients sign instead.
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Self> {
        static PARSER: jiff::fmt::rfc2822::DateTimeParser = jiff::fmt::rfc2822::DateTimeParser::new();
        PARSER.parse_timestamp(text).ok().map(Self::of)
    }

    /// The instant.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// This and so many minutes, or as far as time goes.
    #[must_use]
    pub(super) fn plus_minutes(self, minutes: i64) -> Self {
        let end = if minutes < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(self.0.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(end))
    }

    /// The text, without an allocation.
    pub(super) fn ascii(self) -> [u8; 16] {
        let civil = TimeZone::UTC.to_datetime(self.0);
        let mut text = *b"00000000T000000Z";
        let mut put = |at: usize, digits: usize, mut value: u16| {
            for place in (at..at + digits).rev() {
                text[place] = b'0' + u8::try_from(value % 10).expect("a digit");
                value /= 10;
            }
        };
        put(0, 4, civil.year().unsigned_abs());
        put(4, 2, civil.month().unsigned_abs().into());
        put(6, 2, civil.day().unsigned_abs().into());
        put(9, 2, civil.hour().unsigned_abs().into());
        put(11, 2, civil.minute().unsigned_abs().into());
        put(13, 2, civil.second().unsigned_abs().into());
        text
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.ascii()).expect("digits, T and Z are ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_basic_format_is_a_stamp() {
        assert_eq!(Stamp::parse("20150830T123600Z").map(|s| s.timestamp().as_second()), Some(1_440_938_160));
        for broken in
            ["", "20150830T123600", "2015-08-30T12:36:00Z", "20151330T123600Z", "20150830T126000Z", "٢0150830T12360"]
        {
            assert_eq!(Stamp::parse(broken), None, "for {broken}");
        }
    }

    #[test]
    fn the_date_header_is_a_stamp_too() {
        let dated = Stamp::parse_http_date("Sun, 30 Aug 2015 12:36:00 GMT");
        assert_eq!(dated, Stamp::parse("20150830T123600Z"));
    }

    proptest! {
        #[test]
        fn a_stamp_survives_its_text(second in 0_i64..250_000_000_000) {
            let stamp = Stamp::of(Timestamp::from_second(second).unwrap());
            prop_assert_eq!(Stamp::parse(&stamp.to_string()), Some(stamp));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,20}") {
            let _ = Stamp::parse(&text);
            let _ = Stamp::parse_http_date(&text);
        }
    }
}
