//! `lanthorn serve`: the server.

use std::path::PathBuf;

use anyhow::Context as _;
use lanthorn_sandbox::warden;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, Written};
use crate::house;

/// Flags of `serve`; each names the environment variable that does the same.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A TOML file with the same keys as the flags below, in snake_case; flags and environment override it
    #[arg(long, value_name = "FILE", env = "LANTHORN_CONFIG")]
    config: Option<PathBuf>,

    #[command(flatten)]
    written: Written,
}

/// Runs until told to stop.
///
/// The warden is forked here, while the process has a single thread.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::from(args.written, args.config.as_deref())?;
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the data directory {}", config.data.display()))?;
    let warden =
        warden::fork(&warden::Config::new(config.data.join("sandboxes"))).context("cannot start the warden")?;
    let filter = EnvFilter::try_from_env("LANTHORN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    house::run(config, warden)
}
