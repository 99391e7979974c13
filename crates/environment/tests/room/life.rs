//! The life of an environment, its runtime played over the lean protocol.

mod failures;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use lanthorn_environment::lean::Kind;
use lanthorn_environment::{Handle, Readiness, Refused, start};
use lanthorn_model::function::{Function, LogFormat};
use lanthorn_model::limits;
use lanthorn_sandbox::simulated::{self, Cell, Control};
use tokio::time::advance;

use crate::played::{self, Played, Stillness, stillness};
use crate::support::{House, failure, function, invocation, success, tail};

const INIT_START: &str = "INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN: ARN\n";
const START: &str = "START RequestId: ID Version: $LATEST\n";
const END: &str = "END RequestId: ID\n";
const REPORT: &str = "REPORT RequestId: ID\tDuration: N ms\tBilled Duration: 0 ms\tMemory Size: 128 MB\t";

/// An environment that starts, and everything around it.
struct Scene {
    house: House,
    control: Control,
    handle: Handle,
    _still: Stillness,
}

fn scene_of(function: Function) -> Scene {
    let still = stillness();
    let (launcher, control) = simulated::new();
    let house = played::house(Arc::new(launcher));
    let handle = start(&house.rooms, Arc::new(function));
    Scene { house, control, handle, _still: still }
}

fn scene() -> Scene {
    scene_of(function("python3.12", "f.handler"))
}

/// A scene whose runtime waits for its first event.
async fn ready_scene() -> (Scene, Cell, Played) {
    let scene = scene();
    let (cell, mut runtime) = played::first(&scene.control).await;
    runtime.ready().await;
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    (scene, cell, runtime)
}

impl Scene {
    fn logged(&self) -> Vec<String> {
        self.house.logs.messages()
    }
}

#[tokio::test]
async fn a_call_is_delivered_answered_and_logged() {
    let (scene, cell, mut runtime) = ready_scene().await;
    cell.set_memory_peak_bytes(36 * 1024 * 1024);
    let call = invocation(r#"{"a":1}"#);
    let id = call.id;
    let answer = scene.handle.invoke(call);
    let event = runtime.receive().await;
    assert_eq!((event.payload.as_str(), &event.request_id), (r#"{"a":1}"#, &id.to_string()));
    let now_ms = scene.house.rooms.clock.now().as_millisecond();
    assert_eq!(i64::try_from(event.deadline_ms), Ok(now_ms + 3000));
    runtime.print("from the function\n");
    runtime.respond(&event, "[2]").await;
    let completion = answer.await.expect("taken");
    assert_eq!(success(&completion), "[2]");

    let report = format!("{REPORT}Max Memory Used: 36 MB\tInit Duration: N ms\t\n");
    assert_eq!(scene.logged(), [INIT_START, START, "from the function\n", END, &report]);
    let tail = tail(&completion);
    assert_eq!((tail[0].as_str(), tail.len()), (&*format!("START RequestId: {id} Version: $LATEST"), 4));
    let entry = &scene.house.logs.entries()[0];
    assert_eq!(&*entry.group, "/aws/lambda/f");
    assert_eq!(*entry.stream, format!("2026/01/12/[$LATEST]{}", scene.handle.id()));
}

#[tokio::test]
async fn the_second_call_finds_the_same_process_and_no_init() {
    let (scene, _cell, mut runtime) = ready_scene().await;
    for _ in 0..2 {
        let answer = scene.handle.invoke(invocation("1"));
        let event = runtime.receive().await;
        runtime.respond(&event, "null").await;
        assert_eq!(success(&answer.await.expect("taken")), "null");
        assert_eq!(scene.handle.ready().now_or_never(), Some(Readiness::Idle));
    }
    let cold = format!("{REPORT}Init Duration: N ms\t\n");
    let warm = format!("{REPORT}\n");
    assert_eq!(scene.logged(), [INIT_START, START, END, &cold, START, END, &warm]);
}

#[tokio::test]
async fn durations_are_measured_from_delivery_to_answer_and_init_is_billed() {
    let scene = scene();
    let (_cell, mut runtime) = played::first(&scene.control).await;
    advance(Duration::from_micros(110_100)).await;
    runtime.ready().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    advance(Duration::from_micros(3_010)).await;
    runtime.respond(&event, "1").await;
    answer.await.expect("taken");
    let entries = scene.house.logs.entries();
    let report = &entries.last().expect("a report").message;
    assert!(report.contains("\tDuration: 3.01 ms\tBilled Duration: 114 ms\t"), "{report}");
    assert!(report.contains("\tInit Duration: 110.10 ms\t"), "{report}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_fails_the_call_and_not_the_environment() {
    let (scene, cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    runtime.respond(&event, &"x".repeat(limits::RESPONSE_BYTES_MAX + 1)).await;
    let completion = answer.await.expect("taken");
    assert_eq!(
        failure(&completion),
        r#"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#
    );
    let answer = scene.handle.invoke(invocation("2"));
    let event = runtime.receive().await;
    runtime.respond(&event, "2").await;
    assert_eq!(success(&answer.await.expect("taken")), "2");
    assert_eq!(cell.resets(), 0);
}

#[tokio::test]
async fn who_speaks_out_of_turn_is_not_heard_again() {
    let (scene, mut cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    runtime.say(Kind::Response, event.sequence + 1, "", "\"stale\"").await;
    runtime.print("still here\n");
    scene.house.logs.wait_for("still here").await;
    advance(Duration::from_millis(3001)).await;
    assert!(failure(&answer.await.expect("taken")).contains("Task timed out"));
    let answer = scene.handle.invoke(invocation("2"));
    let mut fresh = played::next(&mut cell).await;
    fresh.ready().await;
    let event = fresh.receive().await;
    fresh.respond(&event, "2").await;
    assert_eq!(success(&answer.await.expect("taken")), "2");
}

#[tokio::test]
async fn everything_written_before_the_answer_is_in_the_calls_log() {
    let (scene, _cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    runtime.print("one\ntwo\n\x1ea traceback\x1fof lines\nno newline");
    runtime.respond(&event, "1").await;
    let completion = answer.await.expect("taken");
    assert_eq!(tail(&completion)[1..6], ["one", "two", "a traceback", "of lines", "no newline"]);
    assert_eq!(scene.logged()[2..6], ["one\n", "two\n", "a traceback\nof lines", "no newline"]);
}

#[tokio::test]
async fn a_flood_is_held_back_and_harms_no_answer() {
    const LINES: usize = 200_000;
    // In real time: between two bites of a flood the environment rests.
    let (launcher, control) = simulated::new();
    let house = played::house(Arc::new(launcher));
    let handle = start(&house.rooms, Arc::new(function("python3.12", "f.handler")));
    let (_cell, mut runtime) = played::first(&control).await;
    runtime.ready().await;
    let answer = handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    let flood = tokio::task::spawn_blocking(move || {
        (0..LINES).for_each(|_| runtime.print("a line of the flood\n"));
        runtime
    });
    let mut runtime = flood.await.expect("the environment reads all of it");
    runtime.respond(&event, "1").await;
    let completion = answer.await.expect("taken");
    assert_eq!(completion.log_tail.expect("asked for").len(), limits::LOG_TAIL_BYTES_MAX);
    let lines = house.logs.entries();
    assert_eq!(lines.iter().filter(|entry| entry.message == "a line of the flood\n").count(), LINES);
}

#[tokio::test]
async fn a_long_call_is_logged_while_it_runs() {
    let (scene, _cell, mut runtime) = ready_scene().await;
    let _answer = scene.handle.invoke(invocation("1"));
    runtime.receive().await;
    advance(Duration::from_millis(600)).await;
    scene.house.logs.wait_for("START RequestId").await;
}

#[tokio::test]
async fn retirement_lets_the_call_end_and_destroys_the_box() {
    let (scene, cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    scene.handle.retire();
    tokio::task::yield_now().await;
    assert!(!cell.is_gone());
    runtime.respond(&event, "1").await;
    assert_eq!(success(&answer.await.expect("taken")), "1");
    scene.handle.gone().await;
    assert!(cell.is_gone());
    assert_eq!(scene.handle.ready().await, Readiness::Gone);
    assert_eq!(scene.handle.invoke(invocation("2")).await.err(), Some(Refused::Gone));
}

#[tokio::test]
async fn an_idle_environment_is_gone_when_its_last_handle_is() {
    let (scene, cell, _runtime) = ready_scene().await;
    let gone = scene.handle.gone();
    drop(scene.handle);
    gone.await;
    assert!(cell.is_gone());
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_environment_in_order() {
    let (scene, _cell, mut runtime) = ready_scene().await;
    drop(scene.handle.invoke(invocation("1")));
    assert_eq!(scene.handle.ready().now_or_never(), None, "the call is on its way");
    assert_eq!(scene.handle.invoke(invocation("2")).await.err(), Some(Refused::Busy));
    let event = runtime.receive().await;
    runtime.respond(&event, "1").await;
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
}

#[tokio::test]
async fn init_has_a_whole_cpu_and_calls_have_what_their_memory_buys() {
    let scene = scene();
    let (cell, mut runtime) = played::first(&scene.control).await;
    assert_eq!(cell.cpu_milli(), None);
    runtime.ready().await;
    scene.handle.ready().await;
    assert_eq!(cell.cpu_milli(), Some(72));
}

#[tokio::test]
async fn with_json_the_platform_speaks_json() {
    let mut json = function("python3.12", "f.handler");
    json.configuration.logging.format = LogFormat::Json { application: "DEBUG".into(), system: "INFO".into() };
    let scene = scene_of(json);
    let (_cell, mut runtime) = played::first(&scene.control).await;
    let variable = |name: &str| runtime.running.env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    assert_eq!(variable("AWS_LAMBDA_LOG_FORMAT").as_deref(), Some("JSON"));
    assert_eq!(variable("AWS_LAMBDA_LOG_LEVEL").as_deref(), Some("DEBUG"));
    runtime.ready().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    runtime.respond(&event, "1").await;
    answer.await.expect("taken");
    let types: Vec<_> = scene
        .house
        .logs
        .entries()
        .iter()
        .map(|entry| serde_json::from_str::<serde_json::Value>(&entry.message).expect("JSON")["type"].clone())
        .collect();
    assert_eq!(types, ["platform.initStart", "platform.start", "platform.report"]);
}

#[tokio::test]
async fn the_environments_variables_are_awss_set() {
    let mut named = function("python3.12", "f.handler");
    named.configuration.environment = Some([("TEST_KEY".to_owned(), "TEST_VAL".to_owned())].into());
    let scene = scene_of(named);
    let (_cell, runtime) = played::first(&scene.control).await;
    let mut names: Vec<_> = runtime.running.env.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    // Recorded in January 2026 for python3.12, but for `_X_AMZN_TRACE_ID` and `LC_CTYPE`, which the process itself
    // sets, and the two that are ours.
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "PWD",
        "PYTHONPATH",
        "SHLVL",
        "TEST_KEY",
        "TZ",
        "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT",
        "_HANDLER",
        "_LANTHORN_LEAN_FD",
    ];
    assert_eq!(names, expected);
    let expected = ["/usr/bin/python3.12", "-u", "-S", "/var/runtime/bootstrap.py"];
    assert_eq!(runtime.running.argv, expected);
}
