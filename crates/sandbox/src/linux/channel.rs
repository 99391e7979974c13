//! The server's end of a box's channel, on a tokio runtime.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::protocol::messages::{Event, Order};
use crate::protocol::socket;
use crate::sys;

/// Orders go in, events come out. Dropping it destroys the box.
#[derive(Debug)]
pub(super) struct Channel(AsyncFd<OwnedFd>);

impl Channel {
    /// Takes a connected, non-blocking end.
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        sys::register(end, Interest::READABLE | Interest::WRITABLE).map(Self)
    }

    /// Sends `order` with `descriptors`, waiting while init is behind.
    ///
    /// # Cancel safety
    /// A dropped future has sent all or nothing.
    pub(super) async fn send(&self, order: &Order, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.0.async_io(Interest::WRITABLE, |end| socket::send(end, order, descriptors)).await
    }

    /// The next event; None once neither init nor the warden holds the other end.
    ///
    /// # Cancel safety
    /// A dropped future has taken nothing.
    pub(super) async fn receive(&self) -> io::Result<Option<(Event, Vec<OwnedFd>)>> {
        self.0.async_io(Interest::READABLE, |end| socket::receive(end)).await
    }

    /// Lets go of the box, which destroys it; what is told meanwhile can still be received.
    pub(super) fn hang_up(&self) {
        let _ = rustix::net::shutdown(self.0.get_ref(), rustix::net::Shutdown::Write);
    }
}
