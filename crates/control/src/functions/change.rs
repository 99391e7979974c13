//! What an owner may set of a function, and how it lands on what is there.
//!
//! Create and update go the same way: create starts from AWS's defaults, update from
//! the newest configuration, and what the request names replaces what was there.

use std::collections::BTreeMap;

use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::function::{Architecture, Configuration, LogFormat, Logging, TracingMode};
use lanthorn_model::runtime::Runtime;

use super::environment::{self, EnvironmentRefused};
use super::role::{self, RoleRefused};
use super::runtime::RuntimeRefused;
use crate::Control;

/// The largest memory size of an ordinary function, in MiB; the model allows managed instances more.
/// Source: the developer guide's quotas.
pub const MEMORY_MIB_MAX: u32 = 10_240;
/// The longest timeout of an ordinary function, in seconds. Source: the same.
pub const TIMEOUT_S_MAX: u32 = 900;
/// The largest `/tmp` of an ordinary function, in MiB. Source: the same.
pub const EPHEMERAL_STORAGE_MIB_MAX: u32 = 10_240;
/// The log level that JSON logging starts with (recorded).
const LOG_LEVEL_DEFAULT: &str = "INFO";

/// What a request sets; what it leaves out stays as it is. The wire has checked each member's own constraints.
///
/// Not `Debug`: environment variables may be secrets.
#[derive(Clone, Default, PartialEq)]
pub struct ConfigurationChange {
    /// The runtime.
    pub runtime: Option<Runtime>,
    /// The entry point.
    pub handler: Option<String>,
    /// The execution role.
    pub role: Option<RoleArn>,
    /// Free text.
    pub description: Option<String>,
    /// Memory in MiB.
    pub memory_mib: Option<u32>,
    /// Seconds an invocation may take.
    pub timeout_s: Option<u32>,
    /// Size of `/tmp` in MiB.
    pub ephemeral_storage_mib: Option<u32>,
    /// All environment variables: they replace the old ones as a whole.
    pub environment: Option<BTreeMap<String, String>>,
    /// How calls are traced.
    pub tracing: Option<TracingMode>,
    /// Where and how the function logs; merged member by member (recorded).
    pub logging: Option<LoggingChange>,
}

/// What a request sets of LoggingConfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggingChange {
    /// Plain lines or JSON objects.
    pub format: Option<LogForm>,
    /// The least level of the function's own lines.
    pub application_level: Option<String>,
    /// The least level of the platform's lines.
    pub system_level: Option<String>,
    /// The log group.
    pub group: Option<String>,
}

/// The form of log lines, as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// Plain lines.
    Text,
    /// JSON objects.
    Json,
}

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationRefused {
    /// More memory than a function can have.
    #[error("{0} MiB of memory are more than a function can have")]
    Memory(u32),
    /// A longer timeout than a function can have.
    #[error("{0} s are longer than an invocation may take")]
    Timeout(u32),
    /// A larger `/tmp` than a function can have.
    #[error("{0} MiB of /tmp are more than a function can have")]
    EphemeralStorage(u32),
    /// Log levels, but plain lines.
    #[error("log levels need JSON lines")]
    LogLevelOfText,
    /// The instruction set is not this host's.
    #[error("this host cannot run {} code", wanted.as_str())]
    Architecture {
        /// What was asked for.
        wanted: Architecture,
        /// What this host has.
        host: Architecture,
    },
    /// The environment variables.
    #[error(transparent)]
    Environment(#[from] EnvironmentRefused),
    /// The runtime.
    #[error(transparent)]
    Runtime(#[from] RuntimeRefused),
    /// The execution role.
    #[error(transparent)]
    Role(#[from] RoleRefused),
}

impl ConfigurationChange {
    /// `configuration` with this change on top.
    ///
    /// # Errors
    /// [`ConfigurationRefused::LogLevelOfText`]: a level was given, but the lines stay plain.
    pub(super) fn apply(self, mut configuration: Configuration) -> Result<Configuration, ConfigurationRefused> {
        fn set<T>(member: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *member = value;
            }
        }
        set(&mut configuration.runtime, self.runtime);
        set(&mut configuration.handler, self.handler);
        set(&mut configuration.role, self.role);
        set(&mut configuration.description, self.description);
        set(&mut configuration.memory_mib, self.memory_mib);
        set(&mut configuration.timeout_s, self.timeout_s);
        set(&mut configuration.ephemeral_storage_mib, self.ephemeral_storage_mib);
        set(&mut configuration.tracing, self.tracing);
        configuration.environment = self.environment.or(configuration.environment);
        if let Some(logging) = self.logging {
            configuration.logging = logging.apply(configuration.logging)?;
        }
        Ok(configuration)
    }
}

impl LoggingChange {
    fn apply(self, logging: Logging) -> Result<Logging, ConfigurationRefused> {
        let form = self.format.unwrap_or(match logging.format {
            LogFormat::Text => LogForm::Text,
            LogFormat::Json { .. } => LogForm::Json,
        });
        let format = match form {
            LogForm::Text if self.application_level.is_some() || self.system_level.is_some() => {
                return Err(ConfigurationRefused::LogLevelOfText);
            }
            LogForm::Text => LogFormat::Text,
            LogForm::Json => {
                let (application, system) = match logging.format {
                    LogFormat::Json { application, system } => (application, system),
                    LogFormat::Text => (LOG_LEVEL_DEFAULT.to_owned(), LOG_LEVEL_DEFAULT.to_owned()),
                };
                LogFormat::Json {
                    application: self.application_level.unwrap_or(application),
                    system: self.system_level.unwrap_or(system),
                }
            }
        };
        Ok(Logging { format, group: self.group.or(logging.group) })
    }
}

/// What a function is before its owner sets anything but what must be set (recorded).
pub(super) fn defaults(runtime: Runtime, handler: String, role: RoleArn, architecture: Architecture) -> Configuration {
    Configuration {
        runtime,
        handler,
        role,
        description: String::new(),
        memory_mib: 128,
        timeout_s: 3,
        ephemeral_storage_mib: 512,
        environment: None,
        architecture,
        tracing: TracingMode::PassThrough,
        logging: Logging { format: LogFormat::Text, group: None },
    }
}

impl Control {
    /// Checks what the wire cannot: whether this host, this account and these quotas allow `configuration`.
    pub(super) fn check_configuration(
        &self,
        id: &FunctionId,
        configuration: &Configuration,
    ) -> Result<(), ConfigurationRefused> {
        if configuration.memory_mib > MEMORY_MIB_MAX {
            return Err(ConfigurationRefused::Memory(configuration.memory_mib));
        }
        if configuration.timeout_s > TIMEOUT_S_MAX {
            return Err(ConfigurationRefused::Timeout(configuration.timeout_s));
        }
        if configuration.ephemeral_storage_mib > EPHEMERAL_STORAGE_MIB_MAX {
            return Err(ConfigurationRefused::EphemeralStorage(configuration.ephemeral_storage_mib));
        }
        if configuration.architecture != self.architecture {
            let (wanted, host) = (configuration.architecture, self.architecture);
            return Err(ConfigurationRefused::Architecture { wanted, host });
        }
        if let Some(variables) = &configuration.environment {
            environment::check(variables)?;
        }
        let runtime = &configuration.runtime;
        self.runtimes.check(runtime).map_err(|source| RuntimeRefused::Missing { runtime: runtime.clone(), source })?;
        Ok(role::check(&*self.roles, &id.account, &configuration.role)?)
    }
}

#[cfg(test)]
mod tests;
