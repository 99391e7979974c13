//! One listening socket a shard, all on one address: the kernel spreads connections over them.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted, for each shard.
const BACKLOG: i32 = 4096;

/// Listens on `address` `shards` times. With port 0 all share the port that the first one got.
pub(super) fn listen(address: SocketAddr, shards: usize) -> anyhow::Result<Vec<TcpListener>> {
    let first = one(address)?;
    let address = first.local_addr()?;
    let rest = (1..shards).map(|_| one(address));
    std::iter::once(Ok(first)).chain(rest).collect()
}

fn one(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into()).with_context(|| format!("cannot listen on {address}"))?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
