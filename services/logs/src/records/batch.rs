//! A batch of events of one stream, and its small entry in the group's order of time.

use bytes::Bytes;
use lanthorn_store::documents::Document;
use serde::{Deserialize, Serialize};

use super::{FORMAT, decode, encode};
use crate::storage::StorageError;

/// What an event costs beside its message, in bytes. Source: PutLogEvents, "maximum batch size".
pub(crate) const EVENT_OVERHEAD_BYTES: usize = 26;

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When it happened, in ms since 1970.
    pub(crate) at_ms: i64,
    /// What it says.
    pub(crate) message: String,
}

/// Events of one stream, in the order of their times; of equal ones, in the order of their coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The stream's name, so that reading a group needs no second look-up.
    pub(crate) stream: String,
    /// When they came in, in ms since 1970.
    pub(crate) ingested_ms: i64,
    /// The events; never none.
    pub(crate) lines: Vec<Line>,
}

/// What the order of time knows of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The time of its last event, in ms since 1970.
    pub(crate) last_ms: i64,
    /// What it adds to the group's total.
    pub(crate) bytes: u64,
}

#[derive(Serialize)]
struct StoredRef<'a> {
    v: u32,
    stream: &'a str,
    ingested_ms: i64,
    events: Vec<(i64, &'a str)>,
}

#[derive(Deserialize)]
struct Stored {
    v: u32,
    stream: String,
    ingested_ms: i64,
    events: Vec<(i64, String)>,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    v: u32,
    last_ms: i64,
    bytes: u64,
}

impl Line {
    /// What the event counts for, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.message.len() + EVENT_OVERHEAD_BYTES
    }
}

impl Batch {
    /// The bytes of a batch of `lines`, which the caller keeps.
    pub(crate) fn encode(stream: &str, ingested_ms: i64, lines: &[Line]) -> Bytes {
        let events = lines.iter().map(|line| (line.at_ms, line.message.as_str())).collect();
        encode(&StoredRef { v: FORMAT, stream, ingested_ms, events })
    }

    pub(crate) fn decode(document: &Document) -> Result<Self, StorageError> {
        let stored: Stored = decode(document, |stored: &Stored| stored.v)?;
        let lines = stored.events.into_iter().map(|(at_ms, message)| Line { at_ms, message }).collect();
        Ok(Self { stream: stored.stream, ingested_ms: stored.ingested_ms, lines })
    }
}

impl Entry {
    pub(crate) fn encode(self) -> Bytes {
        encode(&StoredEntry { v: FORMAT, last_ms: self.last_ms, bytes: self.bytes })
    }

    pub(crate) fn decode(document: &Document) -> Result<Self, StorageError> {
        let stored: StoredEntry = decode(document, |stored: &StoredEntry| stored.v)?;
        Ok(Self { last_ms: stored.last_ms, bytes: stored.bytes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored;
    use super::*;

    proptest! {
        #[test]
        fn a_batch_survives_the_store(
            stream in ".{1,10}", ingested_ms in any::<i64>(),
            events in prop::collection::vec((any::<i64>(), ".{0,30}"), 0..6),
        ) {
            let lines: Vec<Line> = events.into_iter().map(|(at_ms, message)| Line { at_ms, message }).collect();
            let bytes = Batch::encode(&stream, ingested_ms, &lines);
            let batch = Batch::decode(&stored(bytes)).expect("readable");
            prop_assert_eq!(batch, Batch { stream, ingested_ms, lines });
        }

        #[test]
        fn an_entry_survives_the_store(last_ms in any::<i64>(), bytes in any::<u64>()) {
            let entry = Entry { last_ms, bytes };
            prop_assert_eq!(Entry::decode(&stored(entry.encode())).expect("readable"), entry);
        }
    }
}
