//! Which environment serves a call: the one used last, else a new one.

use lanthorn_model::invocation::Outcome;
use lanthorn_placement::Config;

use crate::support::{Stage, config, invocation};

#[tokio::test]
async fn a_call_after_another_finds_its_environment_warm() {
    let stage = Stage::new(config());
    let blue = stage.target("blue");
    for _ in 0..3 {
        assert_eq!(stage.call(&blue).await, Ok(0));
    }
    assert_eq!((stage.shared.environments(), stage.troupe.boxes.most()), (1, 1));
}

#[tokio::test]
async fn parallel_calls_get_an_environment_each_and_the_last_used_is_used_first() {
    let stage = Stage::new(config());
    let blue = stage.target("blue");
    let [first, second, third] = [stage.begin(&blue).await, stage.begin(&blue).await, stage.begin(&blue).await];
    assert_eq!([first.1.number, second.1.number, third.1.number], [0, 1, 2]);
    assert_eq!(stage.troupe.calls.now(), 3);
    for (call, number) in [(second, 1), (third, 2), (first, 0)] {
        assert_eq!(stage.finish(call).await, number);
    }
    let [again, other] = [stage.begin(&blue).await, stage.begin(&blue).await];
    assert_eq!([again.1.number, other.1.number], [0, 2], "the last to come home is the first to go out");
    assert_eq!(stage.shared.environments(), 3);
    stage.finish(again).await;
    stage.finish(other).await;
    assert_eq!(stage.call(&blue).await, Ok(2));
}

#[tokio::test]
async fn two_targets_share_no_environment() {
    let stage = Stage::new(config());
    let (blue, green) = (stage.target("blue"), stage.target("green"));
    assert_eq!(stage.call(&blue).await, Ok(0));
    assert_eq!(stage.call(&green).await, Ok(1));
    assert_eq!(stage.call(&blue).await, Ok(0));
}

#[tokio::test]
async fn a_shard_borrows_from_another_before_it_starts_an_environment() {
    let stage = Stage::new(Config { shards: 3, ..config() });
    let blue = stage.target("blue");
    assert_eq!(stage.call_on(2, &blue).await, Ok(0));
    assert_eq!(stage.call_on(0, &blue).await, Ok(0));
    let held = stage.begin(&blue).await;
    assert_eq!((held.1.number, stage.call_on(1, &blue).await), (0, Ok(1)));
    stage.finish(held).await;
    // It has come home to the shard it lives on, where it is preferred to one that was used later.
    assert_eq!(stage.call_on(1, &blue).await, Ok(1));
    assert_eq!(stage.call_on(2, &blue).await, Ok(0));
}

#[tokio::test]
async fn an_environment_whose_process_ended_serves_again() {
    let stage = Stage::new(Config { concurrent_executions: 1, ..config() });
    let blue = stage.target("blue");
    let failed = stage.placements[0].invoke(&blue, invocation(&blue, "exit")).await.expect("it was taken");
    assert!(matches!(failed.outcome, Outcome::Failure(_)));
    assert_eq!(stage.call_when_let_in(&blue).await, Ok(0));
    assert_eq!(stage.troupe.boxes.ever(), 1);
}
