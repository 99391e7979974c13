//! A stage: one placement per shard, and a troupe that plays every runtime.

mod neighbours;
mod troupe;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use lanthorn_model::invocation::{Completion, Invocation, Outcome, RequestId};
use lanthorn_placement::{Config, Placement, Refusal, Shared, Target};
use lanthorn_sandbox::simulated::{self, Control};
use tempfile::TempDir;

pub(crate) use neighbours::{FORBIDDEN, function};
use troupe::CountedEndpoints;
pub(crate) use troupe::{Held, Troupe};

/// Placement, all around it, and what a test needs of both.
pub(crate) struct Stage {
    /// One for each shard.
    pub(crate) placements: Vec<Placement>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) control: Control,
    pub(crate) troupe: Arc<Troupe>,
    _directory: TempDir,
    #[allow(dead_code, reason = "dropping it lets time go on")]
    still: Option<Stillness>,
}

/// Stops the clock for as long as it lives: timers run when the test says [`tokio::time::advance`], never because
/// everybody waits for a socket. (A paused clock moves by itself unless a blocking task runs.)
struct Stillness(#[allow(dead_code, reason = "dropping it ends the blocking task")] std::sync::mpsc::Sender<()>);

fn stillness() -> Stillness {
    tokio::time::pause();
    let (tx, rx) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || rx.recv());
    Stillness(tx)
}

/// One shard and room for everything; what a test is about it changes.
pub(crate) fn config() -> Config {
    Config {
        shards: 1,
        concurrent_executions: 1000,
        environments_max: NonZeroU32::new(1000).expect("not zero"),
        idle_timeout: Duration::from_secs(300),
        age_max: Duration::from_secs(14 * 3600),
    }
}

impl Stage {
    /// A stage whose placements behave as `config` says, on a clock that stands still.
    pub(crate) fn new(config: Config) -> Self {
        let still = stillness();
        let mut stage = Self::in_real_time(config);
        stage.still = Some(still);
        stage
    }

    /// The same on a clock that runs.
    pub(crate) fn in_real_time(config: Config) -> Self {
        let (launcher, control) = simulated::new();
        let directory = tempfile::tempdir().expect("a directory");
        let troupe = Troupe::assemble(&control);
        let endpoint = Arc::new(CountedEndpoints(troupe.boxes.clone()));
        let rooms = neighbours::rooms(launcher, endpoint, directory.path());
        let shared = Shared::new(config.clone());
        let placement = |shard| Placement::new(shard, Arc::clone(&shared), Arc::clone(&rooms));
        let placements = (0..config.shards).map(placement).collect();
        Self { placements, shared, control, troupe, _directory: directory, still: None }
    }

    /// Waits until only `count` environments are alive.
    pub(crate) async fn environments(&self, count: u32) {
        until(|| self.shared.environments() == count).await;
    }

    /// A target whose environments know that they are of `name`.
    pub(crate) fn target(&self, name: &str) -> Target {
        self.shared.target(Arc::new(function(name)))
    }

    /// Runs a call on the first shard that is answered at once. The number of the box that served it.
    pub(crate) async fn call(&self, target: &Target) -> Result<u32, Refusal> {
        self.call_on(0, target).await
    }

    /// As [`Stage::call`], as soon as the account runs few enough calls: so once others are over, their
    /// environments home.
    pub(crate) async fn call_when_let_in(&self, target: &Target) -> Result<u32, Refusal> {
        loop {
            match self.call(target).await {
                Err(Refusal::AccountConcurrency) => tokio::task::yield_now().await,
                answer => return answer,
            }
        }
    }

    /// As [`Stage::call`], on another shard.
    pub(crate) async fn call_on(&self, shard: usize, target: &Target) -> Result<u32, Refusal> {
        self.placements[shard].invoke(target, invocation(target, "go")).await.map(|completion| served_by(&completion))
    }

    /// Begins a call on the first shard that lasts until the test answers it.
    pub(crate) async fn begin(&self, target: &Target) -> (Begun, Held) {
        let (placement, target) = (self.placements[0].clone(), target.clone());
        let begun = tokio::spawn(async move { placement.invoke(&target, invocation(&target, "hold")).await });
        let held = self.troupe.held().await;
        (begun, held)
    }

    /// Lets a call end. The number of the box that served it.
    pub(crate) async fn finish(&self, (begun, held): (Begun, Held)) -> u32 {
        held.answer();
        served_by(&begun.await.expect("no panic").expect("it was taken"))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(*self.troupe.strays.lock(), Vec::<String>::new());
        }
    }
}

/// A call under way.
pub(crate) type Begun = tokio::task::JoinHandle<Result<Completion, Refusal>>;

/// A call of `target`; `what` says how the runtime behaves, see [`Troupe`].
pub(crate) fn invocation(target: &Target, what: &str) -> Invocation {
    let environment = target.function().configuration.environment.as_ref();
    let name = environment.and_then(|own| own.get(neighbours::TARGET)).expect("every function names its target");
    Invocation {
        id: RequestId::random(),
        payload: format!("{name} {what}").into(),
        invoked_arn: target.function().id.arn().into(),
        client_context: None,
        trace: None,
        wants_log_tail: false,
    }
}

/// The number of the box that served a call.
#[track_caller]
pub(crate) fn served_by(completion: &Completion) -> u32 {
    match &completion.outcome {
        Outcome::Success(payload) => std::str::from_utf8(payload).expect("digits").parse().expect("a number"),
        Outcome::Failure(payload) => panic!("failed: {}", String::from_utf8_lossy(payload)),
    }
}

/// Lets everything else run until `state` is so.
///
/// # Panics
/// If that takes unreasonably long.
#[track_caller]
pub(crate) fn until(mut state: impl FnMut() -> bool) -> impl Future<Output = ()> {
    const TURNS_MAX: usize = 1_000_000;
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..TURNS_MAX {
            if state() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("what {caller} waits for never came");
    }
}
