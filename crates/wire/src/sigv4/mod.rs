//! SigV4, the server side: who signed a request, and whether it is what they signed.
//!
//! ```text
//! headers, query ──Claim::parse──► Claim ──check_time, check_scope──► (look the key up)
//!                                    │                                        │ Secret
//!                                    │         KeyCache::signing_key ◄────────┘
//!                                    ▼                  │ SigningKey
//! body ──BodyHasher──► BodyDigest ─► Claim::verify ◄────┘
//! ```
//!
//! A [`Claim`] is what the request says of itself; nothing in it is true until
//! [`Claim::verify`] said so. Parsing borrows from the request and copies only
//! what the query string spells with percent signs. The signing key, four HMACs
//! away from the secret and the same for a whole day, comes from a [`KeyCache`].
//!
//! What this is *not*: it knows no access key, no principal and no fault. Which
//! error name a [`Refused`] gets depends on the protocol and is the edge's business.
//!
//! Why not a crate: a Lambda path holds a percent-encoded ARN, which clients sign
//! encoded *twice*; the verifier published for servers encodes once, and knows neither
//! `UNSIGNED-PAYLOAD` nor `X-Amz-Expires`. It serves as the oracle of our tests
//! where the two agree.
//!
//! Source: *Create a signed AWS API request*, IAM User Guide; what the SDKs do
//! where the guide is silent.

mod body;
mod canonical;
mod claim;
mod key;
mod presign;
mod refused;
mod stamp;
mod verify;

#[cfg(test)]
mod tests;

pub use body::{BodyDigest, BodyHasher};
pub use claim::{Claim, Payload, Place};
pub use key::{KeyCache, SigningKey};
pub use presign::Presign;
pub use refused::Refused;
pub use stamp::Stamp;

use http::{HeaderMap, Method, Uri};

/// The only algorithm there is.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends every credential scope.
const TERMINATOR: &str = "aws4_request";
/// What stands for the hash of a body that was not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What of a request is signed, its body aside.
#[derive(Clone, Copy, Debug)]
pub struct Head<'r> {
    /// `GET`, `POST`, …
    pub method: &'r Method,
    /// The target exactly as it was sent: path and query still encoded.
    pub uri: &'r Uri,
    /// All headers.
    pub headers: &'r HeaderMap,
}

impl<'r> From<&'r http::request::Parts> for Head<'r> {
    fn from(parts: &'r http::request::Parts) -> Self {
        Self { method: &parts.method, uri: &parts.uri, headers: &parts.headers }
    }
}

/// The two dialects of the algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Every service but S3: the path is normalised and encoded once more than it
    /// was sent, and a presigned request signs the hash of its body.
    Standard,
    /// S3: the path is encoded once and never normalised, and a presigned request
    /// does not sign its body.
    S3,
}
