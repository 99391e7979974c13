//! A log stream: what is known of it without reading its events.

use bytes::Bytes;
use lanthorn_store::documents::Document;
use serde::{Deserialize, Serialize};

use super::{FORMAT, decode, encode};
use crate::storage::{StorageError, StreamId};

/// A stream as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Names this incarnation of the stream within its group.
    pub(crate) id: StreamId,
    /// In ms since 1970.
    pub(crate) created_ms: i64,
    /// What was written to it; none before the first event.
    pub(crate) written: Option<Written>,
}

/// What was written to a stream. Times in ms since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The earliest event there ever was; it may have expired.
    pub(crate) first_ms: i64,
    /// The latest event.
    pub(crate) last_ms: i64,
    /// When the last batch came in.
    pub(crate) ingested_ms: i64,
    /// The last batch's sequence.
    pub(crate) sequence: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    id: StreamId,
    created_ms: i64,
    /// First, last, ingested, sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written: Option<(i64, i64, i64, u64)>,
}

impl Stream {
    /// Takes note of a batch.
    pub(crate) fn wrote(&mut self, batch: Written) {
        self.written = Some(match self.written {
            None => batch,
            Some(before) => Written {
                first_ms: before.first_ms.min(batch.first_ms),
                last_ms: before.last_ms.max(batch.last_ms),
                ..batch
            },
        });
    }

    pub(crate) fn encode(&self) -> Bytes {
        let written =
            self.written.map(|written| (written.first_ms, written.last_ms, written.ingested_ms, written.sequence));
        encode(&Stored { v: FORMAT, id: self.id, created_ms: self.created_ms, written })
    }

    pub(crate) fn decode(document: &Document) -> Result<Self, StorageError> {
        let stored: Stored = decode(document, |stored: &Stored| stored.v)?;
        let written = stored.written.map(|(first_ms, last_ms, ingested_ms, sequence)| Written {
            first_ms,
            last_ms,
            ingested_ms,
            sequence,
        });
        Ok(Self { id: stored.id, created_ms: stored.created_ms, written })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored;
    use super::*;

    proptest! {
        #[test]
        fn a_stream_survives_the_store(
            id in any::<u64>(), created_ms in any::<i64>(), written in any::<Option<(i64, i64, i64, u64)>>(),
        ) {
            let written = written.map(|(first_ms, last_ms, ingested_ms, sequence)| {
                Written { first_ms, last_ms, ingested_ms, sequence }
            });
            let stream = Stream { id, created_ms, written };
            prop_assert_eq!(Stream::decode(&stored(stream.encode())).expect("readable"), stream);
        }
    }
}
