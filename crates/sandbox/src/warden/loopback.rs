//! Brings up a new network namespace's loopback with AWS's link-local address, by rtnetlink.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The address of the Runtime API in a box (recorded: `AWS_LAMBDA_RUNTIME_API=169.254.100.1:9001`).
pub(super) const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 100, 1);

/// In a new network namespace the loopback is always the first interface.
const LOOPBACK_INDEX: u32 = 1;

/// Sets the loopback up and gives it [`LINK_LOCAL`]; `127.0.0.1` and `::1` come with it.
pub(super) fn bring_up() -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    ask(&socket, libc::RTM_NEWLINK, 0, &link_up())?;
    ask(&socket, libc::RTM_NEWADDR, (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16, &address())
}

/// `struct ifinfomsg`: family, padding, type, index, flags, which flags.
fn link_up() -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend(LOOPBACK_INDEX.to_ne_bytes());
    body.extend((libc::IFF_UP as u32).to_ne_bytes());
    body.extend((libc::IFF_UP as u32).to_ne_bytes());
    body
}

/// `struct ifaddrmsg` (family, prefix length, flags, scope, index) and the address, as local and as peer.
fn address() -> Vec<u8> {
    let mut body = vec![libc::AF_INET as u8, 32, 0, libc::RT_SCOPE_HOST];
    body.extend(LOOPBACK_INDEX.to_ne_bytes());
    for attribute in [libc::IFA_LOCAL, libc::IFA_ADDRESS] {
        body.extend(8_u16.to_ne_bytes());
        body.extend(attribute.to_ne_bytes());
        body.extend(LINK_LOCAL.octets());
    }
    body
}

/// Sends one request and waits for the kernel's verdict.
fn ask(socket: &OwnedFd, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    const HEADER_BYTES: usize = 16;
    let flags = flags | (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
    let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
    message.extend(((HEADER_BYTES + body.len()) as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    rustix::net::send(socket, &message, SendFlags::empty())?;

    let mut reply = [0; 4096];
    let (received, _) = rustix::net::recv(socket, &mut reply, RecvFlags::empty())?;
    // An acknowledgement is an error message with code zero, right after the header.
    let code = reply[..received].get(HEADER_BYTES..HEADER_BYTES + 4).and_then(|bytes| bytes.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(negative) => Err(io::Error::from_raw_os_error(-negative)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
