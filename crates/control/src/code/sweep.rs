//! When packages are collected: after the start, and then from time to time, as long as the control plane lives.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::collect::Collected;
use crate::Control;

/// The shortest pause between two collections.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Starts the background collection for `control`.
pub(crate) fn start(control: &Arc<Control>) {
    // Half the grace period: a package outlives it by no more than that.
    let pause = (control.code_grace / 2).max(PAUSE_MIN);
    tokio::spawn(run(Arc::downgrade(control), pause));
}

async fn run(control: Weak<Control>, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let Some(control) = control.upgrade() else { return };
        match control.collect_code().await {
            Ok(Collected { removed: 0, .. }) => {}
            Ok(Collected { removed, waiting }) => {
                tracing::info!(packages.removed = removed, packages.waiting = waiting, "removed code nobody uses");
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot collect unused code"),
        }
    }
}
