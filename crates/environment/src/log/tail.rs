//! The end of one call's log, for `LogType=Tail`.

use bytes::Bytes;
use lanthorn_model::limits::LOG_TAIL_BYTES_MAX;

/// Keeps the last 4 KB of what is pushed, and at most twice that in memory.
#[derive(Default)]
pub(super) struct Tail {
    text: Vec<u8>,
}

impl Tail {
    /// Appends an event, as a line even if it is none: events that are records end without a newline.
    pub(super) fn push(&mut self, message: &[u8]) {
        let start = message.len().saturating_sub(LOG_TAIL_BYTES_MAX);
        self.text.extend_from_slice(&message[start..]);
        if !message.ends_with(b"\n") {
            self.text.push(b'\n');
        }
        if self.text.len() > 2 * LOG_TAIL_BYTES_MAX {
            self.trim();
        }
    }

    pub(super) fn into_bytes(mut self) -> Bytes {
        self.trim();
        self.text.into()
    }

    fn trim(&mut self) {
        let excess = self.text.len().saturating_sub(LOG_TAIL_BYTES_MAX);
        self.text.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        tail.push(&[b'a'; 3 * LOG_TAIL_BYTES_MAX]);
        tail.push(b"record without newline");
        tail.push(b"line\n");
        let text = tail.into_bytes();
        assert_eq!(text.len(), LOG_TAIL_BYTES_MAX);
        assert!(text.ends_with(b"a\nrecord without newline\nline\n"));
    }

    #[test]
    fn a_short_log_is_kept_whole() {
        let mut tail = Tail::default();
        tail.push(b"START\n");
        assert_eq!(tail.into_bytes(), "START\n");
    }
}
