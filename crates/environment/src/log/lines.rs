//! Output as log events: a line is an event, unless the bootstrap says that several are one.
//!
//! ```text
//!  bytes ──► split at \n ──► plain            the line with its \n
//!                        └─► RS text \n       one event: RS (0x1E) cut off, each US (0x1F) in text a \n again
//! ```
//!
//! Our bootstraps write a traceback or a message of several lines as one `RS` line. That keeps it in order with
//! everything else the function prints, which a second channel could not. A function may write such a
//! line itself; it only shapes its own log with it.
//!
//! What this is *not*: it does not read, and it drops nothing. An event is cut at [`EVENT_BYTES_MAX`].

use bytes::Bytes;

/// The longest event: 256 KiB, less the 26 bytes that CloudWatch Logs counts for each event
/// (PutLogEvents reference).
pub(crate) const EVENT_BYTES_MAX: usize = 256 * 1024 - 26;

const RECORD: u8 = 0x1E;
const INNER_NEWLINE: u8 = 0x1F;

/// Splits one process's output. Holds at most one unfinished line.
#[derive(Default)]
pub(crate) struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    /// Takes the next bytes of the output and emits every event that is whole.
    pub(crate) fn feed(&mut self, bytes: &[u8], emit: &mut impl FnMut(Bytes)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            if self.unfinished.is_empty() && line.len() <= EVENT_BYTES_MAX {
                emit_line(line, emit);
            } else {
                self.unfinished.extend_from_slice(line);
                self.cut(emit);
                emit_line(&std::mem::take(&mut self.unfinished), emit);
            }
            rest = after;
        }
        self.unfinished.extend_from_slice(rest);
        self.cut(emit);
    }

    /// The output has ended, or a call has: emits what has no newline yet.
    pub(crate) fn finish(&mut self, emit: &mut impl FnMut(Bytes)) {
        if !self.unfinished.is_empty() {
            emit_line(&std::mem::take(&mut self.unfinished), emit);
        }
    }

    /// Emits pieces until the unfinished line is within the limit, never cutting a character in two.
    fn cut(&mut self, emit: &mut impl FnMut(Bytes)) {
        while self.unfinished.len() > EVENT_BYTES_MAX {
            let continues = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
            let back = (0..3).find(|back| !continues(self.unfinished[EVENT_BYTES_MAX - back])).unwrap_or(0);
            let rest = self.unfinished.split_off(EVENT_BYTES_MAX - back);
            emit_line(&std::mem::replace(&mut self.unfinished, rest), emit);
        }
    }
}

/// Emits a line that is within the limit; replacing what is not UTF-8 may make it longer and thus several.
fn emit_line(line: &[u8], emit: &mut impl FnMut(Bytes)) {
    match std::str::from_utf8(line) {
        Ok(line) => emit(event(line)),
        Err(_) => {
            let text = String::from_utf8_lossy(line);
            let mut rest = &*text;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.floor_char_boundary(EVENT_BYTES_MAX));
                emit(event(piece));
                rest = after;
            }
        }
    }
}

/// A line as an event, records unfolded.
fn event(line: &str) -> Bytes {
    match line.as_bytes() {
        [RECORD, record @ ..] => {
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            record.iter().map(|byte| if *byte == INNER_NEWLINE { b'\n' } else { *byte }).collect()
        }
        plain => Bytes::copy_from_slice(plain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(chunks: &[&[u8]], expected: &[&str]) {
        let mut lines = Lines::default();
        let mut events = Vec::new();
        let mut emit = |event: Bytes| events.push(String::from_utf8(event.into()).expect("UTF-8"));
        chunks.iter().for_each(|chunk| lines.feed(chunk, &mut emit));
        lines.finish(&mut emit);
        assert_eq!(events, expected);
    }

    #[test]
    fn each_line_is_an_event() {
        check(&[b"a\nb", b"c\n\n"], &["a\n", "bc\n", "\n"]);
        check(&[b"no newline"], &["no newline"]);
    }

    #[test]
    fn a_record_is_one_event_of_several_lines() {
        check(
            &[b"x\n\x1e[ERROR] E: m\x1fTraceback\x1f  line\ny\n"],
            &["x\n", "[ERROR] E: m\nTraceback\n  line", "y\n"],
        );
        check(&[b"\x1e[INFO]\tm1\x1fm2\x1f\n"], &["[INFO]\tm1\nm2\n"]);
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        check(&[b"a\xffb\n"], &["a\u{fffd}b\n"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = "é".repeat(EVENT_BYTES_MAX);
        let mut lines = Lines::default();
        let mut events = Vec::new();
        long.as_bytes().chunks(1000).for_each(|chunk| lines.feed(chunk, &mut |event| events.push(event)));
        lines.finish(&mut |event| events.push(event));
        assert!(events.iter().all(|event| event.len() <= EVENT_BYTES_MAX));
        assert_eq!(events.concat(), long.as_bytes());
    }

    proptest! {
        #[test]
        fn no_text_is_lost_however_it_arrives(text in "[a-c\n]{0,40}", cut in 0usize..40) {
            let cut = cut.min(text.len());
            let mut lines = Lines::default();
            let mut events = Vec::new();
            lines.feed(&text.as_bytes()[..cut], &mut |event| events.push(event));
            lines.feed(&text.as_bytes()[cut..], &mut |event| events.push(event));
            lines.finish(&mut |event| events.push(event));
            prop_assert_eq!(events.concat(), text.as_bytes());
            prop_assert!(events.iter().all(|event| event.iter().rev().skip(1).all(|byte| *byte != b'\n')));
        }
    }
}
