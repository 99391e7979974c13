//! Keys that sign requests.

use std::fmt;

use jiff::Timestamp;

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
