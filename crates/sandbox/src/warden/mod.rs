//! The warden: the only process of the house that touches the kernel's levers.
//!
//! ```text
//!  main, single-threaded            warden (single-threaded, small)                  boxes
//!    │ fork ───────────────────────►│ own mounts; as an ordinary user, own user namespace
//!    │ ◄──── Serving ───────────────│ sweep leftovers, prepare cgroups, base files
//!    │                              │
//!    │ threads, HTTP …              │ idle: makes spare shells (network, ids, cgroups) and /tmp volumes
//!    │ ──── Create + channel ──────►│ fork init into new namespaces ─────────────────► pid 1 builds the root,
//!    │ ◄─── Forked, Ready ──────────┼──────────────────────────────────────────────── locks itself down
//!    │                              │
//!    ╳ (exit, panic, kill -9)       │ control socket ends: kills every box, removes every cgroup, ends
//! ```
//!
//! It is forked before the server has any thread, because a fork copies one thread and every lock; and it stays
//! small, because forking a large process is slow. It never reads anything a function wrote: a box's output,
//! requests and exits go past it. What this module is *not*: it does not decide when boxes are made.

#![allow(unsafe_code, reason = "forks; each block states why the process is single-threaded")]
#![deny(clippy::undocumented_unsafe_blocks)]

mod base;
mod cell;
mod instance;
mod loopback;
mod probe;
mod rights;
mod serve;
mod shell;
mod volume;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::net::SocketFlags;

use crate::protocol::messages::{Failure, Greeting};
use crate::protocol::socket;
use crate::sys::fork::{Child, Forked, fork_into, live_and_die};

pub(crate) use base::Base;
pub use probe::probe;
pub(crate) use rights::{FUNCTION_GID, FUNCTION_UID, Identity};

/// What the warden needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// A directory of ours for locks and the images behind `/tmp`; made if missing. On a disk, not in memory: the
    /// images are sparse, and grow as functions fill their `/tmp`.
    pub scratch: PathBuf,
    /// Shells of boxes (network namespace, user ids, cgroups) kept ready.
    pub spare_shells: usize,
    /// Volumes for `/tmp` kept ready, of each size recently asked for.
    pub spare_volumes: usize,
}

impl Config {
    /// The usual numbers of spares, with `scratch` as the directory.
    #[must_use]
    pub fn new(scratch: PathBuf) -> Self {
        Self { scratch, spare_shells: 8, spare_volumes: 4 }
    }
}

/// The server's hold on the warden. Dropping it ends the warden and every box.
#[derive(Debug)]
pub struct Warden {
    pub(crate) control: OwnedFd,
    pub(crate) child: Child,
}

/// Why there is no warden.
#[derive(Debug, thiserror::Error)]
pub enum ForkError {
    /// Called too late: a forked copy of a process with threads may wait for locks for ever.
    #[error("the warden must be forked before the process has threads, and it has {0}")]
    Threads(usize),
    /// It could not be forked.
    #[error("cannot fork the warden")]
    Fork(#[source] io::Error),
    /// It was, and could not set itself up.
    #[error("the warden could not {step}")]
    Setup {
        /// What it was doing, as an infinitive.
        step: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// It ended without a word.
    #[error("the warden ended while it was being set up")]
    Ended,
}

/// Forks the warden and waits until it serves: a few milliseconds.
///
/// Call it in `main`, before anything makes a thread.
///
/// # Errors
/// [`ForkError::Threads`] if the process has threads already; else what the kernel refused.
pub fn fork(config: &Config) -> Result<Warden, ForkError> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(ForkError::Fork)?.count();
    if threads != 1 {
        return Err(ForkError::Threads(threads));
    }
    let (ours, theirs) = socket::pair(SocketFlags::empty()).map_err(ForkError::Fork)?;
    // SAFETY: the process has one thread, as was just counted; only that thread could make more.
    let child = match unsafe { fork_into(0, None) }.map_err(ForkError::Fork)? {
        Forked::Child => live_and_die(|| serve::live(theirs, config)),
        Forked::Parent(child) => child,
    };
    drop(theirs);
    let greeting = socket::receive::<Greeting>(ours.as_fd());
    match greeting {
        Ok(Some((Greeting::Serving, _))) => {
            rustix::io::ioctl_fionbio(&ours, true).map_err(|error| ForkError::Fork(error.into()))?;
            Ok(Warden { control: ours, child })
        }
        Ok(Some((Greeting::Failed(failure), _))) => {
            let _ = child.reap();
            let source = failure.source();
            let Failure { step, .. } = failure;
            Err(ForkError::Setup { step, source })
        }
        Ok(None) | Err(_) => Err(ForkError::Ended),
    }
}
