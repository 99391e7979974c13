//! What the warden may do: everything as root, or as much as a user namespace of its own gives an ordinary user.

use std::fs;
use std::io;
use std::path::Path;

use rustix::thread::UnshareFlags;

use crate::protocol::messages::{Failure, Step as _};
use crate::sys::namespace;

/// The function's user inside a box: `sbx_user1051` (recorded).
pub(crate) const FUNCTION_UID: u32 = 993;
/// Its group (recorded).
pub(crate) const FUNCTION_GID: u32 = 990;

/// Host ids of boxes start here: above the ranges that distributions give to users and container managers.
const HOST_IDS_FROM: u32 = 0x7000_0000;
/// As many pairs of ids are used before the first is used again.
const HOST_ID_PAIRS: u32 = 0x0400_0000;

/// Who the processes of a box are on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The warden is root: each box has two host ids that nobody else has, one for its init, one for the function.
    Distinct,
    /// The warden is an ordinary user: all boxes, and their inits, run as that user.
    Shared,
}

impl Identity {
    /// Finds out, and takes what is to be had: mounts of our own either way, a user namespace if not root.
    pub(super) fn assume() -> Result<Self, Failure> {
        if rustix::process::geteuid().is_root() && namespace::unshare(UnshareFlags::NEWNS).is_ok() {
            return Ok(Self::Distinct);
        }
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        namespace::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS).step("create a user namespace")?;
        let own = Path::new("/proc/self");
        // A user who may not change groups may map his own only after giving up the right to drop any.
        write(own, "setgroups", "deny").step("give up the right to change groups")?;
        write(own, "uid_map", &format!("0 {uid} 1")).step("map the user id")?;
        write(own, "gid_map", &format!("0 {gid} 1")).step("map the group id")?;
        Ok(Self::Shared)
    }

    /// The ids of the box numbered `serial`; `salt` sets one instance's apart from another's.
    pub(super) fn ids(self, serial: u64, salt: u32) -> Ids {
        match self {
            Self::Distinct => {
                let pair = (serial as u32).wrapping_add(salt) % HOST_ID_PAIRS;
                Ids::Distinct { init: HOST_IDS_FROM + 2 * pair, function: HOST_IDS_FROM + 2 * pair + 1 }
            }
            Self::Shared => Ids::Shared,
        }
    }
}

/// The host ids, users' and groups' alike, of one box.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ids {
    Distinct { init: u32, function: u32 },
    Shared,
}

impl Ids {
    /// Makes the calling helper the one who owns the user namespace it is about to create. The kernel counts what a
    /// namespace's users hold (inotify watches, locked memory, message queues) against its owner as well: with an
    /// owner of its own, no box can use up another's share, nor root's.
    pub(super) fn own_the_next_namespace(self) -> io::Result<()> {
        if let Self::Distinct { init, .. } = self {
            let owner = nix::unistd::Uid::from_raw(init);
            nix::unistd::setresuid(owner, owner, owner)?;
        }
        Ok(())
    }

    /// Maps the ids in the new user namespace that `pid` is in.
    pub(super) fn map(self, pid: i32) -> io::Result<()> {
        let process = Path::new("/proc").join(pid.to_string());
        let (uids, gids) = match self {
            Self::Distinct { init, function } => {
                (format!("0 {init} 1\n{FUNCTION_UID} {function} 1"), format!("0 {init} 1\n{FUNCTION_GID} {function} 1"))
            }
            Self::Shared => (format!("{FUNCTION_UID} 0 1"), format!("{FUNCTION_GID} 0 1")),
        };
        write(&process, "uid_map", &uids)?;
        write(&process, "gid_map", &gids)
    }
}

fn write(process: &Path, file: &str, value: &str) -> io::Result<()> {
    fs::write(process.join(file), value)
}
