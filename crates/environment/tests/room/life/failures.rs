//! Time-outs, crashes, inits that fail, boxes that are not there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use lanthorn_environment::lean::Kind;
use lanthorn_environment::{Readiness, Refused, start};
use lanthorn_model::invocation::Outcome;
use lanthorn_sandbox::simulated;
use lanthorn_sandbox::{CreateError, Exit};
use tokio::time::advance;

use super::{END, INIT_START, REPORT, START, ready_scene, scene, scene_of};
use crate::played::{self, stillness};
use crate::support::{failure, function, invocation, success};

const REPORT_OF_TIMEOUT: &str = "REPORT RequestId: ID\tDuration: N ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t";

#[tokio::test]
async fn a_time_out_fails_the_call_and_the_next_pays_init_again() {
    let (scene, mut cell, mut runtime) = ready_scene().await;
    let call = invocation("1");
    let id = call.id;
    let answer = scene.handle.invoke(call);
    runtime.receive().await;
    advance(Duration::from_millis(3001)).await;
    let payload = format!(
        r#"{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {id} Error: Task timed out after 3.00 seconds"}}"#
    );
    assert_eq!(failure(&answer.await.expect("taken")), payload);
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    assert_eq!(cell.resets(), 1);
    let lines = scene.logged();
    assert_eq!(lines[2..4], ["TIME ID Task timed out after N seconds\n\n", END]);
    assert_eq!(lines[4], format!("{REPORT_OF_TIMEOUT}Init Duration: N ms\tStatus: timeout\n"));

    let answer = scene.handle.invoke(invocation("2"));
    let mut fresh = played::next(&mut cell).await;
    fresh.ready().await;
    let event = fresh.receive().await;
    assert_eq!(event.payload, "2");
    fresh.respond(&event, "2").await;
    assert_eq!(success(&answer.await.expect("taken")), "2");
    assert_eq!(scene.logged()[5..], [INIT_START, START, END, &format!("{REPORT}\n")]);
}

/// A call in whose middle the runtime ends with `exit`.
async fn check_exit(exit: Exit, error_type: &str, message: &str) {
    let (scene, _cell, mut runtime) = ready_scene().await;
    let call = invocation("1");
    let id = call.id;
    let answer = scene.handle.invoke(call);
    runtime.receive().await;
    runtime.print("last words");
    runtime.exit(exit);
    let payload = format!(r#"{{"errorType":"{error_type}","errorMessage":"RequestId: {id} Error: {message}"}}"#);
    assert_eq!(failure(&answer.await.expect("taken")), payload);
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    let fault = format!("RequestId: ID Error: {message}\n{error_type}\n");
    let report = format!("{REPORT}Init Duration: N ms\tStatus: error\tError Type: {error_type}\n");
    assert_eq!(scene.logged(), [INIT_START, START, "last words", &fault, END, &report]);
}

#[tokio::test]
async fn a_process_that_exits_in_a_call_fails_it() {
    check_exit(Exit::Exited(1), "Runtime.ExitError", "Runtime exited with error: exit status 1").await;
}

#[tokio::test]
async fn a_process_that_exits_well_in_a_call_fails_it_too() {
    check_exit(Exit::Exited(0), "Runtime.ExitError", "Runtime exited without providing a reason").await;
}

#[tokio::test]
async fn a_process_that_crashes_in_a_call_fails_it() {
    let message = "Runtime exited with error: signal: segmentation fault";
    check_exit(Exit::Signalled(11), "Runtime.ExitError", message).await;
}

#[tokio::test]
async fn a_process_that_runs_out_of_memory_fails_its_call() {
    check_exit(Exit::OutOfMemory, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed").await;
}

#[tokio::test]
async fn an_init_that_takes_too_long_is_run_again_by_the_call() {
    let scene = scene();
    let answer = scene.handle.invoke(invocation("1"));
    let (mut cell, _slow) = played::first(&scene.control).await;
    advance(Duration::from_millis(10_001)).await;
    let mut again = played::next(&mut cell).await;
    advance(Duration::from_millis(1_000)).await;
    again.ready().await;
    let event = again.receive().await;
    // One of the three seconds is gone.
    assert_eq!(i64::try_from(event.deadline_ms), Ok(scene.house.rooms.clock.now().as_millisecond() + 2000));
    again.respond(&event, "1").await;
    assert_eq!(success(&answer.await.expect("taken")), "1");
    let report = "REPORT RequestId: ID\tDuration: N ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\t\n";
    let init_report = "INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: timeout\n";
    assert_eq!(scene.logged(), [INIT_START, init_report, INIT_START, START, END, report]);
}

#[tokio::test]
async fn an_init_error_is_tried_once_more_and_then_told() {
    let scene = scene();
    let answer = scene.handle.invoke(invocation("1"));
    let (mut cell, mut runtime) = played::first(&scene.control).await;
    let payload = r#"{"errorMessage":"Unable to import module 'x'","errorType":"Runtime.ImportModuleError"}"#;
    runtime.say(Kind::InitError, 0, "Runtime.ImportModuleError", payload).await;
    let mut again = played::next(&mut cell).await;
    again.say(Kind::InitError, 0, "Runtime.ImportModuleError", payload).await;
    assert_eq!(failure(&answer.await.expect("taken")), payload);
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    let status = "Status: error\tError Type: Runtime.ImportModuleError\n";
    assert_eq!(
        scene.logged(),
        [
            INIT_START,
            &format!("INIT_REPORT Init Duration: N ms\tPhase: init\t{status}"),
            INIT_START,
            &format!("INIT_REPORT Init Duration: N ms\tPhase: invoke\t{status}"),
            START,
            END,
            &format!("{REPORT}{status}"),
        ]
    );
}

#[tokio::test]
async fn a_native_crash_in_the_second_init_lasts_until_the_time_out() {
    let scene = scene();
    let answer = scene.handle.invoke(invocation("1"));
    let (mut cell, runtime) = played::first(&scene.control).await;
    runtime.exit(Exit::Signalled(11));
    let again = played::next(&mut cell).await;
    again.exit(Exit::Signalled(11));
    scene.house.logs.wait_for("signal: segmentation fault").await;
    advance(Duration::from_millis(3001)).await;
    let completion = answer.await.expect("taken");
    assert!(failure(&completion).contains("Task timed out after 3.00 seconds"));
}

#[tokio::test]
async fn a_missing_wrapper_exits_like_awss_start_script() {
    let mut wrapped = function("python3.12", "f.handler");
    let variables = [("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), "/var/task/missing".to_owned())];
    wrapped.configuration.environment = Some(variables.into());
    let scene = scene_of(wrapped);
    let call = invocation("1");
    let id = call.id;
    let answer = scene.handle.invoke(call);
    // The box's first start always works; INIT fails for another reason, and its repetition for this one.
    let (cell, runtime) = played::first(&scene.control).await;
    cell.refuse_start(io::ErrorKind::NotFound.into());
    runtime.exit(Exit::Exited(1));
    let payload = format!(
        r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {id} Error: Runtime exited with error: exit status 127"}}"#
    );
    assert_eq!(failure(&answer.await.expect("taken")), payload);
    assert!(scene.logged().contains(&"/var/task/missing: does not exist\n".to_owned()));
}

#[tokio::test]
async fn a_function_without_bootstrap_is_told_so() {
    let scene = scene_of(function("provided.al2023", "f"));
    let call = invocation("1");
    let id = call.id;
    let answer = scene.handle.invoke(call);
    let mut cell = scene.control.created().await;
    let runtime = cell.started().await.expect("the box stands");
    cell.refuse_start(io::ErrorKind::NotFound.into());
    runtime.exit(Exit::Exited(1));
    let payload = format!(
        r#"{{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: {id} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}}"#
    );
    assert_eq!(failure(&answer.await.expect("taken")), payload);
}

#[tokio::test]
async fn a_box_that_cannot_be_made_is_told_with_its_reason() {
    let _still = stillness();
    let (launcher, control) = simulated::new();
    control.refuse_create(CreateError::Step {
        step: "mount /proc".to_owned(),
        source: io::Error::from(io::ErrorKind::PermissionDenied),
    });
    let house = played::house(Arc::new(launcher));
    let handle = start(&house.rooms, Arc::new(function("python3.12", "f.handler")));
    let refused = handle.invoke(invocation("1")).await.err();
    let Some(Refused::CannotStart(reason)) = refused else { panic!("{refused:?}") };
    assert_eq!(&*reason, "the sandbox cannot be made: the sandbox could not mount /proc: permission denied");
    handle.gone().await;
}

#[tokio::test]
async fn a_runtime_that_this_host_lacks_is_told_with_its_remedy() {
    let scene = scene_of(function("python3.99", "f.handler"));
    let refused = scene.handle.invoke(invocation("1")).await.err();
    let Some(Refused::CannotStart(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("pyenv install 3.99"), "{reason}");
}

#[tokio::test]
async fn a_box_that_vanishes_fails_the_call_that_the_function_has_seen() {
    let (scene, cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    runtime.receive().await;
    cell.vanish();
    let completion = answer.await.expect("the function has seen the event");
    assert!(failure(&completion).contains("Sandbox.Failure"));
    scene.handle.gone().await;
}

#[tokio::test]
async fn a_box_that_vanishes_refuses_the_call_that_the_function_has_not_seen() {
    let scene = scene();
    let answer = scene.handle.invoke(invocation("1"));
    let (cell, _runtime) = played::first(&scene.control).await;
    cell.vanish();
    assert_eq!(answer.await.err(), Some(Refused::Gone));
    scene.handle.gone().await;
}

#[tokio::test]
async fn an_idle_runtime_that_dies_costs_the_next_call_an_init_and_nothing_more() {
    let (scene, mut cell, runtime) = ready_scene().await;
    runtime.exit(Exit::Exited(1));
    while cell.resets() == 0 {
        tokio::task::yield_now().await;
    }
    let answer = scene.handle.invoke(invocation("1"));
    let mut fresh = played::next(&mut cell).await;
    fresh.ready().await;
    let event = fresh.receive().await;
    fresh.respond(&event, "1").await;
    assert_eq!(success(&answer.await.expect("taken")), "1");
}

#[tokio::test]
async fn a_runtime_that_announces_its_end_gets_no_further_event() {
    let (scene, mut cell, mut runtime) = ready_scene().await;
    let answer = scene.handle.invoke(invocation("1"));
    let event = runtime.receive().await;
    runtime.fail_and_close(&event, "Runtime.UnhandledPromiseRejection", "{}").await;
    assert_eq!(answer.await.expect("taken").outcome, Outcome::Failure("{}".into()));
    assert_eq!(scene.handle.ready().now_or_never(), None, "it is not taken for idle");
    runtime.exit(Exit::Exited(128));
    assert_eq!(scene.handle.ready().await, Readiness::Idle);
    let answer = scene.handle.invoke(invocation("2"));
    let mut fresh = played::next(&mut cell).await;
    fresh.ready().await;
    let event = fresh.receive().await;
    fresh.respond(&event, "2").await;
    assert_eq!(success(&answer.await.expect("taken")), "2");
}
