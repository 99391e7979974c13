//! cgroup v1: a directory and file names for each controller.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use super::{Access, Controller, bandwidth_us, open, write};
use crate::protocol::messages::{Failure, Gauge, Plan, Step as _};

/// Makes the instance's directory and sees that a box in it could be limited.
pub(super) fn prepare(controller: Controller, directory: &Path) -> io::Result<()> {
    fs::create_dir(directory)?;
    let limit = match controller {
        Controller::Memory => "memory.limit_in_bytes",
        Controller::Cpu => "cpu.cfs_quota_us",
        Controller::Pids => "pids.max",
        Controller::Freezer => "freezer.state",
    };
    let usable = open(directory, limit, Access::Write).and_then(|_| open(directory, "tasks", Access::Write));
    if usable.is_err() {
        let _ = fs::remove_dir(directory);
    }
    usable.map(drop)
}

pub(super) fn limit(controller: Controller, directory: &Path, plan: &Plan) -> Result<(), Failure> {
    match controller {
        Controller::Memory => {
            let bytes = (u64::from(plan.memory_mib) << 20).to_string();
            write(directory, "memory.limit_in_bytes", &bytes).step("limit memory")?;
            // Memory and swap together: the same, so that nothing is swapped out. Without swap accounting the
            // file is not there, and neither is a way to say so.
            match write(directory, "memory.memsw.limit_in_bytes", &bytes) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).step("limit swap"),
                _ => Ok(()),
            }
        }
        Controller::Cpu => {
            let (quota, period) = bandwidth_us(plan.cpu_milli);
            write(directory, "cpu.cfs_period_us", &period.to_string()).step("set the CPU period")?;
            write(directory, "cpu.cfs_quota_us", &quota.to_string()).step("limit CPU time")
        }
        // One more for the box's init.
        Controller::Pids => write(directory, "pids.max", &(plan.pids_max + 1).to_string()).step("limit processes"),
        Controller::Freezer => Ok(()),
    }
}

pub(super) fn gauges(controller: Controller, directory: &Path) -> Result<Vec<(Gauge, OwnedFd)>, Failure> {
    let gauge = |gauge, file, access| open(directory, file, access).step("open a cgroup file").map(|fd| (gauge, fd));
    Ok(match controller {
        Controller::Memory => vec![
            gauge(Gauge::MemoryPeak, "memory.max_usage_in_bytes", Access::Read)?,
            gauge(Gauge::MemoryEvents, "memory.oom_control", Access::Read)?,
        ],
        Controller::Cpu => vec![gauge(Gauge::CpuQuotaV1, "cpu.cfs_quota_us", Access::Write)?],
        Controller::Pids => vec![],
        Controller::Freezer => vec![gauge(Gauge::FreezerV1, "freezer.state", Access::Both)?],
    })
}
