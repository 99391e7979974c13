//! Keys that sign requests.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::arn::{AccountId, Malformed};

/// A secret that never shows itself: `Debug` prints stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The secret itself. Every call of this is a place to look at twice.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The name of an access key: 20 characters that say what it is and whose.
///
/// ```text
/// AKIA  IOSFODNN7EXAMPLE
/// ────  ──────┬─────────
/// kind  base32 of 80 bits: 1 random, 40 the account, 39 random
/// ```
///
/// Sources: IAM user guide, "Unique identifier prefixes" (the kinds); that the
/// account can be read from the id, as `sts:GetAccessKeyInfo` does, is how AWS's
/// own ids have been made since 2019.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessKeyId(Box<str>);

/// How long an access key lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Until it is deleted: `AKIA`.
    LongTerm,
    /// Until its session expires: `ASIA`.
    Temporary,
}

/// Temporary credentials, as STS gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCredentials {
    /// `ASIA…`, 20 characters.
    pub access_key_id: Box<str>,
    /// 40 characters.
    pub secret_access_key: Secret,
    /// Opaque; sent back as `X-Amz-Security-Token`.
    pub session_token: Secret,
    /// When they stop working.
    pub expiration: Timestamp,
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl AccessKeyId {
    /// A new id of `account`, unlike any other as far as `random` is.
    #[must_use]
    pub fn mint(kind: KeyKind, account: &AccountId, random: [u8; 5]) -> Self {
        let [a, b, c, d, e] = random.map(u128::from);
        let owner: u128 = account.as_str().bytes().fold(0, |number, digit| number * 10 + u128::from(digit - b'0'));
        let bits = (a >> 7) << 79 | owner << 39 | (a & 0x7F) << 32 | b << 24 | c << 16 | d << 8 | e;
        let prefix = match kind {
            KeyKind::LongTerm => "AKIA",
            KeyKind::Temporary => "ASIA",
        };
        let digits = (0..16).rev().map(|at| char::from(BASE32[(bits >> (5 * at)) as usize & 31]));
        Self(prefix.chars().chain(digits).collect::<String>().into())
    }

    /// Whether it is a session's.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with("ASIA")
    }

    /// The account it was made for; none for an id that was made in another way.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        let mut bits: u128 = 0;
        for c in self.0.get(4..20)?.bytes() {
            bits = bits << 5 | BASE32.iter().position(|&digit| digit == c)? as u128;
        }
        format!("{:012}", (bits >> 39) & 0xFF_FFFF_FFFF).parse().ok()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccessKeyId {
    type Err = Malformed;

    /// Source: Smithy shape `accessKeyIdType`, 16 to 128 of `[\w]`.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let legal = text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        if legal && (16..=128).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed::new("access key id", text))
        }
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_access_key_id_knows_its_account(number in 0_u64..1_000_000_000_000, random: [u8; 5]) {
            let account: AccountId = format!("{number:012}").parse().unwrap();
            let id = AccessKeyId::mint(KeyKind::Temporary, &account, random);
            prop_assert_eq!(id.as_str().len(), 20);
            prop_assert!(id.is_temporary());
            prop_assert_eq!(id.account(), Some(account));
            prop_assert_eq!(id.as_str().parse::<AccessKeyId>().unwrap(), id);
        }

        #[test]
        fn other_random_bits_are_another_id(one: [u8; 5], other: [u8; 5]) {
            let account: AccountId = "000000000000".parse().unwrap();
            let ids = [one, other].map(|random| AccessKeyId::mint(KeyKind::LongTerm, &account, random));
            prop_assert_eq!(ids[0] == ids[1], one == other);
        }
    }

    #[test]
    fn an_id_of_another_make_has_no_account() {
        let id: AccessKeyId = "test_key_of_a_laptop".parse().unwrap();
        assert_eq!((id.account(), id.is_temporary()), (None, false));
        assert!("test".parse::<AccessKeyId>().is_err());
    }
}
