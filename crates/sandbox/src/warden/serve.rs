//! The warden's life: set up, serve one event at a time, tidy up.
//!
//! ```text
//!            ┌────────────────────── epoll ──────────────────────┐
//!  control ──┤ request: begin a box      │ hung up: shut down     │
//!  server  ──┤                           │ ended:   shut down     │
//!  channel ──┤                           │ hung up: kill that box │
//!  init    ──┤ ended: bury its box                                │
//!            └─ nothing: make one spare; none to make: sleep ─────┘
//! ```

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::cell::{Lingering, Living, tell};
use super::instance::Instance;
use super::rights::Identity;
use super::shell::Shells;
use super::volume::Volumes;
use super::{Base, Config, probe};
use crate::linux::cgroups::Groups;
use crate::linux::seccomp;
use crate::protocol::messages::{Event, Failure, Greeting, Plan, Request, Step as _};
use crate::protocol::socket;
use crate::sys;

/// How long to wait before asking the kernel again to let go of a cgroup.
const LINGER_PAUSE: Duration = Duration::from_millis(1);
/// When to look for instances that have died meanwhile: soon after the start, as one killed just before may still
/// have been dying; then now and then.
const SWEEP_SOON: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Spares are made when nothing was asked for so long: making a cgroup holds a lock of the kernel that a box just
/// forked needs to join its own.
const QUIET: Duration = Duration::from_millis(3);
/// How long the end may take: what is then still there is left to the next start's sweep.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// The epoll tags of the two descriptors that are not of a box; boxes have two each, from 2 up.
const CONTROL: u64 = 0;
const SERVER: u64 = 1;

/// The whole life of the warden's process; answers its exit status.
pub(super) fn live(control: OwnedFd, config: &Config) -> i32 {
    match Warden::set_up(config, control.as_fd()) {
        Ok(mut warden) => {
            let _ = socket::send(&control, &Greeting::Serving, &[]);
            // Formatting takes tens of milliseconds, for which only the first box has to wait.
            let directory = warden.instance.directory.clone();
            warden.volumes = Volumes::open(directory, warden.identity, config.spare_volumes);
            warden.serve(&control);
            0
        }
        Err(failure) => {
            let _ = socket::send(&control, &Greeting::Failed(failure), &[]);
            1
        }
    }
}

struct Warden {
    identity: Identity,
    instance: Instance,
    base: Base,
    groups: Groups,
    shells: Shells,
    /// Or why `/tmp` must be memory.
    volumes: Result<Volumes, Failure>,
    epoll: OwnedFd,
    living: BTreeMap<u64, Living>,
    lingering: Vec<Lingering>,
    next_sweep: Instant,
    /// When a box was last asked for.
    last_request: Instant,
}

impl Warden {
    fn set_up(config: &Config, control: BorrowedFd<'_>) -> Result<Self, Failure> {
        sys::close_all_but(&[control]).step("close the server's descriptors")?;
        leave_the_server()?;
        // By descriptor, not by a death signal: a signal would end the warden before it has tidied up.
        let server =
            rustix::process::getppid().ok_or(io::Error::from_raw_os_error(libc::ESRCH)).step("find the server")?;
        let server =
            rustix::process::pidfd_open(server, rustix::process::PidfdFlags::empty()).step("watch the server")?;

        // Compiled once, here; every box forked from this process has the filters in its memory.
        seccomp::compile();
        let identity = Identity::assume()?;
        let instance = Instance::open(&config.scratch)?;
        let groups = Groups::prepare(&format!("lanthorn-{}", instance.id));
        instance.note(groups.directories()).step("note the cgroups")?;
        let base = Base::make(instance.base(), identity)?;
        let salt = u32::from_str_radix(&instance.id[..6], 16).unwrap_or_default();
        let mut shells = Shells::new(identity, salt, config.spare_shells);
        if config.spare_shells > 0 {
            // The first shows whether boxes can be made here at all.
            shells.refill(&groups)?;
        }
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).step("create an epoll")?;
        watch(&epoll, control, CONTROL, epoll::EventFlags::IN).step("watch the control socket")?;
        watch(&epoll, server.as_fd(), SERVER, epoll::EventFlags::IN).step("watch the server")?;
        // Watched for ever, so it must stay open for ever.
        std::mem::forget(server);
        let (living, lingering) = (BTreeMap::new(), Vec::new());
        let volumes = Err(Failure { step: "find out".to_owned(), errno: libc::EAGAIN });
        let last_request = Instant::now();
        let next_sweep = last_request + SWEEP_SOON;
        Ok(Self {
            identity,
            instance,
            base,
            groups,
            shells,
            volumes,
            epoll,
            living,
            lingering,
            next_sweep,
            last_request,
        })
    }

    fn serve(mut self, control: &OwnedFd) {
        let mut events = Vec::with_capacity(64);
        loop {
            let timeout = self.patience();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
            self.fade();
            if events.is_empty() {
                self.make_a_spare();
                self.sweep();
            }
            for event in events.drain(..) {
                match event.data.u64() {
                    SERVER => return self.shut_down(),
                    CONTROL => match socket::receive(control) {
                        Ok(Some((request, descriptors))) => self.answer(&request, descriptors),
                        // What is not a message is dropped with its channel, which tells its sender.
                        Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                        Ok(None) | Err(_) => return self.shut_down(),
                    },
                    tag if tag % 2 == 0 => self.hung_up(tag / 2 - 1),
                    tag => self.ended(tag / 2 - 1),
                }
            }
        }
        self.shut_down();
    }

    /// How long to sleep if nothing happens.
    fn patience(&self) -> Timespec {
        let pause = if self.shells.hungry() || self.volumes.as_ref().is_ok_and(Volumes::hungry) {
            QUIET.saturating_sub(self.last_request.elapsed())
        } else if !self.lingering.is_empty() {
            LINGER_PAUSE
        } else {
            self.next_sweep.saturating_duration_since(Instant::now())
        };
        Timespec { tv_sec: pause.as_secs() as i64, tv_nsec: pause.subsec_nanos().into() }
    }

    fn sweep(&mut self) {
        if Instant::now() >= self.next_sweep {
            self.instance.sweep();
            self.next_sweep = Instant::now() + SWEEP_EVERY;
        }
    }

    fn make_a_spare(&mut self) {
        if self.last_request.elapsed() < QUIET {
            return;
        }
        let made = match &mut self.volumes {
            _ if self.shells.hungry() => self.shells.refill(&self.groups),
            Ok(volumes) if volumes.hungry() => volumes.refill(),
            _ => Ok(()),
        };
        // Whoever needs one finds out why there is none by asking for one.
        drop(made);
    }

    fn answer(&mut self, request: &Request, descriptors: Vec<OwnedFd>) {
        let Ok([channel]) = <[OwnedFd; 1]>::try_from(descriptors) else { return };
        self.last_request = Instant::now();
        match request {
            Request::Create(plan) => self.begin(plan, channel),
            Request::Probe => {
                let volumes = self.volumes.as_ref().map(drop).map_err(Clone::clone);
                tell(&channel, &Event::Findings(probe::findings(self.identity, &self.groups, volumes)), &[]);
            }
        }
    }

    fn begin(&mut self, plan: &Plan, channel: OwnedFd) {
        let volume = match &mut self.volumes {
            Ok(volumes) => volumes.take(plan.tmp_mib).map(Some),
            Err(_) => Ok(None),
        };
        let taken = volume.and_then(|volume| Ok((self.shells.take(&self.groups)?, volume)));
        let (shell, volume) = match taken {
            Ok(taken) => taken,
            Err(failure) => {
                tell(&channel, &Event::Failed(failure), &[]);
                return tell(&channel, &Event::Gone, &[]);
            }
        };
        let serial = shell.serial;
        match Living::begin(plan, shell, volume, channel, (&self.base, &self.groups, self.identity)) {
            Ok(living) => {
                let (channel, init) = (2 * serial + 2, 2 * serial + 3);
                // Never readable here: a hang-up is told without being asked for, and RDHUP with it.
                let watched = watch(&self.epoll, living.channel(), channel, epoll::EventFlags::RDHUP)
                    .and_then(|()| watch(&self.epoll, living.pidfd(), init, epoll::EventFlags::IN));
                if watched.is_err() {
                    living.kill();
                    return self.lingering.push(living.bury());
                }
                self.living.insert(serial, living);
            }
            Err(lingering) => self.lingering.push(lingering),
        }
    }

    fn hung_up(&mut self, serial: u64) {
        if let Some(living) = self.living.get(&serial) {
            let _ = epoll::delete(&self.epoll, living.channel());
            living.kill();
        }
    }

    fn ended(&mut self, serial: u64) {
        if let Some(living) = self.living.remove(&serial) {
            let _ = epoll::delete(&self.epoll, living.channel());
            let _ = epoll::delete(&self.epoll, living.pidfd());
            self.lingering.push(living.bury());
            self.fade();
        }
    }

    fn fade(&mut self) {
        self.lingering = std::mem::take(&mut self.lingering).into_iter().filter_map(Lingering::fade).collect();
    }

    fn shut_down(mut self) {
        for living in self.living.values() {
            living.kill();
        }
        self.lingering.extend(std::mem::take(&mut self.living).into_values().map(Living::bury));
        let mut groups: Vec<_> = self.shells.dissolve().collect();
        let deadline = Instant::now() + SHUTDOWN_MAX;
        loop {
            self.lingering = std::mem::take(&mut self.lingering).into_iter().filter_map(Lingering::fade).collect();
            groups.retain_mut(|group| !group.remove());
            if (self.lingering.is_empty() && groups.is_empty()) || Instant::now() > deadline {
                break;
            }
            std::thread::sleep(LINGER_PAUSE);
        }
        self.groups.remove();
        if self.lingering.is_empty() {
            self.instance.remove();
        }
    }
}

fn watch(epoll: &OwnedFd, source: BorrowedFd<'_>, tag: u64, flags: epoll::EventFlags) -> io::Result<()> {
    Ok(epoll::add(epoll, source, epoll::EventData::new_u64(tag), flags)?)
}

/// Leaves the server's session, so that a Ctrl-C meant for it does not end the warden while the server drains, and
/// makes the kernel prefer any other victim when the host is out of memory.
fn leave_the_server() -> Result<(), Failure> {
    rustix::process::setsid().step("leave the server's session")?;
    sys::ignore_requests_to_end();
    let null = std::fs::File::open("/dev/null").step("open /dev/null")?;
    rustix::stdio::dup2_stdin(&null).step("close standard input")?;
    // Refused to ordinary users, who are as likely a victim as before.
    let _ = std::fs::write("/proc/self/oom_score_adj", "-900");
    Ok(())
}
