//! How environments end: idle too long, too old, of a function that changed, with the server, or before they began.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use lanthorn_placement::{Config, Refusal};
use lanthorn_sandbox::CreateError;
use tokio::time::advance;

use crate::support::{FORBIDDEN, Stage, config, function};

const SECOND: Duration = Duration::from_secs(1);

/// Starts the reaper of every shard.
fn reap(stage: &Stage) {
    for placement in stage.placements.clone() {
        tokio::spawn(async move { placement.reap().await });
    }
}

#[tokio::test]
async fn an_environment_idle_for_too_long_is_retired() {
    let stage = Stage::new(Config { idle_timeout: 60 * SECOND, shards: 2, ..config() });
    reap(&stage);
    let blue = stage.target("blue");
    let held = stage.begin(&blue).await;
    assert_eq!(stage.call_on(1, &blue).await, Ok(1));
    advance(59 * SECOND).await;
    tokio::task::yield_now().await;
    assert_eq!(stage.shared.environments(), 2, "not yet");
    assert_eq!(stage.finish(held).await, 0);
    advance(20 * SECOND).await;
    stage.environments(1).await;
    assert_eq!(stage.call(&blue).await, Ok(0), "this one was busy for most of the time");
    advance(80 * SECOND).await;
    stage.environments(0).await;
    assert_eq!(stage.call(&blue).await, Ok(2));
}

#[tokio::test]
async fn an_environment_too_old_is_retired_when_it_comes_home() {
    let stage = Stage::new(Config { age_max: 3600 * SECOND, ..config() });
    let blue = stage.target("blue");
    assert_eq!(stage.call(&blue).await, Ok(0));
    advance(3599 * SECOND).await;
    let held = stage.begin(&blue).await;
    advance(SECOND).await;
    assert_eq!(stage.finish(held).await, 0, "never in the middle of a call");
    stage.environments(0).await;
    assert_eq!(stage.call(&blue).await, Ok(1));
}

#[tokio::test]
async fn an_environment_too_old_is_retired_from_its_pool() {
    let stage = Stage::new(Config { age_max: 3600 * SECOND, idle_timeout: 7200 * SECOND, ..config() });
    reap(&stage);
    let blue = stage.target("blue");
    assert_eq!(stage.call(&blue).await, Ok(0));
    advance(3600 * SECOND).await;
    stage.environments(0).await;
}

#[tokio::test]
async fn a_retired_target_ends_its_idle_environments_now_and_its_busy_ones_after_their_call() {
    let stage = Stage::new(config());
    let (former, present) = (stage.target("former"), stage.target("present"));
    let busy = stage.begin(&former).await;
    assert_eq!(stage.call(&former).await, Ok(1));
    former.retire();
    stage.environments(1).await;
    assert_eq!(stage.call(&present).await, Ok(2), "of the other target there is nothing to reuse");
    assert_eq!(stage.finish(busy).await, 0);
    stage.environments(1).await;
    // A call that had resolved the target before it changed is still served, by an environment of its own.
    assert_eq!(stage.call(&former).await, Ok(3));
    stage.environments(1).await;
    assert_eq!(stage.call(&present).await, Ok(2));
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_a_usable_environment() {
    let stage = Stage::new(Config { concurrent_executions: 2, ..config() });
    let blue = stage.target("blue");
    let (begun, abandoned) = stage.begin(&blue).await;
    begun.abort();
    let meanwhile = stage.begin(&blue).await;
    assert_eq!((abandoned.number, meanwhile.1.number), (0, 1), "the abandoned call has its environment still");
    abandoned.answer();
    assert_eq!(stage.call_when_let_in(&blue).await, Ok(0));
    assert_eq!(stage.finish(meanwhile).await, 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_during_init_has_made_its_call() {
    let stage = Stage::new(Config { concurrent_executions: 1, ..config() });
    let blue = stage.target("blue");
    assert!(stage.call(&blue).now_or_never().is_none());
    assert_eq!(stage.call_when_let_in(&blue).await, Ok(0));
    assert_eq!((stage.troupe.calls.ever(), stage.troupe.boxes.ever()), (2, 1));
}

#[tokio::test]
async fn draining_refuses_new_calls_and_waits_for_the_last_environment() {
    let stage = Stage::new(Config { shards: 2, ..config() });
    let (blue, green) = (stage.target("blue"), stage.target("green"));
    let busy = stage.begin(&blue).await;
    let (begun, abandoned) = stage.begin(&green).await;
    begun.abort();
    assert_eq!(stage.call_on(1, &blue).await, Ok(2));
    let mut drained = std::pin::pin!(stage.shared.drain());
    assert!(drained.as_mut().now_or_never().is_none());
    assert_eq!(stage.call(&blue).await, Err(Refusal::Draining));
    stage.environments(2).await;
    assert_eq!(stage.finish(busy).await, 0, "what had begun is finished");
    stage.environments(1).await;
    assert!(drained.as_mut().now_or_never().is_none(), "an abandoned call is a call");
    abandoned.answer();
    drained.await;
    assert_eq!((stage.shared.environments(), stage.troupe.boxes.now()), (0, 0));
    assert_eq!(stage.call(&green).await, Err(Refusal::Draining));
}

#[tokio::test]
async fn a_drained_placement_that_held_nothing_is_done_at_once() {
    let stage = Stage::new(config());
    assert_eq!(stage.shared.drain().now_or_never(), Some(()));
}

#[tokio::test]
async fn why_no_environment_can_start_is_told() {
    let stage = Stage::new(config());
    let blue = stage.target("blue");
    stage.control.refuse_create(CreateError::WardenGone);
    let refused = stage.call(&blue).await;
    assert_eq!(refused, Err(Refusal::CannotStart("the sandbox cannot be made: the warden has ended".into())));
    let mut roleless = function("blue");
    roleless.configuration.role = FORBIDDEN.parse().expect("a role");
    let refused = stage.call(&stage.shared.target(Arc::new(roleless))).await;
    assert_eq!(refused, Err(Refusal::RoleNotAssumable("the execution role cannot be assumed: not for Lambda".into())));
    stage.environments(0).await;
    assert_eq!(stage.call(&blue).await, Ok(0), "the next try is as good as the first");
}
