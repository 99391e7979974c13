//! A function: its configuration, its code and the state of both.
//!
//! ```text
//! create ─► Pending ─► Active ─► (update: LastUpdate InProgress ─► Successful | Failed)
//!              └─────► Failed
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::arn::{FunctionId, Malformed, RoleArn, Version};
use crate::runtime::Runtime;

/// One version of a function, whole: what GetFunctionConfiguration tells, and
/// all that an environment needs to know to run it.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Whose function.
    pub id: FunctionId,
    /// `$LATEST` or a published version.
    pub version: Version,
    /// What the owner set.
    pub configuration: Configuration,
    /// The package.
    pub code: Code,
    /// Whether it can be invoked.
    pub state: State,
    /// How the last change went; none until the function has become Active once.
    pub last_update: Option<LastUpdate>,
    /// Changes with every change of state or configuration.
    pub revision_id: Uuid,
    /// When it was last changed by its owner.
    pub last_modified: Timestamp,
    /// Tags, of the function as a whole.
    pub tags: BTreeMap<String, String>,
}

/// What the owner can set with CreateFunction and UpdateFunctionConfiguration.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The runtime; zip packages always have one.
    pub runtime: Runtime,
    /// The entry point, `module.function` in most languages.
    pub handler: String,
    /// The execution role.
    pub role: RoleArn,
    /// Free text, up to 256 characters.
    pub description: String,
    /// Memory in MiB, 128 to 10,240.
    pub memory_mib: u32,
    /// Seconds an invocation may take, 1 to 900.
    pub timeout_s: u32,
    /// Size of `/tmp` in MiB, 512 to 10,240.
    pub ephemeral_storage_mib: u32,
    /// Environment variables; none if they were never set.
    pub environment: Option<BTreeMap<String, String>>,
    /// The instruction set.
    pub architecture: Architecture,
    /// How calls are traced.
    pub tracing: TracingMode,
    /// Where and how the function logs.
    pub logging: Logging,
}

/// The package a function's code came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// SHA-256 of the zip.
    pub sha256: Sha256,
    /// Length of the zip in bytes.
    pub size: u64,
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256([u8; 32]);

/// Whether a version can be invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Being made; calls are refused.
    Pending,
    /// Ready.
    Active,
    /// Could not be made.
    Failed,
}

/// How the last change of a function went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastUpdate {
    /// Still going on; calls run the old code and configuration.
    InProgress,
    /// Done.
    Successful,
    /// Not done, and why.
    Failed(String),
}

/// The instruction set a function was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `x86_64`.
    X86_64,
    /// `arm64`.
    Arm64,
}

/// How calls are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracingMode {
    /// The caller's choice is kept.
    PassThrough,
    /// Lambda samples by itself.
    Active,
}

/// LoggingConfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// Plain lines or JSON objects.
    pub format: LogFormat,
    /// The log group, if the owner named one; else `/aws/lambda/NAME`.
    pub group: Option<String>,
}

/// The form of the platform's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `START RequestId: …` and so on.
    Text,
    /// JSON objects, filtered by level.
    Json {
        /// The least level of the function's own lines.
        application: String,
        /// The least level of the platform's lines.
        system: String,
    },
}

impl Function {
    /// The log group its lines go to.
    #[must_use]
    pub fn log_group(&self) -> String {
        match &self.configuration.logging.group {
            Some(group) => group.clone(),
            None => format!("/aws/lambda/{}", self.id.name),
        }
    }
}

impl Architecture {
    /// AWS's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl TracingMode {
    /// AWS's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PassThrough => "PassThrough",
            Self::Active => "Active",
        }
    }
}

impl State {
    /// AWS's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Failed => "Failed",
        }
    }
}

impl Sha256 {
    /// Wraps a digest.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Lower-case hexadecimal, 64 characters.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = || Malformed::new("SHA-256 in hexadecimal", text);
        if text.len() != 64 || !text.is_ascii() {
            return Err(refuse());
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| refuse())?;
        }
        Ok(Self(digest))
    }
}
