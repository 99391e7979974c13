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

pub mod spec;

use std::net::TcpListener;
use std::os::fd::OwnedFd;

use futures::future::BoxFuture;

pub use spec::{Process, Spec};

/// Makes sandboxes: the Linux one, or the simulated one.
pub trait Launcher: Send + Sync {
    /// Builds a box. No process of the function runs in it yet.
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
    /// Starts a process in the box. Its end is told once through the returned channel.
    fn start(&self, process: Process) -> BoxFuture<'_, Result<tokio::sync::oneshot::Receiver<Exit>, StartError>>;

    /// Sends `signal` (a number, as `libc::SIGTERM`) to the process started under `name`.
    fn signal(&self, name: &str, signal: i32) -> BoxFuture<'_, ()>;

    /// Kills every process of the function and waits until they are gone; the box and its `/tmp` stay.
    fn reset(&self) -> BoxFuture<'_, Result<(), Gone>>;

    /// The most memory the box has used since it was made, in bytes: from the cgroup, else the sum of the
    /// processes' high-water marks. None if the host cannot tell.
    fn memory_peak_bytes(&self) -> Option<u64>;

    /// Stops every process where it stands. A host without a freezer answers an error.
    fn freeze(&self) -> BoxFuture<'_, Result<(), Gone>>;

    /// Undoes [`Sandbox::freeze`].
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
