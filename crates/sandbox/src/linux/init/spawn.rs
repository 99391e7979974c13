//! Starts a process of the function: from init's copy to its program.

#![allow(unsafe_code, reason = "forks; the block states why the process is single-threaded")]
#![deny(clippy::undocumented_unsafe_blocks)]

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use nix::unistd::{Gid, Uid};
use rustix::fs::OFlags;
use rustix::process::{Resource, Rlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::sys;
use crate::warden::{FUNCTION_GID, FUNCTION_UID, Identity};

/// A program to be run.
pub(super) struct Program {
    pub(super) argv: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    /// The numbers that the descriptors after the first are to have.
    pub(super) numbers: Vec<RawFd>,
    /// Its output, then one for each of `numbers`.
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Above any number a process may ask for: descriptors are parked here while they are put in order.
const PARKED_FROM: RawFd = 512;

/// The limits of a process on AWS (recorded), as `(resource, soft, hard)`.
const LIMITS: [(Resource, u64, Option<u64>); 5] = [
    (Resource::Nofile, 1024, Some(1024)),
    // Counted for the function's user in the box's own user namespace: other boxes are not in it.
    (Resource::Nproc, 742, Some(742)),
    (Resource::Memlock, 64 * 1024, Some(64 * 1024)),
    (Resource::Stack, 8 * 1024 * 1024, None),
    // AWS allows 10 GiB. Here a core would land on the host, in the hands of its collector, which runs outside the
    // box; 1, not 0, is what keeps the kernel from starting it.
    (Resource::Core, 1, Some(1)),
];

/// Starts `program` and answers its process id once it has replaced init's copy.
///
/// # Errors
/// What `execve` said, or whatever kept it from being called.
pub(super) fn start(program: Program, identity: Identity, null: &File) -> io::Result<i32> {
    let image = Image::prepare(program)?;
    let (mut verdict, speak) = io::pipe()?;
    // SAFETY: a box's init is single-threaded all its life.
    let Some(pid) = unsafe { sys::fork::fork() }? else {
        sys::fork::live_and_die(move || {
            image.execute(identity, null, speak);
            127
        })
    };
    drop(speak);
    let mut errno = Vec::new();
    verdict.read_to_end(&mut errno)?;
    match <[u8; 4]>::try_from(errno.as_slice()) {
        Ok(errno) => {
            // It ends at once, and is reaped as an orphan.
            Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
        }
        // The pipe closed with `exec`, or with a death before it, which will be reaped as any other.
        Err(_) => Ok(pid),
    }
}

/// A program with everything allocated that can be allocated beforehand.
struct Image {
    path: CString,
    argv: Vec<CString>,
    env: Vec<CString>,
    output: OwnedFd,
    inherited: Vec<(OwnedFd, RawFd)>,
}

impl Image {
    fn prepare(program: Program) -> io::Result<Self> {
        let Program { argv, env, numbers, descriptors } = program;
        let text = |text: String| CString::new(text).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL));
        let argv: Vec<_> = argv.into_iter().map(text).collect::<Result<_, _>>()?;
        let env = env.into_iter().map(|(name, value)| text(format!("{name}={value}"))).collect::<Result<_, _>>()?;
        let path = argv.first().cloned().ok_or(io::Error::from_raw_os_error(libc::ENOENT))?;
        let mut descriptors = descriptors.into_iter();
        let output = descriptors.next().ok_or(io::Error::from_raw_os_error(libc::EBADF))?;
        if descriptors.len() != numbers.len() || numbers.iter().any(|number| !(3..PARKED_FROM).contains(number)) {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        Ok(Self { path, argv, env, output, inherited: descriptors.zip(numbers).collect() })
    }

    /// Becomes the program, or says why not into `verdict`, which ends by itself with `exec`.
    fn execute(self, identity: Identity, null: &File, verdict: io::PipeWriter) {
        let Ok(verdict) = park(verdict.as_fd()) else { return };
        let become_ready = || -> io::Result<()> {
            rustix::process::setsid()?;
            sys::default_signals();
            self.arrange_descriptors(null, verdict.as_fd())?;
            set_limits()?;
            // A function without code still starts: some programs need no directory.
            let _ = rustix::process::chdir("/var/task");
            drop_rights(identity)
        };
        let error = match become_ready() {
            Ok(()) => match nix::unistd::execve(&self.path, &self.argv, &self.env) {
                Ok(never) => match never {},
                Err(errno) => io::Error::from(errno),
            },
            Err(error) => error,
        };
        let _ = rustix::io::write(&verdict, &error.raw_os_error().unwrap_or(libc::EINVAL).to_ne_bytes());
    }

    /// Puts every descriptor at its number and closes all others but `verdict`.
    fn arrange_descriptors(&self, null: &File, verdict: BorrowedFd<'_>) -> io::Result<()> {
        let (null, output) = (park(null.as_fd())?, park(self.output.as_fd())?);
        let parked: Vec<_> =
            self.inherited.iter().map(|(descriptor, _)| park(descriptor.as_fd())).collect::<Result<_, _>>()?;
        sys::duplicate_to(null.as_fd(), 0)?;
        sys::duplicate_to(output.as_fd(), 1)?;
        sys::duplicate_to(output.as_fd(), 2)?;
        for (descriptor, (_, number)) in parked.iter().zip(&self.inherited) {
            sys::duplicate_to(descriptor.as_fd(), *number)?;
        }
        make_blocking(output.as_fd())?;
        let mut kept: Vec<RawFd> = self.inherited.iter().map(|&(_, number)| number).collect();
        kept.push(verdict.as_raw_fd());
        sys::close_all_but_numbers(kept)?;
        // What was closed under them must not be closed again.
        std::mem::forget((null, output, parked));
        Ok(())
    }
}

/// Copies a descriptor to a number out of everybody's way.
fn park(descriptor: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(descriptor, PARKED_FROM)
}

/// A program expects its output to take what it writes.
fn make_blocking(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(descriptor)?;
    if flags.contains(OFlags::NONBLOCK) {
        rustix::fs::fcntl_setfl(descriptor, flags - OFlags::NONBLOCK)?;
    }
    Ok(())
}

fn set_limits() -> io::Result<()> {
    for (resource, soft, hard) in LIMITS {
        let allowed = rustix::process::getrlimit(resource).maximum;
        let within = |wanted: u64| Some(allowed.map_or(wanted, |allowed| wanted.min(allowed)));
        let limit = Rlimit { current: within(soft), maximum: hard.map_or(allowed, within) };
        rustix::process::setrlimit(resource, limit)?;
    }
    Ok(())
}

fn drop_rights(identity: Identity) -> io::Result<()> {
    if identity == Identity::Distinct {
        let (uid, gid) = (Uid::from_raw(FUNCTION_UID), Gid::from_raw(FUNCTION_GID));
        nix::unistd::setresgid(gid, gid, gid)?;
        nix::unistd::setresuid(uid, uid, uid)?;
    }
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}
