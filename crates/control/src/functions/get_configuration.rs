//! GetFunctionConfiguration.

use lanthorn_model::arn::{FunctionId, Qualifier};
use lanthorn_model::function::Function;

use super::get::GetFunctionError;
use crate::Control;

impl Control {
    /// The function's configuration as its owner last set it, and the state of it. The same facts as
    /// [`Control::get_function`]: the waiters of the SDKs poll either.
    ///
    /// # Errors
    /// [`GetFunctionError`].
    pub async fn get_function_configuration(
        &self,
        id: &FunctionId,
        qualifier: Option<&Qualifier>,
    ) -> Result<Function, GetFunctionError> {
        self.get_function(id, qualifier).await
    }
}
