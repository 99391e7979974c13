//! What our errors are called by AWS: name, status, text. Nobody else knows these.
//!
//! Every `match` names every variant: a new one stops the build until somebody has
//! decided what its caller is told. Causes that are ours (a disk, a damaged record)
//! are logged here, once, and the caller learns no more than that we failed.

mod invoke;

use std::error::Error;

use http::StatusCode;
use lanthorn_control::code::unpack::UnpackError;
use lanthorn_control::code::{AcceptError, RegisterError};
use lanthorn_control::functions::change::{
    ConfigurationRefused, EPHEMERAL_STORAGE_MIB_MAX, MEMORY_MIB_MAX, TIMEOUT_S_MAX,
};
use lanthorn_control::functions::create::CreateFunctionError;
use lanthorn_control::functions::delete::DeleteFunctionError;
use lanthorn_control::functions::environment::EnvironmentRefused;
use lanthorn_control::functions::get::GetFunctionError;
use lanthorn_control::functions::list::ListFunctionsError;
use lanthorn_control::functions::role::RoleRefused;
use lanthorn_control::functions::runtime::{RuntimeRefused, SUPPORTED};
use lanthorn_control::functions::update_code::UpdateFunctionCodeError;
use lanthorn_control::functions::update_configuration::UpdateFunctionConfigurationError;
use lanthorn_control::functions::{Busy, FunctionExists, FunctionNotFound, RevisionMismatch};
use lanthorn_model::limits::CREATE_REQUEST_BYTES_MAX;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::errors;

use crate::routes::code::NoLocation;

/// An error that has a name on AWS.
pub(crate) trait IntoFault {
    /// What the caller is told.
    fn into_fault(self) -> Fault;
}

impl IntoFault for CreateFunctionError {
    fn into_fault(self) -> Fault {
        match self {
            Self::Exists(fact) => fact.into_fault(),
            Self::Configuration(refusal) => refusal.into_fault(),
            // Recorded: `create_function_invalid_tags`.
            Self::Tags(_) => invalid("Number of tags exceeds resource tag limit."),
            Self::Code(refusal) => accept("CreateFunction", refusal),
            Self::Record(error) => service(&error),
        }
    }
}

impl IntoFault for GetFunctionError {
    fn into_fault(self) -> Fault {
        match self {
            Self::NotFound(fact) => fact.into_fault(),
            Self::Record(error) => service(&error),
        }
    }
}

impl IntoFault for ListFunctionsError {
    fn into_fault(self) -> Fault {
        match self {
            Self::Record(error) => service(&error),
        }
    }
}

impl IntoFault for UpdateFunctionCodeError {
    fn into_fault(self) -> Fault {
        match self {
            Self::NotFound(fact) => fact.into_fault(),
            Self::Revision(fact) => fact.into_fault(),
            Self::Busy(fact) => fact.into_fault(),
            Self::Configuration(refusal) => refusal.into_fault(),
            Self::Code(refusal) => accept("UpdateFunctionCode", refusal),
            Self::Record(error) => service(&error),
        }
    }
}

impl IntoFault for UpdateFunctionConfigurationError {
    fn into_fault(self) -> Fault {
        match self {
            Self::NotFound(fact) => fact.into_fault(),
            Self::Revision(fact) => fact.into_fault(),
            Self::Busy(fact) => fact.into_fault(),
            Self::Configuration(refusal) => refusal.into_fault(),
            Self::Record(error) => service(&error),
        }
    }
}

impl IntoFault for DeleteFunctionError {
    fn into_fault(self) -> Fault {
        match self {
            Self::NotFound(fact) => fact.into_fault(),
            // Recorded: `test_ops_with_arn_qualifier_mismatch[delete_function]`.
            Self::Latest => invalid("$LATEST version cannot be deleted without deleting the function."),
            // Recorded: `test_function_name_and_qualifier_validation[qualifier_too_long1-delete_function]`.
            Self::Alias => invalid("Deletion of aliases is not currently supported."),
            Self::Record(error) => service(&error),
            Self::Code(error) => register(&error),
        }
    }
}

impl IntoFault for FunctionNotFound {
    fn into_fault(self) -> Fault {
        not_found(&match &self.qualifier {
            Some(qualifier) => self.id.qualified_arn(qualifier),
            None => self.id.arn(),
        })
    }
}

impl IntoFault for FunctionExists {
    /// Source of the text: seen in public issues.
    fn into_fault(self) -> Fault {
        errors::RESOURCE_CONFLICT.fault(format!("Function already exist: {}", self.0.name))
    }
}

impl IntoFault for Busy {
    fn into_fault(self) -> Fault {
        let what = match self {
            // Source of the text: seen in public issues.
            Self::Creating(_) => "The function is currently in the following state: Pending".to_owned(),
            // Recorded: `test_lambda_concurrent_config_updates`.
            Self::Updating(id) => format!("An update is in progress for resource: {}", id.arn()),
        };
        errors::RESOURCE_CONFLICT.fault(format!("The operation cannot be performed at this time. {what}"))
    }
}

impl IntoFault for RevisionMismatch {
    /// Recorded: `test_publish_with_wrong_revisionid`.
    fn into_fault(self) -> Fault {
        errors::PRECONDITION_FAILED.fault(
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
             retrieve the latest Revision Id",
        )
    }
}

impl IntoFault for ConfigurationRefused {
    fn into_fault(self) -> Fault {
        match self {
            // Source of the text: seen in public issues, with the limit of new accounts (3008).
            Self::Memory(_) => invalid(format!(
                "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to \
                 {MEMORY_MIB_MAX}"
            )),
            Self::Timeout(value) => too_large("timeout", value, TIMEOUT_S_MAX),
            Self::EphemeralStorage(value) => too_large("ephemeralStorage.size", value, EPHEMERAL_STORAGE_MIB_MAX),
            // Source of the text: seen in public issues.
            Self::LogLevelOfText => invalid(
                "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or \
                 change the LogFormat to \"Json\" and try again.",
            ),
            Self::Architecture { wanted, host } => invalid(format!(
                "Lanthorn runs on a machine of the architecture {} and cannot run {} functions.",
                host.as_str(),
                wanted.as_str()
            )),
            Self::Environment(refusal) => refusal.into_fault(),
            Self::Runtime(refusal) => refusal.into_fault(),
            Self::Role(refusal) => refusal.into_fault(),
        }
    }
}

impl IntoFault for EnvironmentRefused {
    fn into_fault(self) -> Fault {
        let why = match self {
            // Recorded: `test_large_environment_fails_multiple_keys`.
            Self::TooLarge { measured } => format!("exceeded the 4KB limit. String measured: {measured}"),
            // Source of the text: seen in public issues.
            Self::Reserved(names) => format!(
                "contains reserved keys that are currently not supported for modification. Reserved keys used in this \
                 request: {}",
                names.join(", ")
            ),
        };
        invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided {why}"
        ))
    }
}

impl IntoFault for RuntimeRefused {
    fn into_fault(self) -> Fault {
        match self {
            // Recorded: `test_update_lambda_exceptions`; not a ValidationException, and without its first words.
            Self::Unknown(text) => invalid(format!(
                "Value {text} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or \
                 be a valid ARN",
                SUPPORTED.join(", ")
            )),
            // Recorded: `test_create_deprecated_function_runtime_with_validation_enabled`.
            Self::Retired(text) => invalid(format!(
                "The runtime parameter of {text} is no longer supported for creating or updating AWS Lambda \
                 functions. We recommend you use a supported runtime while creating or updating functions."
            )),
            Self::Missing { source, .. } => invalid(source.0),
        }
    }
}

impl IntoFault for RoleRefused {
    fn into_fault(self) -> Fault {
        match self {
            // Source of the text: seen in public issues; the same whether it is missing or does not trust Lambda.
            Self::NotAssumable(_) => invalid("The role defined for the function cannot be assumed by Lambda."),
            // Source of the text: seen in public issues.
            Self::OtherAccount(_) => access_denied("Cross-account pass role is not allowed."),
        }
    }
}

impl IntoFault for NoLocation {
    fn into_fault(self) -> Fault {
        service(&self)
    }
}

/// InvalidParameterValueException.
pub(crate) fn invalid(message: impl Into<String>) -> Fault {
    errors::INVALID_PARAMETER_VALUE.fault(message)
}

/// ResourceNotFoundException of a function (recorded). `arn` has the qualifier if the caller gave one.
pub(crate) fn not_found(arn: &str) -> Fault {
    errors::RESOURCE_NOT_FOUND.fault(format!("Function not found: {arn}"))
}

/// AccessDeniedException, which Lambda's model does not have.
pub(crate) fn access_denied(message: impl Into<String>) -> Fault {
    Fault { capital_message: true, ..Fault::new(StatusCode::FORBIDDEN, "AccessDeniedException", message) }
}

/// NotImplementedException, ours: AWS has no such answer.
pub(crate) fn not_built(what: impl Into<String>) -> Fault {
    let text = format!("{} is not built yet", what.into());
    Fault::new(StatusCode::NOT_IMPLEMENTED, "NotImplementedException", text)
}

/// ValidationException of a number; the wire's constraints allow more than an ordinary function may have.
fn too_large(member: &str, value: u32, most: u32) -> Fault {
    errors::VALIDATION.fault(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
         value less than or equal to {most}"
    ))
}

fn accept(operation: &str, error: AcceptError) -> Fault {
    match error {
        // Recorded: `test_oversized_request_create_lambda`, of the request that carries such a zip.
        AcceptError::ZipTooLarge(_) => Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {CREATE_REQUEST_BYTES_MAX} bytes for the {operation} operation"),
        ),
        AcceptError::Unpack(error) => match error {
            UnpackError::Unreadable(reason) => {
                tracing::debug!(%reason, "refused a package");
                // Source of the text: seen in public issues.
                invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
            }
            // Recorded: `test_oversized_unzipped_lambda`.
            UnpackError::TooLarge(limit) => invalid(format!("Unzipped size must be smaller than {limit} bytes")),
            UnpackError::Disk(_) => service(&error),
        },
        AcceptError::Register(error) => register(&error),
        AcceptError::Store(_) => service(&error),
    }
}

fn register(error: &RegisterError) -> Fault {
    match error {
        RegisterError::Removing(_) | RegisterError::Unreadable(_) | RegisterError::Store(_) => service(error),
    }
}

/// ServiceException: we failed, and the caller may try again.
fn service(error: &(dyn Error + 'static)) -> Fault {
    tracing::error!(error, "an operation failed");
    errors::SERVICE.fault("An error occurred and the request cannot be processed.")
}

#[cfg(test)]
mod tests;
