//! Dates as conditions write them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Reads an ISO 8601 date (midnight UTC), a date with time and offset, or seconds since 1970.
///
/// Source: IAM user guide, "Date condition operators" (W3C profile of ISO 8601, or epoch time).
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        // Four digits are a year, as `2026`; no policy means an hour of 1970.
        return match text.len() {
            4 => Date::new(seconds.try_into().ok()?, 1, 1).ok().and_then(midnight),
            _ => Timestamp::from_second(seconds).ok(),
        };
    }
    text.parse().ok().or_else(|| text.parse().ok().and_then(midnight)).or_else(|| {
        // `2026-01`: the profile lets the day be left out.
        format!("{text}-01").parse().ok().and_then(midnight)
    })
}

fn midnight(date: Date) -> Option<Timestamp> {
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
