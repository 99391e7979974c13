//! Init's loop: orders from the server, ends of processes, and a look at the memory where nobody else limits it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, WaitOptions, WaitStatus};

use super::MemoryLimit;
use super::spawn::{self, Program};
use super::watch::Watch;
use crate::protocol::messages::{End, Event, Order};
use crate::protocol::socket;
use crate::sys;
use crate::warden::Identity;

/// How often memory is looked at where no cgroup limits it, while processes run: what a process may grow by between
/// two looks is beyond the limit for that long.
const WATCH_EVERY: Duration = Duration::from_millis(5);

/// Serves until the server closes its end.
pub(super) fn serve(channel: BorrowedFd<'_>, memory: MemoryLimit, identity: Identity, null: &File) -> io::Result<()> {
    let ends = child_signals()?;
    let watch = match memory {
        MemoryLimit::Enforced => None,
        MemoryLimit::Watched { limit_bytes, peak } => Some(Watch::new(limit_bytes, peak)),
    };
    let mut init = Init { channel, identity, null, watch, processes: BTreeMap::new(), stopped: false };
    loop {
        let mut ready = [PollFd::new(&channel, PollFlags::IN), PollFd::new(&ends, PollFlags::IN)];
        let timeout = init.watches().then_some(Timespec { tv_sec: 0, tv_nsec: WATCH_EVERY.subsec_nanos().into() });
        match rustix::event::poll(&mut ready, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let (order, ended) = (!ready[0].revents().is_empty(), !ready[1].revents().is_empty());
        init.look()?;
        if ended {
            drain(&ends);
            init.reap()?;
        }
        if order {
            match socket::receive(channel)? {
                Some((order, descriptors)) => init.obey(order, descriptors)?,
                None => return Ok(()),
            }
        }
    }
}

struct Init<'a> {
    channel: BorrowedFd<'a>,
    identity: Identity,
    null: &'a File,
    watch: Option<Watch>,
    /// The server's number for each process it started, by process id.
    processes: BTreeMap<i32, u32>,
    stopped: bool,
}

impl Init<'_> {
    fn tell(&self, event: &Event) -> io::Result<()> {
        socket::send(self.channel, event, &[])
    }

    fn obey(&mut self, order: Order, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        match order {
            Order::Start { process, argv, env, numbers } => {
                let program = Program { argv, env, numbers, descriptors };
                match spawn::start(program, self.identity, self.null) {
                    Ok(pid) => {
                        self.processes.insert(pid, process);
                        self.tell(&Event::Started { process })
                    }
                    Err(error) => {
                        let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
                        self.tell(&Event::NotExecuted { process, errno })
                    }
                }
            }
            Order::Signal { process, signal } => {
                if let Some((&pid, _)) = self.processes.iter().find(|&(_, &number)| number == process) {
                    // It may have ended, but not been reaped: its number is still its own.
                    let _ = sys::signal_process(pid, signal);
                }
                Ok(())
            }
            Order::Reset { request } => {
                self.kill_all()?;
                self.stopped = false;
                self.tell(&Event::Done { request })
            }
            Order::Stop { request } => {
                self.stopped = true;
                self.signal_all(libc::SIGSTOP)?;
                self.tell(&Event::Done { request })
            }
            Order::Continue { request } => {
                self.stopped = false;
                self.signal_all(libc::SIGCONT)?;
                self.tell(&Event::Done { request })
            }
        }
    }

    fn signal_all(&self, signal: i32) -> io::Result<()> {
        match sys::signal_all_others(signal) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            result => result,
        }
    }

    /// Kills every other process of the pid namespace, however many it makes meanwhile, and reaps them.
    fn kill_all(&mut self) -> io::Result<()> {
        loop {
            self.signal_all(libc::SIGKILL)?;
            match rustix::process::wait(WaitOptions::empty()) {
                Ok(ended) => self.report(ended)?,
                Err(rustix::io::Errno::CHILD) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.reap()?;
        }
    }

    /// Takes note of every process that has ended: those the server started, and orphans.
    fn reap(&mut self) -> io::Result<()> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => self.report(Some(ended))?,
                Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn report(&mut self, ended: Option<(Pid, WaitStatus)>) -> io::Result<()> {
        let Some((pid, status)) = ended else { return Ok(()) };
        // Not one of ours: an orphan.
        let Some(process) = self.processes.remove(&pid.as_raw_nonzero().get()) else { return Ok(()) };
        let end = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => End::Exited(code),
            (None, Some(libc::SIGKILL)) if self.watch.as_ref().is_some_and(Watch::killed) => End::OutOfMemory,
            (None, signal) => End::Signalled(signal.unwrap_or(libc::SIGKILL)),
        };
        self.tell(&Event::Ended { process, end })
    }

    fn watches(&self) -> bool {
        self.watch.is_some() && !self.stopped && !self.processes.is_empty()
    }

    fn look(&mut self) -> io::Result<()> {
        let watching = self.watches();
        if let Some(watch) = self.watch.as_mut().filter(|_| watching)
            && watch.exceeded()
        {
            self.kill_all()?;
            if let Some(watch) = &mut self.watch {
                watch.forget();
            }
        }
        Ok(())
    }
}

/// A descriptor that becomes readable when a child has ended.
fn child_signals() -> io::Result<OwnedFd> {
    let mut signals = nix::sys::signal::SigSet::empty();
    signals.add(nix::sys::signal::Signal::SIGCHLD);
    signals.thread_block()?;
    let flags = nix::sys::signalfd::SfdFlags::SFD_CLOEXEC | nix::sys::signalfd::SfdFlags::SFD_NONBLOCK;
    Ok(nix::sys::signalfd::SignalFd::with_flags(&signals, flags)?.into())
}

fn drain(signals: &OwnedFd) {
    let mut records = [0; 1024];
    while rustix::io::read(signals.as_fd(), &mut records).is_ok_and(|read| read > 0) {}
}
