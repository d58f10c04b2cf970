//! One core's side of the router: every packet of its connections, and the gate that holds answers back.
//!
//! The handler never waits. What a packet changes goes into the turn's batch; what may be said about it goes through the
//! [`gate`]. Work for other connections of the same core is noted and done at the end of the turn.

mod acknowledge;
mod connect;
mod disconnect;
mod gate;
mod publish;
mod refuse;
mod retained;
mod subscribe;
mod write;

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use yizhan_devices::UplinkOutcome;
use yizhan_journal::{Batch, Lane, Ticket};
use yizhan_link::{Closed, Handler, Link, LinkId, Links, Peer};
use yizhan_mqtt::{DecodeError, Packet, Settled, Version, Will, encode, reason};
use yizhan_observe::{Counter, Shard};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DisconnectCause;

pub(crate) use self::acknowledge::loss_of;
use self::gate::{Action, Gated};
pub(crate) use self::retained::RetainedBacklog;
pub(crate) use self::subscribe::is_routed;
pub(crate) use self::write::granted_qos;
use crate::fanout::{Fanout, Sender};
use crate::router::{Mail, Router, Shared};
use crate::sessions::{ClientSession, Owner, Principal};

/// How long to wait before a batch that the journal could not take is offered again.
const RETRY: Duration = Duration::from_millis(5);

/// What a core keeps for one connection.
pub struct ConnectionState {
    stage: Stage,
    /// Answers of this connection that wait behind the gate.
    gated: u32,
    /// Why the connection is being closed, once that is known.
    cause: Option<DisconnectCause>,
    /// More about the cause, for people.
    detail: &'static str,
}

/// Before and after CONNECT.
enum Stage {
    /// CONNECT has not come or was refused.
    New,
    /// CONNECT was accepted.
    Connected(Box<Client>),
}

/// A connected client.
struct Client {
    session: Arc<ClientSession>,
    principal: Principal,
    version: Version,
    will: Option<Box<Will>>,
    /// The session expiry of CONNECT; DISCONNECT may not raise it from zero.
    expiry_s: u32,
    /// The CONNACK was sent.
    welcomed: bool,
    /// The largest packet the client takes.
    max_packet_size: Option<NonZeroU32>,
    /// Messages the client may still publish in `rate_second`.
    rate_left: u32,
    rate_second: i64,
    /// Forbidden topics that were put into the list of refusals.
    forbidden_noted: u8,
}

impl Client {
    /// Writes a DISCONNECT, unless the client does not take even that (MQTT-3.14.2-3) or still waits for its CONNACK
    /// (MQTT-3.14.0-1).
    fn say_goodbye(&self, code: u8, out: &mut BytesMut) {
        if !self.welcomed {
            return;
        }
        let before = out.len();
        encode::disconnect(self.version, code, None, out);
        if self.max_packet_size.is_some_and(|limit| out.len() - before > limit.get() as usize) {
            out.truncate(before);
        }
    }
}

/// The handler of one core.
pub struct CoreHandler {
    shared: Arc<Shared>,
    index: u16,
    counters: Arc<Shard>,
    lane: Lane,
    batch: Batch,
    /// Answers of this turn, in order.
    gate: Vec<Gated>,
    /// Answers of earlier turns whose batch is being written.
    in_flight: VecDeque<(Ticket, Vec<Gated>)>,
    /// The journal could not take the batch yet.
    stuck: bool,
    /// Sessions of this core that have something to write.
    flushes: Vec<Owner>,
    /// Connections of this core that get a PINGRESP at the end of the turn.
    pongs: Vec<LinkId>,
    /// Connections of this core to be closed.
    closes: Vec<(LinkId, DisconnectCause)>,
    outcome: UplinkOutcome,
    settled: Vec<Settled>,
    now: UnixMillis,
    now_ms: u64,
    drained: bool,
}

impl CoreHandler {
    /// The handler of core `index`; its lane wakes the core when a batch is durable.
    pub fn new(router: &Router, index: u16, lane: Lane) -> Self {
        let shared = Arc::clone(&router.shared);
        let counters = shared.metrics.shard(usize::from(index));
        let batch = lane.batch();
        let now = shared.clock.now();
        let now_ms = shared.clock.monotonic().0;
        Self {
            shared,
            index,
            counters,
            lane,
            batch,
            gate: Vec::new(),
            in_flight: VecDeque::new(),
            stuck: false,
            flushes: Vec::new(),
            pongs: Vec::new(),
            closes: Vec::new(),
            outcome: UplinkOutcome::default(),
            settled: Vec::new(),
            now,
            now_ms,
            drained: false,
        }
    }

    /// Runs `work` with the shared state, a sender for this core, and this turn's batch.
    fn fan_out<R>(&mut self, work: impl FnOnce(&Shared, &mut Sender<'_>, &mut Batch) -> R) -> R {
        let mut sender = Sender {
            core: Some(self.index),
            local: &mut self.flushes,
            counters: &self.counters,
            now: self.now,
        };
        work(&self.shared, &mut sender, &mut self.batch)
    }

    /// Whether the connection still has its session. What comes on one that was taken over does not count any more, and
    /// nothing may be said on it that speaks for the session.
    fn owns_session(&self, link: &Link<'_>, state: &ConnectionState) -> bool {
        let Stage::Connected(client) = &state.stage else { return false };
        let inner = client.session.inner.lock();
        !inner.ended && inner.is_owned_by(Owner { core: self.index, link: link.id })
    }

    /// Fans a message out; what must be durable first is delivered after the commit.
    fn publish_and_deliver(
        &mut self,
        publish: impl FnOnce(&Shared, &mut Sender<'_>, &mut Batch) -> Fanout,
    ) -> Fanout {
        let mut fanout = self.fan_out(publish);
        let reserved = std::mem::take(&mut fanout.reserved);
        if !reserved.is_empty() {
            self.after_commit(Action::Deliver(reserved));
        }
        fanout
    }

    /// Closes the connection with a reason that a 5 client is told and everybody's log gets.
    fn drop_client(
        &self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        cause: DisconnectCause,
        code: u8,
        detail: &'static str,
    ) {
        if let Stage::Connected(client) = &state.stage {
            client.say_goodbye(code, link.out);
        }
        state.cause.get_or_insert(cause);
        state.detail = detail;
        link.close();
    }

    fn drain_all(&mut self, links: &mut Links<'_, Self>) {
        if self.drained || !self.shared.draining.load(Ordering::Acquire) {
            return;
        }
        self.drained = true;
        for id in links.ids() {
            self.closes.push((id, DisconnectCause::ServerShutdown));
        }
    }

    fn close_requested(&mut self, links: &mut Links<'_, Self>) {
        for (id, cause) in std::mem::take(&mut self.closes) {
            links.with(id, |link, state| {
                let code = match cause {
                    DisconnectCause::TakenOver => reason::SESSION_TAKEN_OVER,
                    DisconnectCause::ServerShutdown => reason::SERVER_SHUTTING_DOWN,
                    DisconnectCause::Disabled
                    | DisconnectCause::Deleted
                    | DisconnectCause::CredentialRevoked => reason::NOT_AUTHORIZED,
                    _ => reason::ADMINISTRATIVE_ACTION,
                };
                self.drop_client(link, state, cause, code, "");
            });
        }
    }
}

impl Handler for CoreHandler {
    type State = ConnectionState;
    type Mail = Mail;

    fn turn_begin(&mut self) {
        self.batch.begin();
        self.now = self.shared.clock.now();
        self.now_ms = self.shared.clock.monotonic().0;
    }

    fn accepted(&mut self, _peer: &Peer) -> ConnectionState {
        ConnectionState { stage: Stage::New, gated: 0, cause: None, detail: "" }
    }

    fn packet(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, packet: Packet) {
        self.counters.add(Counter::PacketsIn, 1);
        if matches!(state.stage, Stage::New) {
            return match packet {
                Packet::Connect(connect) => self.connect(link, state, *connect),
                // MQTT-3.1.0-1: the first packet must be a CONNECT.
                _ => self.refuse_first_packet(link, state, "the first packet is not a CONNECT"),
            };
        }
        if !matches!(packet, Packet::Publish(_)) && !self.owns_session(link, state) {
            return; // `publish` asks for itself, under the lock that it needs anyway.
        }
        match packet {
            Packet::Publish(publish) => self.publish(link, state, *publish),
            Packet::PubAck(ack) => self.puback(link, state, ack),
            Packet::PubRec(ack) => self.pubrec(link, state, ack),
            Packet::PubRel(ack) => self.pubrel(link, state, ack),
            Packet::PubComp(ack) => self.pubcomp(link, state, ack),
            Packet::Subscribe(subscribe) => self.subscribe(link, state, *subscribe),
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(link, state, *unsubscribe),
            // The answer says that the server is through with what came before, so it must not overtake any of it, unless
            // nothing can be stored: that must not look to the client as if the connection were dead.
            Packet::PingReq if self.stuck => self.pongs.push(link.id),
            Packet::PingReq => self.answer(link, state, Action::Pong, true),
            Packet::Disconnect(disconnect) => self.disconnect(link, state, disconnect),
            // MQTT-3.1.0-2: a second CONNECT breaks the protocol.
            Packet::Connect(_) => {
                let code = reason::PROTOCOL_ERROR;
                self.drop_client(link, state, DisconnectCause::ProtocolViolation, code, "a second CONNECT");
            }
            // No enhanced authentication was agreed on, so AUTH has no place (MQTT-4.12.0-6).
            Packet::Auth(_) => {
                let code = reason::PROTOCOL_ERROR;
                self.drop_client(
                    link,
                    state,
                    DisconnectCause::ProtocolViolation,
                    code,
                    "AUTH without a method",
                );
            }
        }
    }

    fn malformed(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, error: &DecodeError) {
        self.counters.add(Counter::Malformed, 1);
        match &state.stage {
            Stage::New => self.refuse_malformed(link, state, error),
            Stage::Connected(_) => {
                let cause = if error.reason() == reason::PACKET_TOO_LARGE {
                    DisconnectCause::PacketTooLarge
                } else {
                    DisconnectCause::ProtocolViolation
                };
                self.drop_client(link, state, cause, error.reason(), "a packet broke the protocol");
            }
        }
    }

    fn timer(&mut self, link: &mut Link<'_>, state: &mut ConnectionState) {
        self.flush_link(link, state);
    }

    fn closed(&mut self, id: LinkId, state: ConnectionState, peer: &Peer, why: Closed, out: &mut BytesMut) {
        self.batch.begin();
        self.connection_closed(id, state, peer, &why, out);
    }

    fn mail(&mut self, mail: Mail, _links: &mut Links<'_, Self>) {
        match mail {
            Mail::Flush(link) => self.flushes.push(Owner { core: self.index, link }),
            Mail::Close(link, cause) => self.closes.push((link, cause)),
        }
    }

    fn turn_end(&mut self, links: &mut Links<'_, Self>) {
        self.drain_all(links);
        self.close_requested(links);
        self.submit(links);
        self.pass(links);
        // Flushing may free places, settle messages and so make records of their own.
        self.batch.begin();
        self.flush_requested(links);
        for id in std::mem::take(&mut self.pongs) {
            links.with(id, |link, _| encode::pingresp(link.out));
        }
        self.submit(links);
        self.batch.rest();
    }

    fn drained(&self) -> bool {
        self.in_flight.is_empty() && self.batch.is_empty()
    }

    fn retry_after(&self) -> Option<Duration> {
        match (self.stuck, self.batch.is_open()) {
            (true, _) => Some(RETRY),
            // A connection that ended while it was written to has left records behind the turn's end.
            (false, true) => Some(Duration::ZERO),
            (false, false) => None,
        }
    }
}
