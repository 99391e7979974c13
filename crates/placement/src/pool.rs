//! Idle environments, and the lease that brings one home.
//!
//! ```text
//!  Idle ──lent──► Lease ── run ──► answered ──┐
//!                   │         └──► refused ───┤ the caller keeps its permit and tries elsewhere
//!                   └─ dropped half-way ──────┴──► ready? ──► pool (or retired: too old, target changed) ──► permit
//! ```

use std::time::Duration;

use futures::FutureExt;
use lanthorn_environment::{Handle, Readiness, Refused};
use lanthorn_model::invocation::{Completion, Invocation};
use tokio::time::Instant;

use crate::budget::{Place, Running};
use crate::target::Target;

/// An environment that waits for a call.
pub(crate) struct Idle {
    /// The way to its task.
    pub(crate) handle: Handle,
    /// Its place among those alive.
    pub(crate) place: Place,
    /// The shard its task runs on.
    pub(crate) shard: usize,
    /// When it was started.
    pub(crate) born: Instant,
    /// When it came home last.
    pub(crate) since: Instant,
}

impl Idle {
    /// Ends it. Its place may be taken over by whoever waits for one.
    pub(crate) fn retire(self) {
        self.place.leave(self.handle);
    }
}

/// The right to use one environment for one call.
///
/// However it ends — answered, refused, or dropped half-way — the environment
/// goes back to its pool as soon as it is ready, and only then does the call
/// stop counting against the account's concurrency.
pub(crate) struct Lease(Option<(Held, Running)>);

/// The environment did not take the call.
pub(crate) struct NotTaken {
    pub(crate) refused: Refused,
    /// The call still counts; it may try another environment.
    pub(crate) running: Running,
}

struct Held {
    idle: Idle,
    target: Target,
    age_max: Duration,
}

impl Lease {
    pub(crate) fn of(idle: Idle, target: Target, age_max: Duration, running: Running) -> Self {
        Self(Some((Held { idle, target, age_max }, running)))
    }

    /// Runs one call.
    pub(crate) async fn run(mut self, invocation: Invocation) -> Result<Completion, NotTaken> {
        let (held, _) = self.0.as_ref().expect("a lease holds its environment until it has run or is dropped");
        let answer = held.idle.handle.invoke(invocation).await;
        let (held, running) = self.0.take().expect("it held it a moment ago");
        match answer {
            Ok(completion) => {
                held.bring_home(Some(running));
                Ok(completion)
            }
            Err(refused) => {
                held.bring_home(None);
                Err(NotTaken { refused, running })
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((held, running)) = self.0.take() {
            held.bring_home(Some(running));
        }
    }
}

impl Held {
    /// Brings the environment home: at once if it is ready, which it is unless runtime or extensions still work.
    fn bring_home(self, running: Option<Running>) {
        if let Some(readiness) = self.idle.handle.ready().now_or_never() {
            self.settle(readiness, running);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let readiness = self.idle.handle.ready().await;
                self.settle(readiness, running);
            });
        }
        // Else the runtime has ended under us: with the last handle goes the environment.
    }

    fn settle(self, readiness: Readiness, running: Option<Running>) {
        let Self { mut idle, target, age_max } = self;
        match readiness {
            Readiness::Idle if idle.born.elapsed() < age_max => {
                idle.since = Instant::now();
                target.give_back(idle);
            }
            Readiness::Idle => idle.retire(),
            Readiness::Gone => {}
        }
        // Last, so that the call that is let in next finds the environment.
        drop(running);
    }
}
