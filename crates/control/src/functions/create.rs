//! CreateFunction.

use std::collections::BTreeMap;

use bytes::Bytes;
use lanthorn_model::arn::{FunctionId, RoleArn};
use lanthorn_model::function::{Architecture, Function};
use lanthorn_model::runtime::Runtime;
use lanthorn_store::documents::Expect;

use super::change::{ConfigurationChange, ConfigurationRefused, defaults};
use super::facts::{FunctionExists, RecordError};
use super::{state, table};
use crate::Control;
use crate::code::AcceptError;

/// The tags of a resource, at most (recorded: "Number of tags exceeds resource tag limit.").
pub const TAGS_MAX: usize = 50;

/// A function to be made.
#[derive(Clone)]
pub struct CreateFunction {
    /// Its name, and where it is to live.
    pub id: FunctionId,
    /// The package, a zip.
    pub zip: Bytes,
    /// The runtime.
    pub runtime: Runtime,
    /// The entry point.
    pub handler: String,
    /// The execution role.
    pub role: RoleArn,
    /// The instruction set; none: this host's.
    pub architecture: Option<Architecture>,
    /// Everything else that was set.
    pub settings: ConfigurationChange,
    /// Tags of the function.
    pub tags: BTreeMap<String, String>,
}

/// Why there is no new function.
#[derive(Debug, thiserror::Error)]
pub enum CreateFunctionError {
    /// The name is taken.
    #[error(transparent)]
    Exists(#[from] FunctionExists),
    /// The configuration was refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationRefused),
    /// More than [`TAGS_MAX`] tags.
    #[error("{0} tags are too many")]
    Tags(usize),
    /// The package was refused, or could not be kept.
    #[error(transparent)]
    Code(#[from] AcceptError),
    /// The function could not be recorded. Whether it was is not known: ask before trying again.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Control {
    /// Makes a function. It is answered Pending, and becomes Active in the background.
    ///
    /// # Errors
    /// [`CreateFunctionError`]; unless it is `Record`, there is no new function.
    #[tracing::instrument(name = "create_function", skip_all, fields(function.name = %request.id.name))]
    pub async fn create_function(&self, request: CreateFunction) -> Result<Function, CreateFunctionError> {
        let CreateFunction { id, zip, runtime, handler, role, architecture, settings, tags } = request;
        let configuration = defaults(runtime, handler, role, architecture.unwrap_or(self.architecture));
        let configuration = settings.apply(configuration)?;
        self.check_configuration(&id, &configuration)?;
        if tags.len() > TAGS_MAX {
            return Err(CreateFunctionError::Tags(tags.len()));
        }
        // Asked before the zip is unpacked, and once more by the commit, which decides.
        if table::read(&*self.documents, &id).await?.is_some() {
            return Err(FunctionExists(id).into());
        }
        let code = self.code.accept(zip).await?;
        let record = state::created(id.clone(), configuration, code, tags, self.now());
        if !table::write(&*self.documents, &record, Expect::Absent).await? {
            return Err(FunctionExists(id).into());
        }
        Ok(record.function)
    }
}
