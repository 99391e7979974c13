//! The shape of a record's bytes, and the fixed numbers in it.

use std::collections::BTreeMap;

use lanthorn_model::arn::{FunctionId, Malformed, Version};
use lanthorn_model::function::{
    Architecture, Code, Configuration, Function, LastUpdate, LogFormat, Logging, State, TracingMode,
};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Record, Running};

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) format: u32,
    /// `$LATEST` or a number.
    version: String,
    state: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_update: Option<StoredUpdate>,
    revision_id: String,
    /// RFC 3339, UTC.
    last_modified: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    shown: StoredPackage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running: Option<StoredPackage>,
}

#[derive(Serialize, Deserialize)]
struct StoredUpdate {
    status: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPackage {
    runtime: String,
    handler: String,
    role: String,
    #[serde(default)]
    description: String,
    memory_mib: u32,
    timeout_s: u32,
    ephemeral_storage_mib: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<BTreeMap<String, String>>,
    architecture: u8,
    tracing: u8,
    logging: StoredLogging,
    /// SHA-256 of the zip, hexadecimal.
    code_sha256: String,
    /// Length of the zip in bytes.
    code_size: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredLogging {
    format: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// The fixed numbers. Never change one, never use one again.
mod tag {
    pub(super) const STATE_PENDING: u8 = 1;
    pub(super) const STATE_ACTIVE: u8 = 2;
    pub(super) const STATE_FAILED: u8 = 3;

    pub(super) const UPDATE_IN_PROGRESS: u8 = 1;
    pub(super) const UPDATE_SUCCESSFUL: u8 = 2;
    pub(super) const UPDATE_FAILED: u8 = 3;

    pub(super) const ARCHITECTURE_X86_64: u8 = 1;
    pub(super) const ARCHITECTURE_ARM64: u8 = 2;

    pub(super) const TRACING_PASS_THROUGH: u8 = 1;
    pub(super) const TRACING_ACTIVE: u8 = 2;

    pub(super) const LOG_TEXT: u8 = 1;
    pub(super) const LOG_JSON: u8 = 2;
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        let function = &record.function;
        Self {
            format: FORMAT,
            version: function.version.to_string(),
            state: match function.state {
                State::Pending => tag::STATE_PENDING,
                State::Active => tag::STATE_ACTIVE,
                State::Failed => tag::STATE_FAILED,
            },
            last_update: function.last_update.as_ref().map(StoredUpdate::from),
            revision_id: function.revision_id.to_string(),
            last_modified: function.last_modified.to_string(),
            tags: function.tags.clone(),
            shown: StoredPackage::new(&function.configuration, &function.code),
            running: record.running.as_ref().map(|running| StoredPackage::new(&running.configuration, &running.code)),
        }
    }
}

/// Which member could not be read, and why.
type Unreadable = (&'static str, Malformed);

impl Stored {
    pub(super) fn into_record(self, id: &FunctionId) -> Result<Record, Unreadable> {
        let shown = self.shown.into_running()?;
        let function = Function {
            id: id.clone(),
            version: member("version", &self.version, str::parse::<Version>)?,
            configuration: shown.configuration,
            code: shown.code,
            state: match self.state {
                tag::STATE_PENDING => State::Pending,
                tag::STATE_ACTIVE => State::Active,
                tag::STATE_FAILED => State::Failed,
                other => return Err(unknown("state", other)),
            },
            last_update: self.last_update.map(LastUpdate::try_from).transpose()?,
            revision_id: self
                .revision_id
                .parse()
                .map_err(|_| ("revision_id", Malformed::new("UUID", &self.revision_id)))?,
            last_modified: self
                .last_modified
                .parse()
                .map_err(|_| ("last_modified", Malformed::new("timestamp", &self.last_modified)))?,
            tags: self.tags,
        };
        let running = self.running.map(StoredPackage::into_running).transpose()?;
        Ok(Record { function, running })
    }
}

impl From<&LastUpdate> for StoredUpdate {
    fn from(update: &LastUpdate) -> Self {
        match update {
            LastUpdate::InProgress => Self { status: tag::UPDATE_IN_PROGRESS, reason: None },
            LastUpdate::Successful => Self { status: tag::UPDATE_SUCCESSFUL, reason: None },
            LastUpdate::Failed(reason) => Self { status: tag::UPDATE_FAILED, reason: Some(reason.clone()) },
        }
    }
}

impl TryFrom<StoredUpdate> for LastUpdate {
    type Error = Unreadable;

    fn try_from(stored: StoredUpdate) -> Result<Self, Unreadable> {
        match stored.status {
            tag::UPDATE_IN_PROGRESS => Ok(Self::InProgress),
            tag::UPDATE_SUCCESSFUL => Ok(Self::Successful),
            tag::UPDATE_FAILED => Ok(Self::Failed(stored.reason.unwrap_or_default())),
            other => Err(unknown("last_update.status", other)),
        }
    }
}

impl StoredPackage {
    fn new(configuration: &Configuration, code: &Code) -> Self {
        Self {
            runtime: configuration.runtime.to_string(),
            handler: configuration.handler.clone(),
            role: configuration.role.to_string(),
            description: configuration.description.clone(),
            memory_mib: configuration.memory_mib,
            timeout_s: configuration.timeout_s,
            ephemeral_storage_mib: configuration.ephemeral_storage_mib,
            environment: configuration.environment.clone(),
            architecture: match configuration.architecture {
                Architecture::X86_64 => tag::ARCHITECTURE_X86_64,
                Architecture::Arm64 => tag::ARCHITECTURE_ARM64,
            },
            tracing: match configuration.tracing {
                TracingMode::PassThrough => tag::TRACING_PASS_THROUGH,
                TracingMode::Active => tag::TRACING_ACTIVE,
            },
            logging: StoredLogging::from(&configuration.logging),
            code_sha256: code.sha256.to_string(),
            code_size: code.size,
        }
    }

    fn into_running(self) -> Result<Running, Unreadable> {
        let configuration = Configuration {
            runtime: member("runtime", &self.runtime, str::parse)?,
            handler: self.handler,
            role: member("role", &self.role, str::parse)?,
            description: self.description,
            memory_mib: self.memory_mib,
            timeout_s: self.timeout_s,
            ephemeral_storage_mib: self.ephemeral_storage_mib,
            environment: self.environment,
            architecture: match self.architecture {
                tag::ARCHITECTURE_X86_64 => Architecture::X86_64,
                tag::ARCHITECTURE_ARM64 => Architecture::Arm64,
                other => return Err(unknown("architecture", other)),
            },
            tracing: match self.tracing {
                tag::TRACING_PASS_THROUGH => TracingMode::PassThrough,
                tag::TRACING_ACTIVE => TracingMode::Active,
                other => return Err(unknown("tracing", other)),
            },
            logging: Logging::try_from(self.logging)?,
        };
        let code = Code { sha256: member("code_sha256", &self.code_sha256, str::parse)?, size: self.code_size };
        Ok(Running { configuration, code })
    }
}

impl From<&Logging> for StoredLogging {
    fn from(logging: &Logging) -> Self {
        let group = logging.group.clone();
        match &logging.format {
            LogFormat::Text => Self { format: tag::LOG_TEXT, application: None, system: None, group },
            LogFormat::Json { application, system } => Self {
                format: tag::LOG_JSON,
                application: Some(application.clone()),
                system: Some(system.clone()),
                group,
            },
        }
    }
}

impl TryFrom<StoredLogging> for Logging {
    type Error = Unreadable;

    fn try_from(stored: StoredLogging) -> Result<Self, Unreadable> {
        let level = |level: Option<String>, of| level.ok_or_else(|| (of, Malformed::new("log level", "")));
        let format = match stored.format {
            tag::LOG_TEXT => LogFormat::Text,
            tag::LOG_JSON => LogFormat::Json {
                application: level(stored.application, "logging.application")?,
                system: level(stored.system, "logging.system")?,
            },
            other => return Err(unknown("logging.format", other)),
        };
        Ok(Self { format, group: stored.group })
    }
}

fn member<T>(
    name: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, Unreadable> {
    parse(text).map_err(|source| (name, source))
}

fn unknown(name: &'static str, number: u8) -> Unreadable {
    (name, Malformed::new("known number", &number.to_string()))
}
