//! One process's standard output and error: a pipe, read as it fills, into the journal.
//!
//! ```text
//!  process ── pipe (64 KiB, the kernel's) ── read, a bounded bite at a time ─► Lines ─► Journal
//! ```
//!
//! The pipe is the bound: a function that writes faster than we read waits in its own write. Nor can it keep the
//! shard busy: lines cost us more than they cost a function that writes empty ones, so after a full bite we rest.
//! Everything written before the runtime answered is in the pipe by then, which is what [`Output::drain`] relies on.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::time::{Sleep, sleep};

use super::Journal;
use super::lines::Lines;

/// The reading end of a process's output.
pub(crate) struct Output {
    pipe: pipe::Receiver,
    lines: Lines,
    /// Set after a full bite, until it is time for the next.
    rest: Option<Pin<Box<Sleep>>>,
    /// Every writer has closed it.
    ended: bool,
}

const READ_BYTES: usize = 64 * 1024;
/// What is read before other events get their turn, in reads, and in lines.
const BITE_READS: usize = 4;
const BITE_LINES: usize = 4096;
/// How long we rest after a full bite: a flooding function is read at 50 MB/s at most.
const REST: Duration = Duration::from_millis(5);
/// The largest pipe an unprivileged process can make of its standard output, in reads.
const PIPE_READS_MAX: usize = 16;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

impl Output {
    /// An output, and the writing end for the process.
    pub(crate) fn open() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let pipe = pipe::Receiver::from_owned_fd(reader.into())?;
        Ok((Self { pipe, lines: Lines::default(), rest: None, ended: false }, writer.into()))
    }

    /// Resolves when there is something to [`Output::bite`]; never again once the output has ended.
    ///
    /// # Cancel safety
    /// Nothing is read here.
    pub(crate) async fn readable(&mut self) {
        if let Some(rest) = &mut self.rest {
            rest.as_mut().await;
            self.rest = None;
        }
        if self.ended || self.pipe.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Reads a bounded piece of what is there.
    pub(crate) fn bite(&mut self, journal: &mut Journal) {
        let mut lines = 0;
        for _ in 0..BITE_READS {
            // `try_read` also notes that the pipe is empty, so that `readable` waits again.
            let read = SCRATCH.with_borrow_mut(|scratch| {
                let read = self.pipe.try_read(scratch);
                if let Ok(count) = read {
                    self.lines.feed(&scratch[..count], &mut |event| {
                        lines += 1;
                        journal.function(event);
                    });
                }
                read
            });
            match read {
                Ok(1..) if lines < BITE_LINES => {}
                Ok(1..) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return journal.flush(),
                Ok(0) | Err(_) => {
                    self.ended = true;
                    return journal.flush();
                }
            }
        }
        self.rest = Some(Box::pin(sleep(REST)));
        journal.flush();
    }

    /// Reads all that was written until now, asking the kernel itself: the reactor may not have told yet.
    /// What has no newline becomes an event too, because the call it belongs to is over.
    pub(crate) fn drain(&mut self, journal: &mut Journal) {
        for _ in 0..PIPE_READS_MAX {
            let count = SCRATCH.with_borrow_mut(|scratch| {
                let count = rustix::io::read(self.pipe.as_fd(), &mut **scratch).unwrap_or(0);
                self.lines.feed(&scratch[..count], &mut |event| journal.function(event));
                count
            });
            if count < READ_BYTES {
                break;
            }
        }
        self.lines.finish(&mut |event| journal.function(event));
    }
}
