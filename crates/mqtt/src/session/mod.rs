//! The session of one client: what is kept between its connections and, while there is one, the connection's part.
//!
//! The router owns a session behind a lock, feeds it what the client sent and what others published, writes to the
//! journal what must survive, and sends what the session wrote to `out`. The session decides about packet
//! identifiers, order, windows, sending again, topic aliases and sizes. What must stay true:
//!
//! * Packet identifiers advance through 1..=65535 and never restart at a new connection: vendor SDKs drop messages
//!   whose identifier they saw lately, across reconnects (device protocol §1.10).
//! * QoS 1 and 2 messages leave in the order they were reserved; none leaves before it is ready, that is durable.
//! * What was written to `out` is sent in that order, or the connection is closed: topic aliases depend on it.
//! * Whatever a client or its absence can make a session hold is bounded by [`SessionLimits`].
//!
//! PUBREL and PUBREC change what is kept; the router holds their answers back until the change is durable.

mod aliases;
mod inbound;
mod kept;
mod outbound;
mod subscriptions;

use std::num::NonZeroU32;

use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use inbound::{Inbound, Receipt, Violation};
pub use kept::{DeliveryImage, SessionImage};
pub use subscriptions::{RefusedSubscription, SubscribeOutcome, Subscription};

use crate::message::Message;
use crate::protocol::{PacketId, QoS, Version};
use inbound::InboundIds;
use outbound::{Connection, Outbound, Pace};
use subscriptions::Subscriptions;

/// Subscription identifiers of one delivery; there is mostly none or one.
pub type SubscriptionIds = SmallVec<[u32; 2]>;

/// Memory of the part of a session that exists while the client is connected, beside the session itself.
pub const CONNECTION_BYTES: usize = size_of::<Connection>();

/// What one session may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// QoS 1 and 2 messages, waiting and in flight.
    pub max_queued: u32,
    /// Their weight, see [`Message::weight`].
    pub max_queued_bytes: u32,
    /// Identifiers of QoS 2 messages received and not yet released. At least twice the announced receive maximum,
    /// because a client may start afresh while identifiers of its last connection are still open.
    pub max_inbound_qos2: u16,
    /// Subscriptions.
    pub max_subscriptions: u32,
    /// Distance between messages that were stored when the client connected; 0 sends them at once.
    pub replay_spacing_ms: u32,
    /// The highest QoS granted.
    pub max_qos: QoS,
}

/// What client and server announced for one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionProfile {
    /// The protocol.
    pub version: Version,
    /// QoS 1 and 2 messages the client takes at once; 0 counts as 1.
    pub receive_maximum: u16,
    /// The largest packet the client takes.
    pub max_packet_size: Option<NonZeroU32>,
    /// Topic aliases the client takes.
    pub topic_alias_maximum: u16,
    /// QoS 1 and 2 messages the server takes at once; enforced on MQTT 5 clients only, others do not know of it.
    pub server_receive_maximum: u16,
    /// Topic aliases the server takes.
    pub server_topic_alias_maximum: u16,
}

/// One message on its way to one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Its QoS towards this client.
    pub qos: QoS,
    /// The retain flag towards this client.
    pub retain: bool,
    /// Identifiers of the subscriptions it matched.
    pub subscription_ids: SubscriptionIds,
    /// Follows the message for the router; returned in [`Settled`]. 0 means nobody asks.
    pub tag: u64,
}

impl Delivery {
    /// A delivery at the message's own QoS, without retain flag, subscription identifiers and tag.
    pub fn new(message: Message) -> Self {
        let qos = message.qos;
        Self { message, qos, retain: false, subscription_ids: SmallVec::new(), tag: 0 }
    }
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedDelivery {
    /// The queue holds as many messages as it may.
    #[error("the session's queue holds as many messages as it may")]
    QueueFull,
    /// The queue holds as many bytes as it may.
    #[error("the session's queue holds as many bytes as it may")]
    QueueBytesFull,
    /// QoS 0 is not queued; use `send_now`.
    #[error("a message with QoS 0 is not queued")]
    QosZero,
    /// The client is not connected.
    #[error("the client is not connected")]
    NotAttached,
    /// The client takes only smaller packets.
    #[error("the message is larger than the client takes")]
    LargerThanReceiver,
    /// The message's expiry has passed.
    #[error("the message has expired")]
    Expired,
}

/// The end of a QoS 1 or 2 delivery: its identifier is free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The identifier it had.
    pub id: PacketId,
    /// The tag it was reserved with.
    pub tag: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The client has it.
    Delivered,
    /// The client refused it with this reason code.
    RefusedByReceiver(u8),
    /// It expired before it was sent.
    Expired,
    /// The client takes only smaller packets.
    LargerThanReceiver,
}

/// What a PUBREC meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PubRecEffect {
    /// The client has the message now, which is to be made durable.
    Released,
    /// It had it before; the PUBREL was repeated.
    Repeated,
    /// No such message.
    Unknown,
    /// The client refused the message.
    Refused(Settled),
}

/// The session of one client.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    subscriptions: Subscriptions,
    outbound: Outbound,
    inbound_qos2: InboundIds,
    connection: Option<Box<Connection>>,
    /// Counts connections, so that an acknowledgement held back for an earlier one is not sent on this one.
    epoch: u32,
}

impl Session {
    /// An empty session without a connection.
    pub const fn new(limits: SessionLimits) -> Self {
        Self {
            limits,
            subscriptions: Subscriptions::new(),
            outbound: Outbound::new(),
            inbound_qos2: InboundIds::new(),
            connection: None,
            epoch: 0,
        }
    }

    /// The limits it was made with.
    pub const fn limits(&self) -> &SessionLimits {
        &self.limits
    }

    /// Starts a connection at `now_ms` of a clock that never goes back; an earlier connection is detached. Nothing is
    /// sent before the next [`Session::flush`].
    pub fn attach(&mut self, profile: ConnectionProfile, now_ms: u64) {
        self.detach();
        self.epoch = self.epoch.wrapping_add(1);
        self.inbound_qos2.start_connection();
        let stored = self.outbound.start_connection(self.limits.replay_spacing_ms > 0);
        self.connection = Some(Box::new(Connection::new(profile, stored, now_ms)));
    }

    /// Ends the connection. What is kept stays.
    pub fn detach(&mut self) {
        if self.connection.take().is_some() {
            self.outbound.shrink();
            self.inbound_qos2.shrink();
        }
    }

    /// Whether there is a connection.
    pub const fn is_attached(&self) -> bool {
        self.connection.is_some()
    }

    /// The protocol of the connection.
    pub fn version(&self) -> Option<Version> {
        self.connection.as_ref().map(|connection| connection.profile.version)
    }

    /// Takes a QoS 1 or 2 delivery into the queue and gives it its packet identifier, to be written to the journal.
    /// It is sent by [`Session::flush`] once it is `ready`, now or through [`Session::ready`].
    pub fn reserve(&mut self, delivery: Delivery, ready: bool) -> Result<PacketId, RefusedDelivery> {
        self.outbound.reserve(&self.limits, delivery, ready)
    }

    /// The delivery, or the release of it that [`Session::pubrec`] held back, is durable: it, or its PUBREL, may be
    /// sent. Says whether it was waiting for that.
    pub fn ready(&mut self, id: PacketId) -> bool {
        self.outbound.ready(id)
    }

    /// Writes a QoS 0 delivery to `out`. It does not wait for anything; whether the connection can take it is the
    /// caller's question, to be asked before.
    pub fn send_now(
        &mut self,
        delivery: &Delivery,
        wall_ms: i64,
        out: &mut BytesMut,
    ) -> Result<(), RefusedDelivery> {
        let connection = self.connection.as_deref_mut().ok_or(RefusedDelivery::NotAttached)?;
        connection.send_at_most_once(delivery, wall_ms, out)
    }

    /// Writes to `out` whatever window, readiness and replay spacing allow: first what an earlier connection left
    /// unacknowledged, then what waits. No message is begun once `out` holds `limit` bytes. Deliveries that end here are
    /// added to `settled`. Returns the moment to call again if only time or the limit is in the way; besides, to be
    /// called after `attach`, `reserve`, `ready` and each acknowledgement that settled something.
    pub fn flush(
        &mut self,
        now_ms: u64,
        wall_ms: i64,
        limit: usize,
        out: &mut BytesMut,
        settled: &mut Vec<Settled>,
    ) -> Option<u64> {
        let connection = self.connection.as_deref_mut()?;
        let pace = Pace { spacing_ms: u64::from(self.limits.replay_spacing_ms), now_ms, wall_ms, limit };
        self.outbound.flush(connection, &pace, out, settled)
    }

    /// Gives up what expired before it was sent; for sessions without a connection, where `flush` does nothing.
    pub fn drop_expired(&mut self, wall_ms: i64, settled: &mut Vec<Settled>) {
        self.outbound.drop_expired(wall_ms, settled);
    }

    /// PUBACK of the client. Nothing is returned for an identifier that is not in flight at QoS 1.
    pub fn puback(&mut self, id: PacketId, reason: u8) -> Option<Settled> {
        self.outbound.puback(self.connection.as_deref_mut(), id, reason)
    }

    /// PUBREC of the client; writes the PUBREL it asks for. With `hold` the PUBREL of a message that is released by this
    /// waits for [`Session::ready`], also across connections: a crash before must not send the message again.
    pub fn pubrec(&mut self, id: PacketId, reason: u8, hold: bool, out: &mut BytesMut) -> PubRecEffect {
        self.outbound.pubrec(self.connection.as_deref_mut(), id, reason, hold, out)
    }

    /// PUBCOMP of the client.
    pub fn pubcomp(&mut self, id: PacketId) -> Option<Settled> {
        self.outbound.pubcomp(self.connection.as_deref_mut(), id)
    }

    /// QoS 1 and 2 messages that wait or are in flight.
    pub fn queued_len(&self) -> usize {
        self.outbound.len()
    }

    /// Their weight.
    pub const fn queued_bytes(&self) -> usize {
        self.outbound.bytes()
    }

    /// How many of them were sent and not yet acknowledged.
    pub const fn inflight_len(&self) -> usize {
        self.outbound.sent_len()
    }

    /// Identifiers and tags of all of them, oldest first; for the router when the session ends.
    pub fn pending(&self) -> impl Iterator<Item = (PacketId, u64)> {
        self.outbound.pending()
    }

    /// The identifier the next delivery gets unless it is in use.
    pub const fn next_packet_id(&self) -> u16 {
        self.outbound.next_id()
    }

    /// Continues the identifiers of an earlier session of the same client.
    pub const fn set_next_packet_id(&mut self, next: u16) {
        self.outbound.set_next_id(next);
    }
}
