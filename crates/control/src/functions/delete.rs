//! DeleteFunction.

use lanthorn_model::arn::{FunctionId, Qualifier};

use super::facts::{FunctionNotFound, RecordError};
use super::table;
use crate::Control;
use crate::code::RegisterError;

/// Why a function was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteFunctionError {
    /// There is no such function or version.
    #[error(transparent)]
    NotFound(#[from] FunctionNotFound),
    /// `$LATEST` goes with its function, never alone.
    #[error("`$LATEST` cannot be deleted without its function")]
    Latest,
    /// An alias is deleted by another operation.
    #[error("an alias is not deleted with its function's operation")]
    Alias,
    /// The deletion could not be recorded. Whether it was is not known; deleting again is safe.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The code cannot be let go of at the moment; the function is still there.
    #[error("cannot let go of the function's code")]
    Code(#[from] RegisterError),
}

impl Control {
    /// Deletes a function, whatever state it is in. Its code goes later, when no environment runs it any more.
    ///
    /// # Errors
    /// [`DeleteFunctionError`]. The qualifier is judged before anybody looks whether the function exists (recorded).
    #[tracing::instrument(name = "delete_function", skip_all, fields(function.name = %id.name))]
    pub async fn delete_function(
        &self,
        id: &FunctionId,
        qualifier: Option<&Qualifier>,
    ) -> Result<(), DeleteFunctionError> {
        let missing = || FunctionNotFound { id: id.clone(), qualifier: qualifier.cloned() };
        match qualifier {
            None => {}
            Some(Qualifier::Latest) => return Err(DeleteFunctionError::Latest),
            Some(Qualifier::Alias(_)) => return Err(DeleteFunctionError::Alias),
            // Nothing publishes versions yet, so none exists.
            Some(Qualifier::Version(_)) => return Err(missing().into()),
        }
        loop {
            let (record, revision) = table::read(&*self.documents, id).await?.ok_or_else(missing)?;
            self.code.let_go(&record.function.code).await?;
            if let Some(running) = &record.running {
                self.code.let_go(&running.code).await?;
            }
            if table::remove(&*self.documents, id, revision).await? {
                return Ok(());
            }
        }
    }
}
