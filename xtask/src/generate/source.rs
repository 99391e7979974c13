//! Where the models come from: the `botocore` package, pinned by version and hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The directory that holds `SERVICE/VERSION/service-2.json.gz`, installed first if it is not there.
pub(super) fn models(root: &Path) -> Result<PathBuf> {
    let requirements = root.join("xtask").join("requirements.txt");
    let environment = root.join("target").join("models");
    // A copy of the requirements is left as the sign of a complete installation of exactly these.
    let sign = environment.join("installed.txt");
    let wanted = std::fs::read_to_string(&requirements).context("cannot read xtask/requirements.txt")?;
    if std::fs::read_to_string(&sign).ok().as_ref() != Some(&wanted) {
        let python = environment.join("bin").join("python");
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut install = Command::new(python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        succeed(install.arg("--require-hashes").arg("--requirement").arg(&requirements))?;
        std::fs::write(&sign, &wanted)?;
    }
    let libraries = environment.join("lib");
    for entry in std::fs::read_dir(&libraries)? {
        let data = entry?.path().join("site-packages").join("botocore").join("data");
        if data.is_dir() {
            return Ok(data);
        }
    }
    anyhow::bail!("no botocore in {}", libraries.display())
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed with {status}");
    Ok(())
}
