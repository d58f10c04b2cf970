//! The broker under test: normally one shared [`TestServer`] with one ordinary MQTT user, or, when the environment
//! names one, any broker that admits anonymous clients (to check the suite itself against an independent server).
//!
//! `CONFORMANCE_TARGET=host:port` names the MQTT/TCP listener, `CONFORMANCE_TARGET_WS=host:port` the WebSocket one.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use yizhan_testkit::mqtt::{Connect, Properties, property};
use yizhan_testkit::{MqttUser, RawClient, ServerOptions, TestServer, Version};

/// A broker and the way to log in.
pub struct Broker {
    address: SocketAddr,
    websocket: Option<SocketAddr>,
    user: Option<MqttUser>,
    server: Option<TestServer>,
}

/// The broker that all tests of one executable share. Tests use their own client ids and topics.
#[track_caller]
pub fn broker() -> &'static Broker {
    static SHARED: OnceLock<Broker> = OnceLock::new();
    SHARED.get_or_init(|| match external("CONFORMANCE_TARGET") {
        Some(address) => {
            Broker { address, websocket: external("CONFORMANCE_TARGET_WS"), user: None, server: None }
        }
        None => Broker::start(ServerOptions::default()),
    })
}

/// A server of the caller's own, for tests that restart it or need its administration; `None` when the target is
/// external. Slow: use the shared one where possible.
#[track_caller]
pub fn own_server() -> Option<Broker> {
    own_server_with(ServerOptions::default())
}

/// Like [`own_server`] with options.
#[track_caller]
pub fn own_server_with(options: ServerOptions) -> Option<Broker> {
    external("CONFORMANCE_TARGET").is_none().then(|| Broker::start(options))
}

fn external(variable: &str) -> Option<SocketAddr> {
    let name = std::env::var(variable).ok()?;
    let address = name.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    Some(address.unwrap_or_else(|| panic!("{variable}={name} is no host:port")))
}

/// A name that nothing else in this run uses: letters and digits, at most 23 characters when `hint` has at most 10.
pub fn unique(hint: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{hint}x{:x}x{number:x}", std::process::id())
}

impl Broker {
    #[track_caller]
    fn start(options: ServerOptions) -> Self {
        let server = TestServer::with(options);
        let user = server.admin().create_mqtt_user("conformance");
        Self {
            address: server.mqtt(),
            websocket: Some(server.http()),
            user: Some(user),
            server: Some(server),
        }
    }

    /// The MQTT/TCP listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener for MQTT over WebSocket, if there is one.
    pub fn websocket(&self) -> Option<SocketAddr> {
        self.websocket
    }

    /// The server process; `None` for an external target.
    pub fn server(&self) -> Option<&TestServer> {
        self.server.as_ref()
    }

    /// Kills the server and starts it again on the same data.
    #[track_caller]
    pub fn kill_and_restart(&mut self) {
        let server = self.server.as_mut().expect("an external broker is not restarted");
        server.restart();
        self.address = server.mqtt();
        self.websocket = Some(server.http());
    }

    /// Stops the server in good order and starts it again on the same data.
    #[track_caller]
    pub fn stop_and_restart(&mut self) {
        let server = self.server.as_mut().expect("an external broker is not restarted");
        let status = server.terminate();
        assert!(status.success(), "an orderly stop ended with {status}");
        server.restart();
        self.address = server.mqtt();
        self.websocket = Some(server.http());
    }

    /// A CONNECT that this broker accepts: clean, with a client id of its own.
    pub fn connect(&self, version: Version) -> Connect {
        self.connect_as(version, &unique("c"))
    }

    /// A CONNECT with a chosen client id.
    pub fn connect_as(&self, version: Version, client_id: &str) -> Connect {
        let connect = Connect::new(version, client_id);
        match &self.user {
            Some(user) => connect.login(&user.name, &user.password),
            None => connect,
        }
    }

    /// A CONNECT that resumes or founds a session that outlives the connection.
    pub fn connect_kept(&self, version: Version, client_id: &str) -> Connect {
        let connect = self.connect_as(version, client_id).resume();
        if version == Version::V5 {
            connect.properties(Properties::none().four(property::SESSION_EXPIRY, 3_600))
        } else {
            connect
        }
    }

    /// A connected client with a clean session.
    #[track_caller]
    pub fn client(&self, version: Version) -> RawClient {
        self.join(&self.connect(version))
    }

    /// A client connected with this CONNECT.
    #[track_caller]
    pub fn join(&self, connect: &Connect) -> RawClient {
        RawClient::connected(self.address, connect)
    }

    /// An open TCP connection on which nothing was said.
    #[track_caller]
    pub fn open(&self) -> RawClient {
        RawClient::open(self.address)
    }
}
