//! How much of the memory request bodies may hold together.
//!
//! Every operation bounds its own body; this bounds their sum, so that many large
//! uploads at once wait for each other rather than exhaust the machine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of bodies in flight, on one shard.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    /// One permit is a [`GRAIN`].
    grains: Arc<Semaphore>,
    grains_max: u32,
}

/// Bytes set aside for one body. They come back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    _grains: Option<OwnedSemaphorePermit>,
}

/// No room became free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// Bytes in one permit.
const GRAIN: u64 = 64 * 1024;
/// How long a body waits for room.
const PATIENCE: Duration = Duration::from_secs(10);

impl Budget {
    /// Room for `bytes` together.
    pub(crate) fn new(bytes: u64) -> Self {
        let grains_max = u32::try_from(bytes / GRAIN).unwrap_or(u32::MAX).max(1);
        Self { grains: Arc::new(Semaphore::new(grains_max as usize)), grains_max }
    }

    /// Sets `bytes` aside, waiting for others to finish if need be. A body of less
    /// than a grain is free: the number of connections bounds those.
    pub(crate) async fn reserve(&self, bytes: u64) -> Result<Reserved, Exhausted> {
        let grains = u32::try_from(bytes / GRAIN).unwrap_or(u32::MAX).min(self.grains_max);
        if grains == 0 {
            return Ok(Reserved { _grains: None });
        }
        let room = Arc::clone(&self.grains).acquire_many_owned(grains);
        match tokio::time::timeout(PATIENCE, room).await {
            Ok(Ok(permit)) => Ok(Reserved { _grains: Some(permit) }),
            Ok(Err(_)) | Err(_) => Err(Exhausted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_waits_and_gives_up() {
        let budget = Budget::new(4 * GRAIN);
        let large = budget.reserve(3 * GRAIN).await.expect("there is room");
        let _small = budget.reserve(GRAIN - 1).await.expect("small bodies are free");
        assert_eq!(budget.reserve(2 * GRAIN).await.err(), Some(Exhausted));
        drop(large);
        assert!(budget.reserve(2 * GRAIN).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_above_the_whole_budget_takes_all_of_it() {
        let budget = Budget::new(GRAIN);
        assert!(budget.reserve(u64::MAX).await.is_ok());
    }
}
