//! One box, as its environment holds it.
//!
//! ```text
//!   Boxed ──orders──► channel            Driver (a task): events ──► starts, exits, requests that wait
//!     │ drop, destroy: hang up                └── Gone, or the end: everything that waits learns that the box is gone
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use super::channel::Channel;
use super::gauges::Gauges;
use crate::protocol::messages::{End, Event, Order};
use crate::{Exit, Gone, Process, Sandbox, StartError};

/// A box on Linux.
pub(super) struct Boxed {
    shared: Arc<Shared>,
    gone: watch::Receiver<bool>,
}

struct Shared {
    /// Names the box in our log lines.
    label: String,
    channel: Channel,
    gauges: Gauges,
    waiting: Mutex<Waiting>,
}

/// Who waits for what. Everything in it is answered when the box is gone.
#[derive(Default)]
struct Waiting {
    gone: bool,
    /// The environment has let go: the end is expected.
    let_go: bool,
    next_number: u32,
    /// Starts that were not answered yet; the error is an `errno`.
    starts: BTreeMap<u32, oneshot::Sender<Result<(), i32>>>,
    processes: BTreeMap<u32, Running>,
    requests: BTreeMap<u32, oneshot::Sender<()>>,
    /// Processes the server itself has killed: their death by `SIGKILL` is no want of memory.
    killed: BTreeSet<u32>,
    /// How many were killed for want of memory when somebody last looked.
    oom_kills: u64,
}

struct Running {
    name: String,
    exit: oneshot::Sender<Exit>,
}

impl Boxed {
    /// Takes over a box that is ready, and reads its events on the current runtime.
    pub(super) fn new(label: String, channel: Channel, gauges: Gauges) -> Self {
        let shared = Arc::new(Shared { label, channel, gauges, waiting: Mutex::default() });
        let (tell_gone, gone) = watch::channel(false);
        let driver = Arc::clone(&shared);
        tokio::spawn(async move {
            driver.read_events().await;
            let _ = tell_gone.send(true);
        });
        Self { shared, gone }
    }
}

impl Shared {
    async fn read_events(&self) {
        loop {
            match self.channel.receive().await {
                Ok(Some((Event::Gone, _))) | Ok(None) => break,
                Ok(Some((event, _))) => self.take(event),
                // What is no message comes from no init of ours: let go of it, and wait for the warden's word.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => self.channel.hang_up(),
                Err(_) => break,
            }
        }
        self.bury();
    }

    fn take(&self, event: Event) {
        let mut waiting = self.waiting.lock();
        match event {
            Event::Started { process } => {
                if let Some(start) = waiting.starts.remove(&process) {
                    let _ = start.send(Ok(()));
                }
            }
            Event::NotExecuted { process, errno } => {
                waiting.processes.remove(&process);
                if let Some(start) = waiting.starts.remove(&process) {
                    let _ = start.send(Err(errno));
                }
            }
            Event::Ended { process, end } => {
                let killed = waiting.killed.remove(&process);
                let exit = match end {
                    End::Exited(status) => Exit::Exited(status),
                    End::OutOfMemory => Exit::OutOfMemory,
                    End::Signalled(libc::SIGKILL) if !killed && self.ran_out_of_memory(&mut waiting) => {
                        Exit::OutOfMemory
                    }
                    End::Signalled(signal) => Exit::Signalled(signal),
                };
                if let Some(running) = waiting.processes.remove(&process) {
                    let _ = running.exit.send(exit);
                }
            }
            Event::Done { request } => {
                if let Some(request) = waiting.requests.remove(&request) {
                    let _ = request.send(());
                }
            }
            Event::Forked { .. } | Event::Ready | Event::Failed(_) | Event::Gone | Event::Findings(_) => {}
        }
    }

    /// True if the kernel has killed for want of memory since the last look.
    fn ran_out_of_memory(&self, waiting: &mut Waiting) -> bool {
        let kills = self.gauges.oom_kills();
        let more = kills > waiting.oom_kills;
        waiting.oom_kills = kills;
        more
    }

    /// Answers everybody who waits.
    fn bury(&self) {
        let mut waiting = self.waiting.lock();
        waiting.gone = true;
        // Init itself may have been the victim.
        let exit = if self.ran_out_of_memory(&mut waiting) { Exit::OutOfMemory } else { Exit::Gone };
        if !waiting.let_go {
            tracing::warn!(sandbox.label = %self.label, ?exit, "a sandbox has ended by itself");
        }
        for running in std::mem::take(&mut waiting.processes).into_values() {
            let _ = running.exit.send(exit);
        }
        waiting.starts.clear();
        waiting.requests.clear();
    }

    /// Sends a request made of its number and waits until it was carried out.
    async fn request(&self, order: impl FnOnce(u32) -> Order) -> Result<(), Gone> {
        let (number, done) = {
            let mut waiting = self.waiting.lock();
            if waiting.gone {
                return Err(Gone);
            }
            let number = waiting.number();
            let (tx, rx) = oneshot::channel();
            waiting.requests.insert(number, tx);
            (number, rx)
        };
        self.channel.send(&order(number), &[]).await.map_err(|_| Gone)?;
        done.await.map_err(|_| Gone)
    }

    fn alive(&self) -> Result<(), Gone> {
        if self.waiting.lock().gone { Err(Gone) } else { Ok(()) }
    }

    async fn start(&self, process: Process) -> Result<oneshot::Receiver<Exit>, StartError> {
        let Process { name, argv, env, output, inherited } = process;
        let program = argv.first().cloned().unwrap_or_default();
        let refused = |source| StartError::Execute { program: program.clone(), source };
        let_it_be_reopened(&output);

        let (started, starting) = oneshot::channel();
        let (exit, exited) = oneshot::channel();
        let number = {
            let mut waiting = self.waiting.lock();
            if waiting.gone {
                return Err(Gone.into());
            }
            if waiting.processes.is_empty() {
                waiting.oom_kills = self.gauges.oom_kills();
            }
            let number = waiting.number();
            waiting.starts.insert(number, started);
            waiting.processes.insert(number, Running { name, exit });
            number
        };
        let numbers = inherited.iter().map(|inherited| inherited.number).collect();
        let mut descriptors = vec![output.as_fd()];
        descriptors.extend(inherited.iter().map(|inherited| inherited.descriptor.as_fd()));
        let order = Order::Start { process: number, argv, env, numbers };
        if let Err(error) = self.channel.send(&order, &descriptors).await {
            let mut waiting = self.waiting.lock();
            waiting.starts.remove(&number);
            waiting.processes.remove(&number);
            return match error.kind() {
                std::io::ErrorKind::ArgumentListTooLong | std::io::ErrorKind::InvalidInput => {
                    Err(refused(std::io::Error::from_raw_os_error(libc::E2BIG)))
                }
                _ => Err(Gone.into()),
            };
        }
        match starting.await {
            Ok(Ok(())) => Ok(exited),
            Ok(Err(errno)) => Err(refused(std::io::Error::from_raw_os_error(errno))),
            Err(_) => Err(Gone.into()),
        }
    }
}

/// Scripts open `/dev/stdout` anew, as a user that does not own the pipe behind it. Nobody but its holders can reach
/// a pipe; anything else, as a log file, keeps its mode.
fn let_it_be_reopened(output: &OwnedFd) {
    let is_pipe = rustix::fs::fstat(output)
        .is_ok_and(|status| rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::Fifo);
    if is_pipe {
        // Somebody else's pipe: the process can write to it all the same, but not open it.
        let _ = rustix::fs::fchmod(output, rustix::fs::Mode::from_raw_mode(0o622));
    }
}

impl Waiting {
    fn number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        number
    }
}

impl Sandbox for Boxed {
    fn start(&self, process: Process) -> BoxFuture<'_, Result<oneshot::Receiver<Exit>, StartError>> {
        self.shared.start(process).boxed()
    }

    fn signal(&self, name: &str, signal: i32) -> BoxFuture<'_, ()> {
        let process = {
            let mut waiting = self.shared.waiting.lock();
            let found = waiting.processes.iter().find(|(_, running)| running.name == name).map(|(&number, _)| number);
            if signal == libc::SIGKILL {
                waiting.killed.extend(found);
            }
            found
        };
        async move {
            if let Some(process) = process {
                let _ = self.shared.channel.send(&Order::Signal { process, signal }, &[]).await;
            }
        }
        .boxed()
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), Gone>> {
        async move {
            {
                let mut waiting = self.shared.waiting.lock();
                let running: Vec<u32> = waiting.processes.keys().copied().collect();
                waiting.killed.extend(running);
            }
            let _ = self.shared.gauges.thaw();
            self.shared.request(|request| Order::Reset { request }).await
        }
        .boxed()
    }

    fn memory_peak_bytes(&self) -> Option<u64> {
        self.shared.gauges.memory_peak_bytes()
    }

    fn set_cpu_milli(&self, cpu_milli: Option<u32>) -> BoxFuture<'_, Result<(), Gone>> {
        let set = self.shared.alive().and_then(|()| self.shared.gauges.set_cpu_milli(cpu_milli).map_err(|_| Gone));
        futures::future::ready(set).boxed()
    }

    fn freeze(&self) -> BoxFuture<'_, Result<(), Gone>> {
        async move {
            self.shared.alive()?;
            if self.shared.gauges.has_freezer() {
                return self.shared.gauges.freeze().await.map_err(|_| Gone);
            }
            self.shared.request(|request| Order::Stop { request }).await
        }
        .boxed()
    }

    fn thaw(&self) -> BoxFuture<'_, Result<(), Gone>> {
        async move {
            self.shared.alive()?;
            if self.shared.gauges.has_freezer() {
                return self.shared.gauges.thaw().map_err(|_| Gone);
            }
            self.shared.request(|request| Order::Continue { request }).await
        }
        .boxed()
    }

    fn destroy(self: Box<Self>) -> BoxFuture<'static, ()> {
        let mut gone = self.gone.clone();
        // Dropping hangs up; the driver stays until the warden says that nothing is left.
        drop(self);
        async move {
            let _ = gone.wait_for(|gone| *gone).await;
        }
        .boxed()
    }
}

impl Drop for Boxed {
    fn drop(&mut self) {
        self.shared.waiting.lock().let_go = true;
        // What is frozen by a v1 freezer cannot die.
        let _ = self.shared.gauges.thaw();
        self.shared.channel.hang_up();
    }
}
