//! Which environment serves an invocation: a warm one, else a new one.
//!
//! ```text
//!  FrontEnd ──invoke(Target, Invocation)──► Placement (one per shard)
//!                                             │ 1 idle here      target.pools[this shard].pop()
//!                                             │ 2 idle elsewhere target.pools[other].pop()   (crosses cores: last resort)
//!                                             │ 3 none           environment::start(), here
//!                                             ▼
//!                                           Lease ── run ──► Completion
//!                                             └─ back to its home pool, or retired
//! ```
//!
//! Placement owns no environment, it holds leases: every environment is owned by
//! a task of its own, and whoever dropped a call half-way leaves a lease behind
//! that still brings the environment home. What this crate is *not*: it knows no
//! function by name (the front end resolves), and nothing of how one runs.

mod budget;
mod pool;
mod reaper;
mod target;

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use lanthorn_environment::{self as environment, Refused};
use lanthorn_model::function::Function;
use lanthorn_model::invocation::{Completion, Invocation};
use tokio::time::Instant;

use budget::Budget;
use pool::{Idle, Lease, NotTaken};
use target::Registry;
pub use target::Target;

/// How placement behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many shards there are; each has a pool of its own in every target.
    pub shards: usize,
    /// Calls of one account that may run at once (AWS: 1,000 until raised).
    pub concurrent_executions: u32,
    /// Environments alive at once on this machine, idle ones included. When it is reached the least recently
    /// used idle one makes room.
    pub environments_max: NonZeroU32,
    /// How long an environment may sit idle before it is retired.
    pub idle_timeout: Duration,
    /// How old an environment may grow (AWS replaces its workers after 14 hours).
    pub age_max: Duration,
}

/// Why a call was not placed. Always safe to try again: the function has seen nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The account runs as many calls at once as it may.
    #[error("the account's concurrency limit is reached")]
    AccountConcurrency,
    /// The machine holds as many busy environments as it may.
    #[error("this machine holds as many environments as it may, and all are busy")]
    EnvironmentsMax,
    /// The server is stopping.
    #[error("the server is draining")]
    Draining,
    /// No environment of this function can come up: no box, no interpreter or no code.
    #[error("no environment can be started: {0}")]
    CannotStart(Arc<str>),
    /// No environment of this function can come up: its execution role is gone, or does not trust Lambda any more.
    #[error("no environment can be started: {0}")]
    RoleNotAssumable(Arc<str>),
    /// Environments ended before they took the call, repeatedly.
    #[error("environments ended before they took the call")]
    EnvironmentsGone,
}

/// What all shards share.
pub struct Shared {
    config: Config,
    budget: Budget,
    registry: Registry,
}

/// One shard's way to environments. Cheap to clone.
#[derive(Clone)]
pub struct Placement {
    shard: usize,
    shared: Arc<Shared>,
    rooms: Arc<environment::Rooms>,
}

/// How many environments may end under one call's hands before it is refused.
const PLACE_ATTEMPTS_MAX: usize = 3;

impl Shared {
    /// The shared half, from which each shard makes its [`Placement`].
    #[must_use]
    pub fn new(config: Config) -> Arc<Self> {
        let budget = Budget::new(config.concurrent_executions, config.environments_max);
        Arc::new(Self { config, budget, registry: Registry::default() })
    }

    /// A pool key for `function`: everything with the same target runs the same code and configuration.
    #[must_use]
    pub fn target(&self, function: Arc<Function>) -> Target {
        let target = Target::new(function, self.config.shards);
        self.registry.add(&target);
        target
    }

    /// How many environments are alive, idle ones included.
    #[must_use]
    pub fn environments(&self) -> u32 {
        self.budget.environments()
    }

    /// Refuses new calls, retires what is idle, and waits until the last call is over and the last environment gone.
    pub async fn drain(&self) {
        self.budget.close();
        for target in self.registry.targets() {
            target.retire();
        }
        self.budget.emptied().await;
    }
}

impl Placement {
    /// The placement of shard number `shard`, from 0, whose environments live in `rooms`.
    ///
    /// # Panics
    /// If the configuration has no shard of that number.
    #[must_use]
    pub fn new(shard: usize, shared: Arc<Shared>, rooms: Arc<environment::Rooms>) -> Self {
        assert!(shard < shared.config.shards.max(1), "shard {shard} of {}", shared.config.shards);
        Self { shard, shared, rooms }
    }

    /// What all shards share.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Runs `invocation` in an environment of `target`.
    ///
    /// # Errors
    /// A [`Refusal`] says that the function has not seen the event.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the answer, not the call: once an environment has it the function finishes, as
    /// on AWS when the caller hangs up, and the environment goes home. A call that still waits for room is never made.
    pub async fn invoke(&self, target: &Target, invocation: Invocation) -> Result<Completion, Refusal> {
        let mut running = self.shared.budget.enter()?;
        for _ in 0..PLACE_ATTEMPTS_MAX {
            let idle = match target.lend(self.shard) {
                Some(idle) => idle,
                None => self.start(target).await?,
            };
            let lease = Lease::of(idle, target.clone(), self.shared.config.age_max, running);
            match lease.run(invocation.clone()).await {
                Ok(completion) => return Ok(completion),
                Err(NotTaken { refused: Refused::CannotStart(why), .. }) => return Err(Refusal::CannotStart(why)),
                Err(NotTaken { refused: Refused::RoleNotAssumable(why), .. }) => {
                    return Err(Refusal::RoleNotAssumable(why));
                }
                Err(NotTaken { refused: Refused::Gone | Refused::Busy, running: kept }) => running = kept,
            }
        }
        Err(Refusal::EnvironmentsGone)
    }

    /// Retires what has been idle too long, for as long as the shard runs.
    pub async fn reap(&self) {
        reaper::run(&self.shared, self.shard).await;
    }

    /// A new environment, of this shard. Where the machine is full, the least recently used idle one goes first.
    async fn start(&self, target: &Target) -> Result<Idle, Refusal> {
        let place = self.shared.budget.admit(|| self.shared.registry.evict_one()).await?;
        let handle = environment::start(&self.rooms, Arc::clone(target.function()));
        let (gone, kept) = (handle.gone(), place.clone());
        tokio::spawn(async move {
            gone.await;
            drop(kept);
        });
        let now = Instant::now();
        Ok(Idle { handle, place, shard: self.shard, born: now, since: now })
    }
}
