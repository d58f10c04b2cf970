//! What the client publishes: aliases, receive maximum, QoS 2 without duplicates (MQTT 5 §4.3, §4.9).

use bytes::BytesMut;

use crate::message::{Message, expires_at};
use crate::packet::Publish;
use crate::protocol::{PacketId, QoS};
use crate::session::{Session, SessionLimits};
use crate::{encode, reason};

/// A publication after the session looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// To be routed, then acknowledged.
    Fresh(Message, Receipt),
    /// A QoS 2 publication that was taken before: only to be acknowledged again.
    Duplicate(Receipt),
}

/// What is needed to acknowledge a publication later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Quality of service of the publication.
    pub qos: QoS,
    /// Its identifier at QoS 1 and 2.
    pub id: Option<PacketId>,
    epoch: u32,
}

/// What a publication did that the protocol or the limits forbid. The connection ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// [MQTT-3.3.4-9]
    #[error("more unacknowledged messages than the receive maximum")]
    ReceiveMaximumExceeded,
    /// [MQTT-3.3.2-9]
    #[error("a topic alias above the maximum")]
    TopicAliasInvalid,
    /// An alias that was never bound.
    #[error("a topic alias that was not bound to a topic")]
    TopicAliasUnknown,
    /// [MQTT-3.2.2-11]
    #[error("a QoS above the maximum the server announced")]
    QosNotSupported,
    /// Too many QoS 2 publications without PUBREL.
    #[error("too many QoS 2 messages were not released")]
    TooManyInboundQos2,
    /// A publication without a connection.
    #[error("the session has no connection")]
    NotAttached,
}

impl Violation {
    /// The MQTT 5 reason code for DISCONNECT.
    pub const fn reason(self) -> u8 {
        match self {
            Self::ReceiveMaximumExceeded | Self::TooManyInboundQos2 => reason::RECEIVE_MAXIMUM_EXCEEDED,
            Self::TopicAliasInvalid => reason::TOPIC_ALIAS_INVALID,
            Self::TopicAliasUnknown => reason::PROTOCOL_ERROR,
            Self::QosNotSupported => reason::QOS_NOT_SUPPORTED,
            Self::NotAttached => reason::UNSPECIFIED_ERROR,
        }
    }
}

/// Identifiers of QoS 2 publications received and not yet released, in ascending order.
#[derive(Debug)]
pub(super) struct InboundIds(Vec<InboundId>);

#[derive(Debug, Clone, Copy)]
struct InboundId {
    id: PacketId,
    /// Counts against the receive maximum of this connection.
    open: bool,
}

impl InboundIds {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn start_connection(&mut self) {
        for entry in &mut self.0 {
            entry.open = false;
        }
    }

    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = PacketId> {
        self.0.iter().map(|entry| entry.id)
    }

    fn position(&self, id: PacketId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |entry| entry.id)
    }

    pub(super) fn insert(&mut self, id: PacketId, open: bool) {
        match self.position(id) {
            Ok(position) => self.0[position].open |= open,
            Err(position) => self.0.insert(position, InboundId { id, open }),
        }
    }

    fn remove(&mut self, id: PacketId) -> Option<InboundId> {
        let removed = self.position(id).ok().map(|position| self.0.remove(position));
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        removed
    }
}

impl Session {
    /// Takes a publication of the client. Its topic alias is resolved and its expiry made absolute at `wall_ms`.
    /// A fresh QoS 2 identifier is remembered until [`Session::pubrel`]; it belongs into the journal.
    pub fn receive(&mut self, publish: Publish, wall_ms: i64) -> Result<Inbound, Violation> {
        let Publish { packet_id, topic_alias, expiry_interval_s, mut message, .. } = publish;
        let connection = self.connection.as_deref_mut().ok_or(Violation::NotAttached)?;
        let profile = connection.profile;
        if let Some(alias) = topic_alias {
            if alias.get() > profile.server_topic_alias_maximum {
                return Err(Violation::TopicAliasInvalid);
            }
            if message.topic.is_empty() {
                message.topic =
                    connection.inbound_aliases.resolve(alias).ok_or(Violation::TopicAliasUnknown)?;
            } else {
                connection.inbound_aliases.bind(alias, message.topic.clone());
            }
        }
        message.expires_at = expires_at(expiry_interval_s, wall_ms);
        let receipt = Receipt { qos: message.qos, id: packet_id, epoch: self.epoch };
        let Some(id) = packet_id else { return Ok(Inbound::Fresh(message, receipt)) };
        let announced = profile.version.is_v5();
        if announced && message.qos > self.limits.max_qos {
            return Err(Violation::QosNotSupported);
        }
        let known = if message.qos == QoS::ExactlyOnce { self.inbound_qos2.position(id).ok() } else { None };
        let counted = known.is_some_and(|position| self.inbound_qos2.0[position].open);
        if !counted {
            if announced && connection.inbound_open >= profile.server_receive_maximum.max(1) {
                return Err(Violation::ReceiveMaximumExceeded);
            }
            connection.inbound_open = connection.inbound_open.saturating_add(1);
        }
        if message.qos == QoS::ExactlyOnce {
            if known.is_none() && !self.inbound_qos2.has_room(&self.limits) {
                return Err(Violation::TooManyInboundQos2);
            }
            self.inbound_qos2.insert(id, true);
        }
        Ok(if known.is_some() { Inbound::Duplicate(receipt) } else { Inbound::Fresh(message, receipt) })
    }

    /// Writes the PUBACK or PUBREC for a publication, now that it is durable; nothing at QoS 0 or when the
    /// connection it came by is gone. A PUBREC with an error forgets the identifier, except for 3.x clients,
    /// which cannot be told and will release it.
    pub fn acknowledge(&mut self, receipt: Receipt, code: u8, out: &mut BytesMut) {
        let Some(id) = receipt.id else { return };
        let connection = self.connection.as_deref_mut().filter(|_| receipt.epoch == self.epoch);
        let version = connection.as_ref().map(|connection| connection.profile.version);
        match receipt.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => {
                if let Some(connection) = connection {
                    connection.inbound_open = connection.inbound_open.saturating_sub(1);
                    encode::puback(connection.profile.version, id, code, out);
                }
            }
            QoS::ExactlyOnce => {
                if let Some(version) = version {
                    encode::pubrec(version, id, code, out);
                }
                if reason::is_error(code) && version.is_none_or(|version| version.is_v5()) {
                    self.pubrel(id);
                }
            }
        }
    }

    /// PUBREL of the client: forgets the identifier and says whether it was known. The PUBCOMP is written by
    /// [`Session::complete`] once that is durable.
    pub fn pubrel(&mut self, id: PacketId) -> bool {
        let Some(removed) = self.inbound_qos2.remove(id) else { return false };
        if removed.open
            && let Some(connection) = self.connection.as_deref_mut()
        {
            connection.inbound_open = connection.inbound_open.saturating_sub(1);
        }
        true
    }

    /// Writes the PUBCOMP for a PUBREL.
    pub fn complete(&mut self, id: PacketId, known: bool, out: &mut BytesMut) {
        let code = if known { reason::SUCCESS } else { reason::PACKET_IDENTIFIER_NOT_FOUND };
        if let Some(version) = self.version() {
            encode::pubcomp(version, id, code, out);
        }
    }
}

impl InboundIds {
    fn has_room(&self, limits: &SessionLimits) -> bool {
        self.0.len() < usize::from(limits.max_inbound_qos2)
    }
}
