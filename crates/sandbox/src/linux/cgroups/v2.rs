//! cgroup v2: one directory for all controllers, which its parent must hand down.
//!
//! A cgroup that hands controllers down may hold no process itself (but for the hierarchy's top). So, where this
//! process shares its cgroup with the server alone, both first step aside into a leaf:
//!
//! ```text
//!  own/                     own/  subtree_control = memory cpu pids
//!   ├─ server, warden  ──►   ├── lanthorn-server/      the server, the warden
//!                            └── lanthorn-<instance>/  subtree_control = memory cpu pids
//!                                 └── 0/               a box
//! ```
//!
//! Where strangers share it, root makes its place at the top of the hierarchy; anybody else goes without.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::{Access, Controller, bandwidth_us, open, write};
use crate::protocol::messages::{Failure, Gauge, Plan, Step as _};

const SERVER_LEAF: &str = "lanthorn-server";

/// The instance's directory.
#[derive(Debug)]
pub(super) struct Home {
    directory: PathBuf,
    controllers: Vec<Controller>,
}

impl Home {
    /// Makes the instance's directory `name` with those of `wanted` that can be handed down to it, or says why none.
    pub(super) fn prepare(own: &Path, top: &Path, name: &str, wanted: &[Controller]) -> Result<Self, String> {
        let parent = parent(own, top).map_err(|error| format!("cgroup v2 at {}: {error}", own.display()))?;
        let directory = parent.join(name);
        let made = || -> io::Result<Vec<Controller>> {
            fs::create_dir(&directory)?;
            let mut controllers = Vec::new();
            for &controller in wanted {
                if controller == Controller::Freezer
                    || (hand_down(&parent, controller)? && hand_down(&directory, controller)?)
                {
                    controllers.push(controller);
                }
            }
            Ok(controllers)
        };
        match made() {
            Ok(controllers) => Ok(Self { directory, controllers }),
            Err(error) => {
                let _ = fs::remove_dir(&directory);
                Err(format!("cgroup v2 at {}: {error}", parent.display()))
            }
        }
    }

    pub(super) fn has(&self, controller: Controller) -> bool {
        self.controllers.contains(&controller)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn make(&self, name: &str) -> Result<Leaf, Failure> {
        let directory = self.directory.join(name);
        fs::create_dir(&directory).step("create a cgroup")?;
        let descriptor = fs::File::open(&directory).step("open a cgroup")?.into();
        Ok(Leaf { directory, descriptor, controllers: self.controllers.clone() })
    }
}

/// One box's directory.
#[derive(Debug)]
pub(super) struct Leaf {
    directory: PathBuf,
    descriptor: OwnedFd,
    controllers: Vec<Controller>,
}

impl Leaf {
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    pub(super) fn limit(&self, plan: &Plan) -> Result<(), Failure> {
        for controller in &self.controllers {
            match controller {
                Controller::Memory => {
                    let bytes = (u64::from(plan.memory_mib) << 20).to_string();
                    write(&self.directory, "memory.max", &bytes).step("limit memory")?;
                    // Not there where the kernel has no swap.
                    match write(&self.directory, "memory.swap.max", "0") {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).step("limit swap")?,
                        _ => {}
                    }
                }
                Controller::Cpu => {
                    let (quota, period) = bandwidth_us(plan.cpu_milli);
                    write(&self.directory, "cpu.max", &format!("{quota} {period}")).step("limit CPU time")?;
                }
                Controller::Pids => {
                    write(&self.directory, "pids.max", &(plan.pids_max + 1).to_string()).step("limit processes")?;
                }
                Controller::Freezer => {}
            }
        }
        Ok(())
    }

    pub(super) fn gauges(&self) -> Result<Vec<(Gauge, OwnedFd)>, Failure> {
        let gauge = |gauge, file, access| {
            open(&self.directory, file, access).step("open a cgroup file").map(|descriptor| (gauge, descriptor))
        };
        let mut gauges = Vec::new();
        for controller in &self.controllers {
            match controller {
                Controller::Memory => {
                    gauges.push(gauge(Gauge::MemoryEvents, "memory.events", Access::Read)?);
                    // Linux 5.19 and newer.
                    gauges.extend(gauge(Gauge::MemoryPeak, "memory.peak", Access::Read).ok());
                }
                Controller::Cpu => gauges.push(gauge(Gauge::CpuMaxV2, "cpu.max", Access::Write)?),
                Controller::Pids => {}
                Controller::Freezer => gauges.push(gauge(Gauge::FreezerV2, "cgroup.freeze", Access::Write)?),
            }
        }
        Ok(gauges)
    }

    pub(super) fn thaw(&self) {
        let _ = write(&self.directory, "cgroup.freeze", "0");
    }
}

/// The cgroup to make ours in: our own if it may hand controllers down, else, for root, the hierarchy's top.
fn parent(own: &Path, top: &Path) -> io::Result<PathBuf> {
    if own == top && !own.join("cgroup.type").exists() {
        // The real top of the hierarchy: it may hold processes and hand controllers down all the same.
        return Ok(own.to_owned());
    }
    let (server, warden) = (std::os::unix::process::parent_id(), std::process::id());
    let processes = fs::read_to_string(own.join("cgroup.procs"))?;
    let ours = |pid: &str| pid.parse().is_ok_and(|pid: u32| pid == server || pid == warden);
    if processes.lines().all(ours) && open(own, "cgroup.subtree_control", Access::Write).is_ok() {
        let leaf = own.join(SERVER_LEAF);
        match fs::create_dir(&leaf) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        for pid in processes.lines() {
            write(&leaf, "cgroup.procs", pid)?;
        }
        return Ok(own.to_owned());
    }
    // Asks the kernel rather than the user id: root in a container may not.
    if open(top, "cgroup.subtree_control", Access::Write).is_ok() && !top.join("cgroup.type").exists() {
        return Ok(top.to_owned());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is shared with other processes and not delegated to us"))
}

/// True if `directory` gives `controller` to its children, now or already.
fn hand_down(directory: &Path, controller: Controller) -> io::Result<bool> {
    let name = controller.v1_name();
    let has = |file: &str| -> io::Result<bool> {
        Ok(fs::read_to_string(directory.join(file))?.split_whitespace().any(|it| it == name))
    };
    if has("cgroup.subtree_control")? {
        return Ok(true);
    }
    Ok(has("cgroup.controllers")? && write(directory, "cgroup.subtree_control", &format!("+{name}")).is_ok())
}
