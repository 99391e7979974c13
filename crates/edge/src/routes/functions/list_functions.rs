//! ListFunctions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lanthorn_control::Control;
use lanthorn_control::functions::list;
use lanthorn_model::arn::{FunctionName, Qualifier};
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{ListFunctionsRequest, ListFunctionsResponse};

use super::configuration;
use super::unbuilt::{Asks as _, refuse};
use crate::fault_map::{IntoFault as _, invalid};

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: ListFunctionsRequest,
) -> Result<ListFunctionsResponse, Fault> {
    let ListFunctionsRequest { master_region, function_version, marker, max_items } = input;
    refuse("MasterRegion", master_region.asks())?;
    let request = list::ListFunctions {
        account: context.account.clone(),
        region: context.region.clone(),
        after: marker.as_deref().map(read_marker).transpose()?,
        limit: max_items.and_then(|items| usize::try_from(items).ok()),
    };
    let page = control.list_functions(request).await.map_err(|error| error.into_fault())?;
    // `ALL` tells each version, with its qualified ARN (recorded); only `$LATEST` can exist yet.
    let qualifier = function_version.map(|_| Qualifier::Latest);
    let rows = page.functions.iter().map(|function| configuration::row(function, qualifier.as_ref()));
    Ok(ListFunctionsResponse { functions: Some(rows.collect()), next_marker: page.next.as_ref().map(write_marker) })
}

/// Opaque, so that nobody builds on what it holds.
fn write_marker(last: &FunctionName) -> String {
    URL_SAFE_NO_PAD.encode(last.as_str())
}

fn read_marker(marker: &str) -> Result<FunctionName, Fault> {
    let name = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|name| String::from_utf8(name).ok());
    name.and_then(|name| name.parse().ok()).ok_or_else(|| invalid("The provided Marker is invalid."))
}
