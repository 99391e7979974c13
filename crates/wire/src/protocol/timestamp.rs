//! Points in time, in the three spellings of AWS's protocols.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::Malformed;
use crate::schema::TimestampFormat;

/// Reads text; epoch seconds may have a fraction.
pub(super) fn read(text: &str, format: TimestampFormat) -> Result<Timestamp, Malformed> {
    let read = match format {
        TimestampFormat::EpochSeconds => return from_epoch(text.parse().map_err(|_| wrong(text))?),
        TimestampFormat::DateTime => text.parse().ok(),
        TimestampFormat::HttpDate => rfc2822::DateTimeParser::new().parse_timestamp(text).ok(),
    };
    read.ok_or_else(|| wrong(text))
}

/// Writes text. Milliseconds are written where there are any and the format has room.
pub(super) fn write(timestamp: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::EpochSeconds => match timestamp.as_millisecond() {
            whole if whole % 1000 == 0 => (whole / 1000).to_string(),
            milliseconds => format!("{:?}", to_epoch(milliseconds)),
        },
        TimestampFormat::DateTime if timestamp.subsec_millisecond() == 0 => {
            timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        }
        TimestampFormat::DateTime => timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        TimestampFormat::HttpDate => timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    }
}

/// Seconds since 1970, kept to the millisecond.
pub(super) fn from_epoch(seconds: f64) -> Result<Timestamp, Malformed> {
    let milliseconds = (seconds * 1000.0).round();
    // The cast saturates, and jiff refuses what lies beyond the year 9999.
    Timestamp::from_millisecond(milliseconds as i64).map_err(|_| wrong(&seconds.to_string()))
}

/// Seconds since 1970 of whole milliseconds.
pub(super) fn to_epoch(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn wrong(text: &str) -> Malformed {
    Malformed::new(format!("{text} can not be converted to a Timestamp"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{read, write};
    use crate::schema::TimestampFormat::{DateTime, EpochSeconds, HttpDate};

    #[test]
    fn each_format_is_spelled_as_aws_spells_it() {
        let moment = Timestamp::from_millisecond(1_795_292_141_250).unwrap();
        let whole = Timestamp::from_second(1_795_292_141).unwrap();
        assert_eq!(write(whole, EpochSeconds), "1795292141");
        assert_eq!(write(moment, EpochSeconds), "1795292141.25");
        assert_eq!(write(whole, DateTime), "2026-11-21T20:15:41Z");
        assert_eq!(write(moment, DateTime), "2026-11-21T20:15:41.250Z");
        assert_eq!(write(moment, HttpDate), "Sat, 21 Nov 2026 20:15:41 GMT");
    }

    #[test]
    fn nonsense_is_refused() {
        for format in [EpochSeconds, DateTime, HttpDate] {
            assert!(read("yesterday", format).is_err());
        }
        assert!(read("1e300", EpochSeconds).is_err());
        assert!(read("NaN", EpochSeconds).is_ok_and(|it| it == Timestamp::UNIX_EPOCH));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(milliseconds in 0..4_102_444_800_000i64) {
            let moment = Timestamp::from_millisecond(milliseconds).unwrap();
            let whole = Timestamp::from_second(milliseconds / 1000).unwrap();
            prop_assert_eq!(read(&write(moment, EpochSeconds), EpochSeconds), Ok(moment));
            prop_assert_eq!(read(&write(moment, DateTime), DateTime), Ok(moment));
            prop_assert_eq!(read(&write(whole, HttpDate), HttpDate), Ok(whole));
        }
    }
}
