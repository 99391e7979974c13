//! The messages themselves. Descriptors travel beside them, in the order told here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Finding, Mount, Spec};

/// From the server to the warden; each carries one descriptor, the warden's end of the channel to answer on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Make a box.
    Create(Plan),
    /// Tell what this host enforces; answered by [`Event::Findings`].
    Probe,
}

/// [`Spec`] as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) mounts: Vec<(PathBuf, PathBuf)>,
    pub(crate) memory_mib: u32,
    pub(crate) tmp_mib: u32,
    pub(crate) cpu_milli: u32,
    pub(crate) pids_max: u32,
}

impl From<&Spec> for Plan {
    fn from(spec: &Spec) -> Self {
        Self {
            mounts: spec.mounts.iter().map(|Mount { host, inside }| (host.clone(), inside.clone())).collect(),
            memory_mib: spec.memory_mib,
            tmp_mib: spec.tmp_mib,
            cpu_milli: spec.cpu_milli,
            pids_max: spec.pids_max,
        }
    }
}

/// From the warden on the control socket, once, when it is set up or has failed to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Greeting {
    /// Requests are served.
    Serving,
    /// They will not be.
    Failed(Failure),
}

/// From the server to a box's init.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Start a process; carries its output, then one descriptor for each of `numbers`.
    Start { process: u32, argv: Vec<String>, env: Vec<(String, String)>, numbers: Vec<i32> },
    /// Send a signal to a process.
    Signal { process: u32, signal: i32 },
    /// Kill all processes and answer [`Event::Done`] when none is left.
    Reset { request: u32 },
    /// Stop all processes, where no freezer does; answered by [`Event::Done`].
    Stop { request: u32 },
    /// Let them go on; answered by [`Event::Done`].
    Continue { request: u32 },
}

/// From the warden or a box's init to the server, on the box's channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// From the warden: init was forked. Carries the Runtime API's listener, the endpoint's, then one descriptor for
    /// each of `gauges`.
    Forked { gauges: Vec<Gauge> },
    /// From init: the box is built and locked down; orders are served.
    Ready,
    /// From either: it could not be built; [`Event::Gone`] follows.
    Failed(Failure),
    /// From init: the process runs.
    Started { process: u32 },
    /// From init: the program could not be executed.
    NotExecuted { process: u32, errno: i32 },
    /// From init: the process has ended, and all it held is closed.
    Ended { process: u32, end: End },
    /// From init: the request was carried out.
    Done { request: u32 },
    /// From the warden: nothing of the box is left.
    Gone,
    /// From the warden: the answer to [`Request::Probe`].
    Findings(Vec<Finding>),
}

/// How a process ended, as its parent saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    /// By `exit` with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// By init itself, which watches memory where no cgroup does.
    OutOfMemory,
}

/// A file through which the server sees or steers the box without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Gauge {
    /// The most memory used so far: a decimal number of bytes.
    MemoryPeak,
    /// Lines of which `oom_kill N` counts the processes killed for want of memory.
    MemoryEvents,
    /// `freezer.state` of cgroup v1.
    FreezerV1,
    /// `cgroup.freeze` of cgroup v2.
    FreezerV2,
    /// `cpu.cfs_quota_us` of cgroup v1; the period is in the warden's hands.
    CpuQuotaV1,
    /// `cpu.max` of cgroup v2.
    CpuMaxV2,
}

/// A step that did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What was being done, as an infinitive.
    pub(crate) step: String,
    /// What the kernel said.
    pub(crate) errno: i32,
}

impl Failure {
    /// The cause, as the standard library has it.
    pub(crate) fn source(&self) -> std::io::Error {
        std::io::Error::from_raw_os_error(self.errno)
    }
}

/// Says which step an error belongs to.
pub(crate) trait Step<T> {
    /// Names the step, as an infinitive.
    fn step(self, step: &str) -> Result<T, Failure>;
}

impl<T, E: Into<std::io::Error>> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure { step: step.to_owned(), errno: error.into().raw_os_error().unwrap_or(libc::EIO) })
    }
}
