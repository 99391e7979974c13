//! A call from the edge to a runtime and back.

use bytes::Bytes;
use lanthorn_frontend::{Call, InvokeError, Refusal};
use lanthorn_model::arn::{FunctionId, Version};
use lanthorn_model::function::State;
use lanthorn_model::invocation::RequestId;
use lanthorn_model::limits::SYNC_PAYLOAD_BYTES_MAX;

use crate::support::{House, Seen, function, in_state, retagged};

/// A call as simple as can be.
fn call(id: &FunctionId) -> Call {
    Call {
        id: RequestId::random(),
        function: id.clone(),
        qualifier: None,
        payload: Bytes::from_static(b"[1]"),
        client_context: None,
        trace: None,
        wants_log_tail: false,
    }
}

/// A house in which there is `f`, and its id.
async fn with_f() -> (House, FunctionId) {
    let house = House::followed().await;
    let f = function("f");
    house.directory.reached(house.put(&f).await).await;
    (house, f.id)
}

async fn environments(house: &House, count: u32) {
    while house.placement.environments() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_function_sees_the_call_as_it_was_made() {
    let (house, f) = with_f().await;
    let bare = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let seen = Seen::of(&house.frontend.invoke(call(&f)).await.expect("answered"));
    assert_eq!(seen, Seen { arn: bare.to_owned(), context: String::new(), event: "[1]".to_owned() });

    let sent = Call {
        qualifier: Some("$LATEST".parse().expect("a qualifier")),
        payload: Bytes::new(),
        client_context: Some("eyJjdXN0b20iOnsiYSI6MX19".into()),
        ..call(&f)
    };
    let completion = house.frontend.invoke(sent).await.expect("answered");
    assert_eq!(completion.executed_version, Version::Latest);
    let context = r#"{"custom":{"a":1}}"#.to_owned();
    assert_eq!(Seen::of(&completion), Seen { arn: format!("{bare}:$LATEST"), context, event: "{}".to_owned() });
    assert_eq!(house.placement.environments(), 1);
}

#[tokio::test]
async fn what_cannot_be_called_starts_no_environment() {
    let (house, f) = with_f().await;
    let pending = in_state(&function("pending"), State::Pending);
    house.directory.reached(house.put(&pending).await).await;
    let too_large = Bytes::from(vec![b'1'; SYNC_PAYLOAD_BYTES_MAX + 1]);
    let calls = [
        (call(&function("none").id), "`arn:aws:lambda:us-east-1:000000000000:function:none` has no `$LATEST`"),
        (
            Call { qualifier: Some("7".parse().expect("a version")), ..call(&f) },
            "`arn:aws:lambda:us-east-1:000000000000:function:f` has no `7`",
        ),
        (call(&pending.id), "the function is Pending"),
        (Call { payload: too_large, ..call(&f) }, "the payload has 6291457 bytes"),
        (Call { payload: Bytes::from_static(b"{"), ..call(&f) }, "Unexpected end-of-input at line 1, column 2"),
        (Call { client_context: Some("e30".into()), ..call(&f) }, "the client context is not base64 of a JSON object"),
    ];
    for (call, refusal) in calls {
        assert_eq!(house.frontend.dry_run(call.clone()).map_err(|error| error.to_string()), Err(refusal.to_owned()));
        let error = house.frontend.invoke(call).await.map(drop).map_err(|error| error.to_string());
        assert_eq!(error, Err(refusal.to_owned()));
    }
    assert_eq!(house.placement.environments(), 0);
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let (house, f) = with_f().await;
    assert_eq!(house.frontend.dry_run(call(&f)).expect("it could be run"), Version::Latest);
    assert_eq!(house.placement.environments(), 0);
}

#[tokio::test]
async fn environments_stay_while_what_they_run_does() {
    let (house, f) = with_f().await;
    house.frontend.invoke(call(&f)).await.expect("answered");
    let mut changed = retagged(&function("f"));
    house.directory.reached(house.put(&changed).await).await;
    house.frontend.invoke(call(&f)).await.expect("answered");
    assert_eq!(house.placement.environments(), 1);

    changed.configuration.memory_mib = 256;
    house.directory.reached(house.put(&changed).await).await;
    environments(&house, 0).await;
    house.frontend.invoke(call(&f)).await.expect("answered");
    house.directory.reached(house.put(&in_state(&changed, State::Failed)).await).await;
    environments(&house, 0).await;

    house.directory.reached(house.put(&changed).await).await;
    house.frontend.invoke(call(&f)).await.expect("answered");
    house.directory.reached(house.delete(&f).await).await;
    environments(&house, 0).await;
}

#[tokio::test]
async fn a_refusal_of_placement_is_passed_on() {
    let (house, f) = with_f().await;
    house.placement.drain().await;
    let refused = house.frontend.invoke(call(&f)).await.expect_err("it drains");
    assert!(matches!(refused, InvokeError::Refused(Refusal::Draining)), "{refused:?}");
}
