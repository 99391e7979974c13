//! Random sequences of operations, restarts among them, against models small enough to be right by reading.
//!
//! Claims here are not `async`: each case runs on a runtime of its own, and the seed of a failing one is
//! printed by proptest, shrunk to the operations that matter.

mod documents;
mod queues;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::Subject;

/// Cases of one model; each is a fresh store and dozens of durable operations.
const CASES: u32 = 40;

/// Random commits, reads, pages and restarts.
///
/// # Panics
/// When the store and the model differ.
pub fn documents<S: Subject>(make: impl Fn() -> S) {
    run(make, documents::steps(), async |subject, steps| documents::follow(subject, steps).await);
}

/// Random sends, leases, receipts good and stale, time and restarts.
///
/// # Panics
/// When the store and the model differ.
pub fn queues<S: Subject>(make: impl Fn() -> S) {
    run(make, queues::steps(), async |subject, steps| queues::follow(subject, steps).await);
}

type Outcome = Result<(), TestCaseError>;

fn run<S: Subject, T: std::fmt::Debug>(
    make: impl Fn() -> S,
    steps: impl Strategy<Value = Vec<T>>,
    follow: impl AsyncFn(&mut S, Vec<T>) -> Outcome,
) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(follow(&mut make(), steps))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
