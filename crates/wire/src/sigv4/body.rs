//! The hash of a body, taken as the body arrives.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Takes a body chunk by chunk, so that a long one is never hashed in one go.
#[derive(Clone, Debug, Default)]
pub struct BodyHasher(Sha256);

/// SHA-256 of a whole body.
#[derive(Clone, Copy)]
pub struct BodyDigest([u8; 32]);

impl BodyHasher {
    /// The next bytes.
    pub fn update(&mut self, chunk: &[u8]) {
        self.0.update(chunk);
    }

    /// The digest of all of them.
    #[must_use]
    pub fn finish(self) -> BodyDigest {
        BodyDigest(self.0.finalize().into())
    }
}

impl BodyDigest {
    /// The digest of a body that is already whole.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// Lower-case hexadecimal, 64 characters.
    pub(super) fn hex(&self) -> [u8; 64] {
        hex_of(&self.0)
    }

    /// Whether `text` spells this digest; either case, as AWS accepts.
    pub(super) fn is_spelled(&self, text: &str) -> bool {
        let mut spelled = [0; 32];
        hex::decode_to_slice(text, &mut spelled).is_ok() && bool::from(spelled.ct_eq(&self.0))
    }
}

impl fmt::Debug for BodyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Lower-case hexadecimal without an allocation.
pub(super) fn hex_of(digest: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    hex::encode_to_slice(digest, &mut text).expect("64 is twice 32");
    text
}
