//! Answers with the event and the request id, or fails when asked to.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(echo)).await
}

async fn echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload.get("fail") {
        Some(why) => Err(why.as_str().unwrap_or("no reason").into()),
        None => Ok(json!({ "event": event.payload, "request_id": event.context.request_id })),
    }
}
