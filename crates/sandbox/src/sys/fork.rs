//! Forking, with a descriptor for the child, into namespaces and a cgroup.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use super::check;

/// Who the caller is after a fork.
pub(crate) enum Forked {
    /// The new process.
    Child,
    /// The old one, with a handle on the new one.
    Parent(Child),
}

/// A process this one has forked.
#[derive(Debug)]
pub(crate) struct Child {
    /// Its number in the caller's pid namespace.
    pub(crate) pid: i32,
    /// Becomes readable when it ends.
    pub(crate) pidfd: OwnedFd,
}

impl Child {
    /// Kills it; nothing if it has ended.
    pub(crate) fn kill(&self) {
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, rustix::process::Signal::KILL);
    }

    /// Waits until it has ended.
    pub(crate) fn reap(self) -> io::Result<()> {
        loop {
            let id = rustix::process::WaitId::PidFd(self.pidfd.as_fd());
            match rustix::process::waitid(id, rustix::process::WaitIdOptions::EXITED) {
                Err(rustix::io::Errno::INTR) => {}
                result => return result.map(drop).map_err(io::Error::from),
            }
        }
    }
}

/// Not an `i32`, as the constant of `libc` is.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Forks into the new namespaces of `flags` (`CLONE_NEW…`) and, on cgroup v2, straight into `cgroup`.
///
/// # Safety
/// The process must be single-threaded: otherwise the child may inherit locks that nobody will ever release.
pub(crate) unsafe fn fork_into(flags: i32, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Forked> {
    let mut pidfd: RawFd = -1;
    let mut arguments = CloneArgs {
        flags: flags as u64 | libc::CLONE_PIDFD as u64,
        pidfd: &raw mut pidfd as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: `arguments` and `pidfd` outlive the call; without CLONE_VM the child has memory of its own, and the
    // caller promises that no other thread exists.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<CloneArgs>()) })?;
    if pid == 0 {
        return Ok(Forked::Child);
    }
    // SAFETY: with CLONE_PIDFD the kernel has stored a new descriptor that nothing else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Forked::Parent(Child { pid: pid as i32, pidfd }))
}

/// Forks without new namespaces, by the call that a system call filter can look into.
///
/// # Safety
/// As [`fork_into`].
pub(crate) unsafe fn fork() -> io::Result<Option<i32>> {
    // SAFETY: the caller promises that no other thread exists.
    let pid = check(unsafe { libc::fork() }.into())?;
    Ok((pid != 0).then_some(pid as i32))
}

/// Runs `body` as the whole life of a forked child: whatever happens in it, the process ends there and never
/// returns into its parent's code.
pub(crate) fn live_and_die(body: impl FnOnce() -> i32) -> ! {
    let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
    // SAFETY: ends the process at once; no destructor or exit handler of the parent's may run here.
    unsafe { libc::_exit(status) }
}
