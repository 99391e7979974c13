//! GetFunction.

use lanthorn_control::Control;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{FunctionCodeLocation, GetFunctionRequest, GetFunctionResponse};

use super::configuration;
use super::spelled::Spelled;
use crate::fault_map::IntoFault as _;
use crate::routes::code::Locations;

pub(super) async fn handle(
    control: &Control,
    locations: &Locations,
    context: &Context,
    input: GetFunctionRequest,
) -> Result<GetFunctionResponse, Fault> {
    let named = Spelled::read(context, &input.function_name, input.qualifier.as_deref())?.named()?;
    let qualifier = named.qualifier.as_ref();
    let function = control.get_function(&named.id, qualifier).await.map_err(|error| error.into_fault())?;
    let location = locations.of(&context.base_url, &function.id, function.code.sha256);
    let code = FunctionCodeLocation {
        repository_type: Some("S3".to_owned()),
        location: Some(location.map_err(|error| error.into_fault())?),
        ..Default::default()
    };
    Ok(GetFunctionResponse {
        configuration: Some(configuration::whole(&function, qualifier)),
        code: Some(code),
        // Recorded: absent when there are none.
        tags: Some(function.tags).filter(|tags| !tags.is_empty()),
        ..Default::default()
    })
}
