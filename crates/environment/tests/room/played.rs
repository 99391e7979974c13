//! A runtime process played by the test, at the other end of the lean socket.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use lanthorn_environment::lean::{Frame, Kind, encode};
use lanthorn_environment::runtimes::{Interpreter, Runtimes};
use lanthorn_model::clock::ManualClock;
use lanthorn_sandbox::simulated::{Cell, Control, Running};
use lanthorn_sandbox::{Exit, Launcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::House;

/// A house on a clock that stands still, with a Python 3.12 that is never run.
pub(crate) fn house(launcher: Arc<dyn Launcher>) -> House {
    let start = "2026-01-12T15:37:23Z".parse().expect("a time");
    let program = "/usr/bin/python3.12".to_owned();
    let python = Interpreter { executable: PathBuf::from(&program), program, mount: None };
    let python = ("python3.12".parse().expect("a runtime"), python);
    House::build(launcher, |directory| Runtimes::given(directory, [python]), Arc::new(ManualClock::at(start)))
}

/// A process that the environment has started.
pub(crate) struct Played {
    pub(crate) running: Running,
    socket: UnixStream,
    output: std::fs::File,
}

/// An event as it arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) sequence: u32,
    pub(crate) deadline_ms: u64,
    pub(crate) request_id: String,
    pub(crate) payload: String,
}

/// Stops the clock for as long as it lives: timers run when the test says `tokio::time::advance`, never because
/// everybody waits for a socket. (A paused clock moves by itself unless a blocking task runs.)
pub(crate) struct Stillness(
    #[allow(dead_code, reason = "dropping it ends the blocking task")] std::sync::mpsc::Sender<()>,
);

pub(crate) fn stillness() -> Stillness {
    tokio::time::pause();
    let (tx, rx) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || rx.recv());
    Stillness(tx)
}

/// The next box and the first process in it.
pub(crate) async fn first(control: &Control) -> (Cell, Played) {
    let mut cell = control.created().await;
    let played = next(&mut cell).await;
    (cell, played)
}

/// The next process in a box.
pub(crate) async fn next(cell: &mut Cell) -> Played {
    Played::new(cell.started().await.expect("the box stands"))
}

impl Played {
    fn new(mut running: Running) -> Self {
        let inherited = running.inherited.pop().expect("a lean runtime inherits its socket");
        let announced =
            running.env.iter().find(|(name, _)| name == "_LANTHORN_LEAN_FD").map(|(_, value)| value.as_str());
        assert_eq!(announced, Some(inherited.number.to_string().as_str()));
        let socket = std::os::unix::net::UnixStream::from(inherited.descriptor);
        socket.set_nonblocking(true).expect("a socket");
        let output: OwnedFd = running.output.take().expect("an output");
        Self { running, socket: UnixStream::from_std(socket).expect("a socket"), output: output.into() }
    }

    /// Writes to standard output.
    pub(crate) fn print(&mut self, text: &str) {
        self.output.write_all(text.as_bytes()).expect("the environment reads");
    }

    /// Asks for the first event.
    pub(crate) async fn ready(&mut self) {
        self.say(Kind::Ready, 0, "", "").await;
    }

    /// Answers an event.
    pub(crate) async fn respond(&mut self, event: &Received, payload: &str) {
        self.say(Kind::Response, event.sequence, "", payload).await;
    }

    pub(crate) async fn say(&mut self, kind: Kind, sequence: u32, error_type: &str, payload: &str) {
        self.send(kind, false, sequence, error_type, payload).await;
    }

    /// Answers an event with an error and announces the process's end.
    pub(crate) async fn fail_and_close(&mut self, event: &Received, error_type: &str, payload: &str) {
        self.send(Kind::Error, true, event.sequence, error_type, payload).await;
    }

    async fn send(&mut self, kind: Kind, closing: bool, sequence: u32, error_type: &str, payload: &str) {
        let mut bytes = Vec::new();
        let frame = Frame { kind, closing, sequence, error_type: error_type.as_bytes(), payload: payload.as_bytes() };
        encode(&frame, &mut bytes);
        self.socket.write_all(&bytes).await.expect("the environment reads");
    }

    /// The next event.
    pub(crate) async fn receive(&mut self) -> Received {
        let mut header = [0; 60];
        self.socket.read_exact(&mut header).await.expect("an event");
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let mut body = vec![0; number(0) as usize];
        self.socket.read_exact(&mut body).await.expect("its body");
        let payload = body.split_off(short(6) + short(8) + short(10));
        Received {
            sequence: number(12),
            deadline_ms: u64::from(number(16)) + (u64::from(number(20)) << 32),
            request_id: String::from_utf8(header[24..].to_vec()).expect("ASCII"),
            payload: String::from_utf8(payload).expect("UTF-8"),
        }
    }

    /// Ends, as a process does: its ends of pipe and socket close first.
    pub(crate) fn exit(self, exit: Exit) {
        let Self { running, socket, output } = self;
        drop((socket, output));
        running.exit(exit);
    }
}
