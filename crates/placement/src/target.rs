//! A target: one version of a function as it is now, and its idle environments.
//!
//! A change of code or configuration makes a new target and retires the old
//! one, so an environment can never serve two of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use lanthorn_model::function::Function;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::pool::Idle;

/// What a call is placed on. Cheap to clone; clones share their pools.
#[derive(Clone)]
pub struct Target(Arc<Inner>);

struct Inner {
    function: Arc<Function>,
    /// Set once, before each pool is emptied; no environment enters a pool that was emptied.
    retired: AtomicBool,
    /// One pool a shard. Lent and returned at the back, so that the least recently used is in front (or, where two
    /// came home at one moment, almost).
    pools: Box<[Mutex<VecDeque<Idle>>]>,
}

impl Target {
    pub(crate) fn new(function: Arc<Function>, shards: usize) -> Self {
        let pools = (0..shards.max(1)).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner { function, retired: AtomicBool::new(false), pools }))
    }

    /// The function as its environments run it.
    #[must_use]
    pub fn function(&self) -> &Arc<Function> {
        &self.0.function
    }

    /// Retires its idle environments now and its busy ones when they come home.
    pub fn retire(&self) {
        self.0.retired.store(true, Ordering::Release);
        for pool in &self.0.pools {
            let idle = std::mem::take(&mut *pool.lock());
            idle.into_iter().for_each(Idle::retire);
        }
    }

    /// The idle environment used last, of `shard` if it has one, else of another.
    pub(crate) fn lend(&self, shard: usize) -> Option<Idle> {
        let shards = self.0.pools.len();
        (0..shards).find_map(|offset| self.0.pools[(shard + offset) % shards].lock().pop_back())
    }

    /// Takes `idle` back into its home pool, or retires it if the target is retired.
    pub(crate) fn give_back(&self, idle: Idle) {
        let mut pool = self.0.pools[idle.shard].lock();
        // Read under the lock that `retire` takes after it has written: what is not seen here is seen there.
        if self.0.retired.load(Ordering::Acquire) {
            drop(pool);
            idle.retire();
        } else {
            pool.push_back(idle);
        }
    }

    /// Retires what in `shard`'s pool is over.
    pub(crate) fn retire_if(&self, shard: usize, over: impl Fn(&Idle) -> bool) {
        let mut pool = self.0.pools[shard].lock();
        if pool.iter().any(&over) {
            let (ended, kept): (VecDeque<Idle>, _) = std::mem::take(&mut *pool).into_iter().partition(over);
            *pool = kept;
            drop(pool);
            ended.into_iter().for_each(Idle::retire);
        }
    }

    /// When its least recently used idle environment came home, and in which shard's pool it is.
    fn least_recent(&self) -> Option<(Instant, usize)> {
        let fronts = self.0.pools.iter().enumerate();
        fronts.filter_map(|(shard, pool)| Some((pool.lock().front()?.since, shard))).min()
    }
}

/// Every target alive, for the slow paths: reaping, eviction, draining.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Vec<Weak<Inner>>>);

impl Registry {
    pub(crate) fn add(&self, target: &Target) {
        let mut targets = self.0.lock();
        if targets.len() == targets.capacity() {
            targets.retain(|known| known.strong_count() > 0);
        }
        targets.push(Arc::downgrade(&target.0));
    }

    pub(crate) fn targets(&self) -> Vec<Target> {
        self.0.lock().iter().filter_map(|known| known.upgrade().map(Target)).collect()
    }

    /// Retires the least recently used idle environment of all targets; false if none is idle.
    pub(crate) fn evict_one(&self) -> bool {
        let targets = self.targets();
        loop {
            let fronts = targets.iter().filter_map(|target| target.least_recent().map(|front| (front, target)));
            let Some(((_, shard), target)) = fronts.min_by_key(|(front, _)| *front) else { return false };
            let oldest = target.0.pools[shard].lock().pop_front();
            if let Some(idle) = oldest {
                idle.retire();
                return true;
            }
            // It was lent a moment ago; another may be idle still.
        }
    }
}
