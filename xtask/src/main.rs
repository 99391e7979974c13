//! The project's own chores.

mod generate;
mod readme;
mod tidy;

use anyhow::Context as _;
use clap::Parser;

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    /// Write the wire types from the AWS service models.
    Generate(generate::Args),
    /// Write the README's table of what works and the golden list of gaps.
    Readme(readme::Args),
    /// Check what clippy cannot: which room depends on which, module comments, file sizes, dead files.
    Tidy,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Generate(args) => generate::run(&args),
        Command::Readme(args) => readme::run(&root()?, &args),
        Command::Tidy => tidy::run(&root()?),
    }
}

/// The workspace's root: the folder above this package.
fn root() -> anyhow::Result<std::path::PathBuf> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lives in the workspace")?.to_owned())
}
