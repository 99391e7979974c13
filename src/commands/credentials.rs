//! `lanthorn credentials`: the root access key that the first start made.
//!
//! The secret is shown once, as AWS shows a new key's secret once: the file that
//! held it is empty afterwards. (The server keeps what it needs to verify
//! signatures in its store.)

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::config;
use crate::house::ROOT_KEY_FILE;

/// Where the server keeps its data.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server's data directory [default: ~/.local/share/lanthorn]
    #[arg(long, value_name = "DIR", env = "LANTHORN_DATA")]
    data: Option<PathBuf>,
}

/// Prints `export` lines and forgets them.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let data = match &args.data {
        Some(data) => data.clone(),
        None => config::default_data_dir()?,
    };
    let file = data.join(ROOT_KEY_FILE);
    let lines = match std::fs::read_to_string(&file) {
        Ok(lines) if lines.is_empty() => bail!(
            "the root access key of {} was shown before. To see it again remove {} and restart the server",
            data.display(),
            file.display()
        ),
        Ok(lines) => lines,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("no server has started in {} yet, so there is no root access key to show", data.display())
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes()).and_then(|()| out.flush()).context("cannot print the key")?;
    std::fs::write(&file, "").with_context(|| format!("cannot forget the key in {}", file.display()))
}
