//! Listening sockets. Every core binds its own socket to the same address (SO_REUSEPORT), and the kernel spreads
//! new connections over them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// Connections the kernel holds for a listener before accept.
const BACKLOG: i32 = 4096;

/// Silence after which the system asks whether the peer is still there. A peer that vanished without a word and has no
/// keep-alive of its protocol would otherwise keep its connection for ever.
const ALIVE_AFTER: Duration = Duration::from_secs(120);
/// Time between two questions.
const ALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Questions without an answer after which the connection is broken.
const ALIVE_RETRIES: u32 = 3;

/// Why an address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// The system's reason.
    pub source: io::Error,
}

/// Binds `count` sockets to `address`, one for each core. Port 0 picks one free port for all of them.
pub fn bind(address: SocketAddr, count: usize) -> Result<Vec<std::net::TcpListener>, BindError> {
    let failed = |source| BindError { address, source };
    if count > 1 && address.port() != 0 {
        // Sockets that share a port would share it with another server's as well: it must be free for one alone first.
        drop(bind_one(address, false).map_err(failed)?);
    }
    let first = bind_one(address, count > 1).map_err(failed)?;
    let actual = first.local_addr().map_err(failed)?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(bind_one(actual, true).map_err(failed)?);
    }
    Ok(listeners)
}

fn bind_one(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    // What is accepted inherits this, so no connection pays for it with a system call.
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(ALIVE_AFTER).with_interval(ALIVE_INTERVAL).with_retries(ALIVE_RETRIES),
    )?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_share_one_free_port() {
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        assert_eq!(listeners[0].local_addr().unwrap(), listeners[1].local_addr().unwrap());
    }

    #[test]
    fn accepted_connections_notice_a_peer_that_vanished() {
        let listener = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().pop().unwrap();
        listener.set_nonblocking(false).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let accepted = socket2::SockRef::from(&accepted);
        assert!(accepted.keepalive().unwrap());
        assert_eq!(accepted.tcp_keepalive_time().unwrap(), ALIVE_AFTER);
        assert_eq!(accepted.tcp_keepalive_interval().unwrap(), ALIVE_INTERVAL);
        assert_eq!(accepted.tcp_keepalive_retries().unwrap(), ALIVE_RETRIES);
    }

    #[test]
    fn a_taken_port_is_refused_with_its_address() {
        let taken = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = taken[0].local_addr().unwrap();
        for count in [1, 2] {
            assert_eq!(bind(address, count).unwrap_err().address, address);
        }
    }
}
