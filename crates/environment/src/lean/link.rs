//! The environment's end of the socket: events out, answers in, one system call each when all goes well.
//!
//! ```text
//!  deliver ─► head (reused) + event ── writev ──► socket          what does not fit goes on in turn()
//!  turn    ◄─ Incoming{Header ─► Body | Skip} ◄── read ── socket  into a buffer shared by the shard's thread
//! ```
//!
//! The socket is registered for reading alone. Registered for writing too, it would wake the shard each time the
//! runtime reads an event, only to learn that there is nothing to write; the rare event that does not fit
//! is written through a second descriptor that is registered as long as it takes.
//!
//! An idle link holds no read buffer: bytes are read into one per thread and only whole payloads are kept, in a
//! buffer of exactly their size. A payload over the limit is read past, never kept.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use lanthorn_model::invocation::Invocation;
use lanthorn_model::limits;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::frame::{self, HEADER, Header};
use super::{Kind, Malformed};

/// What a runtime said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    /// The process ends now.
    pub(crate) closing: bool,
    pub(crate) sequence: u32,
    /// As the runtime claims it.
    pub(crate) error_type: Bytes,
    /// None if it was longer than an answer may be.
    pub(crate) payload: Option<Bytes>,
}

/// One runtime process's socket, as long as the process lives.
pub(crate) struct Link {
    socket: AsyncFd<UnixStream>,
    head: Vec<u8>,
    /// The event that did not fit into the socket at once.
    outgoing: Option<Outgoing>,
    incoming: Incoming,
    /// Said, not taken yet. Nothing is read while this holds something.
    heard: VecDeque<Message>,
    /// The other end is gone or talks nonsense; the process's end or the deadline tells the rest.
    closed: bool,
}

/// What is left to write: `head` and `event` without the first `written` bytes.
struct Outgoing {
    socket: AsyncFd<UnixStream>,
    event: Bytes,
    written: usize,
}

enum Incoming {
    Header { bytes: [u8; HEADER], have: usize },
    Body { header: Header, body: BytesMut },
    Skip { header: Header, left: usize },
}

const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

impl Link {
    /// A link, and the descriptor for the process at its other end.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let link = Self {
            socket: AsyncFd::with_interest(ours, Interest::READABLE)?,
            head: Vec::with_capacity(256),
            outgoing: None,
            incoming: Incoming::start(),
            heard: VecDeque::new(),
            closed: false,
        };
        Ok((link, theirs.into()))
    }

    /// Hands an event to the runtime; what the socket does not take at once is written by [`Link::turn`].
    pub(crate) fn deliver(&mut self, sequence: u32, deadline_ms: u64, invocation: &Invocation) {
        frame::encode_invocation(&mut self.head, sequence, deadline_ms, invocation);
        let event = &invocation.payload;
        let written = match write(self.socket.get_ref(), &self.head, event, 0) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            // A broken pipe is told by the process's end.
            Err(_) => return,
        };
        if written == self.head.len() + event.len() {
            return;
        }
        let second = self.socket.get_ref().try_clone();
        match second.and_then(|socket| AsyncFd::with_interest(socket, Interest::WRITABLE)) {
            Ok(socket) => self.outgoing = Some(Outgoing { socket, event: event.clone(), written }),
            // The call runs into its time-out.
            Err(error) => tracing::error!(%error, "cannot write the rest of an event"),
        }
    }

    /// What the runtime says next. Never resolves once the other end is gone.
    ///
    /// # Cancel safety
    /// Nothing is lost: all progress is kept in the link.
    pub(crate) async fn turn(&mut self) -> Message {
        poll_fn(|cx| {
            if self.outgoing.is_some() && self.poll_send(cx).is_ready() {
                self.outgoing = None;
            }
            self.poll_hear(cx)
        })
        .await
    }

    /// Ready when everything is written, or nobody reads any more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Outgoing { socket, event, written }) = &mut self.outgoing else { return Poll::Ready(()) };
        while *written < self.head.len() + event.len() {
            let Ok(mut guard) = ready!(socket.poll_write_ready(cx)) else { break };
            match guard.try_io(|socket| write(socket.get_ref(), &self.head, event, *written)) {
                Ok(Ok(count)) => *written += count,
                Ok(Err(_)) => break,
                Err(_would_block) => {}
            }
        }
        Poll::Ready(())
    }

    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Message> {
        loop {
            if let Some(message) = self.heard.pop_front() {
                return Poll::Ready(message);
            }
            if self.closed {
                return Poll::Pending;
            }
            ready!(self.poll_read(cx));
        }
    }

    /// One read.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            let Ok(mut guard) = ready!(self.socket.poll_read_ready(cx)) else {
                self.closed = true;
                return Poll::Ready(());
            };
            let count = match guard.try_io(|socket| socket.get_ref().read(scratch)) {
                Ok(Ok(count @ 1..)) => count,
                Ok(_) => {
                    self.closed = true;
                    return Poll::Ready(());
                }
                Err(_would_block) => return Poll::Ready(()),
            };
            if count < scratch.len() {
                // The socket is empty: no need to ask it again to know.
                guard.clear_ready();
            }
            if let Err(malformed) = self.feed(&scratch[..count]) {
                tracing::warn!(%malformed, "a function wrote to its runtime's socket");
                self.closed = true;
            }
            Poll::Ready(())
        })
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            let taken = self.incoming.take(bytes)?;
            bytes = &bytes[taken..];
            self.settle();
        }
        Ok(())
    }

    /// Moves a frame that is whole to what was heard.
    fn settle(&mut self) {
        if let Some(message) = self.incoming.finish() {
            self.heard.push_back(message);
            self.incoming = Incoming::start();
        }
    }
}

impl Incoming {
    fn start() -> Self {
        Self::Header { bytes: [0; HEADER], have: 0 }
    }

    /// Takes what it can use of `bytes` and tells how much that was.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            Self::Header { bytes: header, have } => {
                let count = bytes.len().min(HEADER - *have);
                header[*have..*have + count].copy_from_slice(&bytes[..count]);
                *have += count;
                if *have == HEADER {
                    *self = Self::after(Header::decode(header)?);
                }
                Ok(count)
            }
            Self::Body { header, body } => {
                let count = bytes.len().min(header.length - body.len());
                body.extend_from_slice(&bytes[..count]);
                Ok(count)
            }
            Self::Skip { left, .. } => {
                let count = bytes.len().min(*left);
                *left -= count;
                Ok(count)
            }
        }
    }

    fn after(header: Header) -> Self {
        if header.length - header.error_type > limits::RESPONSE_BYTES_MAX {
            Self::Skip { header, left: header.length }
        } else {
            Self::Body { header, body: BytesMut::with_capacity(header.length) }
        }
    }

    /// The message, if all of it is there.
    fn finish(&mut self) -> Option<Message> {
        match self {
            Self::Body { header, body } if body.len() == header.length => {
                let error_type = body.split_to(header.error_type).freeze();
                let payload = Some(std::mem::take(body).freeze());
                Some(header.message(error_type, payload))
            }
            Self::Skip { header, left: 0 } => {
                let error_type = Bytes::new();
                Some(header.message(error_type, None))
            }
            _ => None,
        }
    }
}

impl Header {
    fn message(&self, error_type: Bytes, payload: Option<Bytes>) -> Message {
        Message { kind: self.kind, closing: self.closing, sequence: self.sequence, error_type, payload }
    }
}

/// Writes of `head` and `event` what follows the first `written` bytes; tells how much of it was taken.
fn write(mut socket: &UnixStream, head: &[u8], event: &[u8], written: usize) -> io::Result<usize> {
    let of_event = written.saturating_sub(head.len());
    socket.write_vectored(&[IoSlice::new(&head[written.min(head.len())..]), IoSlice::new(&event[of_event..])])
}

#[cfg(test)]
mod tests {
    use lanthorn_model::invocation::RequestId;

    use super::*;
    use crate::lean::{Frame, encode};

    fn invocation(payload: Vec<u8>) -> Invocation {
        Invocation {
            id: RequestId::random(),
            payload: payload.into(),
            invoked_arn: "arn".into(),
            client_context: None,
            trace: None,
            wants_log_tail: false,
        }
    }

    fn frame(kind: Kind, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&Frame { kind, closing: false, sequence, error_type: b"T", payload }, &mut bytes);
        bytes
    }

    #[tokio::test]
    async fn a_long_event_and_a_long_answer_pass_through_a_small_socket() {
        let (mut link, theirs) = Link::pair().expect("a socket pair");
        let mut theirs = UnixStream::from(theirs);
        let event = vec![b'x'; limits::SYNC_PAYLOAD_BYTES_MAX];
        let runtime = std::thread::spawn(move || {
            let mut received = vec![0; 60 + 3 + limits::SYNC_PAYLOAD_BYTES_MAX];
            theirs.read_exact(&mut received).expect("the event");
            theirs.write_all(&frame(Kind::Response, 1, &received[63..])).expect("the answer is read");
        });
        link.deliver(1, 0, &invocation(event.clone()));
        let message = link.turn().await;
        assert_eq!((message.kind, message.sequence), (Kind::Response, 1));
        assert_eq!(message.payload.as_deref(), Some(&event[..]));
        runtime.join().expect("no panic");
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_read_past() {
        let (mut link, theirs) = Link::pair().expect("a socket pair");
        let mut theirs = UnixStream::from(theirs);
        let runtime = std::thread::spawn(move || {
            let long = vec![b'x'; limits::RESPONSE_BYTES_MAX + 1];
            theirs.write_all(&frame(Kind::Response, 1, &long)).expect("it is read");
            theirs.write_all(&frame(Kind::Response, 2, &long[1..])).expect("it is read");
            theirs
        });
        assert_eq!(link.turn().await.payload, None);
        let longest = link.turn().await;
        assert_eq!(longest.sequence, 2);
        assert_eq!(longest.payload.map(|payload| payload.len()), Some(limits::RESPONSE_BYTES_MAX));
        drop(runtime.join());
    }

    #[tokio::test]
    async fn frames_may_arrive_byte_by_byte_or_together() {
        let (mut link, theirs) = Link::pair().expect("a socket pair");
        let mut theirs = UnixStream::from(theirs);
        let mut bytes = frame(Kind::Ready, 0, b"");
        bytes.extend(frame(Kind::Error, 3, b"{}"));
        let runtime = std::thread::spawn(move || {
            bytes.iter().for_each(|byte| theirs.write_all(&[*byte]).expect("it is read"));
            theirs.write_all(&bytes).expect("it is read");
            theirs
        });
        for _ in 0..2 {
            assert_eq!(link.turn().await.kind, Kind::Ready);
            let error = link.turn().await;
            assert_eq!(
                (error.kind, &error.error_type[..], error.payload.as_deref()),
                (Kind::Error, &b"T"[..], Some(&b"{}"[..]))
            );
        }
        drop(runtime.join());
    }
}
