//! The front end's errors. Each says that the function has not seen the event, so trying again is safe.

use http::StatusCode;
use lanthorn_frontend::{InvalidEvent, InvokeError, Malformed, NotFound, Refusal};
use lanthorn_model::limits::SYNC_PAYLOAD_BYTES_MAX;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::errors;

use super::{IntoFault, access_denied, not_found, service};

impl IntoFault for InvokeError {
    fn into_fault(self) -> Fault {
        match self {
            Self::NotFound(fact) => fact.into_fault(),
            // Source of the text: seen in public issues.
            Self::NotActive(state) => errors::RESOURCE_CONFLICT.fault(format!(
                "The operation cannot be performed at this time. The function is currently in the following state: {}",
                state.as_str()
            )),
            Self::Invalid(refusal) => refusal.into_fault(),
            Self::Refused(refusal) => refusal.into_fault(),
        }
    }
}

impl IntoFault for NotFound {
    /// Recorded: `test_invoke_exceptions`; `$LATEST` is named even where the caller gave no qualifier.
    fn into_fault(self) -> Fault {
        not_found(&self.id.qualified_arn(&self.qualifier))
    }
}

impl IntoFault for InvalidEvent {
    fn into_fault(self) -> Fault {
        match self {
            // Source of the text: seen in public issues.
            Self::TooLarge { bytes } => errors::REQUEST_TOO_LARGE.fault(format!(
                "{bytes} byte payload is too large for the RequestResponse invocation type (limit \
                 {SYNC_PAYLOAD_BYTES_MAX} bytes)"
            )),
            Self::NotJson(malformed) => malformed.into_fault(),
            // Source of the limit: Smithy shape of the `X-Amz-Client-Context` header.
            Self::ContextTooLarge { bytes } => errors::INVALID_REQUEST_CONTENT
                .fault(format!("Client context is {bytes} bytes long; at most 3583 bytes are allowed.")),
            // Not verified against AWS.
            Self::ContextMalformed => {
                errors::INVALID_REQUEST_CONTENT.fault("Client context must be a valid Base64-encoded JSON object.")
            }
        }
    }
}

impl IntoFault for Malformed {
    /// Recorded: `test_lambda_invoke_payload_encoding_error`.
    fn into_fault(self) -> Fault {
        errors::INVALID_REQUEST_CONTENT.fault(format!(
            "Could not parse request body into json: Could not parse payload into json: {}\n at [Source: REDACTED \
             (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]",
            self.complaint, self.line, self.column
        ))
    }
}

impl IntoFault for Refusal {
    fn into_fault(self) -> Fault {
        match self {
            Self::AccountConcurrency | Self::EnvironmentsMax => {
                errors::TOO_MANY_REQUESTS.fault("Rate Exceeded.").with("Reason", "ConcurrentInvocationLimitExceeded")
            }
            Self::Draining => {
                Fault::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "The server is stopping.")
            }
            // Source of the text: seen in public issues, of functions whose role was deleted.
            Self::RoleNotAssumable(_) => {
                access_denied("The role defined for the function cannot be assumed by Lambda.")
            }
            Self::CannotStart(_) | Self::EnvironmentsGone => service(&self),
        }
    }
}
