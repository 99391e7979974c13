//! Shells: what a box needs before anything is known about its function, made ahead of need.
//!
//! ```text
//!  warden ── fork ──► helper   unshare network: lo up, 169.254.100.1, two listeners
//!    ▲                  │      unshare user
//!    └── 4 descriptors ─┤
//!    ── id maps ──►     │
//!    ── close ──►       ╳      the namespaces live on in the descriptors
//! ```
//!
//! The network namespace belongs to the warden's user namespace, not to the box's own, in which the function lives:
//! nothing in a box has any right over its network. A shell is used once.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::net::SocketFlags;
use rustix::thread::UnshareFlags;

use super::loopback;
use super::rights::{Identity, Ids};
use crate::linux::cgroups::{BoxGroup, Groups};
use crate::protocol::messages::{Failure, Step as _};
use crate::protocol::socket;
use crate::sys::fork::{Forked, fork_into, live_and_die};
use crate::sys::namespace;

/// Where the Runtime API answers inside a box. Source: the value of `AWS_LAMBDA_RUNTIME_API` (recorded).
const RUNTIME_API: SocketAddrV4 = SocketAddrV4::new(loopback::LINK_LOCAL, 9001);
/// Where the AWS endpoint answers inside a box.
const ENDPOINT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4566);

/// An empty box.
#[derive(Debug)]
pub(super) struct Shell {
    /// Numbers the box among this warden's.
    pub(super) serial: u64,
    pub(super) network: OwnedFd,
    pub(super) user: OwnedFd,
    pub(super) runtime_api: OwnedFd,
    pub(super) endpoint: OwnedFd,
    pub(super) group: BoxGroup,
}

/// Makes shells and keeps some.
#[derive(Debug)]
pub(super) struct Shells {
    identity: Identity,
    salt: u32,
    next_serial: u64,
    spare: Vec<Shell>,
    spare_max: usize,
    /// The last attempt to make a spare failed: none is made ahead until one was made on demand.
    paused: bool,
}

impl Shells {
    /// Keeps up to `spare_max`; `salt` sets the host ids apart from other instances'.
    pub(super) fn new(identity: Identity, salt: u32, spare_max: usize) -> Self {
        Self { identity, salt, next_serial: 0, spare: Vec::new(), spare_max, paused: false }
    }

    /// A shell, from the spares or new.
    pub(super) fn take(&mut self, groups: &Groups) -> Result<Shell, Failure> {
        if let Some(shell) = self.spare.pop() {
            return Ok(shell);
        }
        let shell = self.make(groups)?;
        self.paused = false;
        Ok(shell)
    }

    /// True if [`Shells::refill`] has something to do.
    pub(super) fn hungry(&self) -> bool {
        !self.paused && self.spare.len() < self.spare_max
    }

    /// Makes one spare.
    pub(super) fn refill(&mut self, groups: &Groups) -> Result<(), Failure> {
        let made = self.make(groups);
        self.paused = made.is_err();
        self.spare.push(made?);
        Ok(())
    }

    /// Gives up the spares; their cgroups are the caller's to remove.
    pub(super) fn dissolve(self) -> impl Iterator<Item = BoxGroup> {
        self.spare.into_iter().map(|shell| shell.group)
    }

    fn make(&mut self, groups: &Groups) -> Result<Shell, Failure> {
        let serial = self.next_serial;
        self.next_serial += 1;
        let mut group = groups.make(&serial.to_string())?;
        match namespaces(self.identity.ids(serial, self.salt)) {
            Ok([network, user, runtime_api, endpoint]) => {
                Ok(Shell { serial, network, user, runtime_api, endpoint, group })
            }
            Err(failure) => {
                group.remove();
                Err(failure)
            }
        }
    }
}

/// Makes a box's network and user namespaces: both, and the two listeners.
fn namespaces(ids: Ids) -> Result<[OwnedFd; 4], Failure> {
    let (ours, theirs) = socket::pair(SocketFlags::empty()).step("create a socket pair")?;
    // SAFETY: the warden is single-threaded all its life.
    let helper = match unsafe { fork_into(0, None) }.step("fork a helper")? {
        Forked::Child => live_and_die(move || {
            drop(ours);
            help(theirs, ids)
        }),
        Forked::Parent(helper) => helper,
    };
    drop(theirs);
    let made = receive(&ours, helper.pid, ids);
    drop(ours);
    helper.reap().step("reap a helper")?;
    made
}

fn receive(ours: &OwnedFd, pid: i32, ids: Ids) -> Result<[OwnedFd; 4], Failure> {
    const HEAR: &str = "hear from a helper";
    let received = socket::receive::<Result<(), Failure>>(ours).step(HEAR)?;
    let (result, descriptors) = received.ok_or(io::Error::from_raw_os_error(libc::EPIPE)).step(HEAR)?;
    result?;
    ids.map(pid).step("map a box's ids")?;
    descriptors.try_into().map_err(|_| io::Error::from_raw_os_error(libc::EPROTO)).step(HEAR)
}

/// The helper's whole life.
fn help(warden: OwnedFd, ids: Ids) -> i32 {
    match hollow(ids) {
        Ok(descriptors) => {
            let borrowed: Vec<_> = descriptors.iter().map(OwnedFd::as_fd).collect();
            if socket::send(&warden, &Ok::<(), Failure>(()), &borrowed).is_err() {
                return 1;
            }
            // The ids can be mapped only while a process is in the namespace: wait until the warden has done so.
            let _ = socket::receive::<()>(&warden);
            0
        }
        Err(failure) => {
            let _ = socket::send(&warden, &Err::<(), Failure>(failure), &[]);
            1
        }
    }
}

fn hollow(ids: Ids) -> Result<[OwnedFd; 4], Failure> {
    namespace::unshare(UnshareFlags::NEWNET).step("create a network namespace")?;
    loopback::bring_up().step("bring up a box's loopback")?;
    let listen = |address: SocketAddrV4| -> io::Result<OwnedFd> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener.into())
    };
    let runtime_api = listen(RUNTIME_API).step("listen in a box")?;
    let endpoint = listen(ENDPOINT).step("listen in a box")?;
    let network = File::open("/proc/self/ns/net").step("open a network namespace")?;
    ids.own_the_next_namespace().step("own a box's user namespace")?;
    namespace::unshare(UnshareFlags::NEWUSER).step("create a box's user namespace")?;
    let user = File::open("/proc/self/ns/user").step("open a user namespace")?;
    Ok([network.into(), user.into(), runtime_api, endpoint])
}
