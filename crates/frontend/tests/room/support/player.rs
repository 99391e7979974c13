//! Plays the runtime in every box: answers each event with what it saw of it.

use lanthorn_environment::ServeEndpoint;
use lanthorn_environment::lean::{Frame, Kind, encode};
use lanthorn_model::invocation::{Completion, Outcome};
use lanthorn_sandbox::simulated::{Cell, Control, Running};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// What a runtime sees of a call.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The ARN as called.
    pub(crate) arn: String,
    /// The client context; empty if there is none.
    pub(crate) context: String,
    pub(crate) event: String,
}

/// Plays in every box that `control` tells of.
pub(super) fn play(control: Control) {
    tokio::spawn(async move {
        loop {
            tokio::spawn(play_in(control.created().await));
        }
    });
}

async fn play_in(mut cell: Cell) {
    while let Some(running) = cell.started().await {
        // The environment lets go of the process in its own time, mostly by closing the socket.
        let _ = perform(running).await;
    }
}

async fn perform(mut running: Running) -> std::io::Result<()> {
    let inherited = running.inherited.pop().expect("a lean runtime inherits its socket");
    let socket = std::os::unix::net::UnixStream::from(inherited.descriptor);
    socket.set_nonblocking(true)?;
    let mut socket = UnixStream::from_std(socket)?;
    say(&mut socket, Kind::Ready, 0, b"").await?;
    loop {
        let mut header = [0; 60];
        socket.read_exact(&mut header).await?;
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let short = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let mut body = vec![0; number(0) as usize];
        socket.read_exact(&mut body).await?;
        let mut part = |length: usize| {
            let rest = body.split_off(length);
            String::from_utf8(std::mem::replace(&mut body, rest)).expect("tests send text")
        };
        let (arn, _trace, context) = (part(short(6)), part(short(8)), part(short(10)));
        let seen = Seen { arn, context, event: String::from_utf8(body).expect("tests send text") };
        let answer = serde_json::to_vec(&seen).expect("text is JSON");
        say(&mut socket, Kind::Response, number(12), &answer).await?;
    }
}

async fn say(socket: &mut UnixStream, kind: Kind, sequence: u32, payload: &[u8]) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    encode(&Frame { kind, closing: false, sequence, error_type: b"", payload }, &mut bytes);
    socket.write_all(&bytes).await
}

impl Seen {
    /// What the runtime that gave this answer saw.
    #[track_caller]
    pub(crate) fn of(completion: &Completion) -> Self {
        match &completion.outcome {
            Outcome::Success(payload) => serde_json::from_slice(payload).expect("it was written above"),
            Outcome::Failure(payload) => panic!("failed: {}", String::from_utf8_lossy(payload)),
        }
    }
}

pub(super) struct NoEndpoint;

impl ServeEndpoint for NoEndpoint {
    fn serve(&self, listener: std::net::TcpListener) -> Box<dyn Send + Sync> {
        Box::new(listener)
    }
}
