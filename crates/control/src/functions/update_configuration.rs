//! UpdateFunctionConfiguration.

use lanthorn_model::arn::FunctionId;
use lanthorn_model::function::Function;
use lanthorn_store::documents::{Expect, Revision};
use lanthorn_store::records::function::Record;

use super::change::{ConfigurationChange, ConfigurationRefused};
use super::facts::{Busy, FunctionNotFound, RecordError, RevisionMismatch};
use super::{state, table};
use crate::Control;

/// New settings for a function.
#[derive(Clone)]
pub struct UpdateFunctionConfiguration {
    /// Which function.
    pub id: FunctionId,
    /// What changes.
    pub change: ConfigurationChange,
    /// Change it only if this is its revision.
    pub revision_id: Option<String>,
}

/// Why the configuration was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateFunctionConfigurationError {
    /// There is no such function.
    #[error(transparent)]
    NotFound(#[from] FunctionNotFound),
    /// The function has another revision.
    #[error(transparent)]
    Revision(#[from] RevisionMismatch),
    /// It cannot be changed at the moment.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The new configuration was refused.
    #[error(transparent)]
    Configuration(#[from] ConfigurationRefused),
    /// The change could not be recorded. Whether it was is not known: ask before trying again.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a function may not be changed now.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotChangeable {
    #[error(transparent)]
    NotFound(#[from] FunctionNotFound),
    #[error(transparent)]
    Revision(#[from] RevisionMismatch),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Control {
    /// Gives a function new settings. Calls run with the old ones until the answer's update is Successful. A change
    /// that changes nothing is applied like any other (recorded: the revision changes).
    ///
    /// # Errors
    /// [`UpdateFunctionConfigurationError`]; unless it is `Record`, nothing has changed.
    #[tracing::instrument(name = "update_function_configuration", skip_all, fields(function.name = %request.id.name))]
    pub async fn update_function_configuration(
        &self,
        request: UpdateFunctionConfiguration,
    ) -> Result<Function, UpdateFunctionConfigurationError> {
        let UpdateFunctionConfiguration { id, change, revision_id } = request;
        loop {
            let (record, revision) = self.changeable(&id, revision_id.as_deref()).await?;
            let configuration = change.clone().apply(record.function.configuration.clone())?;
            self.check_configuration(&id, &configuration)?;
            let code = record.function.code.clone();
            let record = state::changed(record, configuration, code, self.now())?;
            // Another change came first: what holds of the function now decides anew.
            if table::write(&*self.documents, &record, Expect::At(revision)).await? {
                return Ok(record.function);
            }
        }
    }

    /// The record of `id`, if it may be changed by a caller who expects `revision_id`.
    ///
    /// A stale revision is told before a function that is busy: the caller has to read it again in any case.
    pub(super) async fn changeable(
        &self,
        id: &FunctionId,
        revision_id: Option<&str>,
    ) -> Result<(Record, Revision), NotChangeable> {
        let missing = || FunctionNotFound { id: id.clone(), qualifier: None };
        let (record, revision) = table::read(&*self.documents, id).await?.ok_or_else(missing)?;
        if revision_id.is_some_and(|expected| expected != record.function.revision_id.to_string()) {
            return Err(RevisionMismatch(id.clone()).into());
        }
        state::is_changeable(&record)?;
        Ok((record, revision))
    }
}

impl From<NotChangeable> for UpdateFunctionConfigurationError {
    fn from(fact: NotChangeable) -> Self {
        match fact {
            NotChangeable::NotFound(fact) => fact.into(),
            NotChangeable::Revision(fact) => fact.into(),
            NotChangeable::Busy(fact) => fact.into(),
            NotChangeable::Record(fact) => fact.into(),
        }
    }
}

impl From<NotChangeable> for super::update_code::UpdateFunctionCodeError {
    fn from(fact: NotChangeable) -> Self {
        match fact {
            NotChangeable::NotFound(fact) => fact.into(),
            NotChangeable::Revision(fact) => fact.into(),
            NotChangeable::Busy(fact) => fact.into(),
            NotChangeable::Record(fact) => fact.into(),
        }
    }
}
