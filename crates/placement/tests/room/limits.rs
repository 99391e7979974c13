//! How many calls may run and how many environments may live.

use std::num::NonZeroU32;

use futures::FutureExt;
use lanthorn_placement::{Config, Refusal};

use crate::support::{Stage, config, invocation};

fn calls_max(concurrent_executions: u32) -> Config {
    Config { concurrent_executions, ..config() }
}

fn environments_max(environments_max: u32) -> Config {
    Config { environments_max: NonZeroU32::new(environments_max).expect("not zero"), ..config() }
}

#[tokio::test]
async fn a_call_beyond_the_accounts_concurrency_is_refused_at_once() {
    let stage = Stage::new(calls_max(2));
    let (blue, green) = (stage.target("blue"), stage.target("green"));
    let calls = [stage.begin(&blue).await, stage.begin(&green).await];
    assert_eq!(stage.call(&blue).now_or_never(), Some(Err(Refusal::AccountConcurrency)));
    let [first, second] = calls;
    stage.finish(first).await;
    // An answered call has made room by the time its caller hears the answer.
    assert_eq!(stage.call(&blue).await, Ok(0));
    stage.finish(second).await;
    assert_eq!(stage.troupe.calls.most(), 2);
}

#[tokio::test]
async fn a_call_whose_caller_hung_up_still_counts() {
    let stage = Stage::new(calls_max(1));
    let blue = stage.target("blue");
    let (begun, held) = stage.begin(&blue).await;
    begun.abort();
    assert!(begun.await.expect_err("aborted").is_cancelled());
    assert_eq!(stage.call(&blue).await, Err(Refusal::AccountConcurrency));
    held.answer();
    assert_eq!(stage.call_when_let_in(&blue).await, Ok(0), "the environment is as good as before");
    assert_eq!(stage.shared.environments(), 1);
}

#[tokio::test]
async fn the_least_recently_used_idle_environment_makes_room() {
    let stage = Stage::new(environments_max(3));
    let targets = ["blue", "green", "red"].map(|name| stage.target(name));
    for target in &targets {
        stage.call(target).await.expect("there is room");
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    let [blue, green, red] = targets;
    assert_eq!(stage.call(&blue).await, Ok(0), "now green is the least recently used");
    let amber = stage.target("amber");
    assert_eq!(stage.call(&amber).await, Ok(3));
    assert_eq!((stage.call(&blue).await, stage.call(&red).await), (Ok(0), Ok(2)), "neither had to go");
    assert_eq!(stage.call(&green).await, Ok(4), "green had");
    assert_eq!((stage.shared.environments(), stage.troupe.boxes.most()), (3, 3));
}

#[tokio::test]
async fn with_every_environment_busy_a_call_is_refused() {
    let stage = Stage::new(environments_max(2));
    let (blue, green) = (stage.target("blue"), stage.target("green"));
    let calls = [stage.begin(&blue).await, stage.begin(&green).await];
    assert_eq!(stage.call(&blue).await, Err(Refusal::EnvironmentsMax));
    let [first, second] = calls;
    stage.finish(first).await;
    assert_eq!(stage.call(&green).await, Ok(2), "the idle one made room");
    stage.finish(second).await;
    assert_eq!(stage.troupe.boxes.most(), 2);
}

/// A changed function's environments are neither busy nor gone yet; waiting a moment is better than refusing.
#[tokio::test]
async fn a_call_waits_for_the_place_of_an_environment_that_leaves() {
    let stage = Stage::new(environments_max(1));
    let blue = stage.target("blue");
    assert_eq!(stage.call(&blue).await, Ok(0));
    blue.retire();
    let green = stage.target("green");
    assert_eq!(stage.call(&green).await, Ok(1));
    assert_eq!((stage.shared.environments(), stage.troupe.boxes.most()), (1, 1));
}

#[tokio::test]
async fn one_environment_that_leaves_is_one_place_only() {
    let stage = Stage::new(environments_max(1));
    let (blue, green, red) = (stage.target("blue"), stage.target("green"), stage.target("red"));
    assert_eq!(stage.call(&blue).await, Ok(0));
    let (green, red) = tokio::join!(stage.call(&green), stage.call(&red));
    assert_eq!((green, red), (Ok(1), Err(Refusal::EnvironmentsMax)));
    assert_eq!(stage.troupe.boxes.most(), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_while_it_waits_for_room_leaves_the_count_right() {
    let stage = Stage::new(environments_max(1));
    let (blue, green) = (stage.target("blue"), stage.target("green"));
    assert_eq!(stage.call(&blue).await, Ok(0));
    assert!(stage.call(&green).now_or_never().is_none(), "it waits for blue's environment to go");
    stage.environments(0).await;
    assert_eq!(stage.call(&green).await, Ok(1));
    assert_eq!(stage.shared.environments(), 1);
}

#[tokio::test]
async fn a_call_keeps_its_turn_while_environments_die_under_its_hands() {
    let stage = Stage::new(calls_max(1));
    let blue = stage.target("blue");
    stage.troupe.stillborn.store(2, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(stage.call(&blue).await, Ok(2));
    stage.environments(1).await;

    let green = stage.target("green");
    stage.troupe.stillborn.store(3, std::sync::atomic::Ordering::SeqCst);
    let refused = stage.placements[0].invoke(&green, invocation(&green, "go")).await;
    assert_eq!(refused.err(), Some(Refusal::EnvironmentsGone));
    stage.environments(1).await;
    assert_eq!(stage.call(&blue).await, Ok(2));
}
