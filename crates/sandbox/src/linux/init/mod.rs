//! A box's first process: builds the box from inside, locks itself in, then starts and reaps the function's.
//!
//! ```text
//!  forked by the warden, still with its rights, in new pid, mount, ipc and uts namespaces
//!     │ join cgroups and the network      everything from here on counts against the box
//!     ▼
//!   root: tmpfs, read-only binds, /proc, /tmp; pivot_root, the host's files are gone
//!     ▼
//!   user namespace: from here on it has no right over the mounts, the network or anything else outside it
//!     ▼
//!   confine: capabilities, no_new_privs, Landlock, seccomp; all children inherit them
//!     ▼
//!   Ready ──► serve: start, signal, reset, reap          ends when the server lets go, or the warden kills it
//! ```
//!
//! It is a copy of the warden and shares its memory until one of them writes; it runs no other program. It trusts
//! the server and the warden, and nothing that a function can reach: it reads nothing from a function but exits.

mod confine;
mod root;
mod serve;
mod spawn;
mod watch;

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::thread::{LinkNameSpaceType, UnshareFlags};

use crate::protocol::messages::{Event, Failure, Plan, Step as _};
use crate::protocol::socket;
use crate::sys::{self, namespace};
use crate::warden::{Base, Identity};

/// Function processes and their init are the host's first victims when it runs out of memory, before anything else.
const OOM_SCORE: &str = "1000";

/// Who keeps the box within its memory.
#[derive(Debug)]
pub(crate) enum MemoryLimit {
    /// The kernel, by a cgroup.
    Enforced,
    /// Init itself, by looking; it writes the most it has seen, in decimal, to `peak`.
    Watched { limit_bytes: u64, peak: OwnedFd },
}

/// What the warden has prepared for a box.
pub(crate) struct Furniture<'a> {
    pub(crate) base: &'a Base,
    pub(crate) joins: Vec<BorrowedFd<'a>>,
    pub(crate) network: BorrowedFd<'a>,
    pub(crate) user: BorrowedFd<'a>,
    /// A volume for `/tmp`; memory if there is none.
    pub(crate) volume: Option<BorrowedFd<'a>>,
    pub(crate) channel: BorrowedFd<'a>,
}

/// The whole life of a box's init; answers its exit status.
pub(crate) fn live(plan: &Plan, memory: MemoryLimit, identity: Identity, furniture: Furniture<'_>) -> i32 {
    let channel = furniture.channel;
    let built = build(plan, &memory, identity, furniture);
    let devices = match built {
        Ok(devices) => devices,
        Err(failure) => {
            let _ = socket::send(channel, &Event::Failed(failure), &[]);
            return 1;
        }
    };
    if socket::send(channel, &Event::Ready, &[]).is_err() {
        return 0;
    }
    match serve::serve(channel, memory, identity, &devices) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn build(plan: &Plan, memory: &MemoryLimit, identity: Identity, furniture: Furniture<'_>) -> Result<File, Failure> {
    let Furniture { base, joins, network, user, volume, channel } = furniture;
    let mut kept = vec![network, user, channel];
    kept.extend(&joins);
    kept.extend(volume);
    if let MemoryLimit::Watched { peak, .. } = memory {
        kept.push(peak.as_fd());
    }
    sys::close_all_but(&kept).step("close the warden's descriptors")?;
    // If the warden is killed, so is every box.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).step("follow the warden")?;
    for join in joins {
        rustix::io::write(join, b"0").step("join a cgroup")?;
    }
    std::fs::write("/proc/self/oom_score_adj", OOM_SCORE).step("volunteer for the out-of-memory killer")?;
    namespace::enter(network, LinkNameSpaceType::Network).step("enter the box's network")?;
    // Only now: the group joined above becomes the top of what the box sees.
    namespace::unshare(UnshareFlags::NEWCGROUP).step("create a cgroup namespace")?;
    rustix::system::sethostname(b"sandbox").step("set the host name")?;

    root::build(base, plan, volume)?;
    let null = File::options().read(true).write(true).open("/dev/null").step("open /dev/null")?;
    take_standard_streams(&null).step("take /dev/null")?;

    namespace::enter(user, LinkNameSpaceType::User).step("enter the box's user namespace")?;
    confine::take_identity(identity)?;
    confine::confine(memory)?;
    // All but the channel, the gauge and /dev/null is of no use any more.
    let mut kept = vec![channel, null.as_fd()];
    if let MemoryLimit::Watched { peak, .. } = memory {
        kept.push(peak.as_fd());
    }
    sys::close_all_but(&kept).step("close what the box was built with")?;
    Ok(null)
}

fn take_standard_streams(null: &File) -> io::Result<()> {
    io::stdout().flush()?;
    rustix::stdio::dup2_stdin(null)?;
    rustix::stdio::dup2_stdout(null)?;
    rustix::stdio::dup2_stderr(null)?;
    Ok(())
}
