//! Why a signature was not accepted.

use super::Stamp;

/// A signature that was not accepted. Each prints AWS's text for the caller; none
/// holds a secret, and none says what the right signature would have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request does not say all that a signature needs, or not in its grammar.
    #[error("{0}")]
    Incomplete(String),

    /// Signed too long ago.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - {window_min} min.)")]
    Expired {
        /// When it was signed.
        signed: Stamp,
        /// The earliest time that would do.
        earliest: Stamp,
        /// Our time.
        now: Stamp,
        /// How far apart the two may be, in minutes.
        window_min: i64,
    },

    /// Signed in our future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + {window_min} min.)")]
    NotYet {
        /// When it was signed.
        signed: Stamp,
        /// The latest time that would do.
        latest: Stamp,
        /// Our time.
        now: Stamp,
        /// How far apart the two may be, in minutes.
        window_min: i64,
    },

    /// A presigned S3 request has outlived its `X-Amz-Expires`.
    #[error("Request has expired")]
    PresignedExpired {
        /// When it did, for S3's error body.
        at: Stamp,
    },

    /// The credential scope contradicts the request.
    #[error("{0}")]
    Scope(String),

    /// The signature is not that of this request under this key.
    #[error(
        "The request signature we calculated does not match the signature you provided. \
         Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,

    /// The body is not the one whose hash was signed.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    Body,
}
