//! The system calls that no safe crate offers, each behind a function that cannot be misused.
//!
//! The only `unsafe` code of the house is here and where a process forks (whose callers state why they may).

#![allow(unsafe_code, reason = "raw system calls; every block states why it is sound")]
#![deny(clippy::undocumented_unsafe_blocks)]

pub(crate) mod fork;
pub(crate) mod loop_device;
pub(crate) mod namespace;
pub(crate) mod tree;

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use tokio::io::unix::AsyncFd;

/// Turns a raw return value into a result.
fn check(returned: libc::c_long) -> io::Result<libc::c_long> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// Closes every descriptor from 3 up but those in `kept`.
///
/// The caller owns no other descriptor any more: anything that still holds one must never use or drop it. That is
/// so in a process that was just forked and ends by `_exit` or `exec`.
pub(crate) fn close_all_but(kept: &[BorrowedFd<'_>]) -> io::Result<()> {
    close_all_but_numbers(kept.iter().map(BorrowedFd::as_raw_fd).collect())
}

/// As [`close_all_but`], by number.
pub(crate) fn close_all_but_numbers(mut kept: Vec<RawFd>) -> io::Result<()> {
    kept.retain(|&number| number > 2);
    kept.sort_unstable();
    kept.dedup();
    let mut from = 3;
    for number in kept {
        close_range(from, number - 1)?;
        from = number + 1;
    }
    close_range(from, RawFd::MAX)
}

fn close_range(from: RawFd, to: RawFd) -> io::Result<()> {
    if from > to {
        return Ok(());
    }
    // SAFETY: takes three integers. That nobody uses what it closes is the promise of `close_all_but`'s caller.
    check(unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) }).map(drop)
}

/// Makes `number` refer to what `descriptor` does, without close-on-exec.
pub(crate) fn duplicate_to(descriptor: BorrowedFd<'_>, number: RawFd) -> io::Result<()> {
    debug_assert_ne!(descriptor.as_raw_fd(), number, "dup2 to itself would keep close-on-exec");
    // SAFETY: takes two integers; the caller is a forked child on its way to `exec`, where nothing owns `number`.
    check(unsafe { libc::dup2(descriptor.as_raw_fd(), number) }.into()).map(drop)
}

/// Gives the process a session keyring of its own, so that it sees none of its parent's keys.
pub(crate) fn new_session_keyring() -> io::Result<()> {
    // SAFETY: a null name asks for an anonymous keyring; no memory is touched.
    check(unsafe {
        libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>())
    })
    .map(drop)
}

/// Sets the disposition of every signal to its default and unblocks all of them, as `exec` should find it.
pub(crate) fn default_signals() {
    // SAFETY: plain libc calls on local memory; SIG_DFL runs no code of ours.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// Sends `signal` to every process of the caller's pid namespace but itself.
pub(crate) fn signal_all_others(signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers. In a pid namespace's init, -1 reaches that namespace alone.
    check(unsafe { libc::kill(-1, signal) }.into()).map(drop)
}

/// Sends `signal` to the process `pid`.
pub(crate) fn signal_process(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers.
    check(unsafe { libc::kill(pid, signal) }.into()).map(drop)
}

/// Lets the current tokio runtime wait on `descriptor`.
pub(crate) fn register(descriptor: OwnedFd, interest: tokio::io::Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open for as long as it lives and always the same, and the registration owns it.
    let registered = unsafe { AsyncFd::register_with_interest(descriptor, interest) };
    registered.map_err(io::Error::from)
}

/// Ignores the signals by which service managers and terminals end whole groups of processes.
pub(crate) fn ignore_requests_to_end() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        // SAFETY: SIG_IGN runs no code of ours.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Holds the calling process and its children to `program`. They must be unable to gain privileges already.
pub(crate) fn filter_system_calls(program: &[libc::sock_filter]) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the instructions, of which there are as many as told, and writes to none.
    check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) }).map(drop)
}

/// The size of a page. From libc, which has known it since the program started: asking the kernel anew takes
/// `/proc/self/auxv` before Linux 6.4, which a process that hides its memory cannot read.
pub(crate) fn page_bytes() -> u64 {
    // SAFETY: takes an integer and reads what libc keeps.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes).expect("every system has a page size")
}

/// The version of Landlock this kernel has; 0 if none.
pub(crate) fn landlock_abi() -> i32 {
    const LANDLOCK_CREATE_RULESET_VERSION: libc::c_uint = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag and no attributes the call only answers a number.
    let answer =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, LANDLOCK_CREATE_RULESET_VERSION) };
    check(answer).map_or(0, |abi| abi as i32)
}
