//! GetFunction.

use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_model::function::Function;

use super::facts::{FunctionNotFound, RecordError};
use super::table;
use crate::Control;

/// Why a function cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum GetFunctionError {
    /// There is no such function, version or alias.
    #[error(transparent)]
    NotFound(#[from] FunctionNotFound),
    /// The record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Control {
    /// The function as its owner last set it, even while that is still being applied. Its zip is had from
    /// [`Control::code`].
    ///
    /// # Errors
    /// [`GetFunctionError`].
    pub async fn get_function(
        &self,
        id: &FunctionId,
        qualifier: Option<&Qualifier>,
    ) -> Result<Function, GetFunctionError> {
        let missing = || FunctionNotFound { id: id.clone(), qualifier: qualifier.cloned() };
        match qualifier {
            None | Some(Qualifier::Latest) => {}
            // Nothing publishes versions yet, so none exists, and an alias would need one.
            Some(Qualifier::Version(_) | Qualifier::Alias(_)) => return Err(missing().into()),
        }
        let (record, revision) = table::read(&*self.documents, id).await?.ok_or_else(missing)?;
        self.reached(revision).await;
        Ok(record.function)
    }
}
