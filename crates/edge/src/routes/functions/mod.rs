//! Lambda's operations on functions: between the wire's shapes and the control plane.
//!
//! Each file is one operation: it reads the name ([`spelled`]), refuses what is not
//! built ([`unbuilt`]), converts ([`settings`]), asks [`Control`], and tells the
//! answer ([`configuration`]). No rule of AWS's lives here that the control plane
//! could hold.

mod configuration;
mod create_function;
mod delete_function;
mod get_function;
mod get_function_configuration;
mod list_functions;
mod settings;
pub(crate) mod spelled;
pub(crate) mod unbuilt;
mod update_function_code;
mod update_function_configuration;

use std::sync::Arc;

use lanthorn_control::Control;
use lanthorn_wire::lambda;
use lanthorn_wire::router::Router;

use crate::routes::code::Locations;

/// `router` with the operations on functions, answered by `control`; packages are downloaded from `locations`.
#[must_use]
pub fn register(router: Router, control: &Arc<Control>, locations: &Locations) -> Router {
    /// A handler: its own handles on what it needs, moved into each call.
    macro_rules! handler {
        ($operation:ident $(, $part:ident)*) => {{
            $(let $part = $part.clone();)*
            move |context, input| {
                $(let $part = $part.clone();)*
                async move { $operation::handle($(&$part,)* &context, input).await }
            }
        }};
    }
    router
        .on(lambda::CreateFunction, handler!(create_function, control))
        .on(lambda::GetFunction, handler!(get_function, control, locations))
        .on(lambda::GetFunctionConfiguration, handler!(get_function_configuration, control))
        .on(lambda::ListFunctions, handler!(list_functions, control))
        .on(lambda::UpdateFunctionCode, handler!(update_function_code, control))
        .on(lambda::UpdateFunctionConfiguration, handler!(update_function_configuration, control))
        .on(lambda::DeleteFunction, handler!(delete_function, control))
}

#[cfg(test)]
mod tests;
