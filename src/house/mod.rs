//! The house: every room built once, shards that serve, and the way out.
//!
//! ```text
//!  main thread                          shard threads, one a core
//!    Rooms::open   store, iam, sts,
//!                  logs, control …
//!    listen ────────────────────────►  Edge ─ FrontEnd ─ Placement ─ environments
//!    follow, sweep, wait for a signal    │
//!    SIGTERM ── drain ───────────────►   │ no new connection; calls in flight finish
//!    ◄──────────────── edges are done ───┘
//!    placement.drain: every environment shuts down
//!    logs and store are flushed; the warden ends
//! ```

mod rooms;
mod root_key;
mod shard;
mod socket;

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use lanthorn_sandbox::linux::Linux;
use lanthorn_sandbox::warden::Warden;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use rooms::Rooms;
pub(crate) use rooms::routers_of_a_passing_house;
pub(crate) use root_key::ROOT_KEY_FILE;

/// Runs the server until it is told to stop and everything is gone.
pub(crate) fn run(config: Config, warden: Warden) -> anyhow::Result<()> {
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    executor.block_on(async {
        let launcher = Arc::new(Linux::new(warden));
        let rooms = Rooms::open(&config, Arc::clone(&launcher) as _).await?;
        let followers = rooms.follow();
        rooms.directory.caught_up().await;
        let listeners = socket::listen(config.listen, config.shards)?;
        let address = listeners.first().context("at least one shard listens")?.local_addr()?;
        let drain = CancellationToken::new();
        let stop = CancellationToken::new();
        let mut shards = shard::start(&rooms, listeners, &drain, &stop)?;
        let mut out = std::io::stdout();
        writeln!(out, "Lanthorn {} listening on http://{address}", env!("CARGO_PKG_VERSION"))?;
        out.flush()?;
        told_to_stop().await?;
        tracing::info!("draining: calls in flight finish, then everything ends");
        drain.cancel();
        shards.edges_done().await;
        rooms.placement.drain().await;
        stop.cancel();
        shards.join()?;
        followers.end().await;
        drop(rooms);
        if let Some(launcher) = Arc::into_inner(launcher) {
            launcher.close().await;
        }
        Ok(())
    })
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process at once; the warden then cleans up.
async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("told to stop twice: ending at once");
        std::process::exit(130);
    });
    Ok(())
}
