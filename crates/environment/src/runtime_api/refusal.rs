//! The Runtime API's refusals, with AWS's names and texts.

use http::StatusCode;
use lanthorn_model::limits;

/// Why a request of the runtime was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No call of that id is in progress.
    InvalidRequestId,
    /// The body ended before it was whole.
    Truncated,
    /// The answer is longer than it may be.
    TooLarge,
    /// The response mode is not one.
    InvalidResponseMode,
    /// The request does not fit what the runtime did before.
    Transition {
        /// The runtime's state.
        from: &'static str,
        /// The state the request would lead to.
        to: &'static str,
    },
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequestId | Self::Truncated | Self::InvalidResponseMode => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Transition { .. } => StatusCode::FORBIDDEN,
        }
    }

    /// The body; none of the texts needs escaping.
    pub(super) fn body(self) -> String {
        let (error_type, message) = match self {
            Self::InvalidRequestId => ("InvalidRequestID", "Invalid request ID".to_owned()),
            Self::Truncated => ("TruncatedHTTPRequest", "HTTP request detected as truncated".to_owned()),
            Self::TooLarge => {
                let limit = limits::RESPONSE_BYTES_MAX;
                ("RequestEntityTooLarge", format!("Exceeded maximum allowed payload size ({limit} bytes)."))
            }
            Self::InvalidResponseMode => ("InvalidFunctionResponseMode", "Invalid function response mode".to_owned()),
            Self::Transition { from, to } => (
                "InvalidStateTransition",
                format!(
                    "State transition from {from} to {to} failed for runtime. Error: State transition is not allowed"
                ),
            ),
        };
        format!(r#"{{"errorMessage":"{message}","errorType":"{error_type}"}}"#)
    }
}
