//! `lanthorn doctor`: what this host enforces and what it cannot, each thing really tried.

use lanthorn_sandbox::warden;

/// Prints one line per finding.
pub(crate) fn run() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    for finding in lanthorn_sandbox::probe(&warden::Config::new(scratch.path().to_owned())) {
        println!("{finding}");
    }
    Ok(())
}
