//! A place among a group's events, and how it is written.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::facts::InvalidToken;
use crate::storage::{StreamId, TIME_MAX_MS};

/// The place of one event; ordered as events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// When the event happened, in ms since 1970; 13 digits.
    pub(crate) at_ms: i64,
    /// The sequence of its batch, never 0; 19 digits.
    pub(crate) sequence: u64,
    /// The stream; 18 digits.
    pub(crate) stream: StreamId,
    /// Its place in its batch; 5 digits.
    pub(crate) index: u32,
}

/// Where to go on, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// Towards what came later: events behind the position.
    Forward(Position),
    /// Towards what came earlier: events before the position.
    Backward(Position),
}

impl Position {
    /// Before every event of `at_ms`.
    pub(crate) fn before(at_ms: i64) -> Self {
        Self { at_ms: at_ms.clamp(0, TIME_MAX_MS), sequence: 0, stream: 0, index: 0 }
    }

    /// The event's id: 56 digits, as AWS's.
    pub(crate) fn event_id(self) -> String {
        format!("3{:013}{:019}{:018}{:05}", self.at_ms, self.sequence, self.stream, self.index)
    }

    fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 56 || !digits.starts_with('3') || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            at_ms: digits[1..14].parse().ok()?,
            sequence: digits[14..33].parse().ok()?,
            stream: digits[33..51].parse().ok()?,
            index: digits[51..].parse().ok()?,
        })
    }
}

impl Cursor {
    /// The token of `GetLogEvents`, written as AWS does: `f/` or `b/`, 56 digits, `/s`.
    pub(crate) fn stream_token(self) -> String {
        match self {
            Self::Forward(position) => format!("f/{}/s", position.event_id()),
            Self::Backward(position) => format!("b/{}/s", position.event_id()),
        }
    }

    /// Reads a token of `GetLogEvents`.
    pub(crate) fn from_stream_token(token: &str) -> Result<Self, InvalidToken> {
        let position = |digits: &str| digits.strip_suffix("/s").and_then(Position::parse).ok_or(InvalidToken);
        match token.split_at_checked(2) {
            Some(("f/", rest)) => position(rest).map(Self::Forward),
            Some(("b/", rest)) => position(rest).map(Self::Backward),
            _ => Err(InvalidToken),
        }
    }

    /// The token of `FilterLogEvents`: the same, but opaque as AWS's.
    pub(crate) fn search_token(self) -> String {
        URL_SAFE_NO_PAD.encode(self.stream_token())
    }

    /// Reads a token of `FilterLogEvents`.
    pub(crate) fn from_search_token(token: &str) -> Result<Self, InvalidToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidToken)?;
        Self::from_stream_token(std::str::from_utf8(&bytes).map_err(|_| InvalidToken)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn position()(
            at_ms in 0..9_999_999_999_999_i64,
            sequence in 0..9_999_999_999_999_999_999_u64,
            stream in 0..999_999_999_999_999_999_u64,
            index in 0..99_999_u32,
        ) -> Position {
            Position { at_ms, sequence, stream, index }
        }
    }

    proptest! {
        #[test]
        fn tokens_bring_back_their_position(at in position()) {
            prop_assert_eq!(at.event_id().len(), 56);
            for cursor in [Cursor::Forward(at), Cursor::Backward(at)] {
                prop_assert_eq!(Cursor::from_stream_token(&cursor.stream_token()), Ok(cursor));
                prop_assert_eq!(Cursor::from_search_token(&cursor.search_token()), Ok(cursor));
            }
        }

        #[test]
        fn event_ids_sort_as_events(a in position(), b in position()) {
            prop_assert_eq!(a.cmp(&b), a.event_id().cmp(&b.event_id()));
        }

        #[test]
        fn any_text_is_a_token_or_refused(text in ".{0,70}") {
            let _ = Cursor::from_stream_token(&text);
            let _ = Cursor::from_search_token(&text);
        }
    }

    #[test]
    fn one_operations_token_is_not_anothers() {
        let cursor = Cursor::Forward(Position::before(1));
        assert_eq!(Cursor::from_search_token(&cursor.stream_token()), Err(InvalidToken));
        assert_eq!(Cursor::from_stream_token(&cursor.search_token()), Err(InvalidToken));
        assert_eq!(Cursor::from_stream_token("invalid-token"), Err(InvalidToken));
        assert_eq!(Cursor::from_search_token("invalid-token"), Err(InvalidToken));
    }
}
