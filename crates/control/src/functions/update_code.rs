//! UpdateFunctionCode.

use bytes::Bytes;
use lanthorn_model::arn::FunctionId;
use lanthorn_model::function::{Architecture, Function};
use lanthorn_store::documents::Expect;

use super::change::ConfigurationRefused;
use super::facts::{Busy, FunctionNotFound, RecordError, RevisionMismatch};
use super::{state, table};
use crate::Control;
use crate::code::AcceptError;

/// New code for a function.
#[derive(Clone, Debug)]
pub struct UpdateFunctionCode {
    /// Which function.
    pub id: FunctionId,
    /// The new package, a zip.
    pub zip: Bytes,
    /// The instruction set, if it changes.
    pub architecture: Option<Architecture>,
    /// Change it only if this is its revision. Text: the API takes anything, and anything else is another revision.
    pub revision_id: Option<String>,
    /// Check everything, change nothing.
    pub dry_run: bool,
}

/// Why the code was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateFunctionCodeError {
    /// There is no such function.
    #[error(transparent)]
    NotFound(#[from] FunctionNotFound),
    /// The function has another revision.
    #[error(transparent)]
    Revision(#[from] RevisionMismatch),
    /// It cannot be changed at the moment.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The configuration cannot run on this host (any more).
    #[error(transparent)]
    Configuration(#[from] ConfigurationRefused),
    /// The package was refused, or could not be kept.
    #[error(transparent)]
    Code(#[from] AcceptError),
    /// The change could not be recorded. Whether it was is not known: ask before trying again.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Control {
    /// Gives a function new code. Calls run the old code until the answer's update is Successful. A dry run
    /// answers the function with the digest and size of the new package, and changes nothing.
    ///
    /// # Errors
    /// [`UpdateFunctionCodeError`]; unless it is `Record`, nothing has changed.
    #[tracing::instrument(name = "update_function_code", skip_all, fields(function.name = %request.id.name))]
    pub async fn update_function_code(&self, request: UpdateFunctionCode) -> Result<Function, UpdateFunctionCodeError> {
        let UpdateFunctionCode { id, zip, architecture, revision_id, dry_run } = request;
        // What can be refused is refused before the zip is unpacked.
        self.changeable(&id, revision_id.as_deref()).await?;
        let code = if dry_run { self.code.check(zip).await? } else { self.code.accept(zip).await? };
        loop {
            let (record, revision) = self.changeable(&id, revision_id.as_deref()).await?;
            let mut configuration = record.function.configuration.clone();
            configuration.architecture = architecture.unwrap_or(configuration.architecture);
            self.check_configuration(&id, &configuration)?;
            if dry_run {
                return Ok(Function { configuration, code, ..record.function });
            }
            let record = state::changed(record, configuration, code.clone(), self.now())?;
            // Another change came first: what holds of the function now decides anew.
            if table::write(&*self.documents, &record, Expect::At(revision)).await? {
                return Ok(record.function);
            }
        }
    }
}
