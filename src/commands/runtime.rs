//! `lanthorn runtime`: the language runtimes of this host.

use std::path::PathBuf;

use anyhow::Context as _;
use lanthorn_environment::Runtimes;
use lanthorn_environment::runtimes;

use crate::config;

/// What can be asked of the runtimes.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print each runtime that this host has an interpreter for, and the interpreter
    List {
        /// The server's data directory, where what is known of interpreters is kept [default: ~/.local/share/lanthorn]
        #[arg(long, value_name = "DIR", env = "LANTHORN_DATA")]
        data: Option<PathBuf>,
    },
}

/// Answers.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::List { data } = command;
    let data = match data {
        Some(data) => data.clone(),
        None => config::default_data_dir()?,
    };
    let runtimes = Runtimes::discover(&runtimes_config(&data)).context("cannot look for runtimes")?;
    let executor = tokio::runtime::Builder::new_current_thread().build()?;
    executor.block_on(runtimes.settled());
    for (runtime, executable) in runtimes.available() {
        println!("{:<16} {}", runtime.as_str(), executable.display());
    }
    Ok(())
}

/// Where this process looks for interpreters.
pub(crate) fn runtimes_config(data: &std::path::Path) -> runtimes::Config {
    let path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    runtimes::Config { directory: data.join("runtimes"), path, home }
}
