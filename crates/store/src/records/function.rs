//! A function's record.
//!
//! ```text
//! partition  function/{account}/{region}/{name}
//! document   head     $LATEST: what the API tells of it, and what its calls run
//! ```
//!
//! The two differ only while a change is being applied: [`Record::function`] already
//! has the new configuration and code, [`Record::running`] still has the old ones.
//! One commit drops `running`, and with it every reader switches at once. What this
//! file is *not*: it decides no transition (that is `control`), it only spells them.
//!
//! The bytes are JSON. Enumerations are stored as the fixed numbers below, never as
//! positions or names of Rust variants. Members that a reader does not know are
//! skipped and members that a writer did not know are defaulted, so a record may
//! grow; a change that is more than growth takes a new [`FORMAT`].

mod stored;

use bytes::Bytes;
use lanthorn_model::arn::{AccountId, FunctionId, Malformed, Region};
use lanthorn_model::function::{Code, Configuration, Function};

use self::stored::Stored;
use crate::documents::{Document, Key};

/// Every function's partition begins with this.
pub const PARTITION_PREFIX: &str = "function/";

/// The document that holds [`Record`], in the function's partition.
pub const HEAD: &str = "head";

/// The shape of the bytes; raised only by a change that old readers must not misread.
const FORMAT: u32 = 1;

/// `$LATEST` of a function, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What the API tells: the newest configuration and code, and the state of both.
    pub function: Function,
    /// What calls run while a change of `function` is being applied, or after it failed; none: `function` itself.
    pub running: Option<Running>,
}

/// A configuration and the code it belongs to: what a call runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// What the owner had set.
    pub configuration: Configuration,
    /// The package.
    pub code: Code,
}

/// The bytes are not a function's record.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The key is not that of a function's head.
    #[error("`{}/{}` is not the key of a function's record", .0.partition, .0.name)]
    Key(Key),
    /// Not JSON, or members are missing.
    #[error("the record of `{id}` is not readable")]
    Json {
        /// Whose record.
        id: FunctionId,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// Written in a later format.
    #[error("the record of `{id}` has format {format}, and this program reads {FORMAT}")]
    Format {
        /// Whose record.
        id: FunctionId,
        /// Its format.
        format: u32,
    },
    /// A member has a value that no writer of this format writes.
    #[error("`{member}` of the record of `{id}` is not readable")]
    Member {
        /// Whose record.
        id: FunctionId,
        /// Which member.
        member: &'static str,
        /// What is wrong with it.
        #[source]
        source: Malformed,
    },
}

impl Record {
    /// The function as calls run it: during a change, the old configuration and code.
    #[must_use]
    pub fn effective(&self) -> Function {
        let mut function = self.function.clone();
        if let Some(running) = &self.running {
            function.configuration = running.configuration.clone();
            function.code = running.code.clone();
        }
        function
    }
}

/// The partition of `id`.
#[must_use]
pub fn partition(id: &FunctionId) -> String {
    format!("{}{}", region_prefix(&id.account, &id.region), id.name)
}

/// Where the record of `id` is.
#[must_use]
pub fn key(id: &FunctionId) -> Key {
    Key { partition: partition(id), name: HEAD.to_owned() }
}

/// What the partitions of an account's functions in a region begin with.
#[must_use]
pub fn region_prefix(account: &AccountId, region: &Region) -> String {
    format!("{PARTITION_PREFIX}{account}/{region}/")
}

/// Whose head `key` is; none if it is another document.
#[must_use]
pub fn id_of(key: &Key) -> Option<FunctionId> {
    if key.name != HEAD {
        return None;
    }
    let mut parts = key.partition.strip_prefix(PARTITION_PREFIX)?.split('/');
    let (account, region, name) = (parts.next()?, parts.next()?, parts.next()?);
    match parts.next() {
        Some(_) => None,
        None => {
            Some(FunctionId { account: account.parse().ok()?, region: region.parse().ok()?, name: name.parse().ok()? })
        }
    }
}

/// The function that `document` keeps, as calls run it.
///
/// # Errors
/// As [`read`].
pub fn decode(document: &Document) -> Result<Function, DecodeError> {
    Ok(read(document)?.effective())
}

/// The record that `document` keeps.
///
/// # Errors
/// [`DecodeError`] if the document is not a function's head, or was written by something else than [`write`].
pub fn read(document: &Document) -> Result<Record, DecodeError> {
    let id = id_of(&document.key).ok_or_else(|| DecodeError::Key(document.key.clone()))?;
    let stored: Stored =
        serde_json::from_slice(&document.bytes).map_err(|source| DecodeError::Json { id: id.clone(), source })?;
    if stored.format != FORMAT {
        return Err(DecodeError::Format { id, format: stored.format });
    }
    stored.into_record(&id).map_err(|(member, source)| DecodeError::Member { id, member, source })
}

/// The bytes that keep `record`.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "text, numbers and maps with text keys are always JSON")]
pub fn write(record: &Record) -> Bytes {
    let stored = Stored::from(record);
    serde_json::to_vec(&stored).expect("always JSON").into()
}

#[cfg(test)]
mod tests;
