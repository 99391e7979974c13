//! Reading and steering a box through the descriptors the warden handed over: no message, no wait.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::cgroups::bandwidth_us;
use crate::protocol::messages::Gauge;

/// How often the v1 freezer is asked whether it is done; it stops tasks as it meets them.
const FREEZE_CHECKS: u32 = 100;
const FREEZE_PAUSE: Duration = Duration::from_micros(500);

/// The gauges of one box; each is there if the host has it.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    memory_peak: Option<OwnedFd>,
    memory_events: Option<OwnedFd>,
    freezer: Option<Freezer>,
    cpu: Option<Cpu>,
    /// The period in force, which a v1 quota is a part of; in microseconds.
    cpu_period_us: u64,
}

#[derive(Debug)]
enum Freezer {
    V1(OwnedFd),
    V2(OwnedFd),
}

#[derive(Debug)]
enum Cpu {
    V1(OwnedFd),
    V2(OwnedFd),
}

impl Gauges {
    /// Of a box whose CPU limit is `cpu_milli` now.
    pub(super) fn new(files: impl Iterator<Item = (Gauge, OwnedFd)>, cpu_milli: u32) -> Self {
        let mut gauges = Self { cpu_period_us: bandwidth_us(cpu_milli).1, ..Self::default() };
        for (gauge, file) in files {
            match gauge {
                Gauge::MemoryPeak => gauges.memory_peak = Some(file),
                Gauge::MemoryEvents => gauges.memory_events = Some(file),
                Gauge::FreezerV1 => gauges.freezer = Some(Freezer::V1(file)),
                Gauge::FreezerV2 => gauges.freezer = Some(Freezer::V2(file)),
                Gauge::CpuQuotaV1 => gauges.cpu = Some(Cpu::V1(file)),
                Gauge::CpuMaxV2 => gauges.cpu = Some(Cpu::V2(file)),
            }
        }
        gauges
    }

    /// The most memory used so far, in bytes.
    pub(super) fn memory_peak_bytes(&self) -> Option<u64> {
        read(self.memory_peak.as_ref()?)?.trim().parse().ok()
    }

    /// How many processes of the box the kernel has killed for want of memory.
    pub(super) fn oom_kills(&self) -> u64 {
        let events = self.memory_events.as_ref().and_then(read).unwrap_or_default();
        events.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// True if the host has a freezer.
    pub(super) fn has_freezer(&self) -> bool {
        self.freezer.is_some()
    }

    /// Stops all that is in the box.
    pub(super) async fn freeze(&self) -> io::Result<()> {
        match &self.freezer {
            Some(Freezer::V1(state)) => {
                write(state, "FROZEN")?;
                for _ in 0..FREEZE_CHECKS {
                    if read(state).is_some_and(|state| state.trim() == "FROZEN") {
                        break;
                    }
                    tokio::time::sleep(FREEZE_PAUSE).await;
                }
                Ok(())
            }
            Some(Freezer::V2(freeze)) => write(freeze, "1"),
            None => Ok(()),
        }
    }

    /// Lets it go on.
    pub(super) fn thaw(&self) -> io::Result<()> {
        match &self.freezer {
            Some(Freezer::V1(state)) => write(state, "THAWED"),
            Some(Freezer::V2(freeze)) => write(freeze, "0"),
            None => Ok(()),
        }
    }

    /// Sets the CPU limit, in thousandths of a CPU, or lifts it.
    pub(super) fn set_cpu_milli(&self, cpu_milli: Option<u32>) -> io::Result<()> {
        match (&self.cpu, cpu_milli) {
            (None, _) => Ok(()),
            (Some(Cpu::V1(quota)), None) => write(quota, "-1"),
            (Some(Cpu::V1(quota)), Some(cpu_milli)) => {
                write(quota, &(u64::from(cpu_milli) * self.cpu_period_us / 1000).max(1000).to_string())
            }
            (Some(Cpu::V2(max)), None) => write(max, "max"),
            (Some(Cpu::V2(max)), Some(cpu_milli)) => {
                let (quota, period) = bandwidth_us(cpu_milli);
                write(max, &format!("{quota} {period}"))
            }
        }
    }
}

/// The small file as it is now; None if the box is gone.
fn read(file: &OwnedFd) -> Option<String> {
    let mut text = [0; 1024];
    let length = rustix::io::pread(file, &mut text, 0).ok()?;
    std::str::from_utf8(&text[..length]).ok().map(str::to_owned)
}

fn write(file: &OwnedFd, value: &str) -> io::Result<()> {
    rustix::io::pwrite(file, value.as_bytes(), 0)?;
    Ok(())
}
