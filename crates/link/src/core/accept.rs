//! New connections: from the listeners, and WebSockets that were accepted elsewhere.

use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use mio::Token;
use mio::net::TcpListener;
use yizhan_mqtt::Decoder;

use super::{Core, FIRST_CONNECTION, Handler};
use crate::connection::{Connection, LinkId, Stage};
use crate::settings::ListenerKind;
use crate::timer::Tick;
use crate::transport::websocket::WebSocketStream;
use crate::transport::{Adopted, Peer, RawStream, Transport, TransportKind, tls};

/// Connections taken from one listener in one turn at most.
const ACCEPT_QUANTUM: usize = 256;
/// How long to wait before accepting again after it failed.
const ACCEPT_RETRY_MS: Tick = 50;

pub(super) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) kind: ListenerKind,
    /// The last accept failed, and that was logged.
    pub(super) failing: bool,
}

impl<H: Handler> Core<H> {
    pub(super) fn accept_is_due(&mut self, now: Tick) -> bool {
        let retry = self.accept_after.is_some_and(|at| at <= now);
        if retry {
            self.accept_after = None;
        }
        std::mem::take(&mut self.accept_again) || retry
    }

    pub(super) fn accept(&mut self, handler: &mut H, now: Tick) {
        for index in 0..self.listeners.len() {
            self.accept_from(index, handler, now);
        }
    }

    fn accept_from(&mut self, index: usize, handler: &mut H, now: Tick) {
        for _ in 0..ACCEPT_QUANTUM {
            let listening = &mut self.listeners[index];
            match listening.listener.accept() {
                Ok((stream, address)) => {
                    listening.failing = false;
                    let kind = listening.kind;
                    self.welcome(stream, address, kind, handler, now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Interrupted, or the peer gave up between SYN and accept: the next one may be there.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                    ) => {}
                // Most likely the process is out of descriptors. Those that wait raise no event again.
                Err(error) => {
                    if !listening.failing {
                        tracing::warn!(%error, "accepting connections failed; trying again until it works");
                    }
                    listening.failing = true;
                    self.accept_after = Some(now + ACCEPT_RETRY_MS);
                    return;
                }
            }
        }
        self.accept_again = true;
    }

    fn welcome(
        &mut self,
        stream: mio::net::TcpStream,
        address: SocketAddr,
        kind: ListenerKind,
        handler: &mut H,
        now: Tick,
    ) {
        if self.table.admission.admit(address.ip(), now).is_err() {
            return; // Counted there; closing without a word is all a full server can afford.
        }
        // Without NODELAY answers would wait for the peer's delayed acknowledgement; refusal of the option is harmless.
        let _ = stream.set_nodelay(true);
        let raw = RawStream::Tcp(stream);
        let (transport, stage, transport_kind) = match kind {
            ListenerKind::Mqtt => (Transport::Plain(raw), Stage::Connecting, TransportKind::Tcp),
            ListenerKind::MqttTls => {
                let stream = tls::accept(&self.tls.read(), raw);
                match stream {
                    Ok(stream) => (Transport::Tls(Box::new(stream)), Stage::Tls, TransportKind::Tls),
                    Err(error) => {
                        tracing::error!(%error, "TLS could not be started for a connection");
                        self.table.admission.released(address.ip(), true);
                        return;
                    }
                }
            }
        };
        let peer = Peer { address, transport: transport_kind, identity: None };
        self.insert(transport, peer, stage, handler, now);
    }

    pub(super) fn adopt(&mut self, adopted: Adopted, handler: &mut H, now: Tick) {
        if self.draining_since.is_some()
            || self.table.admission.admit(adopted.peer.address.ip(), now).is_err()
        {
            return;
        }
        let limit = self.table.settings.connect_limit();
        let stream = WebSocketStream::new(adopted.stream, adopted.early, limit);
        let id = self.insert(
            Transport::WebSocket(Box::new(stream)),
            adopted.peer,
            Stage::Connecting,
            handler,
            now,
        );
        if let Some(id) = id {
            // What came behind the upgrade request raises no event of its own.
            self.read(id, handler, now);
        }
    }

    fn insert(
        &mut self,
        mut transport: Transport,
        peer: Peer,
        stage: Stage,
        handler: &mut H,
        now: Tick,
    ) -> Option<LinkId> {
        let table = &mut self.table;
        table.generation = table.generation.wrapping_add(1);
        let entry = table.connections.vacant_entry();
        let id = LinkId { slot: entry.key() as u32, generation: table.generation };
        let token = Token(entry.key() + FIRST_CONNECTION);
        if let Err(error) = transport.register(self.poll.registry(), token) {
            tracing::error!(%error, "a connection could not be watched");
            table.admission.released(peer.address.ip(), true);
            return None;
        }
        let state = handler.accepted(&peer);
        entry.insert(Connection {
            id,
            transport,
            peer,
            stage,
            decoder: Decoder::new(table.settings.connect_limit()),
            partial: BytesMut::new(),
            out: BytesMut::new(),
            last_heard: now,
            stage_since: now,
            silence_limit_ms: 0,
            stalled_since: None,
            wake_at: 0,
            scheduled: Tick::MAX,
            dirty: false,
            queued: false,
            ended: false,
            closing: false,
            state,
        });
        table.reschedule(id);
        Some(id)
    }
}
