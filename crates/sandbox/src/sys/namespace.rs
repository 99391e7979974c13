//! Entering and leaving namespaces.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// Gives the calling process new namespaces.
///
/// The process must be single-threaded where `flags` hold `NEWUSER`; the kernel refuses it otherwise.
pub(crate) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.intersects(UnshareFlags::FILES | UnshareFlags::FS));
    // SAFETY: the unsafety is that of `CLONE_FILES` and `CLONE_FS`, which would tell descriptors apart between
    // threads; the callers ask for namespaces alone.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(io::Error::from)
}

/// Moves the calling process into the namespace behind `descriptor`.
pub(crate) fn enter(descriptor: BorrowedFd<'_>, kind: LinkNameSpaceType) -> io::Result<()> {
    rustix::thread::move_into_link_name_space(descriptor, Some(kind)).map_err(io::Error::from)
}
