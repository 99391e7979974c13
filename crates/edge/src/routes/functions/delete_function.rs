//! DeleteFunction.

use lanthorn_control::Control;
use lanthorn_control::functions::delete::DeleteFunctionError;
use lanthorn_model::arn::Qualifier;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{DeleteFunctionRequest, DeleteFunctionResponse};

use super::spelled::Spelled;
use crate::fault_map::IntoFault as _;

/// What AWS answers (recorded); the model says 200.
const NO_CONTENT: i32 = 204;

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: DeleteFunctionRequest,
) -> Result<DeleteFunctionResponse, Fault> {
    let spelled = Spelled::read(context, &input.function_name, input.qualifier.as_deref())?;
    // Anything that is neither `$LATEST` nor a number counts as an alias here, even what cannot be one.
    if spelled.qualifier().is_some_and(|qualifier| qualifier.parse::<Qualifier>().is_err()) {
        return Err(DeleteFunctionError::Alias.into_fault());
    }
    let named = spelled.named()?;
    let deleted = control.delete_function(&named.id, named.qualifier.as_ref()).await;
    deleted.map_err(|error| error.into_fault())?;
    Ok(DeleteFunctionResponse { status_code: Some(NO_CONTENT) })
}
