//! `cargo xtask generate`: AWS's service models become tables and structs.
//!
//! ```text
//!  botocore (pinned) ──► model ──► overrides ──► emit ──► rustfmt ──► crates/wire/src/generated/
//!   python environment    parsed    what AWS       Rust                      │
//!   under target/                   really says    text                      ▼ --check: compare, write nothing
//! ```
//!
//! What this is *not*: clever. It translates, and fails on anything in a model
//! that it does not know, rather than guess.

mod emit;
mod model;
mod names;
mod overrides;
mod pattern;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Write the wire types from the AWS service models.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if what is checked in differs.
    #[arg(long)]
    check: bool,
}

/// The services, as botocore names them, with the version of their API.
const SERVICES: &[(&str, &str)] =
    &[("iam", "2010-05-08"), ("lambda", "2015-03-31"), ("logs", "2014-03-28"), ("sts", "2011-06-15")];

/// The generated files by path below [`DESTINATION`].
type Files = BTreeMap<PathBuf, String>;

const DESTINATION: &str = "crates/wire/src/generated";

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = root();
    let models = source::models(&root)?;
    let mut files = Files::new();
    for (service, version) in SERVICES {
        let model = model::Model::read(&models.join(service).join(version))
            .with_context(|| format!("cannot read the model of `{service}`"))?;
        emit::service(service, &model, &mut files).with_context(|| format!("cannot write the code of `{service}`"))?;
    }
    emit::root(SERVICES, &mut files);
    let destination = root.join(DESTINATION);
    let staging = root.join("target").join("generated");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    write(&staging, &files)?;
    format(&root, &staging, &files)?;
    let formatted = read(&staging)?;
    if args.check {
        return compare(&destination, &formatted);
    }
    for stale in read(&destination)?.keys().filter(|path| !formatted.contains_key(*path)) {
        fs::remove_file(destination.join(stale))?;
    }
    write(&destination, &formatted)
}

/// The workspace.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lies in the workspace").to_owned()
}

/// Writes the files that differ: an unchanged file keeps its time, so that nothing is compiled again for it.
fn write(directory: &Path, files: &Files) -> Result<()> {
    for (path, text) in files {
        let path = directory.join(path);
        if fs::read_to_string(&path).is_ok_and(|current| current == *text) {
            continue;
        }
        fs::create_dir_all(path.parent().expect("files lie in a directory"))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn read(directory: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        if !next.exists() {
            continue;
        }
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let text = fs::read_to_string(&path)?;
                files.insert(path.strip_prefix(directory)?.to_owned(), text);
            }
        }
    }
    Ok(files)
}

fn format(root: &Path, directory: &Path, files: &Files) -> Result<()> {
    let status = Command::new("rustfmt")
        .arg("--config-path")
        .arg(root.join("rustfmt.toml"))
        .args(files.keys().map(|path| directory.join(path)))
        .status()
        .context("cannot run rustfmt")?;
    ensure!(status.success(), "rustfmt refuses the generated code");
    Ok(())
}

fn compare(destination: &Path, formatted: &Files) -> Result<()> {
    let current = read(destination)?;
    let differs: Vec<_> = current
        .keys()
        .chain(formatted.keys())
        .filter(|path| current.get(*path) != formatted.get(*path))
        .map(|path| path.display().to_string())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    if !differs.is_empty() {
        bail!("{DESTINATION} is not what the models say; run `cargo xtask generate`: {}", differs.join(", "));
    }
    Ok(())
}
