//! The protective box around a function's processes.
//!
//! ```text
//!  server ──► Launcher::create(Spec) ──► Sandbox        one box: namespaces, cgroups, mounts; no process of the function yet
//!                │                         │ start(Process)   a process in it; its exit arrives on the returned channel
//!                ▼                         │ reset()          kills all its processes, keeps the box and its /tmp
//!             warden                       │ memory(), freeze(), thaw()
//!   (alone touches the kernel)             └ destroy()        kills everything; nothing survives
//! ```
//!
//! The server asks; a small single-threaded process, the [`warden`], does. If
//! the server dies, the warden destroys every box and ends. What this crate is
//! *not*: it knows no runtime, no invocation and no AWS.

pub mod finding;
pub mod linux;
mod protocol;
pub mod simulated;
pub mod spec;
mod sys;
pub mod warden;

use std::net::TcpListener;
use std::os::fd::OwnedFd;

use futures::future::BoxFuture;
use tokio::sync::oneshot;

pub use finding::{Enforced, Finding};
pub use linux::Linux;
pub use spec::{Mount, Process, Spec};
pub use warden::probe;

/// Makes sandboxes: the Linux one, or the simulated one.
pub trait Launcher: Send + Sync {
    /// Builds a box. No process of the function runs in it yet.
    ///
    /// Must be called on a tokio runtime: the box's events are read there.
    ///
    /// # Errors
    /// [`CreateError::Step`] if the kernel refused one of the steps; the next try may succeed.
    /// [`CreateError::WardenGone`] if no box can be made any more.
    ///
    /// # Cancel safety
    /// Dropping the future destroys the half-made box.
    fn create(&self, spec: Spec) -> BoxFuture<'_, Result<Created, CreateError>>;
}

/// A new box and the sockets that listen inside it.
pub struct Created {
    /// The box.
    pub sandbox: Box<dyn Sandbox>,
    /// Listens at `169.254.100.1:9001` inside the box: the Runtime API is served here. Non-blocking.
    pub runtime_api: TcpListener,
    /// Listens at `127.0.0.1:4566` inside the box: the AWS endpoint is served here. Non-blocking.
    pub endpoint: TcpListener,
}

/// One box, owned by one environment. Dropping it destroys it.
pub trait Sandbox: Send + Sync {
    /// Starts a process in the box. Its end is told once through the returned channel, after every descriptor it
    /// held has been closed, so that whoever reads its output afterwards finds all of it.
    ///
    /// # Errors
    /// [`StartError::Execute`] if the program could not be executed; the box is as before.
    /// [`StartError::Gone`] if the box is.
    fn start(&self, process: Process) -> BoxFuture<'_, Result<oneshot::Receiver<Exit>, StartError>>;

    /// Sends `signal` (a number, as `libc::SIGTERM`) to the process started under `name`; nothing if it has ended.
    fn signal(&self, name: &str, signal: i32) -> BoxFuture<'_, ()>;

    /// Kills every process of the function and waits until they are gone; the box and its `/tmp` stay.
    ///
    /// # Errors
    /// [`Gone`] if the box is, and with it every process.
    fn reset(&self) -> BoxFuture<'_, Result<(), Gone>>;

    /// The most memory the box has used since it was made, in bytes: from the cgroup, else the largest sum the
    /// box's init has seen of its processes. None if the host cannot tell.
    fn memory_peak_bytes(&self) -> Option<u64>;

    /// Sets the CPU time the box may use, in thousandths of one CPU; `None` lifts the limit, as AWS does while a
    /// function initialises. Nothing happens on a host without CPU bandwidth control.
    ///
    /// # Errors
    /// [`Gone`] if the box is.
    fn set_cpu_milli(&self, cpu_milli: Option<u32>) -> BoxFuture<'_, Result<(), Gone>>;

    /// Stops every process where it stands: by the cgroup freezer, else by `SIGSTOP`.
    ///
    /// # Errors
    /// [`Gone`] if the box is.
    fn freeze(&self) -> BoxFuture<'_, Result<(), Gone>>;

    /// Undoes [`Sandbox::freeze`].
    ///
    /// # Errors
    /// [`Gone`] if the box is.
    fn thaw(&self) -> BoxFuture<'_, Result<(), Gone>>;

    /// Kills everything and waits until no process, mount, cgroup or namespace of the box is left.
    fn destroy(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It called exit with this status.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// The kernel killed it because the box was out of memory.
    OutOfMemory,
    /// The box itself was destroyed, or its init died.
    Gone,
}

/// Why there is no box.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The warden could not carry out a step.
    #[error("the sandbox could not {step}")]
    Step {
        /// What it was doing, as an infinitive.
        step: String,
        /// What the kernel said.
        #[source]
        source: std::io::Error,
    },
    /// The warden has ended; the server cannot make sandboxes any more.
    #[error("the warden has ended")]
    WardenGone,
}

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program could not be executed.
    #[error("cannot execute `{program}`")]
    Execute {
        /// The first of the arguments.
        program: String,
        /// What the kernel said.
        #[source]
        source: std::io::Error,
    },
    /// The box is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// The box is gone: destroyed, or its init was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox is gone")]
pub struct Gone;

/// A descriptor that a process inherits, and its number there.
#[derive(Debug)]
pub struct Inherited {
    /// The number in the process, 3 or more (0, 1 and 2 are set by [`Process`]).
    pub number: i32,
    /// The descriptor, closed here once it was handed over.
    pub descriptor: OwnedFd,
}
