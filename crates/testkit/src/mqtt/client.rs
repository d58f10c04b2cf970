//! [`RawClient`]: a blocking socket that sends exact bytes and reads checked packets, each with a deadline.
//!
//! Packets that arrive while the test waits for another one (a PUBLISH before the SUBACK) are kept in order and handed
//! out later; nothing the server says is lost.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::build::{self, Connect, Publishing};
use super::oracle::Oracle;
use super::read::{Ack, ConnAck, Disconnect, Published, Received, SubAck, parse, split_packet};
use super::{Properties, Version};
use crate::{PATIENCE, QUIET};

/// What happened next on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A packet came.
    Packet(Received),
    /// The server closed the connection.
    Closed,
    /// Nothing, for as long as the caller cared to wait.
    Silence,
}

/// A client that does exactly what the test says.
pub struct RawClient {
    stream: TcpStream,
    version: Version,
    oracle: Oracle,
    unread: Vec<u8>,
    kept: VecDeque<Received>,
    closed: bool,
}

impl RawClient {
    /// Opens a TCP connection and sends nothing.
    #[track_caller]
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .unwrap_or_else(|error| panic!("no connection to {address}: {error}"));
        stream.set_nodelay(true).expect("TCP_NODELAY can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a write timeout can be set");
        Self {
            stream,
            version: Version::V311,
            oracle: Oracle::default(),
            unread: Vec::new(),
            kept: VecDeque::new(),
            closed: false,
        }
    }

    /// Opens a connection and completes the handshake.
    #[track_caller]
    pub fn connected(address: SocketAddr, connect: &Connect) -> Self {
        let mut client = Self::open(address);
        client.connect(connect);
        client
    }

    /// The protocol version of the last CONNECT.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The socket, for tests that need less than politeness.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Tells the reader which version's rules bind the server, for tests that send their CONNECT as raw bytes.
    pub fn speak(&mut self, version: Version) {
        self.version = version;
    }

    /// Sends bytes as they are. `false` when the server has already closed.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.oracle.sent(bytes);
        self.stream.write_all(bytes).is_ok()
    }

    /// Closes without a DISCONNECT, as a lost connection does.
    pub fn drop_connection(self) {
        let _already_gone = self.stream.shutdown(Shutdown::Both);
    }

    /// Sends a DISCONNECT and waits for the server to close.
    #[track_caller]
    pub fn disconnect(mut self) {
        self.send(&build::DISCONNECT);
        self.expect_closed_after_packets();
    }

    /// Sends CONNECT and returns the CONNACK, whatever its code; `None` when the server closed instead.
    #[track_caller]
    pub fn try_connect(&mut self, connect: &Connect) -> Option<ConnAck> {
        self.version = connect.version;
        self.oracle = Oracle::for_connect(connect);
        self.send(&connect.encode());
        match self.next(PATIENCE) {
            Event::Packet(Received::ConnAck(connack)) => Some(connack),
            Event::Closed => None,
            other => panic!("expected CONNACK, got {other:?}"),
        }
    }

    /// Sends CONNECT; the server must accept.
    #[track_caller]
    pub fn connect(&mut self, connect: &Connect) -> ConnAck {
        let connack = self.try_connect(connect).expect("expected CONNACK, the server closed the connection");
        assert_eq!(connack.code, 0, "the server refused {:?} with {:#04x}", connect.client_id, connack.code);
        connack
    }

    /// What comes next, waiting at most `patience`. Packets kept from earlier waits come first.
    ///
    /// # Panics
    /// When the server breaks a rule.
    #[track_caller]
    pub fn next(&mut self, patience: Duration) -> Event {
        match self.kept.pop_front() {
            Some(packet) => Event::Packet(packet),
            None => self.read(patience),
        }
    }

    #[track_caller]
    fn read(&mut self, patience: Duration) -> Event {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(packet) = self.take_packet() {
                return Event::Packet(packet);
            }
            if self.closed {
                assert!(
                    self.unread.is_empty(),
                    "the server closed in the middle of a packet: {:02x?}",
                    self.unread
                );
                return Event::Closed;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Event::Silence;
            }
            self.stream.set_read_timeout(Some(left)).expect("a read timeout can be set");
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(count) => self.unread.extend_from_slice(&chunk[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    // A reset may overtake data; either way the server is gone.
                    _ => {
                        self.closed = true;
                        self.unread.clear();
                    }
                },
            }
        }
    }

    #[track_caller]
    fn take_packet(&mut self) -> Option<Received> {
        let split = split_packet(&self.unread).unwrap_or_else(|rule| panic!("{rule}: {:02x?}", self.unread));
        let (header, length) = split?;
        let shown = &self.unread[..length.min(64)];
        let parsed = parse(self.version, self.unread[0], &self.unread[header..length]);
        let mut packet =
            parsed.unwrap_or_else(|rule| panic!("the server broke a rule: {rule}: {shown:02x?}"));
        let judged = self.oracle.received(length, &mut packet);
        judged.unwrap_or_else(|rule| panic!("the server broke a rule: {rule}: {packet:?}"));
        self.unread.drain(..length);
        Some(packet)
    }

    /// Waits for a packet that `pick` recognises and keeps all others for later.
    #[track_caller]
    pub fn wait_for<T>(&mut self, what: &str, pick: impl Fn(&Received) -> Option<T>) -> T {
        if let Some(index) = self.kept.iter().position(|packet| pick(packet).is_some()) {
            let packet = self.kept.remove(index).expect("the position was just found");
            return pick(&packet).expect("it was recognised a moment ago");
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.read(deadline.saturating_duration_since(Instant::now())) {
                Event::Packet(packet) => match pick(&packet) {
                    Some(found) => return found,
                    None => self.kept.push_back(packet),
                },
                Event::Closed => {
                    panic!("expected {what}, the server closed the connection; before: {:?}", self.kept)
                }
                Event::Silence => panic!("expected {what}, nothing came; before: {:?}", self.kept),
            }
        }
    }

    /// The next packet must be a PUBLISH (it is not acknowledged).
    #[track_caller]
    pub fn expect_publish(&mut self) -> Published {
        match self.next(PATIENCE) {
            Event::Packet(Received::Publish(publish)) => publish,
            other => panic!("expected PUBLISH, got {other:?}"),
        }
    }

    /// The next packet must be a PUBLISH; it is acknowledged as its QoS demands, to the end.
    #[track_caller]
    pub fn receive(&mut self) -> Published {
        let publish = self.expect_publish();
        self.complete(&publish);
        publish
    }

    /// Acknowledges a received message to the end.
    #[track_caller]
    pub fn complete(&mut self, publish: &Published) {
        match publish.qos {
            0 => {}
            1 => {
                self.send(&build::acknowledgement(0x40, publish.id));
            }
            _ => {
                self.send(&build::acknowledgement(0x50, publish.id));
                self.expect_pubrel(publish.id);
                self.send(&build::acknowledgement(0x70, publish.id));
            }
        }
    }

    /// Waits for the PUBACK of this id.
    #[track_caller]
    pub fn expect_puback(&mut self, id: u16) -> Ack {
        self.wait_for(&format!("PUBACK {id}"), |packet| match packet {
            Received::PubAck(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the PUBREC of this id.
    #[track_caller]
    pub fn expect_pubrec(&mut self, id: u16) -> Ack {
        self.wait_for(&format!("PUBREC {id}"), |packet| match packet {
            Received::PubRec(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the PUBREL of this id.
    #[track_caller]
    pub fn expect_pubrel(&mut self, id: u16) -> Ack {
        self.wait_for(&format!("PUBREL {id}"), |packet| match packet {
            Received::PubRel(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the PUBCOMP of this id.
    #[track_caller]
    pub fn expect_pubcomp(&mut self, id: u16) -> Ack {
        self.wait_for(&format!("PUBCOMP {id}"), |packet| match packet {
            Received::PubComp(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the SUBACK of this id.
    #[track_caller]
    pub fn expect_suback(&mut self, id: u16) -> SubAck {
        self.wait_for(&format!("SUBACK {id}"), |packet| match packet {
            Received::SubAck(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the UNSUBACK of this id.
    #[track_caller]
    pub fn expect_unsuback(&mut self, id: u16) -> SubAck {
        self.wait_for(&format!("UNSUBACK {id}"), |packet| match packet {
            Received::UnsubAck(ack) if ack.id == id => Some(ack.clone()),
            _ => None,
        })
    }

    /// Waits for the server's DISCONNECT (MQTT 5).
    #[track_caller]
    pub fn expect_disconnect(&mut self) -> Disconnect {
        self.wait_for("DISCONNECT", |packet| match packet {
            Received::Disconnect(disconnect) => Some(disconnect.clone()),
            _ => None,
        })
    }

    /// The server must close without saying anything more.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        match self.next(PATIENCE) {
            Event::Closed => {}
            other => panic!("expected the server to close, got {other:?}"),
        }
    }

    /// The server must close; what it says before does not matter.
    #[track_caller]
    pub fn expect_closed_after_packets(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now())) {
                Event::Closed => return,
                Event::Packet(_) => {}
                Event::Silence => panic!("expected the server to close, it did not"),
            }
        }
    }

    /// The server must end this connection because of an error: silently before MQTT 5, there also after a DISCONNECT
    /// (or, when there was no CONNACK yet, a CONNACK) with one of `reasons`. Empty `reasons` allow any of 0x80 and above.
    #[track_caller]
    pub fn expect_refused(&mut self, reasons: &[u8]) {
        let told = match self.next(PATIENCE) {
            Event::Closed => return,
            Event::Packet(Received::Disconnect(disconnect)) if self.version == Version::V5 => {
                disconnect.reason
            }
            Event::Packet(Received::ConnAck(connack)) if self.version == Version::V5 => connack.code,
            other => panic!("expected the server to refuse and close, got {other:?}"),
        };
        assert!(told >= 0x80, "the server ends the connection because of an error with reason {told:#04x}");
        assert!(
            reasons.is_empty() || reasons.contains(&told),
            "reason {told:#04x}, expected one of {reasons:02x?}"
        );
        self.expect_closed();
    }

    /// Nothing must come for a while, and the connection must stay.
    #[track_caller]
    pub fn expect_silence(&mut self) {
        match self.next(QUIET) {
            Event::Silence => {}
            other => panic!("expected nothing, got {other:?}"),
        }
    }

    /// A PINGREQ and its answer: the connection lives and the server has handled everything sent before.
    #[track_caller]
    pub fn ping(&mut self) {
        self.send(&build::PINGREQ);
        self.wait_for("PINGRESP", |packet| matches!(packet, Received::PingResp).then_some(()));
    }

    /// Subscribes and returns the SUBACK.
    #[track_caller]
    pub fn subscribe(&mut self, id: u16, filters: &[(&str, u8)]) -> SubAck {
        self.subscribe_with(id, filters, &Properties::none())
    }

    /// Subscribes with properties and returns the SUBACK.
    #[track_caller]
    pub fn subscribe_with(&mut self, id: u16, filters: &[(&str, u8)], properties: &Properties) -> SubAck {
        self.send(&build::subscribe(self.version, id, filters, properties));
        self.expect_suback(id)
    }

    /// Unsubscribes and returns the UNSUBACK.
    #[track_caller]
    pub fn unsubscribe(&mut self, id: u16, filters: &[&str]) -> SubAck {
        self.send(&build::unsubscribe(self.version, id, filters, &Properties::none()));
        self.expect_unsuback(id)
    }

    /// Sends a PUBLISH and waits for nothing.
    pub fn send_publish(&mut self, publishing: &Publishing) -> bool {
        self.send(&publishing.encode(self.version))
    }

    /// Publishes and completes the exchange of its QoS; packet id 1000 + QoS is used.
    #[track_caller]
    pub fn publish(&mut self, topic: &str, payload: &[u8], qos: u8) {
        self.publish_as(&Publishing::new(topic, payload).qos(qos, 1000 + u16::from(qos)));
    }

    /// Publishes, completes the exchange of its QoS and returns the reason code of PUBACK or PUBREC.
    #[track_caller]
    pub fn publish_as(&mut self, publishing: &Publishing) -> u8 {
        self.send_publish(publishing);
        match publishing.qos {
            0 => 0,
            1 => self.expect_puback(publishing.id).reason,
            _ => {
                let reason = self.expect_pubrec(publishing.id).reason;
                if reason < 0x80 {
                    self.send(&build::acknowledgement(0x62, publishing.id));
                    self.expect_pubcomp(publishing.id);
                }
                reason
            }
        }
    }
}
