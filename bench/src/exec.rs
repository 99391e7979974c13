//! A bare exec: how long a command takes from nothing to its end.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;

/// What to run, and how often.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many runs.
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// The command.
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

/// Runs the command and prints its figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut samples = Vec::with_capacity(args.runs);
    for _ in 0..args.runs {
        let start = Instant::now();
        let mut child = Command::new(&args.command[0])
            .args(&args.command[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        ensure!(child.wait()?.success(), "the command failed");
        samples.push(start.elapsed().as_secs_f64() * 1e6);
    }
    crate::print(samples, begun.elapsed().as_secs_f64())
}
