//! The settings of a request, as the control plane takes them.

use lanthorn_control::functions::change::{LogForm, LoggingChange};
use lanthorn_control::functions::runtime;
use lanthorn_model::arn::RoleArn;
use lanthorn_model::function::Architecture;
use lanthorn_model::runtime::Runtime;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::LoggingConfig;

use crate::fault_map::{IntoFault as _, invalid};

/// The runtime that `text` names.
pub(super) fn runtime(text: &str) -> Result<Runtime, Fault> {
    runtime::parse(text).map_err(|refusal| refusal.into_fault())
}

/// The role that `text` names. The wire's pattern allows a little more than there can be (`role` without a slash),
/// and such a role cannot be assumed.
pub(super) fn role(text: &str) -> Result<RoleArn, Fault> {
    text.parse().map_err(|_| invalid("The role defined for the function cannot be assumed by Lambda."))
}

/// The one instruction set of `Architectures`.
pub(super) fn architecture(names: &[String]) -> Result<Architecture, Fault> {
    match names {
        [name] if name == "x86_64" => Ok(Architecture::X86_64),
        [name] if name == "arm64" => Ok(Architecture::Arm64),
        // The model's constraints let nothing else through.
        names => Err(invalid(format!("Architectures must be x86_64 or arm64, not [{}].", names.join(", ")))),
    }
}

/// A number that the wire's constraints keep above zero.
pub(super) fn number(member: &str, value: i32) -> Result<u32, Fault> {
    u32::try_from(value).map_err(|_| invalid(format!("{member} must not be negative.")))
}

/// LoggingConfig.
pub(super) fn logging(config: LoggingConfig) -> LoggingChange {
    let LoggingConfig { log_format, application_log_level, system_log_level, log_group } = config;
    LoggingChange {
        format: log_format.map(|format| if format == "JSON" { LogForm::Json } else { LogForm::Text }),
        application_level: application_log_level,
        system_level: system_log_level,
        group: log_group,
    }
}
