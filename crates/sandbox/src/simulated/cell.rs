//! One simulated box, seen from both sides: [`Cell`] for the test, `Simulated` for the room.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{Exit, Gone, Inherited, Process, Sandbox, Spec, StartError};

/// Processes that a test may have let start and not yet looked at.
const UNSEEN_PROCESSES_MAX: usize = 256;
/// Signals that a test may leave unread; further ones are dropped.
const UNREAD_SIGNALS_MAX: usize = 64;

/// One box, as the test sees it.
#[derive(Debug)]
pub struct Cell {
    /// What was asked for.
    pub spec: Spec,
    /// Where the box's Runtime API listens: a real address on the loopback.
    pub runtime_api: SocketAddr,
    /// Where the box's AWS endpoint listens: a real address on the loopback.
    pub endpoint: SocketAddr,
    started: mpsc::Receiver<Running>,
    shared: Arc<Shared>,
}

/// A process the room has started; it runs until [`Running::exit`], a kill, a reset or the box's end.
#[derive(Debug)]
pub struct Running {
    /// The name it was started under.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The write end of its output; drop it to let the reader see the end.
    pub output: Option<OwnedFd>,
    /// The further descriptors it was given; drop them as the process would.
    pub inherited: Vec<Inherited>,
    signals: mpsc::Receiver<i32>,
    serial: u64,
    shared: Arc<Shared>,
}

/// The room's side.
pub(super) struct Simulated {
    started: mpsc::Sender<Running>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// What a test can wait for; written with every change of `state`.
    seen: watch::Sender<Seen>,
}

#[derive(Debug, Default)]
struct State {
    processes: BTreeMap<u64, Slot>,
    next_serial: u64,
    memory_peak_bytes: Option<u64>,
    refusals: Vec<std::io::Error>,
}

#[derive(Debug)]
struct Slot {
    name: String,
    exit: oneshot::Sender<Exit>,
    signals: mpsc::Sender<i32>,
}

/// The parts of a box's state that a test waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    gone: bool,
    frozen: bool,
    cpu_milli: Option<u32>,
    resets: u32,
}

pub(super) fn pair(spec: Spec, (runtime_api, endpoint): (SocketAddr, SocketAddr)) -> (Cell, Simulated) {
    let (tx, rx) = mpsc::channel(UNSEEN_PROCESSES_MAX);
    let seen = Seen { cpu_milli: Some(spec.cpu_milli), ..Seen::default() };
    let shared = Arc::new(Shared { state: Mutex::default(), seen: watch::channel(seen).0 });
    let cell = Cell { spec, runtime_api, endpoint, started: rx, shared: Arc::clone(&shared) };
    (cell, Simulated { started: tx, shared })
}

impl Cell {
    /// The next process the room starts in this box; waits for it. None once the box is gone.
    pub async fn started(&mut self) -> Option<Running> {
        self.started.recv().await
    }

    /// Makes the next start fail with `error`, as if the program could not be executed.
    pub fn refuse_start(&self, error: std::io::Error) {
        self.shared.state.lock().refusals.insert(0, error);
    }

    /// Sets what [`Sandbox::memory_peak_bytes`] answers.
    pub fn set_memory_peak_bytes(&self, bytes: u64) {
        self.shared.state.lock().memory_peak_bytes = Some(bytes);
    }

    /// Ends the box from outside, as when its init is killed.
    pub fn vanish(&self) {
        self.shared.end();
    }

    /// True while the room has the box frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.shared.seen.borrow().frozen
    }

    /// Waits until the box is frozen, or gone.
    pub async fn frozen(&self) {
        self.wait(|seen| seen.frozen || seen.gone).await;
    }

    /// The CPU limit in force, in thousandths of a CPU; None while it is lifted.
    #[must_use]
    pub fn cpu_milli(&self) -> Option<u32> {
        self.shared.seen.borrow().cpu_milli
    }

    /// How often the room has reset the box.
    #[must_use]
    pub fn resets(&self) -> u32 {
        self.shared.seen.borrow().resets
    }

    /// True once the box was destroyed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.shared.seen.borrow().gone
    }

    /// Waits until the box was destroyed.
    pub async fn gone(&self) {
        self.wait(|seen| seen.gone).await;
    }

    async fn wait(&self, until: impl FnMut(&Seen) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        seen.wait_for(until).await.expect("the sender is in `shared`, which `self` holds");
    }
}

impl Running {
    /// Ends the process: closes what it held and tells the room how it ended. Nothing if it has ended before.
    pub fn exit(self, exit: Exit) {
        let Self { serial, shared, output, inherited, .. } = self;
        drop((output, inherited));
        let slot = shared.state.lock().processes.remove(&serial);
        if let Some(slot) = slot {
            let _ = slot.exit.send(exit);
        }
    }

    /// The next signal the room sends; waits for it. None once the process has ended.
    pub async fn signalled(&mut self) -> Option<i32> {
        self.signals.recv().await
    }
}

impl Shared {
    fn end(&self) {
        let processes = std::mem::take(&mut self.state.lock().processes);
        self.seen.send_modify(|seen| seen.gone = true);
        for slot in processes.into_values() {
            let _ = slot.exit.send(Exit::Gone);
        }
    }

    fn alive(&self) -> Result<(), Gone> {
        if self.seen.borrow().gone { Err(Gone) } else { Ok(()) }
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) -> Result<(), Gone> {
        self.alive()?;
        self.seen.send_modify(change);
        Ok(())
    }

    fn add(&self, name: &str) -> (u64, oneshot::Receiver<Exit>, mpsc::Receiver<i32>) {
        let (exit, exited) = oneshot::channel();
        let (signals, signalled) = mpsc::channel(UNREAD_SIGNALS_MAX);
        let mut state = self.state.lock();
        let serial = state.next_serial;
        state.next_serial += 1;
        state.processes.insert(serial, Slot { name: name.to_owned(), exit, signals });
        (serial, exited, signalled)
    }

    fn kill(&self, which: impl Fn(&Slot) -> bool) {
        let dead: Vec<Slot> =
            self.state.lock().processes.extract_if(.., |_, slot| which(slot)).map(|(_, slot)| slot).collect();
        for slot in dead {
            let _ = slot.exit.send(Exit::Signalled(libc::SIGKILL));
        }
    }
}

impl Sandbox for Simulated {
    fn start(&self, process: Process) -> BoxFuture<'_, Result<oneshot::Receiver<Exit>, StartError>> {
        async move {
            self.shared.alive()?;
            let Process { name, argv, env, output, inherited } = process;
            if let Some(source) = self.shared.state.lock().refusals.pop() {
                return Err(StartError::Execute { program: argv.into_iter().next().unwrap_or_default(), source });
            }
            let (serial, exited, signals) = self.shared.add(&name);
            let shared = Arc::clone(&self.shared);
            let running = Running { name, argv, env, output: Some(output), inherited, signals, serial, shared };
            if self.started.try_send(running).is_err() {
                // The test has let go of the box: its processes end at once.
                self.shared.kill(|_| true);
            }
            Ok(exited)
        }
        .boxed()
    }

    fn signal(&self, name: &str, signal: i32) -> BoxFuture<'_, ()> {
        if signal == libc::SIGKILL {
            self.shared.kill(|slot| slot.name == name);
        } else {
            for slot in self.shared.state.lock().processes.values().filter(|slot| slot.name == name) {
                let _ = slot.signals.try_send(signal);
            }
        }
        futures::future::ready(()).boxed()
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), Gone>> {
        let reset = self.shared.change(|seen| seen.resets += 1);
        self.shared.kill(|_| true);
        futures::future::ready(reset).boxed()
    }

    fn memory_peak_bytes(&self) -> Option<u64> {
        self.shared.state.lock().memory_peak_bytes
    }

    fn set_cpu_milli(&self, cpu_milli: Option<u32>) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(self.shared.change(|seen| seen.cpu_milli = cpu_milli)).boxed()
    }

    fn freeze(&self) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(self.shared.change(|seen| seen.frozen = true)).boxed()
    }

    fn thaw(&self) -> BoxFuture<'_, Result<(), Gone>> {
        futures::future::ready(self.shared.change(|seen| seen.frozen = false)).boxed()
    }

    fn destroy(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.shared.end();
        futures::future::ready(()).boxed()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.shared.end();
    }
}
