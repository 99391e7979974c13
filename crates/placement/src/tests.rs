//! A target's pools against a model that is one list.
//!
//! What lives in the pools here are real handles, of environments whose tasks never get to run.

#[path = "../tests/room/support/neighbours.rs"]
mod neighbours;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use lanthorn_environment::{self as environment, EnvironmentId, Rooms, ServeEndpoint};
use lanthorn_sandbox::simulated;
use proptest::prelude::*;
use tokio::time::Instant;

use crate::budget::{Budget, Place};
use crate::pool::Idle;
use crate::target::{Registry, Target};

const SHARDS: usize = 3;
const TARGETS: usize = 2;

/// What may happen to pools, in no particular order.
#[derive(Clone, Debug)]
enum Step {
    /// A new environment comes home.
    GiveBack {
        target: usize,
        shard: usize,
    },
    /// One is lent to a shard, and comes home if `home`.
    Lend {
        target: usize,
        shard: usize,
        home: bool,
    },
    /// Those of a shard that came home up to so many steps ago are over.
    Expire {
        target: usize,
        shard: usize,
        steps: u64,
    },
    Evict,
    Retire {
        target: usize,
    },
}

/// An idle environment as the model knows it: where, and since which step.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    target: usize,
    shard: usize,
    since: u64,
    id: EnvironmentId,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (target, shard) = (0..TARGETS, 0..SHARDS);
    let step = prop_oneof![
        6 => (target.clone(), shard.clone()).prop_map(|(target, shard)| Step::GiveBack { target, shard }),
        4 => (target.clone(), shard.clone(), any::<bool>())
            .prop_map(|(target, shard, home)| Step::Lend { target, shard, home }),
        2 => (target.clone(), shard, 0..20_u64)
            .prop_map(|(target, shard, steps)| Step::Expire { target, shard, steps }),
        2 => Just(Step::Evict),
        1 => target.prop_map(|target| Step::Retire { target }),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pools_lend_the_last_and_evict_the_first(steps in steps()) {
        let executor = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let (launcher, _control) = simulated::new();
        let rooms = neighbours::rooms(launcher, Arc::new(NoEndpoint), directory.path());
        executor.block_on(async { Scene::new(rooms).play(steps) })?;
    }
}

struct Scene {
    rooms: Arc<Rooms>,
    budget: Budget,
    registry: Registry,
    targets: Vec<Target>,
    retired: [bool; TARGETS],
    model: Vec<Known>,
    epoch: Instant,
}

impl Scene {
    fn new(rooms: Arc<Rooms>) -> Self {
        let registry = Registry::default();
        let targets: Vec<Target> =
            (0..TARGETS).map(|_| Target::new(Arc::new(neighbours::function("f")), SHARDS)).collect();
        targets.iter().for_each(|target| registry.add(target));
        let budget = Budget::new(1, NonZeroU32::MAX);
        let (retired, epoch) = ([false; TARGETS], Instant::now());
        Self { rooms, budget, registry, targets, retired, model: Vec::new(), epoch }
    }

    fn play(mut self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        for (now, step) in (1..).zip(steps) {
            match step {
                Step::GiveBack { target, shard } => {
                    let handle = environment::start(&self.rooms, Arc::clone(self.targets[target].function()));
                    let born = self.epoch;
                    let idle = Idle { handle, place: self.place(), shard, born, since: born };
                    self.give_back(idle, target, now);
                }
                Step::Lend { target, shard, home } => {
                    let expected = self.expected(target, shard);
                    let lent = self.targets[target].lend(shard);
                    prop_assert_eq!(
                        lent.as_ref().map(|idle| idle.handle.id()),
                        expected.as_ref().map(|known| known.id)
                    );
                    self.model.retain(|known| Some(known) != expected.as_ref());
                    if let Some(idle) = lent.filter(|_| home) {
                        self.give_back(idle, target, now);
                    }
                }
                Step::Expire { target, shard, steps } => {
                    let limit = now.saturating_sub(steps);
                    let over = |idle: &Idle| idle.since <= self.at(limit);
                    self.targets[target].retire_if(shard, over);
                    self.model.retain(|known| (known.target, known.shard) != (target, shard) || known.since > limit);
                }
                Step::Evict => {
                    let oldest = self.model.iter().map(|known| known.since).min();
                    prop_assert_eq!(self.registry.evict_one(), oldest.is_some());
                    self.model.retain(|known| Some(known.since) != oldest);
                }
                Step::Retire { target } => {
                    self.targets[target].retire();
                    self.retired[target] = true;
                    self.model.retain(|known| known.target != target);
                }
            }
        }
        self.empty()
    }

    /// The one used last in the pool of `shard`, else in the next that has one.
    fn expected(&self, target: usize, shard: usize) -> Option<Known> {
        let of = |shard: usize| self.model.iter().filter(move |known| (known.target, known.shard) == (target, shard));
        let mut nearest = (0..SHARDS).map(|offset| of((shard + offset) % SHARDS).max_by_key(|known| known.since));
        nearest.find_map(|known| known.cloned())
    }

    fn give_back(&mut self, mut idle: Idle, target: usize, now: u64) {
        idle.since = self.at(now);
        if !self.retired[target] {
            self.model.push(Known { target, shard: idle.shard, since: now, id: idle.handle.id() });
        }
        self.targets[target].give_back(idle);
    }

    /// What is left in the pools is what the model has left.
    fn empty(mut self) -> Result<(), TestCaseError> {
        for target in 0..TARGETS {
            while let Some(idle) = self.targets[target].lend(0) {
                let before = self.model.len();
                self.model.retain(|known| known.id != idle.handle.id());
                prop_assert_eq!(self.model.len() + 1, before, "an environment that should have left");
            }
        }
        prop_assert_eq!(self.model, Vec::new());
        Ok(())
    }

    fn at(&self, step: u64) -> Instant {
        self.epoch + Duration::from_secs(step)
    }

    fn place(&self) -> Place {
        let admitted = self.budget.admit(|| false).now_or_never().expect("nothing is waited for where there is room");
        admitted.expect("there is always room")
    }
}

struct NoEndpoint;

impl ServeEndpoint for NoEndpoint {
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync> {
        Box::new(listener)
    }
}
