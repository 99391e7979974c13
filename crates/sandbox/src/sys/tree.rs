//! Mounts that are attached nowhere yet, and their attributes.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, UnmountFlags};

use super::check;

/// What every mount in a box has: no set-user-id programs, no device files.
pub(crate) const INERT: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
/// Inert, and nothing in it can be changed.
pub(crate) const READ_ONLY: u64 = INERT | libc::MOUNT_ATTR_RDONLY;

/// Copies the mounts at and below `path`, attached nowhere; dropping the descriptor drops the copy.
pub(crate) fn copy(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    rustix::mount::open_tree(CWD, path, flags).map_err(io::Error::from)
}

/// Sets `attributes` (`MOUNT_ATTR_…`) on the mount behind `tree` and all below it.
pub(crate) fn restrict(tree: impl AsFd, attributes: u64) -> io::Result<()> {
    set(
        tree.as_fd().as_raw_fd(),
        c"",
        libc::AT_EMPTY_PATH,
        libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 },
    )
}

/// Sets how mounts and unmounts travel between this namespace's `/` and others: `MS_PRIVATE` or `MS_SLAVE`.
pub(crate) fn propagate(propagation: libc::c_ulong) -> io::Result<()> {
    set(libc::AT_FDCWD, c"/", 0, libc::mount_attr { attr_set: 0, attr_clr: 0, propagation, userns_fd: 0 })
}

fn set(directory: i32, path: &std::ffi::CStr, flags: i32, attributes: libc::mount_attr) -> io::Result<()> {
    let flags = flags | libc::AT_RECURSIVE;
    // SAFETY: the path is nul-terminated and `attributes` has the size that is told; both outlive the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

/// Attaches the mounts behind `tree` at `path`.
pub(crate) fn attach(tree: impl AsFd, path: &Path) -> io::Result<()> {
    rustix::mount::move_mount(tree, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).map_err(io::Error::from)
}

/// Makes the current directory the root and lets go of the old root and everything mounted in it.
pub(crate) fn become_root() -> io::Result<()> {
    rustix::process::pivot_root(".", ".")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    Ok(())
}
