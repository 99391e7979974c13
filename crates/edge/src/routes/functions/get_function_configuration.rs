//! GetFunctionConfiguration.

use lanthorn_control::Control;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{FunctionConfiguration, GetFunctionConfigurationRequest};

use super::configuration;
use super::spelled::Spelled;
use crate::fault_map::IntoFault as _;

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: GetFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, Fault> {
    let named = Spelled::read(context, &input.function_name, input.qualifier.as_deref())?.named()?;
    let qualifier = named.qualifier.as_ref();
    let function = control.get_function_configuration(&named.id, qualifier).await;
    Ok(configuration::whole(&function.map_err(|error| error.into_fault())?, qualifier))
}
