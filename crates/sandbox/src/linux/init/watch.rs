//! Looks after the memory of a box where no cgroup limits it.
//!
//! A stopgap, honest about itself: what grows between two looks, and memory that no process maps, is not seen. The
//! system calls that make memory nobody maps are refused in such boxes.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::sys;

/// The watch over one box.
pub(super) struct Watch {
    limit_bytes: u64,
    peak_bytes: u64,
    gauge: OwnedFd,
    killed: bool,
}

impl Watch {
    /// Watches for more than `limit_bytes`, and writes the most seen so far to `gauge`, in decimal.
    pub(super) fn new(limit_bytes: u64, gauge: OwnedFd) -> Self {
        Self { limit_bytes, peak_bytes: 0, gauge, killed: false }
    }

    /// Takes a look; true if the box must be killed.
    pub(super) fn exceeded(&mut self) -> bool {
        // A quick sum first, which counts what forked processes share once for each: only a sum that would matter
        // is worth the exact one.
        let mut used = sum(resident_bytes);
        if used > self.peak_bytes {
            used = sum(proportional_bytes);
        }
        if used > self.peak_bytes {
            self.peak_bytes = used;
            // Always longer than what it overwrites, or as long: the number only grows.
            let _ = rustix::io::pwrite(&self.gauge, used.to_string().as_bytes(), 0);
        }
        self.killed = used > self.limit_bytes;
        self.killed
    }

    /// True while the processes that end were killed for their memory.
    pub(super) fn killed(&self) -> bool {
        self.killed
    }

    /// They have all ended.
    pub(super) fn forget(&mut self) {
        self.killed = false;
    }
}

/// Adds up what each of the box's processes uses by one way of counting.
fn sum(bytes: impl Fn(&Path) -> Option<u64>) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().filter(|entry| {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        // Init is not the function's.
        pid.is_some_and(|pid| pid != 1)
    });
    processes.filter_map(|entry| bytes(&entry.path())).sum()
}

/// What the process has in memory, files included.
fn resident_bytes(process: &Path) -> Option<u64> {
    let statm = fs::read_to_string(process.join("statm")).ok()?;
    Some(resident_pages(&statm)? * sys::page_bytes())
}

/// The process's share: a page that several map counts in parts.
fn proportional_bytes(process: &Path) -> Option<u64> {
    proportional_kib(&fs::read_to_string(process.join("smaps_rollup")).ok()?).map(|kib| kib * 1024)
}

fn resident_pages(statm: &str) -> Option<u64> {
    statm.split(' ').nth(1)?.parse().ok()
}

fn proportional_kib(smaps_rollup: &str) -> Option<u64> {
    let value = smaps_rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statm_tells_resident_pages() {
        assert_eq!(resident_pages("2101 1234 567 1 0 98 0\n"), Some(1234));
        assert_eq!(resident_pages(""), None);
    }

    #[test]
    fn smaps_rollup_tells_the_share() {
        let text = "00400000-ffffff ---p 00000000 00:00 0  [rollup]\nRss:  9 kB\nPss:     5678 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(proportional_kib(text), Some(5678));
        assert_eq!(proportional_kib(""), None);
    }

    #[test]
    fn this_process_uses_memory_by_either_count() {
        let own = Path::new("/proc/self");
        let (resident, share) = (resident_bytes(own).unwrap(), proportional_bytes(own).unwrap());
        assert!(share > 0 && share <= resident, "{share} of {resident}");
    }
}
