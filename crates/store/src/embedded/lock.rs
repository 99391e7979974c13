//! One server per data directory.
//!
//! The lock is the kernel's (`flock` on the file `lock`), so it ends with the process that held it,
//! however that ended. The file stays; it says which process had it last.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::{OpenError, schema};

/// The lock file's name in the data directory.
const LOCK: &str = "lock";

/// Held for as long as the store is open.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes `data_dir` if needed (for its owner alone: secrets are kept there) and locks it.
    pub(super) fn take(data_dir: &Path) -> Result<Self, OpenError> {
        let refuse = |source| OpenError::Directory { path: data_dir.to_owned(), source };
        make_durably(data_dir).map_err(refuse)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(data_dir.join(LOCK))
            .map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: data_dir.to_owned(), process: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(refuse(source)),
        }
        sign(&mut file).map_err(refuse)?;
        Ok(Self { _file: file })
    }
}

/// Makes `path` and what is missing above it, so that a power cut leaves the path to what we acknowledge.
fn make_durably(path: &Path) -> std::io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for made in missing {
        // A relative path of one part is in the working directory.
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        schema::sync_directory(parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Who says to hold the lock. The file may be half written at this moment: then nobody.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_told_who_has_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let held = DirectoryLock::take(directory.path()).unwrap();
        let refused = DirectoryLock::take(directory.path()).unwrap_err();
        assert!(
            matches!(&refused, OpenError::InUse { process: Some(id), .. } if *id == std::process::id()),
            "{refused:?}"
        );
        assert!(refused.to_string().contains("in use by another server"), "{refused}");
        drop(held);
        DirectoryLock::take(directory.path()).unwrap();
    }
}
