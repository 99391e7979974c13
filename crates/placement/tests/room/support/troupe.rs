//! The troupe: plays the runtime in every box, over the lean protocol, and looks for what must never be seen.
//!
//! An event is text, `TARGET WHAT`. What happens depends on the second word:
//!
//! - `go` is answered at once, with the number of the box;
//! - `hold` is told to the test, which answers it when it likes;
//! - `exit` ends the process in the middle of the call.
//!
//! A player knows from its process's environment of which target it is. An event of another is the worst that can
//! happen, and fails the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lanthorn_environment::ServeEndpoint;
use lanthorn_environment::lean::{Frame, Kind, encode};
use lanthorn_sandbox::Exit;
use lanthorn_sandbox::simulated::{Cell, Control, Running};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use super::neighbours::TARGET;

/// What all players share, and the test's ear among them.
pub(crate) struct Troupe {
    /// Boxes that stand.
    pub(crate) boxes: Count,
    /// Calls in the hands of a runtime.
    pub(crate) calls: Count,
    /// So many of the next boxes die before their runtime is ready.
    pub(crate) stillborn: AtomicU32,
    /// Events of one target in an environment of another. Looked at when the stage is dropped.
    pub(crate) strays: Mutex<Vec<String>>,
    holding: mpsc::UnboundedSender<Held>,
    held: tokio::sync::Mutex<mpsc::UnboundedReceiver<Held>>,
}

/// A call that waits for the test.
pub(crate) struct Held {
    /// The number of the box that has it.
    pub(crate) number: u32,
    answer: oneshot::Sender<()>,
}

/// How many there are, the most there ever were at once, and all there ever were.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<Tally>);

#[derive(Default)]
struct Tally {
    now: AtomicU32,
    most: AtomicU32,
    ever: AtomicU32,
}

/// One of those counted, until it is dropped.
pub(crate) struct Counted(Count);

/// Serves nobody, but exactly as long as a box stands: from its making until after its end.
pub(super) struct CountedEndpoints(pub(super) Count);

/// The events and answers of one process.
struct Lean {
    socket: UnixStream,
    /// Kept as a process keeps its standard output.
    _running: Running,
}

impl Troupe {
    /// Players for every box that `control` tells of. They leave with the runtime.
    pub(crate) fn assemble(control: &Control) -> Arc<Self> {
        let (holding, held) = mpsc::unbounded_channel();
        let troupe = Arc::new(Self {
            boxes: Count::default(),
            calls: Count::default(),
            stillborn: AtomicU32::new(0),
            strays: Mutex::default(),
            holding,
            held: tokio::sync::Mutex::new(held),
        });
        let (control, director) = (control.clone(), Arc::downgrade(&troupe));
        tokio::spawn(async move {
            for number in 0.. {
                let cell = control.created().await;
                let Some(troupe) = director.upgrade() else { return };
                tokio::spawn(troupe.play(cell, number));
            }
        });
        troupe
    }

    /// The next call that waits for the test.
    pub(crate) async fn held(&self) -> Held {
        self.held.lock().await.recv().await.expect("the troupe keeps a sender")
    }

    async fn play(self: Arc<Self>, mut cell: Cell, number: u32) {
        let one_less = |left: u32| left.checked_sub(1);
        if self.stillborn.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            cell.vanish();
        }
        while let Some(running) = cell.started().await {
            self.perform(running, number).await;
        }
    }

    /// One process, until its environment lets go of it.
    async fn perform(&self, running: Running, number: u32) {
        let (_, mine) = running.env.iter().find(|(name, _)| name == TARGET).expect("every function names its target");
        let mine = mine.clone();
        let mut runtime = Lean::new(running);
        runtime.say(Kind::Ready, 0, "").await;
        while let Some((sequence, event)) = runtime.receive().await {
            let call = self.calls.one_more();
            let (target, what) = event.split_once(' ').expect("two words");
            if target != mine {
                self.strays.lock().push(format!("{target} in an environment of {mine}"));
            }
            match what {
                "go" => tokio::task::yield_now().await,
                "hold" => self.hold(number).await,
                "exit" => return runtime.exit(),
                other => panic!("no player knows how to {other}"),
            }
            drop(call);
            runtime.say(Kind::Response, sequence, &number.to_string()).await;
        }
    }

    async fn hold(&self, number: u32) {
        let (answer, answered) = oneshot::channel();
        self.holding.send(Held { number, answer }).expect("the troupe keeps the receiver");
        // A test that is over needs no answer.
        let _ = answered.await;
    }
}

impl Held {
    /// Lets the runtime answer.
    pub(crate) fn answer(self) {
        // The environment may have ended meanwhile.
        let _ = self.answer.send(());
    }
}

impl Count {
    pub(crate) fn one_more(&self) -> Counted {
        let Tally { now, most, ever } = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        ever.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    pub(crate) fn now(&self) -> u32 {
        self.0.now.load(Ordering::SeqCst)
    }

    /// The most there ever were at once.
    pub(crate) fn most(&self) -> u32 {
        self.0.most.load(Ordering::SeqCst)
    }

    /// All there ever were.
    pub(crate) fn ever(&self) -> u32 {
        self.0.ever.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ServeEndpoint for CountedEndpoints {
    fn serve(&self, _: std::net::TcpListener) -> Box<dyn Send + Sync> {
        Box::new(self.0.one_more())
    }
}

impl Lean {
    fn new(mut running: Running) -> Self {
        let inherited = running.inherited.pop().expect("a lean runtime inherits its socket");
        let socket = std::os::unix::net::UnixStream::from(inherited.descriptor);
        socket.set_nonblocking(true).expect("a socket");
        Self { socket: UnixStream::from_std(socket).expect("a socket"), _running: running }
    }

    async fn say(&mut self, kind: Kind, sequence: u32, payload: &str) {
        let mut bytes = Vec::new();
        let payload = payload.as_bytes();
        encode(&Frame { kind, closing: false, sequence, error_type: b"", payload }, &mut bytes);
        // The environment may have let go of the process meanwhile.
        let _ = self.socket.write_all(&bytes).await;
    }

    /// The next event and its number; none once the environment has let go of the process.
    async fn receive(&mut self) -> Option<(u32, String)> {
        let mut header = [0; 60];
        self.socket.read_exact(&mut header).await.ok()?;
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let mut body = vec![0; number(0) as usize];
        self.socket.read_exact(&mut body).await.ok()?;
        let payload = body.split_off(short(6) + short(8) + short(10));
        Some((number(12), String::from_utf8(payload).expect("tests send text")))
    }

    fn exit(self) {
        let Self { socket, _running: running } = self;
        drop(socket);
        running.exit(Exit::Exited(1));
    }
}
