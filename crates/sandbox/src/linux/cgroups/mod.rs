//! Limits by control groups, on v1, v2, or both at once, controller by controller.
//!
//! ```text
//!  Groups::prepare ──► <own cgroup>/lanthorn-<instance>/      one directory a hierarchy, for the warden's life
//!        │ make                   ├── 0/                       one a box: limits, gauges
//!        ▼                        └── 1/
//!    BoxGroup: limit, join or clone into, thaw, remove
//! ```
//!
//! Everything is made below the cgroup this process was born in, so the limits its parents set keep holding. A
//! controller that is not there is missing with a reason; what takes its place is not decided here.

mod mountinfo;
mod v1;
mod v2;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::protocol::messages::{Failure, Gauge, Plan, Step as _};

/// What a cgroup may limit for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    /// How much memory.
    Memory,
    /// How much CPU time.
    Cpu,
    /// How many processes and threads.
    Pids,
    /// Whether they may run at all. Part of v2's core.
    Freezer,
}

impl Controller {
    pub(crate) const ALL: [Self; 4] = [Self::Memory, Self::Cpu, Self::Pids, Self::Freezer];

    fn v1_name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
            Self::Freezer => "freezer",
        }
    }
}

/// Which interface a controller is driven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// A hierarchy of its own.
    V1,
    /// The unified hierarchy.
    V2,
}

/// This instance's place in every hierarchy.
#[derive(Debug)]
pub(crate) struct Groups {
    v1: BTreeMap<Controller, PathBuf>,
    v2: Option<v2::Home>,
    missing: BTreeMap<Controller, String>,
}

impl Groups {
    /// Makes the directory `name` in the hierarchy of every controller this process may use.
    pub(crate) fn prepare(name: &str) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let homes = mountinfo::find(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"));
        let mut groups = Self { v1: BTreeMap::new(), v2: None, missing: BTreeMap::new() };
        for (controller, own) in homes.v1 {
            let directory = own.join(name);
            match v1::prepare(controller, &directory) {
                Ok(()) => drop(groups.v1.insert(controller, directory)),
                Err(error) => {
                    drop(groups.missing.insert(controller, format!("cgroup v1 at {}: {error}", own.display())));
                }
            }
        }
        let wanted: Vec<_> = Controller::ALL.into_iter().filter(|it| !groups.v1.contains_key(it)).collect();
        if let Some(unified) = homes.v2
            && !wanted.is_empty()
        {
            match v2::Home::prepare(&unified.own, &unified.top, name, &wanted) {
                Ok(home) => groups.v2 = Some(home),
                Err(why) => {
                    for &controller in &wanted {
                        groups.missing.entry(controller).or_insert_with(|| why.clone());
                    }
                }
            }
        }
        for controller in Controller::ALL {
            if groups.version(controller).is_some() {
                groups.missing.remove(&controller);
            } else {
                groups.missing.entry(controller).or_insert_with(|| "no cgroup hierarchy has it".to_owned());
            }
        }
        groups
    }

    /// How `controller` is driven, or why it is not.
    pub(crate) fn driven(&self, controller: Controller) -> Result<Version, &str> {
        self.version(controller)
            .ok_or_else(|| self.missing.get(&controller).map_or("no cgroup hierarchy has it", String::as_str))
    }

    fn version(&self, controller: Controller) -> Option<Version> {
        if self.v1.contains_key(&controller) {
            Some(Version::V1)
        } else {
            self.v2.as_ref().filter(|home| home.has(controller)).map(|_| Version::V2)
        }
    }

    /// The directories made, for whoever has to remove them if this process cannot.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.v1.values().map(PathBuf::as_path).chain(self.v2.as_ref().map(v2::Home::directory))
    }

    /// Makes the groups of one box, without limits yet.
    pub(crate) fn make(&self, name: &str) -> Result<BoxGroup, Failure> {
        let mut group = BoxGroup { v1: BTreeMap::new(), joins: Vec::new(), v2: None };
        for (&controller, home) in &self.v1 {
            let directory = home.join(name);
            fs::create_dir(&directory).step("create a cgroup")?;
            group.v1.insert(controller, directory.clone());
            group.joins.push(open(&directory, "tasks", Access::Write).step("open a cgroup's tasks")?);
        }
        if let Some(home) = &self.v2 {
            group.v2 = Some(home.make(name)?);
        }
        Ok(group)
    }

    /// Removes this instance's directories, which must be empty of boxes.
    pub(crate) fn remove(&self) {
        for directory in self.directories() {
            let _ = fs::remove_dir(directory);
        }
    }
}

/// The groups of one box.
#[derive(Debug)]
pub(crate) struct BoxGroup {
    v1: BTreeMap<Controller, PathBuf>,
    joins: Vec<OwnedFd>,
    v2: Option<v2::Leaf>,
}

impl BoxGroup {
    /// Sets the limits of `plan`.
    pub(crate) fn limit(&self, plan: &Plan) -> Result<(), Failure> {
        for (controller, directory) in &self.v1 {
            v1::limit(*controller, directory, plan)?;
        }
        self.v2.as_ref().map_or(Ok(()), |leaf| leaf.limit(plan))
    }

    /// The files by which the server reads and steers the box.
    pub(crate) fn gauges(&self) -> Result<Vec<(Gauge, OwnedFd)>, Failure> {
        let mut gauges = Vec::new();
        for (controller, directory) in &self.v1 {
            gauges.extend(v1::gauges(*controller, directory)?);
        }
        if let Some(leaf) = &self.v2 {
            gauges.extend(leaf.gauges()?);
        }
        Ok(gauges)
    }

    /// Descriptors that a process writes `0` to in order to join the v1 groups: `tasks`, not `cgroup.procs`. A
    /// thread that moves itself needs no global lock; moving any process does, and waits milliseconds for it.
    pub(crate) fn joins(&self) -> Vec<BorrowedFd<'_>> {
        self.joins.iter().map(|join| join.as_fd()).collect()
    }

    /// The v2 group to be cloned into.
    pub(crate) fn into(&self) -> Option<BorrowedFd<'_>> {
        self.v2.as_ref().map(v2::Leaf::descriptor)
    }

    /// Lets everything in it run: on v1 what is frozen cannot even be killed.
    pub(crate) fn thaw(&self) {
        if let Some(directory) = self.v1.get(&Controller::Freezer) {
            let _ = write(directory, "freezer.state", "THAWED");
        }
        if let Some(leaf) = &self.v2 {
            leaf.thaw();
        }
    }

    /// Removes the groups. False if the kernel has not let go of some process yet: try again a little later.
    pub(crate) fn remove(&mut self) -> bool {
        self.v1.retain(|_, directory| !removed(directory));
        if self.v2.as_ref().is_some_and(|leaf| removed(leaf.directory())) {
            self.v2 = None;
        }
        self.v1.is_empty() && self.v2.is_none()
    }
}

/// Lets everything run that a dead instance has left below `directory`, and kills it.
pub(crate) fn kill_below(directory: &Path) {
    for child in children(directory) {
        let _ = write(&child, "freezer.state", "THAWED");
        let _ = write(&child, "cgroup.freeze", "0");
        for pid in fs::read_to_string(child.join("cgroup.procs")).unwrap_or_default().lines() {
            if let Ok(pid) = pid.parse() {
                let _ = crate::sys::signal_process(pid, libc::SIGKILL);
            }
        }
    }
}

/// Removes what a dead instance has left below `directory`, and it. False if something in it is not dead yet.
pub(crate) fn remove_below(directory: &Path) -> bool {
    for child in children(directory) {
        removed(&child);
    }
    removed(directory)
}

fn children(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// The CPU time `cpu_milli` thousandths of a CPU are in each period, both in microseconds.
///
/// A period of 20 ms, as AWS's (published measurements of Lambda's throttling): with the kernel's default of 100 ms
/// a small function would stand still for 90 of them. The kernel takes no quota below a millisecond, so very small
/// shares get a longer period.
pub(crate) fn bandwidth_us(cpu_milli: u32) -> (u64, u64) {
    const PERIOD_US: u64 = 20_000;
    const QUOTA_US_MIN: u64 = 1_000;
    let share = u64::from(cpu_milli.max(1));
    let period = PERIOD_US.max(QUOTA_US_MIN * 1000 / share);
    ((share * period / 1000).max(QUOTA_US_MIN), period.min(1_000_000))
}

fn removed(directory: &Path) -> bool {
    match fs::remove_dir(directory) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

enum Access {
    Read,
    Write,
    Both,
}

fn open(directory: &Path, file: &str, access: Access) -> io::Result<OwnedFd> {
    let mut options = fs::OpenOptions::new();
    match access {
        Access::Read => options.read(true),
        Access::Write => options.write(true),
        Access::Both => options.read(true).write(true),
    };
    options.open(directory.join(file)).map(OwnedFd::from)
}

fn write(directory: &Path, file: &str, value: &str) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(directory.join(file))?.write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_down_to_a_thousandth() {
        for cpu_milli in [1, 2, 49, 50, 72, 1000, 6000] {
            let (quota, period) = bandwidth_us(cpu_milli);
            assert!(quota >= 1000 && (20_000..=1_000_000).contains(&period), "{cpu_milli}: {quota}/{period}");
            let share = quota * 1000 / period;
            assert!(share.abs_diff(u64::from(cpu_milli)) <= 1, "{cpu_milli} became {share}");
        }
        assert_eq!(bandwidth_us(72), (1440, 20_000));
    }
}
