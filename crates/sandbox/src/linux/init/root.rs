//! The root directory of a box.
//!
//! ```text
//!  /            tmpfs, read-only once built
//!  ├── usr bin lib … etc dev     the warden's base, bound
//!  ├── var/task var/runtime var/lang opt …   what the plan shows, read-only
//!  ├── proc     of the box's own pid namespace: read-only, others' processes hidden, the host's secrets masked
//!  └── tmp      a volume, or memory of the configured size; the only place to write
//! ```

use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use rustix::mount::MountFlags;

use crate::protocol::messages::{Failure, Plan, Step as _};
use crate::sys::tree;
use crate::warden::Base;

/// There in every box, empty if nothing is shown there.
const DIRECTORIES: [&str; 8] = ["proc", "tmp", "mnt", "opt", "var", "var/task", "var/runtime", "var/lang"];
/// Bytes of memory for each file in a `/tmp` of memory: bounds what names and inodes cost.
const TMP_BYTES_PER_FILE: u64 = 16 * 1024;

/// Builds the root, makes it the process's and lets go of the host's.
pub(super) fn build(base: &Base, plan: &Plan, volume: Option<BorrowedFd<'_>>) -> Result<(), Failure> {
    tree::propagate(libc::MS_PRIVATE).step("separate the mounts from the warden's")?;
    let inert = MountFlags::NOSUID | MountFlags::NODEV;
    let root = base.root();
    rustix::mount::mount("lanthorn", &root, "tmpfs", inert, c"mode=0755,size=1m,nr_inodes=1k").step("mount a root")?;
    rustix::process::chdir(&root).step("enter the new root")?;

    for name in DIRECTORIES {
        fs::create_dir(name).step("create a directory")?;
    }
    for (name, target) in base.links() {
        symlink(target, name).step("create a link")?;
    }
    for (name, path) in base.trees() {
        fs::create_dir(name).step("create a directory")?;
        rustix::mount::mount_bind_recursive(path, name).step("show the base")?;
    }
    for (host, inside) in &plan.mounts {
        show(host, inside).map_err(|error| Failure {
            step: format!("show {} at {}", host.display(), inside.display()),
            errno: error.raw_os_error().unwrap_or(libc::EINVAL),
        })?;
    }
    mount_proc(base)?;
    mount_tmp(plan, volume)?;

    tree::become_root().step("let go of the host's files")?;
    let sealed = inert | MountFlags::BIND | MountFlags::RDONLY;
    rustix::mount::mount_remount("/", sealed, c"").step("seal the root")
}

/// Shows the host's `host` at `inside`, an absolute path below the new root, which is the current directory.
fn show(host: &Path, inside: &Path) -> io::Result<()> {
    let place = relative(inside).ok_or(io::Error::from_raw_os_error(libc::EINVAL))?;
    let copy = tree::copy(host)?;
    tree::restrict(&copy, tree::READ_ONLY)?;
    if fs::metadata(host)?.is_dir() {
        fs::create_dir_all(&place)?;
    } else {
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        if !place.exists() {
            fs::write(&place, "")?;
        }
    }
    tree::attach(&copy, &place)
}

/// `inside` without its leading slash; None if it is not absolute, or climbs.
fn relative(inside: &Path) -> Option<PathBuf> {
    let place = inside.strip_prefix("/").ok()?;
    let plain = place.components().all(|component| matches!(component, Component::Normal(_)));
    (plain && place.components().next().is_some()).then(|| place.to_owned())
}

fn mount_proc(base: &Base) -> Result<(), Failure> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    rustix::mount::mount("proc", "proc", "proc", flags, c"hidepid=2").step("mount /proc")?;
    for (name, mask) in base.masks() {
        rustix::mount::mount_bind(mask, Path::new("proc").join(name)).step("mask a part of /proc")?;
    }
    Ok(())
}

fn mount_tmp(plan: &Plan, volume: Option<BorrowedFd<'_>>) -> Result<(), Failure> {
    if let Some(volume) = volume {
        return tree::attach(volume, Path::new("tmp")).step("attach /tmp");
    }
    let files = (u64::from(plan.tmp_mib) << 20) / TMP_BYTES_PER_FILE;
    let options = format!("mode=1777,size={}m,nr_inodes={files}", plan.tmp_mib);
    let options = std::ffi::CString::new(options).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL));
    let options = options.step("mount /tmp")?;
    rustix::mount::mount("lanthorn", "tmp", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
        .step("mount /tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(inside: &str, expected: Option<&str>) {
        assert_eq!(relative(Path::new(inside)), expected.map(PathBuf::from));
    }

    #[test]
    fn a_place_is_below_the_root() {
        check("/var/task", Some("var/task"));
        check("/opt", Some("opt"));
        check("/", None);
        check("opt", None);
        check("/var/../etc", None);
    }
}
