//! A function as the API tells it: `FunctionConfiguration`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lanthorn_model::arn::Qualifier;
use lanthorn_model::function::{Function, LastUpdate, LogFormat, State};
use lanthorn_wire::lambda::{
    EnvironmentResponse, EphemeralStorage, FunctionConfiguration, LoggingConfig, RuntimeVersionConfig,
    SnapStartResponse, TracingConfigResponse,
};

/// Recorded of a create as well as of updates, whatever is being done.
const IN_PROGRESS: (&str, &str) = ("The function is being created.", "Creating");
/// The code of a failure that is not the owner's. Source: Smithy enumeration `StateReasonCode`.
const INTERNAL_ERROR: &str = "InternalError";

/// All that is told of `function`. Its ARN is qualified as the caller asked (recorded: `test_publish_version_on_create`).
pub(super) fn whole(function: &Function, qualifier: Option<&Qualifier>) -> FunctionConfiguration {
    let runtime_version_arn = Some(function.configuration.runtime.version_arn(&function.id.region));
    let (state_reason, state_reason_code) = match function.state {
        State::Pending => (Some(IN_PROGRESS.0.to_owned()), Some(IN_PROGRESS.1.to_owned())),
        State::Active => (None, None),
        State::Failed => (Some("The function could not be created.".to_owned()), Some(INTERNAL_ERROR.to_owned())),
    };
    let (status, reason, reason_code) = match &function.last_update {
        None => (None, None, None),
        Some(LastUpdate::InProgress) => ("InProgress".into(), Some(IN_PROGRESS.0.to_owned()), Some(IN_PROGRESS.1)),
        Some(LastUpdate::Successful) => (Some("Successful"), None, None),
        Some(LastUpdate::Failed(reason)) => (Some("Failed"), Some(reason.clone()), Some(INTERNAL_ERROR)),
    };
    FunctionConfiguration {
        state: Some(function.state.as_str().to_owned()),
        state_reason,
        state_reason_code,
        last_update_status: status.map(str::to_owned),
        last_update_status_reason: reason,
        last_update_status_reason_code: reason_code.map(str::to_owned),
        runtime_version_config: Some(RuntimeVersionConfig { runtime_version_arn, ..Default::default() }),
        ..row(function, qualifier)
    }
}

/// What a list tells of `function`: no state, no build of the runtime (recorded: `test_list_functions`).
pub(super) fn row(function: &Function, qualifier: Option<&Qualifier>) -> FunctionConfiguration {
    let configuration = &function.configuration;
    let function_arn = match qualifier {
        Some(qualifier) => function.id.qualified_arn(qualifier),
        None => function.id.arn(),
    };
    let variables = configuration.environment.clone();
    let environment = variables.map(|variables| EnvironmentResponse { variables: Some(variables), error: None });
    FunctionConfiguration {
        function_name: Some(function.id.name.to_string()),
        function_arn: Some(function_arn),
        runtime: Some(configuration.runtime.to_string()),
        role: Some(configuration.role.to_string()),
        handler: Some(configuration.handler.clone()),
        code_size: i64::try_from(function.code.size).ok(),
        description: Some(configuration.description.clone()),
        timeout: i32::try_from(configuration.timeout_s).ok(),
        memory_size: i32::try_from(configuration.memory_mib).ok(),
        last_modified: Some(last_modified(function.last_modified)),
        code_sha256: Some(STANDARD.encode(function.code.sha256.as_bytes())),
        version: Some(function.version.to_string()),
        environment,
        tracing_config: Some(TracingConfigResponse { mode: Some(configuration.tracing.as_str().to_owned()) }),
        revision_id: Some(function.revision_id.to_string()),
        package_type: Some("Zip".to_owned()),
        architectures: Some(vec![configuration.architecture.as_str().to_owned()]),
        ephemeral_storage: i32::try_from(configuration.ephemeral_storage_mib)
            .ok()
            .map(|size| EphemeralStorage { size }),
        snap_start: Some(SnapStartResponse {
            apply_on: Some("None".to_owned()),
            optimization_status: Some("Off".to_owned()),
        }),
        logging_config: Some(logging(function)),
        ..Default::default()
    }
}

fn logging(function: &Function) -> LoggingConfig {
    let log_group = Some(function.log_group());
    match &function.configuration.logging.format {
        LogFormat::Text => LoggingConfig { log_format: Some("Text".to_owned()), log_group, ..Default::default() },
        LogFormat::Json { application, system } => LoggingConfig {
            log_format: Some("JSON".to_owned()),
            application_log_level: Some(application.clone()),
            system_log_level: Some(system.clone()),
            log_group,
        },
    }
}

/// As `2026-11-21T12:00:00.123+0000`. Source: GetFunctionConfiguration reference, ISO 8601 with milliseconds.
fn last_modified(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

#[cfg(test)]
mod tests;
