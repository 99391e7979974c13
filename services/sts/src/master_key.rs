//! The key that all sessions hang on, and the two that are made of it.
//!
//! ```text
//! partition  sts/master-key   document  head    32 random bytes, made when a store is first opened
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lanthorn_store::Documents;
use lanthorn_store::documents::{Change, CommitError, Expect, Key};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The keys of tokens and of secrets. Never shown.
#[derive(Clone)]
pub(crate) struct MasterKey {
    token: [u8; 32],
    secret: [u8; 32],
}

/// The master key is not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error("the system gave no random bytes")]
    NoEntropy(#[from] getrandom::Error),
    #[error(transparent)]
    Store(#[from] lanthorn_store::Error),
    #[error("the stored master key is not readable")]
    Unreadable,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    key_base64: String,
}

/// The shape of the bytes; raised only by a change that old readers must not misread.
const FORMAT: u32 = 1;
const PARTITION: &str = "sts/master-key";
const HEAD: &str = "head";

impl MasterKey {
    /// The store's key, made now if there is none.
    pub(crate) async fn open(documents: &dyn Documents) -> Result<Self, MasterKeyError> {
        if let Some(key) = read(documents).await? {
            return Ok(key);
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let stored = Stored { format: FORMAT, key_base64: STANDARD.encode(key) };
        let bytes = serde_json::to_vec(&stored).expect("a record is plain data, which JSON can hold").into();
        let change = Change::Put { name: HEAD.to_owned(), expect: Expect::Absent, bytes };
        match documents.commit(PARTITION.to_owned(), vec![change]).await {
            Ok(_) => Ok(Self::new(&key)),
            // Another node of the cluster was first: its key is everyone's.
            Err(CommitError::Conflict { .. }) => read(documents).await?.ok_or(MasterKeyError::Unreadable),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The keys that `master` makes.
    pub(crate) fn new(master: &[u8]) -> Self {
        let derive = |purpose: &str| hmac(master, &[purpose.as_bytes()]).finalize().into_bytes().into();
        Self { token: derive("lanthorn session token 1"), secret: derive("lanthorn session secret 1") }
    }

    /// The MAC under which `parts` are a token.
    pub(crate) fn token_mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        hmac(&self.token, parts)
    }

    /// The secret access key that belongs to `parts`: 40 characters.
    pub(crate) fn secret_of(&self, parts: &[&[u8]]) -> String {
        let bytes = hmac(&self.secret, parts).finalize().into_bytes();
        STANDARD.encode(&bytes[..30])
    }
}

async fn read(documents: &dyn Documents) -> Result<Option<MasterKey>, MasterKeyError> {
    let key = Key { partition: PARTITION.to_owned(), name: HEAD.to_owned() };
    let Some(document) = documents.get(key).await? else { return Ok(None) };
    let stored: Stored = serde_json::from_slice(&document.bytes).map_err(|_| MasterKeyError::Unreadable)?;
    let key = STANDARD.decode(stored.key_base64).ok().filter(|key| stored.format == FORMAT && key.len() == 32);
    key.map(|key| Some(MasterKey::new(&key))).ok_or(MasterKeyError::Unreadable)
}

/// The MAC of `parts`, each after its length, so that no two lists of parts are one text.
fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(&u64::try_from(part.len()).expect("lengths fit 64 bits").to_be_bytes());
        mac.update(part);
    }
    mac
}
