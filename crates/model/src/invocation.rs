//! One call of a function: what goes in, and what comes out.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::arn::Version;

/// The id of a request, the same in the answer's `x-amzn-RequestId`, in the
/// function's context and in its log lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(Uuid);

/// A call on its way to an environment.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The request's id.
    pub id: RequestId,
    /// The event, JSON as the caller sent it.
    pub payload: Bytes,
    /// The ARN as it was called: with the alias or version the caller named,
    /// without a qualifier if the caller gave none.
    pub invoked_arn: Arc<str>,
    /// The client context, decoded from base64; JSON.
    pub client_context: Option<Arc<str>>,
    /// The tracing header, `Root=…;Parent=…;Sampled=…`.
    pub trace: Option<Arc<str>>,
    /// Whether the caller asked for the end of the log (`LogType=Tail`).
    pub wants_log_tail: bool,
}

/// What a synchronous call gives back.
#[derive(Clone, Debug)]
pub struct Completion {
    /// What the function answered.
    pub outcome: Outcome,
    /// The version that ran.
    pub executed_version: Version,
    /// The last 4 KB of this call's log, if it was asked for.
    pub log_tail: Option<Bytes>,
}

/// How a call ended, from the caller's point of view. A function's own failure is
/// an outcome, never an `Err`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler returned this JSON.
    Success(Bytes),
    /// The function failed; the payload describes how. Sent with `X-Amz-Function-Error: Unhandled`.
    Failure(Bytes),
}

impl RequestId {
    /// A fresh random id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id as a UUID.
    #[must_use]
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl From<Uuid> for RequestId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl std::str::FromStr for RequestId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
