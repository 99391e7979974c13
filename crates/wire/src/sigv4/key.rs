//! The signing key of a day, a region and a service, and where it is kept.

use std::collections::HashMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use lanthorn_model::credentials::Secret;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Claim, TERMINATOR};

/// HMAC-SHA256.
type Hmac256 = Hmac<Sha256>;

/// A key derived from a secret for one scope, ready to sign.
#[derive(Clone)]
pub struct SigningKey(Hmac256);

impl SigningKey {
    /// Derives the key: four HMACs, some microseconds.
    ///
    /// `date` is `YYYYMMDD`; all three parts are those of the credential scope.
    #[must_use]
    pub fn derive(secret: &Secret, date: &str, region: &str, service: &str) -> Self {
        let mut first = Vec::with_capacity(4 + secret.expose().len());
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.expose().as_bytes());
        let mut key = Self::keyed(&first);
        for part in [date, region, service, TERMINATOR] {
            key = Self::keyed(&key.sign(part.as_bytes()));
        }
        key
    }

    /// The 32 bytes that sign `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    fn keyed(key: &[u8]) -> Self {
        Self(Hmac256::new_from_slice(key).expect("HMAC takes a key of any length"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The signing keys lately used, by credential.
///
/// One belongs to one shard; it holds at most [`KeyCache::KEYS_MAX`] keys and starts
/// anew when it is full, which costs each caller one derivation.
#[derive(Debug, Default)]
pub struct KeyCache {
    keys: HashMap<Box<str>, Cached>,
}

/// A derived key and what it was derived from.
#[derive(Debug)]
struct Cached {
    /// Compared at each use, so that a key whose secret has changed is not served from here.
    secret: Secret,
    key: SigningKey,
}

impl KeyCache {
    /// How many keys are kept at most.
    pub const KEYS_MAX: usize = 4096;

    /// The key with which `secret` signs in the scope of `claim`.
    pub fn signing_key(&mut self, claim: &Claim<'_>, secret: &Secret) -> SigningKey {
        if let Some(cached) = self.keys.get(claim.credential())
            && bool::from(cached.secret.expose().as_bytes().ct_eq(secret.expose().as_bytes()))
        {
            return cached.key.clone();
        }
        let key = SigningKey::derive(secret, claim.date(), claim.region(), claim.service());
        if self.keys.len() >= Self::KEYS_MAX {
            self.keys.clear();
        }
        self.keys.insert(claim.credential().into(), Cached { secret: secret.clone(), key: key.clone() });
        key
    }
}
