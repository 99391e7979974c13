//! What a sandbox is to be: files, limits, and the processes in it.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::Inherited;

/// A box to be made.
#[derive(Clone, Debug)]
pub struct Spec {
    /// For people: the function's ARN; goes to our own log lines only.
    pub label: String,
    /// Host directories shown inside, read-only.
    pub mounts: Vec<Mount>,
    /// Memory that all processes together may use, in MiB.
    pub memory_mib: u32,
    /// Size of `/tmp` in MiB.
    pub tmp_mib: u32,
    /// CPU time the box may use, in thousandths of one CPU; enforced as a bandwidth limit where the host can.
    pub cpu_milli: u32,
    /// Processes and threads at most.
    pub pids_max: u32,
}

/// A host directory or file shown read-only in the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where it appears, absolute; as `/var/task`, `/var/lang`, `/var/runtime`, `/opt`.
    pub inside: PathBuf,
}

/// A process to be started in a box, as uid 993, in `/var/task`.
#[derive(Debug)]
pub struct Process {
    /// Names it among the box's processes, as `runtime` or an extension's file name.
    pub name: String,
    /// Program (absolute, inside the box) and arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// Standard output and standard error; standard input is `/dev/null`.
    pub output: OwnedFd,
    /// Further descriptors.
    pub inherited: Vec<Inherited>,
}
