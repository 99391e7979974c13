//! The root access key, on its way from IAM to `lanthorn credentials`.
//!
//! IAM makes it at the first start. It waits in a file that only its owner can read until it is shown, once; then
//! the file stays behind, empty. Who removes the file is shown the key again after the next start.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use lanthorn_iam::Iam;

/// Holds the root access key between the first start and `lanthorn credentials`.
pub(crate) const ROOT_KEY_FILE: &str = "root-access-key";

/// Writes the key to its file, unless there is one.
pub(super) fn hand_over(iam: &Iam, data: &Path) -> anyhow::Result<()> {
    let file = data.join(ROOT_KEY_FILE);
    let key = iam.root_access_key();
    let lines = format!("export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\n", key.id, key.secret.expose());
    let written = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file) {
        Ok(mut new) => new.write_all(lines.as_bytes()).and_then(|()| new.sync_all()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => Err(error),
    };
    written.with_context(|| format!("cannot write {}", file.display()))?;
    tracing::info!("made the account's root access key; show it with `lanthorn credentials --data {}`", data.display());
    Ok(())
}
