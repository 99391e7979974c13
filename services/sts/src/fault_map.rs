//! Our errors in AWS's names, statuses and texts. Nothing else in this crate knows them.
//!
//! No `_` arm: a new variant stops the build until someone decides what the caller hears.
//!
//! Sources: the Smithy model (codes, statuses) and texts as seen in answers of STS.

use http::StatusCode;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::sts::errors;

use crate::assume_role::AssumeRoleError;

impl From<AssumeRoleError> for Fault {
    fn from(error: AssumeRoleError) -> Self {
        match error {
            AssumeRoleError::Denied(text) => denied(text),
            AssumeRoleError::TooLong => errors::VALIDATION_ERROR
                .fault("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
            AssumeRoleError::ChainedTooLong => errors::VALIDATION_ERROR.fault(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
            ),
            AssumeRoleError::Malformed(error) => errors::MALFORMED_POLICY_DOCUMENT.fault(error.to_string()),
            AssumeRoleError::NoSuchPolicy(arn) => {
                errors::VALIDATION_ERROR.fault(format!("Policy {arn} does not exist or is not attachable."))
            }
            AssumeRoleError::TooLarge { percent, with_policy: true } => errors::PACKED_POLICY_TOO_LARGE
                .fault(format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")),
            AssumeRoleError::TooLarge { percent, with_policy: false } => errors::PACKED_POLICY_TOO_LARGE
                .fault(format!("Packed size of session tags consumes {percent}% of allotted space.")),
            AssumeRoleError::Tags => errors::VALIDATION_ERROR
                .fault("Duplicate tag keys found. Please note that Tag keys are case insensitive."),
            AssumeRoleError::TransitiveConflict => errors::VALIDATION_ERROR.fault(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag \
                 key from the calling session.",
            ),
            AssumeRoleError::SourceIdentityConflict => {
                denied("You cannot change the source identity of the calling session.".to_owned())
            }
            AssumeRoleError::NotMade(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot make a session");
                failed()
            }
        }
    }
}

/// Access denied, with the reason AWS gives.
pub(crate) fn denied(text: String) -> Fault {
    Fault::new(StatusCode::FORBIDDEN, "AccessDenied", text)
}

/// An ARN that is none.
pub(crate) fn invalid_arn(text: &str) -> Fault {
    errors::VALIDATION_ERROR.fault(format!("{text} is invalid"))
}

/// A value that is none of its kind, though the model lets it through.
pub(crate) fn invalid(member: &str, text: &str) -> Fault {
    errors::VALIDATION_ERROR.fault(format!("The value {text} is not valid for {member}"))
}

/// A code of a device that nobody has. Source: seen.
pub(crate) fn no_such_device() -> Fault {
    denied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.".to_owned())
}

/// The caller may not ask for a session of this kind.
pub(crate) fn failed() -> Fault {
    Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "The session could not be made.")
}
