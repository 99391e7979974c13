//! Messages and descriptors through a `SOCK_SEQPACKET` socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MESSAGE_BYTES_MAX, decode, encode};

/// Descriptors in one message at most.
pub(crate) const DESCRIPTORS_MAX: usize = 64;

/// Two connected ends; neither survives `exec`.
pub(crate) fn pair(flags: SocketFlags) -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags | SocketFlags::CLOEXEC, None)?)
}

/// Sends `message` with `descriptors`, whole or not at all.
///
/// # Errors
/// `WouldBlock` if the socket is non-blocking and the other side is behind; `BrokenPipe` if it has closed its end.
pub(crate) fn send<T: Serialize>(socket: impl AsFd, message: &T, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_with(socket.as_fd(), message, descriptors, SendFlags::NOSIGNAL)
}

/// As [`send`], but never waits for the other side to catch up.
///
/// # Errors
/// As [`send`] on a non-blocking socket.
pub(crate) fn send_at_once<T: Serialize>(
    socket: impl AsFd,
    message: &T,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    send_with(socket.as_fd(), message, descriptors, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
}

fn send_with<T: Serialize>(
    socket: BorrowedFd<'_>,
    message: &T,
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> io::Result<()> {
    let frame = encode(message)?;
    if descriptors.len() > DESCRIPTORS_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    loop {
        match rustix::net::sendmsg(socket, &[IoSlice::new(&frame)], &mut control, flags) {
            Err(rustix::io::Errno::INTR) => {}
            sent => return sent.map(drop).map_err(io::Error::from),
        }
    }
}

/// Receives one message and its descriptors; `None` once the other side has closed its end.
///
/// # Errors
/// `WouldBlock` if there is none yet on a non-blocking socket; `InvalidData` if what came is not a message.
pub(crate) fn receive<T: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut frame = vec![0; MESSAGE_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let slices = &mut [IoSliceMut::new(&mut frame)];
        match rustix::net::recvmsg(&socket, slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?,
        }
    };
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Some((decode(&frame[..received.bytes])?, descriptors)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use super::*;
    use crate::protocol::messages::Order;

    #[test]
    fn descriptors_arrive_with_their_message() {
        let (here, there) = pair(SocketFlags::empty()).unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        send(&here, &Order::Reset { request: 1 }, &[writer.as_fd()]).unwrap();
        drop(writer);
        let (order, descriptors) = receive::<Order>(&there).unwrap().unwrap();
        assert_eq!(order, Order::Reset { request: 1 });
        let [sent]: [OwnedFd; 1] = descriptors.try_into().unwrap();
        rustix::io::write(&sent, b"x").unwrap();
        let mut byte = [0];
        assert_eq!(rustix::io::read(&reader, &mut byte).unwrap(), 1);
    }

    #[test]
    fn a_closed_end_is_none() {
        let (here, there) = pair(SocketFlags::empty()).unwrap();
        drop(here);
        assert!(receive::<Order>(&there).unwrap().is_none());
    }

    #[test]
    fn a_message_longer_than_the_space_for_it_is_refused() {
        let (here, there) = pair(SocketFlags::empty()).unwrap();
        rustix::net::send(&here, &vec![0; MESSAGE_BYTES_MAX + 1], SendFlags::empty()).unwrap();
        assert_eq!(receive::<Order>(&there).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
