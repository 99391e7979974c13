//! The environment's end of the socket: events out, answers in, one system call each when all goes well.
//!
//! ```text
//!  deliver ─► head (reused) + event ── writev ──► socket          what does not fit goes on in turn()
//!  turn    ◄─ Incoming{Header ─► Body | Skip} ◄── read ── socket  into a buffer shared by the shard's thread
//! ```
//!
//! The socket is registered with the reactor for reading alone, as a pipe's end would be. Registered for writing too,
//! as tokio's sockets are, it would wake the shard each time the runtime reads an event, only to learn that
//! there is nothing to write; the rare event that does not fit is written through a second descriptor, registered
//! for as long as it takes.
//!
//! An idle link holds no read buffer: bytes are read into one per thread and only whole payloads are kept, in a
//! buffer of exactly their size. A payload over the limit is read past, never kept.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use lanthorn_model::invocation::Invocation;
use lanthorn_model::limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;

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
    /// The socket, to be read; written past the reactor.
    socket: pipe::Receiver,
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
    socket: pipe::Sender,
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
            socket: pipe::Receiver::from_owned_fd_unchecked(ours.into())?,
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
        let whole = self.head.len() + event.len();
        let written = match rustix::io::writev(&self.socket, &rest(&self.head, event, 0)) {
            Ok(written) if written == whole => return,
            Ok(written) => written,
            Err(rustix::io::Errno::AGAIN) => 0,
            // A broken pipe is told by the process's end.
            Err(_) => return,
        };
        let second = self.socket.as_fd().try_clone_to_owned();
        match second.and_then(pipe::Sender::from_owned_fd_unchecked) {
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
            let rest = rest(&self.head, event, *written);
            match ready!(Pin::new(&mut *socket).poll_write_vectored(cx, &rest)) {
                Ok(count) => *written += count,
                Err(_) => break,
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
            let mut buffer = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer));
            let bytes = buffer.filled();
            if read.is_err() || bytes.is_empty() {
                self.closed = true;
            } else if let Err(malformed) = self.feed(bytes) {
                tracing::debug!(%malformed, "a function wrote to its runtime's socket");
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

/// Head and event without the first `written` bytes.
fn rest<'a>(head: &'a [u8], event: &'a [u8], written: usize) -> [IoSlice<'a>; 2] {
    let of_event = written.saturating_sub(head.len());
    [IoSlice::new(&head[written.min(head.len())..]), IoSlice::new(&event[of_event..])]
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

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
