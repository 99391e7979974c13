//! Invoke: between the wire's shapes and the front end.
//!
//! The hottest path of the edge: the payload stays the bytes that arrived, and
//! nothing here looks at them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lanthorn_frontend::{Call, FrontEnd};
use lanthorn_model::invocation::Outcome;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{self, InvocationRequest, InvocationResponse};
use lanthorn_wire::router::Router;

use super::functions::spelled::{Named, Spelled};
use super::functions::unbuilt::refuse;
use crate::fault_map::{IntoFault as _, not_built};

/// `router` with Invoke, answered by `frontend`.
#[must_use]
pub fn register(router: Router, frontend: &FrontEnd) -> Router {
    let frontend = frontend.clone();
    router.on(lambda::Invoke, move |context, input| {
        let frontend = frontend.clone();
        async move { handle(&frontend, &context, input).await }
    })
}

async fn handle(frontend: &FrontEnd, context: &Context, input: InvocationRequest) -> Result<InvocationResponse, Fault> {
    let Named { id, qualifier } =
        Spelled::read(context, &input.function_name, input.qualifier.as_deref())?.invoked()?;
    refuse("DurableExecutionName", input.durable_execution_name.is_some())?;
    refuse("TenantId", input.tenant_id.is_some())?;
    let call = Call {
        id: context.request_id,
        function: id,
        qualifier,
        payload: input.payload.unwrap_or_default(),
        client_context: input.client_context.map(Into::into),
        trace: context.trace.as_deref().map(Arc::from),
        wants_log_tail: input.log_type.as_deref() == Some("Tail"),
    };
    match input.invocation_type.as_deref() {
        None | Some("RequestResponse") => answer(frontend, call).await,
        Some("DryRun") => match frontend.dry_run(call) {
            // Recorded: `test_invocation_type_dry_run`, a 204 without further members.
            Ok(_) => Ok(InvocationResponse { status_code: Some(204), ..InvocationResponse::default() }),
            Err(error) => Err(error.into_fault()),
        },
        Some(other) => Err(not_built(format!("Invoke with InvocationType {other}"))),
    }
}

async fn answer(frontend: &FrontEnd, call: Call) -> Result<InvocationResponse, Fault> {
    let completion = frontend.invoke(call).await.map_err(|error| error.into_fault())?;
    let (payload, function_error): (Bytes, _) = match completion.outcome {
        Outcome::Success(payload) => (payload, None),
        Outcome::Failure(payload) => (payload, Some("Unhandled".to_owned())),
    };
    Ok(InvocationResponse {
        status_code: Some(200),
        function_error,
        log_result: completion.log_tail.map(|tail| STANDARD.encode(tail)),
        payload: Some(payload),
        executed_version: Some(completion.executed_version.to_string()),
        durable_execution_arn: None,
    })
}
