//! Lanthorn, a self-hosted AWS Lambda.
//!
//! One thin binary with subcommands. `serve` reads its configuration, builds the
//! rooms, joins them and runs them; everything else is a short look from outside.

mod commands;
mod config;
mod house;
mod join;

use std::process::ExitCode;

use clap::Parser;

/// A self-hosted AWS Lambda: unmodified functions behind unmodified AWS clients.
#[derive(Parser)]
#[command(name = "lanthorn", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

const AFTER_HELP: &str = "\
First steps:
  lanthorn doctor                        what this host can enforce
  lanthorn serve                         serve on http://127.0.0.1:4566
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  aws lambda list-functions              any AWS client, unmodified";

fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lanthorn: {error:#}");
            ExitCode::FAILURE
        }
    }
}
