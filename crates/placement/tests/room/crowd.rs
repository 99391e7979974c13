//! Many threads at once, in real time: the limits hold whatever runs into what.

use std::num::NonZeroU32;
use std::sync::Arc;

use futures::poll;
use lanthorn_placement::{Config, Refusal, Target};
use parking_lot::RwLock;
use tokio::task::JoinSet;

use crate::support::{Stage, config, invocation, served_by};

const SHARDS: usize = 4;
const CALLS_MAX: u32 = 6;
/// Fewer than calls may run, so that environments are evicted and calls refused for want of one.
const ENVIRONMENTS_MAX: u32 = 5;
const CALLERS: usize = 24;
const CALLS_EACH: usize = 50;

/// Thousands run for one place that is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thousands_at_once_never_one_more_runs_than_may() {
    let stage = Arc::new(Stage::in_real_time(Config { shards: SHARDS, concurrent_executions: CALLS_MAX, ..config() }));
    let target = stage.target("a");
    let mut held = Vec::new();
    for _ in 1..CALLS_MAX {
        held.push(stage.begin(&target).await);
    }
    let mut callers = JoinSet::new();
    for caller in 0..3000 {
        let (stage, target) = (Arc::clone(&stage), target.clone());
        callers.spawn(async move { stage.call_on(caller % SHARDS, &target).await });
    }
    let (answers, refusals): (Vec<_>, Vec<_>) = callers.join_all().await.into_iter().partition(Result::is_ok);
    assert!(!answers.is_empty() && !refusals.is_empty(), "{} answers, {} refusals", answers.len(), refusals.len());
    assert!(refusals.into_iter().all(|refused| refused == Err(Refusal::AccountConcurrency)));
    assert_eq!((stage.troupe.calls.most(), stage.shared.environments()), (CALLS_MAX, CALLS_MAX));
    assert_eq!(stage.troupe.calls.ever() as usize, answers.len() + held.len());
    for call in held {
        stage.finish(call).await;
    }
}

/// What a caller met.
#[derive(Default)]
struct Met {
    answers: usize,
    refusals: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limits_hold_in_a_crowd() {
    let stage = Arc::new(Stage::in_real_time(Config {
        shards: SHARDS,
        concurrent_executions: CALLS_MAX,
        environments_max: NonZeroU32::new(ENVIRONMENTS_MAX).expect("not zero"),
        ..config()
    }));
    let functions = ["a0", "b0", "c0"].map(|name| RwLock::new(stage.target(name)));
    let functions = Arc::new(functions);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call_again_and_again(Arc::clone(&stage), Arc::clone(&functions), caller));
    }
    let met = callers.join_all().await;
    let answers: usize = met.iter().map(|met| met.answers).sum();
    let refusals: usize = met.iter().map(|met| met.refusals).sum();
    assert!(refusals > 0, "a crowd that is never refused proves nothing");
    assert!(answers > CALLERS * CALLS_EACH / 2, "{answers} answers, {refusals} refusals");
    stage.shared.drain().await;

    let troupe = &stage.troupe;
    assert!(troupe.calls.most() <= CALLS_MAX, "{} calls ran at once", troupe.calls.most());
    assert!(troupe.boxes.most() <= ENVIRONMENTS_MAX, "{} boxes stood at once", troupe.boxes.most());
    assert_eq!((stage.shared.environments(), troupe.boxes.now()), (0, 0));
}

/// Calls, now and then hangs up, now and then changes a function.
async fn call_again_and_again(stage: Arc<Stage>, functions: Arc<[RwLock<Target>; 3]>, caller: usize) -> Met {
    let placement = &stage.placements[caller % SHARDS];
    let mut met = Met::default();
    for number in 0..CALLS_EACH {
        let function = (caller + number) % functions.len();
        match (caller * CALLS_EACH + number) % 17 {
            3 => change(&stage, &functions[function], &format!("{function} {caller}.{number}")),
            7 => {
                let target = functions[function].read().clone();
                let mut abandoned = Box::pin(placement.invoke(&target, invocation(&target, "go")));
                let _ = poll!(abandoned.as_mut());
            }
            _ => call(placement, &functions[function], &mut met).await,
        }
    }
    met
}

/// Puts a new target in the place of the old one, as an update of the function does.
fn change(stage: &Stage, function: &RwLock<Target>, name: &str) {
    let present = stage.target(&name.replace(' ', "_"));
    let former = std::mem::replace(&mut *function.write(), present);
    former.retire();
}

/// Calls until an environment takes it.
async fn call(placement: &lanthorn_placement::Placement, function: &RwLock<Target>, met: &mut Met) {
    loop {
        let target = function.read().clone();
        match placement.invoke(&target, invocation(&target, "go")).await {
            Ok(completion) => {
                served_by(&completion);
                met.answers += 1;
                return;
            }
            Err(Refusal::AccountConcurrency | Refusal::EnvironmentsMax) => met.refusals += 1,
            Err(other) => panic!("refused: {other}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Where the machine has room for every call that may run, no call is refused for want of an environment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn as_many_environments_as_calls_are_always_enough() {
    let stage = Arc::new(Stage::in_real_time(Config {
        shards: SHARDS,
        concurrent_executions: CALLS_MAX,
        environments_max: NonZeroU32::new(CALLS_MAX).expect("not zero"),
        ..config()
    }));
    let targets: Arc<Vec<Target>> = Arc::new(["a", "b", "c", "d"].map(|name| stage.target(name)).into());
    let mut callers = JoinSet::new();
    for caller in 0..CALLS_MAX as usize {
        let (stage, targets) = (Arc::clone(&stage), Arc::clone(&targets));
        callers.spawn(async move {
            for number in 0..100 {
                let target = &targets[(caller + number) % targets.len()];
                let answer = stage.call_on(caller % SHARDS, target).await;
                assert!(answer.is_ok(), "call {number} of {caller}: {answer:?}");
            }
        });
    }
    callers.join_all().await;
    assert!(stage.troupe.boxes.most() <= CALLS_MAX);
}
