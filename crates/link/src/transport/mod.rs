//! Byte streams under MQTT: TCP, TLS and WebSocket, all non-blocking, all with the same read and write.

mod paced;
pub mod tls;
pub mod websocket;

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::event::Source;
use mio::{Interest, Registry, Token};
use openssl::sha::sha256;
use openssl::ssl::SslStream;
use openssl::x509::X509;

use self::paced::Paced;
use self::websocket::WebSocketStream;
use crate::timer::Tick;

/// A plain stream of the operating system.
#[derive(Debug)]
pub enum RawStream {
    /// A TCP connection.
    Tcp(mio::net::TcpStream),
    /// One end of a pair whose other end another thread serves (WebSocket inside HTTPS).
    Unix(mio::net::UnixStream),
}

impl Read for RawStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for RawStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl RawStream {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Unix(stream) => stream,
        }
    }
}

/// What carries the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// MQTT over TCP.
    Tcp,
    /// MQTT over TLS.
    Tls,
    /// MQTT over WebSocket.
    WebSocket,
    /// MQTT over WebSocket inside TLS.
    WebSocketTls,
}

impl TransportKind {
    /// A stable name for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::WebSocket => "ws",
            Self::WebSocketTls => "wss",
        }
    }
}

/// What TLS proved about the peer (facts §1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsIdentity {
    /// The peer holds a pre-shared key.
    Psk(PskIdentity),
    /// The peer holds the private key of this certificate.
    Certificate(ClientCertificate),
}

/// A certificate that a peer has shown, whoever signed it. It shares its memory with the connection's own TLS state.
#[derive(Clone)]
pub struct ClientCertificate {
    /// SHA-256 of the DER form.
    pub fingerprint: [u8; 32],
    /// The certificate.
    pub certificate: X509,
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for ClientCertificate {}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

/// Who holds a pre-shared key, and which key it was. A key can be replaced between the handshake and CONNECT, and the old
/// one must be worth nothing then, so the name alone is not enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PskIdentity {
    name: Box<str>,
    /// SHA-256: the key itself does not stay in memory with every connection.
    fingerprint: [u8; 32],
}

impl PskIdentity {
    /// The identity `name`, proved with `key`.
    pub fn new(name: &str, key: &[u8]) -> Self {
        Self { name: name.into(), fingerprint: sha256(key) }
    }

    /// The name the peer gave.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was `key` that the peer proved to hold; takes the same time whatever the answer is.
    pub fn was_proved_with(&self, key: &[u8]) -> bool {
        openssl::memcmp::eq(&self.fingerprint, &sha256(key))
    }
}

/// The other side of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// How it reached us.
    pub transport: TransportKind,
    /// What TLS proved, if anything.
    pub identity: Option<Box<TlsIdentity>>,
}

/// A connection accepted elsewhere that a core shall serve: a WebSocket after its upgrade.
#[derive(Debug)]
pub struct Adopted {
    /// The stream behind the WebSocket frames.
    pub stream: RawStream,
    /// Bytes that came behind the upgrade request already.
    pub early: Vec<u8>,
    /// The other side.
    pub peer: Peer,
}

/// A connection's byte stream.
#[derive(Debug)]
pub(crate) enum Transport {
    Plain(RawStream),
    Tls(Box<SslStream<Paced>>),
    WebSocket(Box<WebSocketStream>),
}

impl Transport {
    /// Registers the stream, edge-triggered in both directions, once and for all.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.source().register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) {
        // Fails only when the stream was never registered; dropping it closes the descriptor either way.
        let _ = self.source().deregister(registry);
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Plain(stream) => stream.source(),
            Self::Tls(stream) => stream.get_mut().raw().source(),
            Self::WebSocket(stream) => stream.raw().source(),
        }
    }

    /// Whether there may be more to read after one that did not fill the caller's buffer, without a further event:
    /// bytes inside the stream's own buffers.
    pub(crate) fn buffers_input(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }

    /// Whether the last read stopped because of its budget and not because there was nothing: no event will come then.
    pub(crate) fn paused(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.get_ref().left() == 0,
            Self::WebSocket(stream) => stream.paused(),
        }
    }

    /// Reads what there is, looking at not much more bytes than the buffer has room for.
    pub(crate) fn read(&mut self, buffer: &mut [u8], now: Tick) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => tls::read(stream, buffer),
            Self::WebSocket(stream) => stream.read(buffer, now),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => tls::write(stream, bytes),
            Self::WebSocket(stream) => stream.write(bytes),
        }
    }

    /// Takes packets of up to this size from now on.
    pub(crate) fn set_max_packet_bytes(&mut self, limit: u32) {
        match self {
            Self::Plain(_) | Self::Tls(_) => {}
            Self::WebSocket(stream) => stream.set_max_packet_bytes(limit),
        }
    }

    /// Pushes out what the stream itself still holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Tls(_) => Ok(()),
            Self::WebSocket(stream) => stream.flush(),
        }
    }

    /// Says goodbye in the transport's own way, as far as that is possible without waiting.
    pub(crate) fn farewell(&mut self) {
        match self {
            Self::Plain(_) => {}
            // A close that the peer does not see is no harm: the descriptor closes right after.
            Self::Tls(stream) => drop(stream.shutdown()),
            Self::WebSocket(stream) => stream.close(),
        }
    }
}
