//! One box as the warden keeps it, from the fork of its init to the removal of its last trace.
//!
//! ```text
//!  Living ──server closes the channel──► kill ──► (init ends) ──► bury ──► Lingering ──cgroups empty──► Gone said
//!     └──────────init ends by itself─────────────────┘
//! ```

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::thread::UnshareFlags;

use super::base::Base;
use super::rights::Identity;
use super::shell::Shell;
use super::volume::Volume;
use crate::linux::cgroups::{BoxGroup, Controller, Groups};
use crate::linux::init::{self, Furniture, MemoryLimit};
use crate::protocol::messages::{Event, Failure, Gauge, Plan, Step as _};
use crate::protocol::socket;
use crate::sys::fork::{Child, Forked, fork_into, live_and_die};

/// A box whose init lives.
#[derive(Debug)]
pub(super) struct Living {
    channel: OwnedFd,
    init: Child,
    group: BoxGroup,
}

/// A box whose processes are dead and whose cgroups the kernel has not let go of yet.
#[derive(Debug)]
pub(super) struct Lingering {
    channel: OwnedFd,
    group: BoxGroup,
}

impl Living {
    /// Forks the init of a box. On failure nothing of the box is left, and the server has been told.
    pub(super) fn begin(
        plan: &Plan,
        shell: Shell,
        volume: Option<Volume>,
        channel: OwnedFd,
        (base, groups, identity): (&Base, &Groups, Identity),
    ) -> Result<Self, Lingering> {
        let Shell { network, user, runtime_api, endpoint, group, serial: _ } = shell;
        let begun = fork_init(plan, (&network, &user, &group), volume, &channel, (base, groups, identity));
        let (init, gauges) = match begun {
            Ok(begun) => begun,
            Err(failure) => {
                tell(&channel, &Event::Failed(failure), &[]);
                return Err(Lingering { channel, group });
            }
        };
        let event = Event::Forked { gauges: gauges.iter().map(|&(gauge, _)| gauge).collect() };
        let mut descriptors = vec![runtime_api.as_fd(), endpoint.as_fd()];
        descriptors.extend(gauges.iter().map(|(_, descriptor)| descriptor.as_fd()));
        // If the server has let go meanwhile, its hang-up tells in a moment.
        tell(&channel, &event, &descriptors);
        Ok(Self { channel, init, group })
    }

    /// Hangs up when the server lets go of the box.
    pub(super) fn channel(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }

    /// Becomes readable when init has ended.
    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.init.pidfd.as_fd()
    }

    /// Kills every process of the box: they share init's pid namespace, and die with it.
    pub(super) fn kill(&self) {
        self.group.thaw();
        self.init.kill();
    }

    /// Takes note of init's end, which is that of all the box's processes, mounts and namespaces.
    pub(super) fn bury(self) -> Lingering {
        let Self { channel, init, group } = self;
        let _ = init.reap();
        Lingering { channel, group }
    }
}

impl Lingering {
    /// Removes the cgroups and tells the server that nothing is left, or is still lingering.
    pub(super) fn fade(mut self) -> Option<Self> {
        if self.group.remove() {
            tell(&self.channel, &Event::Gone, &[]);
            return None;
        }
        Some(self)
    }
}

/// What a fork of init takes from the shell: network and user namespaces, and cgroups.
type Hollow<'a> = (&'a OwnedFd, &'a OwnedFd, &'a BoxGroup);

fn fork_init(
    plan: &Plan,
    (network, user, group): Hollow<'_>,
    volume: Option<Volume>,
    channel: &OwnedFd,
    (base, groups, identity): (&Base, &Groups, Identity),
) -> Result<(Child, Vec<(Gauge, OwnedFd)>), Failure> {
    group.limit(plan)?;
    let mut gauges = group.gauges()?;
    let memory = if groups.driven(Controller::Memory).is_ok() {
        MemoryLimit::Enforced
    } else {
        let peak = rustix::fs::memfd_create("peak", rustix::fs::MemfdFlags::CLOEXEC).step("create the memory gauge")?;
        gauges.push((Gauge::MemoryPeak, peak.try_clone().step("create the memory gauge")?));
        MemoryLimit::Watched { limit_bytes: u64::from(plan.memory_mib) << 20, peak }
    };
    let namespaces = UnshareFlags::NEWPID | UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    // SAFETY: the warden is single-threaded all its life.
    let forked = unsafe { fork_into(namespaces.bits() as i32, group.into()) }.step("fork a box's init")?;
    match forked {
        Forked::Child => live_and_die(move || {
            let joins = group.joins();
            let volume = volume.as_ref().map(|volume| volume.mount.as_fd());
            let (network, user, channel) = (network.as_fd(), user.as_fd(), channel.as_fd());
            init::live(plan, memory, identity, Furniture { base, joins, network, user, volume, channel })
        }),
        Forked::Parent(init) => Ok((init, gauges)),
    }
}

/// Tells the server, without ever waiting for it: one that does not listen is treated as one that hung up.
pub(super) fn tell(channel: &OwnedFd, event: &Event, descriptors: &[BorrowedFd<'_>]) {
    let _ = socket::send_at_once(channel, event, descriptors);
}
