//! The counts that bound what runs: calls in progress, environments alive.
//!
//! ```text
//!  enter ──► Running ─── dropped when the call's environment is home ──► running - 1
//!  admit ──► Place ───── held until the environment is gone ───────────► environments - 1
//!              │ leave()                                      │
//!              └──► leaving: told to go, not gone yet ────────┘ or taken over by a successor, uncounted
//! ```
//!
//! A place is handed from an environment that leaves to the one it made room for, so
//! nobody else can slip in between and cost a second environment its life. What this
//! is *not*: it chooses neither who enters nor who has to leave.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use lanthorn_environment::Handle;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::Refusal;

/// The counts, shared by all shards.
pub(crate) struct Budget {
    counts: Arc<Counts>,
    running_max: u32,
    environments_max: u32,
}

struct Counts {
    /// Calls in progress, and [`CLOSED`]. In one word, so that no call enters beside a closing.
    running: AtomicU32,
    environments: AtomicU32,
    /// Told when, after closing, the last call or the last environment has gone.
    emptied: Notify,
    /// Environments that were told to go, oldest first; some are gone already.
    leaving: Mutex<VecDeque<Leaving>>,
}

struct Leaving {
    handle: Handle,
    place: Weak<Alive>,
}

/// Set in [`Counts::running`] for good once nobody may enter.
const CLOSED: u32 = 1 << 31;

/// One call in progress; dropping it ends it.
pub(crate) struct Running(Arc<Counts>);

/// One environment's place among those alive; free again when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Place(Arc<Alive>);

struct Alive(Arc<Counts>);

impl Budget {
    pub(crate) fn new(running_max: u32, environments_max: NonZeroU32) -> Self {
        let counts = Counts {
            running: AtomicU32::new(0),
            environments: AtomicU32::new(0),
            emptied: Notify::new(),
            leaving: Mutex::default(),
        };
        let running_max = running_max.min(CLOSED - 1);
        Self { counts: Arc::new(counts), running_max, environments_max: environments_max.get() }
    }

    /// Counts one more call.
    pub(crate) fn enter(&self) -> Result<Running, Refusal> {
        // A closed count is greater than any maximum.
        let entered = increment(&self.counts.running, self.running_max);
        entered.map(|()| Running(Arc::clone(&self.counts))).map_err(|count| match count & CLOSED {
            0 => Refusal::AccountConcurrency,
            _ => Refusal::Draining,
        })
    }

    /// A place for one more environment. Where there is none, waits for one that leaves already, else asks `evict`
    /// to make one leave, which says whether it could.
    pub(crate) async fn admit(&self, evict: impl Fn() -> bool) -> Result<Place, Refusal> {
        loop {
            if increment(&self.counts.environments, self.environments_max).is_ok() {
                return Ok(Place(Arc::new(Alive(Arc::clone(&self.counts)))));
            }
            if let Some((former, place)) = self.counts.succeed() {
                former.gone().await;
                return Ok(place);
            }
            if !evict() {
                return Err(Refusal::EnvironmentsMax);
            }
        }
    }

    pub(crate) fn environments(&self) -> u32 {
        self.counts.environments.load(Ordering::Acquire)
    }

    /// From now on no call enters.
    pub(crate) fn close(&self) {
        self.counts.running.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Resolves once no call is in progress and no environment alive. Only of use after [`Budget::close`].
    pub(crate) async fn emptied(&self) {
        loop {
            let told = self.counts.emptied.notified();
            // Calls first: while one is in progress it may yet start an environment.
            let calls = self.counts.running.load(Ordering::Acquire) & !CLOSED;
            if calls == 0 && self.environments() == 0 {
                return;
            }
            told.await;
        }
    }
}

impl Place {
    /// Retires the environment that `handle` leads to and this place is of. Whoever needs the place may wait for it.
    pub(crate) fn leave(self, handle: Handle) {
        handle.retire();
        let mut leaving = self.0.0.leaving.lock();
        if leaving.len() == leaving.capacity() {
            leaving.retain(|left| left.place.strong_count() > 0);
        }
        leaving.push_back(Leaving { handle, place: Arc::downgrade(&self.0) });
    }
}

impl Counts {
    /// Takes over the place of an environment that leaves; it is vacant when that one is gone.
    fn succeed(&self) -> Option<(Handle, Place)> {
        let mut leaving = self.leaving.lock();
        std::iter::from_fn(|| leaving.pop_front())
            .find_map(|Leaving { handle, place }| Some((handle, Place(place.upgrade()?))))
    }
}

/// Adds one unless that exceeds `max`; else tells the count.
fn increment(count: &AtomicU32, max: u32) -> Result<(), u32> {
    let step = |now| (now < max).then(|| now + 1);
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).map(drop)
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == CLOSED + 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.environments.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn admit(budget: &Budget) -> Result<Place, Refusal> {
        budget.admit(|| false).now_or_never().expect("nothing leaves, so nothing is waited for")
    }

    #[test]
    fn a_count_never_passes_its_limit() {
        let budget = Budget::new(2, NonZeroU32::MIN);
        let first = budget.enter().expect("room for one");
        let _second = budget.enter().expect("room for two");
        assert_eq!(budget.enter().err(), Some(Refusal::AccountConcurrency));
        drop(first);
        assert!(budget.enter().is_ok());
    }

    #[test]
    fn a_place_is_free_when_its_last_holder_lets_go() {
        let budget = Budget::new(2, NonZeroU32::MIN);
        let place = admit(&budget).expect("the only one");
        let clone = place.clone();
        drop(place);
        assert_eq!((budget.environments(), admit(&budget).err()), (1, Some(Refusal::EnvironmentsMax)));
        drop(clone);
        assert_eq!(budget.environments(), 0);
        assert!(admit(&budget).is_ok());
    }

    #[test]
    fn a_closed_budget_lets_nobody_in() {
        let budget = Budget::new(u32::MAX, NonZeroU32::MIN);
        budget.close();
        assert_eq!(budget.enter().err(), Some(Refusal::Draining));
    }

    #[test]
    fn a_budget_is_empty_when_neither_call_nor_environment_is_left() {
        let budget = Budget::new(2, NonZeroU32::MIN);
        let call = budget.enter().expect("room");
        let place = admit(&budget).expect("room");
        budget.close();
        let mut emptied = Box::pin(budget.emptied());
        assert_eq!(emptied.as_mut().now_or_never(), None);
        drop(place);
        assert_eq!(emptied.as_mut().now_or_never(), None, "the call may yet start an environment");
        let place = admit(&budget).expect("room");
        drop(call);
        assert_eq!(emptied.as_mut().now_or_never(), None);
        drop(place);
        assert_eq!(emptied.now_or_never(), Some(()));
    }
}
