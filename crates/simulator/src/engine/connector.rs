//! How connections are opened: the address, the transport, and what a device shows during a TLS handshake.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslMode, SslStream, SslVerifyMode, SslVersion};
use socket2::{Domain, Protocol, Socket, Type};

use super::websocket::WebSocket;
use super::wire::Wire;

/// How devices reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// MQTT over TCP.
    Tcp,
    /// MQTT over TLS, the server shows a certificate.
    Tls,
    /// MQTT over TLS 1.2 with the device's key as pre-shared key, as the vendor's C SDK does.
    Psk,
    /// MQTT over WebSocket.
    WebSocket,
    /// MQTT over WebSocket over TLS.
    WebSocketTls,
}

impl Transport {
    /// Every transport with its name on command lines.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("tcp", Self::Tcp),
        ("tls", Self::Tls),
        ("psk", Self::Psk),
        ("ws", Self::WebSocket),
        ("wss", Self::WebSocketTls),
    ];

    /// The name on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Psk => "psk",
            Self::WebSocket => "ws",
            Self::WebSocketTls => "wss",
        }
    }
}

impl std::str::FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, transport)| *transport).ok_or_else(|| {
            format!("unknown transport {text:?}: use one of {}", Self::NAMES.map(|(name, _)| name).join(", "))
        })
    }
}

/// Which server certificates are good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Any: for a simulation against one's own server.
    Any,
    /// Those that this CA file signed for the target's name.
    Ca(PathBuf),
}

/// The server.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// How to speak to it.
    pub transport: Transport,
    /// The name in SNI, in the certificate check and in the WebSocket request.
    pub server_name: String,
    /// Which certificate is accepted.
    pub trust: Trust,
}

impl Target {
    /// A target on this machine, reached by address, with any certificate.
    pub fn at(address: SocketAddr, transport: Transport) -> Self {
        Self { address, transport, server_name: "localhost".to_owned(), trust: Trust::Any }
    }
}

/// What a connection shows during a PSK handshake; empty for the other transports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity<'a> {
    /// The PSK identity: the client id.
    pub name: &'a str,
    /// The pre-shared key.
    pub key: &'a [u8],
}

/// Opens connections to one target.
pub struct Connector {
    target: Target,
    tls: Option<(SslContext, Index<Ssl, PskSecret>)>,
    /// Loopback source addresses to rotate through; 0 leaves the choice to the system.
    source_addresses: u8,
    opened: u64,
}

/// A connection's PSK identity and key, kept inside its TLS state.
struct PskSecret {
    name: Vec<u8>,
    key: Vec<u8>,
}

impl Connector {
    /// Prepares TLS where the transport needs it.
    pub fn new(target: Target) -> Result<Self, ErrorStack> {
        let tls = match target.transport {
            Transport::Tcp | Transport::WebSocket => None,
            Transport::Tls | Transport::WebSocketTls => Some(certificate_context(&target)?),
            Transport::Psk => Some(psk_context()?),
        };
        Ok(Self { target, tls, source_addresses: 0, opened: 0 })
    }

    /// Connects from `count` loopback addresses in turn, so that neither ports nor TIME_WAIT run out.
    /// Only for targets on the loopback.
    #[must_use]
    pub fn from_loopback_addresses(mut self, count: u8) -> Self {
        let loopback = self.target.address.is_ipv4() && self.target.address.ip().is_loopback();
        self.source_addresses = if loopback { count.min(200) } else { 0 };
        self
    }

    /// Begins a connection and registers it for both directions, edge-triggered.
    pub(super) fn start(
        &mut self,
        registry: &Registry,
        token: Token,
        identity: Identity<'_>,
    ) -> io::Result<(Wire, Option<Box<WebSocket>>)> {
        let mut socket = self.connect()?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let wire = match &self.tls {
            None => Wire::Plain(socket),
            Some((context, index)) => {
                let mut ssl = Ssl::new(context)?;
                if self.target.transport == Transport::Psk {
                    let secret =
                        PskSecret { name: identity.name.as_bytes().to_vec(), key: identity.key.to_vec() };
                    ssl.set_ex_data(*index, secret);
                } else if self.target.trust != Trust::Any {
                    ssl.param_mut().set_host(&self.target.server_name)?;
                }
                ssl.set_hostname(&self.target.server_name)?;
                Wire::Tls(Box::new(SslStream::new(ssl, socket)?))
            }
        };
        let web = matches!(self.target.transport, Transport::WebSocket | Transport::WebSocketTls)
            .then(|| Box::new(WebSocket::new(&self.target.server_name, self.opened)));
        Ok((wire, web))
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        let address = self.target.address;
        let socket =
            Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
        socket.set_tcp_nodelay(true)?;
        self.opened += 1;
        if self.source_addresses > 0 {
            let turn = (self.opened % u64::from(self.source_addresses)) as u8;
            bind_without_port(&socket)?;
            let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + turn));
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        Ok(TcpStream::from_std(socket.into()))
    }
}

/// The port is chosen at connect, so that one source port serves several destinations.
fn bind_without_port(socket: &Socket) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let on: libc::c_int = 1;
    #[expect(unsafe_code, reason = "this socket option has no safe wrapper among our libraries")]
    // SAFETY: the descriptor is open, and the option's value lives through the call with the size given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Partial writes and moving buffers suit the engine; released buffers make an idle connection cheap.
fn modes() -> SslMode {
    SslMode::ENABLE_PARTIAL_WRITE
        | SslMode::ACCEPT_MOVING_WRITE_BUFFER
        | SslMode::RELEASE_BUFFERS
        | SslMode::AUTO_RETRY
}

fn certificate_context(target: &Target) -> Result<(SslContext, Index<Ssl, PskSecret>), ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_mode(modes());
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    match &target.trust {
        Trust::Any => builder.set_verify(SslVerifyMode::NONE),
        Trust::Ca(file) => {
            builder.set_ca_file(file)?;
            builder.set_verify(SslVerifyMode::PEER);
        }
    }
    Ok((builder.build(), Ssl::new_ex_index()?))
}

/// The one suite every vendor SDK offers, under TLS 1.2 (device protocol facts §1.5).
fn psk_context() -> Result<(SslContext, Index<Ssl, PskSecret>), ErrorStack> {
    let index: Index<Ssl, PskSecret> = Ssl::new_ex_index()?;
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_mode(modes());
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_cipher_list("PSK-AES128-CBC-SHA")?;
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_psk_client_callback(move |ssl, _hint, identity, key| {
        let Some(secret) = ssl.ex_data(index) else { return Ok(0) };
        // The identity is a C string.
        if secret.name.len() >= identity.len() || secret.key.len() > key.len() {
            return Ok(0);
        }
        identity[..secret.name.len()].copy_from_slice(&secret.name);
        identity[secret.name.len()] = 0;
        key[..secret.key.len()].copy_from_slice(&secret.key);
        Ok(secret.key.len())
    });
    Ok((builder.build(), index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_are_found_by_name_and_an_unknown_one_lists_them() {
        for (name, transport) in Transport::NAMES {
            assert_eq!(name.parse::<Transport>().unwrap(), transport);
            assert_eq!(transport.name(), name);
        }
        assert_eq!(
            "udp".parse::<Transport>().unwrap_err(),
            "unknown transport \"udp\": use one of tcp, tls, psk, ws, wss"
        );
    }
}
