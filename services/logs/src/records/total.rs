//! How much a group holds; also the document that every append must still find.

use bytes::Bytes;
use lanthorn_store::documents::Document;
use serde::{Deserialize, Serialize};

use super::{FORMAT, decode, encode};
use crate::storage::StorageError;

/// How much a group holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// Messages in UTF-8, plus 26 for each event.
    pub(crate) bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    bytes: u64,
}

impl Total {
    pub(crate) fn encode(self) -> Bytes {
        encode(&Stored { v: FORMAT, bytes: self.bytes })
    }

    pub(crate) fn decode(document: &Document) -> Result<Self, StorageError> {
        let stored: Stored = decode(document, |stored: &Stored| stored.v)?;
        Ok(Self { bytes: stored.bytes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::stored;
    use super::*;

    proptest! {
        #[test]
        fn a_total_survives_the_store(bytes in any::<u64>()) {
            let total = Total { bytes };
            prop_assert_eq!(Total::decode(&stored(total.encode())).expect("readable"), total);
        }
    }
}
