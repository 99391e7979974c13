//! One warden's directory, its lock, and the leftovers of wardens that were killed.
//!
//! ```text
//!  <scratch>/lock                 held while an instance is made or swept: one at a time
//!  <scratch>/<id>/lock            held for the instance's life; whoever gets it knows that its owner is dead
//!  <scratch>/<id>/cgroups         the directories it has made, one a line
//!  <scratch>/<id>/base/           the base files are mounted here, in the warden's own mount namespace alone
//! ```
//!
//! Mounts, network namespaces, loop devices and images need no sweeping: they have no name outside the processes
//! that use them and end with the last.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::mount::UnmountFlags;

use crate::linux::cgroups;
use crate::protocol::messages::{Failure, Step as _};

/// How often, and how long apart, the kernel is asked again to let go of a dead instance's processes.
const SWEEP_ATTEMPTS: u32 = 200;
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

/// This warden's directory.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) directory: PathBuf,
    _lock: File,
}

impl Instance {
    /// Sweeps what dead instances have left in `scratch` and makes a new one.
    pub(super) fn open(scratch: &Path) -> Result<Self, Failure> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(scratch).step("create the scratch directory")?;
        let scratch = scratch.canonicalize().step("find the scratch directory")?;
        let gate = File::create(scratch.join("lock")).step("create the scratch lock")?;
        gate.lock().step("take the scratch lock")?;
        sweep(&scratch).step("sweep the leftovers of an earlier instance")?;

        let id = random_id().step("read random bytes")?;
        let directory = scratch.join(&id);
        fs::DirBuilder::new().mode(0o700).create(&directory).step("create the instance's directory")?;
        fs::create_dir(directory.join("base")).step("create the base directory")?;
        let lock = File::create(directory.join("lock")).step("create the instance's lock")?;
        lock.lock().step("take the instance's lock")?;
        Ok(Self { id, directory, _lock: lock })
    }

    /// Sweeps again: an instance may have died since, or have been dying when this one was made.
    pub(super) fn sweep(&self) {
        let Some(scratch) = self.directory.parent() else { return };
        // Whoever holds the gate is sweeping, or about to.
        if let Ok(gate) = File::create(scratch.join("lock"))
            && gate.try_lock().is_ok()
        {
            // What cannot be swept now is left to the next time.
            let _ = sweep(scratch);
        }
    }

    /// Where the base files are mounted.
    pub(super) fn base(&self) -> PathBuf {
        self.directory.join("base")
    }

    /// Writes down which cgroups are ours, before there is a box in them.
    pub(super) fn note<'a>(&self, directories: impl Iterator<Item = &'a Path>) -> io::Result<()> {
        let lines: Vec<_> = directories.filter_map(Path::to_str).collect();
        fs::write(self.directory.join("cgroups"), lines.join("\n"))
    }

    /// Removes the directory, at the very end.
    pub(super) fn remove(self) {
        // Never by recursion into what is mounted there: the host's own files are.
        let unmounted = rustix::mount::unmount(self.base(), UnmountFlags::DETACH);
        if matches!(unmounted, Ok(()) | Err(rustix::io::Errno::INVAL)) {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

fn sweep(scratch: &Path) -> io::Result<()> {
    for entry in fs::read_dir(scratch)?.flatten() {
        let directory = entry.path();
        if directory.is_dir() && is_dead(&directory) {
            bury(&directory)?;
        }
    }
    Ok(())
}

/// True if nobody holds the lock of the instance in `directory`.
fn is_dead(directory: &Path) -> bool {
    match File::open(directory.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Ends what the dead instance in `directory` has left.
fn bury(directory: &Path) -> io::Result<()> {
    let noted = fs::read_to_string(directory.join("cgroups")).unwrap_or_default();
    let mut groups: Vec<&Path> = noted.lines().map(Path::new).collect();
    for _ in 0..SWEEP_ATTEMPTS {
        // All of them first: what one hierarchy has frozen does not die in another.
        groups.iter().for_each(|group| cgroups::kill_below(group));
        groups.retain(|group| !cgroups::remove_below(group));
        if groups.is_empty() {
            break;
        }
        std::thread::sleep(SWEEP_PAUSE);
    }
    fs::remove_dir_all(directory)
}

fn random_id() -> io::Result<String> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_instance_is_left_alone_and_a_dead_one_swept() {
        let scratch = tempfile::tempdir().unwrap();
        let living = Instance::open(scratch.path()).unwrap();
        let dead = Instance::open(scratch.path()).unwrap();
        let (living_directory, dead_directory) = (living.directory.clone(), dead.directory.clone());
        drop(dead);
        let third = Instance::open(scratch.path()).unwrap();
        assert!(living_directory.exists());
        assert!(!dead_directory.exists());
        third.remove();
        living.remove();
        assert!(!living_directory.exists());
    }
}
