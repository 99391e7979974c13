//! What is kept in the store, one file per kind of record. All of it is JSON with a format number, so that it can be
//! looked at and can change.

mod batch;
mod group;
mod stream;
mod total;

pub(crate) use batch::{Batch, EVENT_OVERHEAD_BYTES, Entry, Line};
pub(crate) use group::{Class, Group};
pub(crate) use stream::{Stream, Written};
pub(crate) use total::Total;

use bytes::Bytes;
use lanthorn_store::documents::Document;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::{StorageError, damaged};

/// The format that is written; read are only formats up to it.
const FORMAT: u32 = 1;

fn encode(stored: &impl Serialize) -> Bytes {
    serde_json::to_vec(stored).expect("records have text keys and plain values").into()
}

/// Reads `document` as the stored shape `T`, after `format` said which format it has.
fn decode<T: DeserializeOwned>(document: &Document, format: impl Fn(&T) -> u32) -> Result<T, StorageError> {
    let stored: T = serde_json::from_slice(&document.bytes).map_err(|error| damaged(document, error))?;
    match format(&stored) {
        FORMAT => Ok(stored),
        newer => Err(damaged(document, format!("format {newer} is not known to this version"))),
    }
}

#[cfg(test)]
fn stored(bytes: Bytes) -> Document {
    use lanthorn_store::documents::{Key, Revision};
    Document { key: Key { partition: "p".into(), name: "n".into() }, revision: Revision(1), bytes }
}
