//! Retires environments that have been idle too long, or have grown too old while idle. One task a shard, off the
//! hot path.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::Shared;
use crate::pool::Idle;

/// Looks at the pools of `shard` a few times per idle time-out, until dropped.
pub(crate) async fn run(shared: &Shared, shard: usize) {
    let limits = &shared.config;
    let period = (limits.idle_timeout / 4).clamp(Duration::from_millis(100), Duration::from_secs(10));
    let over = |idle: &Idle| idle.since.elapsed() >= limits.idle_timeout || idle.born.elapsed() >= limits.age_max;
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for target in shared.registry.targets() {
            target.retire_if(shard, over);
        }
    }
}
