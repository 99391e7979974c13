//! A service's handlers behind its model.

use bytes::Bytes;
use futures::FutureExt as _;
use http::{Response, StatusCode};
use lanthorn_model::invocation::RequestId;
use lanthorn_model::principal::Principal;
use lanthorn_wire::context::Context;
use lanthorn_wire::router::Router;
use lanthorn_wire::{iam, lambda};

use crate::{header, request, text};

fn context() -> Context {
    let account: lanthorn_model::arn::AccountId = "000000000000".parse().unwrap();
    Context {
        request_id: RequestId::random(),
        principal: Principal::Root { account: account.clone() },
        session: None,
        source_ip: None,
        access_key_id: None,
        account,
        region: "us-east-1".parse().unwrap(),
        base_url: "http://127.0.0.1:4566".into(),
        trace: None,
    }
}

fn router() -> Router {
    Router::new(&lambda::SERVICE)
        .on(lambda::GetFunctionConfiguration, |_, input: lambda::GetFunctionConfigurationRequest| async move {
            match input.function_name.as_str() {
                "missing" => Err(lambda::errors::RESOURCE_NOT_FOUND.fault("Function not found: missing")),
                name => {
                    Ok(lambda::FunctionConfiguration { function_name: Some(name.to_owned()), ..Default::default() })
                }
            }
        })
        .on(lambda::UntagResource, |_, _| async { Ok(()) })
}

fn call(router: &Router, head: &str) -> Response<Bytes> {
    let request = request(head, &[], "");
    let operation = router.service().recognise(&request).unwrap();
    router.call(operation, context(), request).now_or_never().expect("these handlers do not wait")
}

#[test]
fn a_handler_answers() {
    let answer = call(&router(), "GET /2015-03-31/functions/f/configuration");
    assert_eq!((answer.status(), text(&answer)), (StatusCode::OK, r#"{"FunctionName":"f"}"#));
    assert!(!header(&answer, "x-amzn-requestid").is_empty());
}

#[test]
fn a_fault_is_an_answer() {
    let answer = call(&router(), "GET /2015-03-31/functions/missing/configuration");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&answer, "x-amzn-errortype"), "ResourceNotFoundException");
}

#[test]
fn a_violation_never_reaches_the_handler() {
    let answer = call(&router(), "GET /2015-03-31/functions/f!/configuration");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(header(&answer, "x-amzn-errortype"), "ValidationException");
    assert!(
        text(&answer).starts_with(r#"{"message":"1 validation error detected: Value 'f!' at 'functionName' failed"#)
    );
}

#[test]
fn what_is_not_built_says_so() {
    let answer = call(&router(), "GET /2015-03-31/functions");
    assert_eq!(answer.status(), StatusCode::NOT_IMPLEMENTED);
    assert_eq!(header(&answer, "x-amzn-errortype"), "NotImplementedException");
    assert_eq!(text(&answer), r#"{"message":"lambda:ListFunctions is not built yet"}"#);
}

#[test]
fn the_gaps_are_known() {
    assert_eq!(router().implemented(), ["GetFunctionConfiguration", "UntagResource"]);
}

#[test]
#[should_panic(expected = "GetRole is another service's")]
fn a_router_serves_one_service() {
    drop(Router::new(&lambda::SERVICE).on(iam::GetRole, |_, _| async { unreachable!() }));
}

#[test]
#[should_panic(expected = "UntagResource has a handler already")]
fn an_operation_has_one_handler() {
    drop(router().on(lambda::UntagResource, |_, _| async { Ok(()) }));
}
