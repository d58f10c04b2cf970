//! What goes to the client at QoS 1 and 2: one queue whose front part is in flight.
//!
//! The queue is in the order of reservation, which is also the order of identifiers and of sending. The first `sent`
//! entries have been sent at least once; those behind wait. An entry leaves when it is settled.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::aliases::{InboundAliases, OutboundAliases};
use super::{ConnectionProfile, Delivery, Outcome, PubRecEffect, RefusedDelivery, SessionLimits, Settled};
use crate::encode::{self, PublishFields};
use crate::message::Message;
use crate::protocol::{PacketId, QoS, Version};
use crate::reason;

/// Entries whose memory is kept when the queue runs empty.
const KEPT_CAPACITY: usize = 4;

/// The part of a session that lives as long as one connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) profile: ConnectionProfile,
    /// Publications sent on this connection and not yet settled; at most the client's receive maximum.
    in_flight: u16,
    /// Publications of the client that were not acknowledged yet.
    pub(super) inbound_open: u16,
    /// Entries sent on an earlier connection and not yet on this one.
    to_resend: usize,
    /// When the next stored message may go out.
    next_replay_ms: u64,
    pub(super) inbound_aliases: InboundAliases,
    outbound_aliases: OutboundAliases,
}

impl Connection {
    pub(super) fn new(profile: ConnectionProfile, to_resend: usize, now_ms: u64) -> Self {
        let alias_maximum = if profile.version.is_v5() { profile.topic_alias_maximum } else { 0 };
        Self {
            profile,
            in_flight: 0,
            inbound_open: 0,
            to_resend,
            next_replay_ms: now_ms,
            inbound_aliases: InboundAliases::default(),
            outbound_aliases: OutboundAliases::new(alias_maximum),
        }
    }

    pub(super) fn send_at_most_once(
        &mut self,
        delivery: &Delivery,
        wall_ms: i64,
        out: &mut BytesMut,
    ) -> Result<(), RefusedDelivery> {
        if delivery.message.is_expired(wall_ms) {
            return Err(RefusedDelivery::Expired);
        }
        self.publish(delivery, QoS::AtMostOnce, None, false, wall_ms, out)
    }

    /// Writes one PUBLISH, unless it is larger than the client takes [MQTT-3.1.2-24].
    fn publish(
        &mut self,
        delivery: &Delivery,
        qos: QoS,
        packet_id: Option<PacketId>,
        dup: bool,
        wall_ms: i64,
        out: &mut BytesMut,
    ) -> Result<(), RefusedDelivery> {
        let message = &delivery.message;
        let alias = self.outbound_aliases.choose(&message.topic);
        let known = matches!(alias, super::aliases::Alias::Known(_));
        let fields = PublishFields {
            topic: if known { "" } else { &message.topic },
            payload: &message.payload,
            qos,
            retain: delivery.retain,
            dup,
            packet_id,
            properties: message.properties.as_deref(),
            expiry_interval_s: message.remaining_expiry_s(wall_ms),
            topic_alias: alias.number(),
            subscription_ids: &delivery.subscription_ids,
        };
        let version = self.profile.version;
        let size = encode::publish_size(version, &fields).map_err(|_| RefusedDelivery::LargerThanReceiver)?;
        if self.profile.max_packet_size.is_some_and(|max| size > max.get() as usize) {
            return Err(RefusedDelivery::LargerThanReceiver);
        }
        encode::publish(version, &fields, out).map_err(|_| RefusedDelivery::LargerThanReceiver)?;
        self.outbound_aliases.commit(alias, &message.topic);
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Waits until it is durable; whatever is behind waits with it.
    Held,
    /// May be sent.
    Ready,
    /// Sent, not acknowledged.
    Sent,
    /// QoS 2: the client has it, PUBREL was sent.
    Released,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: PacketId,
    pub(super) stage: Stage,
    /// Was sent on the present connection, or its PUBREL was.
    current: bool,
    /// Counts against the receive maximum of the present connection.
    counted: bool,
    /// Was stored when the connection started and goes out with spacing.
    stored: bool,
    /// The PUBREL waits until the release is durable.
    held: bool,
    pub(super) delivery: Delivery,
}

/// When and how much may be written.
pub(super) struct Pace {
    /// Distance between stored messages.
    pub(super) spacing_ms: u64,
    pub(super) now_ms: u64,
    pub(super) wall_ms: i64,
    /// Bytes in the output from which on nothing is added.
    pub(super) limit: usize,
}

#[derive(Debug)]
pub(super) struct Outbound {
    slots: VecDeque<Slot>,
    sent: usize,
    bytes: usize,
    next_id: u16,
    /// The identifiers went once around while the oldest was in use: each new one must be looked up.
    crowded: bool,
}

impl Outbound {
    pub(super) const fn new() -> Self {
        Self { slots: VecDeque::new(), sent: 0, bytes: 0, next_id: 1, crowded: false }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) const fn sent_len(&self) -> usize {
        self.sent
    }

    pub(super) const fn next_id(&self) -> u16 {
        self.next_id
    }

    pub(super) const fn set_next_id(&mut self, next: u16) {
        self.next_id = if next == 0 { 1 } else { next };
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = (PacketId, u64)> {
        self.slots.iter().map(|slot| (slot.id, slot.delivery.tag))
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Prepares for a new connection; returns how many entries it has to send again.
    pub(super) fn start_connection(&mut self, spaced: bool) -> usize {
        for slot in &mut self.slots {
            slot.current = false;
            slot.counted = false;
            slot.stored = spaced;
        }
        self.sent
    }

    pub(super) fn shrink(&mut self) {
        if self.slots.is_empty() {
            self.slots = VecDeque::new();
        }
    }

    pub(super) fn reserve(
        &mut self,
        limits: &SessionLimits,
        delivery: Delivery,
        ready: bool,
    ) -> Result<PacketId, RefusedDelivery> {
        if delivery.qos == QoS::AtMostOnce {
            return Err(RefusedDelivery::QosZero);
        }
        let most = (limits.max_queued as usize).min(usize::from(u16::MAX));
        if self.slots.len() >= most {
            return Err(RefusedDelivery::QueueFull);
        }
        if self.bytes + delivery.message.weight() > limits.max_queued_bytes as usize {
            return Err(RefusedDelivery::QueueBytesFull);
        }
        let id = self.assign_id();
        let stage = if ready { Stage::Ready } else { Stage::Held };
        self.insert(self.slots.len(), id, stage, delivery);
        Ok(id)
    }

    /// The next identifier that is not in use; there is one, because the queue is shorter than their number. As
    /// long as the counter has not met the oldest entry, everything in use lies behind it and needs no search.
    fn assign_id(&mut self) -> PacketId {
        if self.slots.is_empty() {
            self.crowded = false;
        }
        loop {
            let id = PacketId::new(self.next_id).unwrap_or(PacketId::MIN);
            self.next_id = if id == PacketId::MAX { 1 } else { id.get() + 1 };
            if !self.crowded && self.slots.front().is_some_and(|slot| slot.id == id) {
                self.crowded = true;
            }
            if !self.crowded || !self.slots.iter().any(|slot| slot.id == id) {
                return id;
            }
        }
    }

    fn insert(&mut self, index: usize, id: PacketId, stage: Stage, delivery: Delivery) {
        self.bytes += delivery.message.weight();
        let slot = Slot { id, stage, current: false, counted: false, stored: false, held: false, delivery };
        self.slots.insert(index, slot);
    }

    /// Newly reserved entries are at the back, so the search starts there.
    pub(super) fn ready(&mut self, id: PacketId) -> bool {
        let Some(slot) = self.slots.iter_mut().rev().find(|slot| slot.id == id) else { return false };
        if slot.stage == Stage::Held {
            slot.stage = Stage::Ready;
            return true;
        }
        std::mem::take(&mut slot.held)
    }

    pub(super) fn flush(
        &mut self,
        connection: &mut Connection,
        pace: &Pace,
        out: &mut BytesMut,
        settled: &mut Vec<Settled>,
    ) -> Option<u64> {
        let &Pace { spacing_ms, now_ms, wall_ms, limit } = pace;
        self.send_releases(connection, out);
        loop {
            let index = self.next_to_send(connection);
            let again = index < self.sent;
            let slot = self.slots.get_mut(index)?;
            if slot.stage == Stage::Held {
                return None;
            }
            if !again && slot.delivery.message.is_expired(wall_ms) {
                settled.push(self.settle(Some(connection), index, Outcome::Expired));
                continue;
            }
            if connection.in_flight >= connection.profile.receive_maximum.max(1) {
                return None;
            }
            if slot.stored && now_ms < connection.next_replay_ms {
                return Some(connection.next_replay_ms);
            }
            if out.len() >= limit {
                return Some(now_ms);
            }
            let (id, qos) = (slot.id, slot.delivery.qos);
            if connection.publish(&slot.delivery, qos, Some(id), again, wall_ms, out).is_err() {
                settled.push(self.settle(Some(connection), index, Outcome::LargerThanReceiver));
                continue;
            }
            if slot.stored {
                connection.next_replay_ms = now_ms.saturating_add(spacing_ms);
            }
            slot.stage = Stage::Sent;
            slot.current = true;
            slot.counted = true;
            connection.in_flight += 1;
            if again {
                connection.to_resend -= 1;
            } else {
                self.sent += 1;
            }
        }
    }

    /// The oldest entry of an earlier connection, or else the first that waits.
    fn next_to_send(&self, connection: &Connection) -> usize {
        if connection.to_resend == 0 {
            return self.sent;
        }
        let to_send = |slot: &Slot| !slot.current && slot.stage != Stage::Released;
        self.slots.iter().take(self.sent).position(to_send).unwrap_or(self.sent)
    }

    /// Sends the PUBRELs that waited to be durable and those of an earlier connection again [MQTT-4.4.0-1]; they need no
    /// window (§4.9).
    fn send_releases(&mut self, connection: &mut Connection, out: &mut BytesMut) {
        if connection.to_resend == 0 {
            return;
        }
        for slot in self.slots.iter_mut().take(self.sent) {
            if slot.stage == Stage::Released && !slot.current && !slot.held {
                encode::pubrel(connection.profile.version, slot.id, reason::SUCCESS, out);
                slot.current = true;
                connection.to_resend -= 1;
            }
        }
    }

    pub(super) fn drop_expired(&mut self, wall_ms: i64, settled: &mut Vec<Settled>) {
        let mut index = self.sent;
        while let Some(slot) = self.slots.get(index) {
            if slot.stage == Stage::Ready && slot.delivery.message.is_expired(wall_ms) {
                settled.push(self.settle(None, index, Outcome::Expired));
            } else {
                index += 1;
            }
        }
    }

    fn position_sent(&self, id: PacketId, qos: QoS) -> Option<usize> {
        self.slots.iter().take(self.sent).position(|slot| slot.id == id && slot.delivery.qos == qos)
    }

    pub(super) fn puback(
        &mut self,
        connection: Option<&mut Connection>,
        id: PacketId,
        code: u8,
    ) -> Option<Settled> {
        let index = self.position_sent(id, QoS::AtLeastOnce)?;
        let outcome =
            if reason::is_error(code) { Outcome::RefusedByReceiver(code) } else { Outcome::Delivered };
        Some(self.settle(connection, index, outcome))
    }

    pub(super) fn pubrec(
        &mut self,
        connection: Option<&mut Connection>,
        id: PacketId,
        code: u8,
        hold: bool,
        out: &mut BytesMut,
    ) -> PubRecEffect {
        let version = connection.as_ref().map_or(Version::V311, |connection| connection.profile.version);
        let Some(index) = self.position_sent(id, QoS::ExactlyOnce) else {
            if !reason::is_error(code) {
                encode::pubrel(version, id, reason::PACKET_IDENTIFIER_NOT_FOUND, out);
            }
            return PubRecEffect::Unknown;
        };
        let slot = &mut self.slots[index];
        if slot.stage == Stage::Released {
            if !slot.held {
                encode::pubrel(version, id, reason::SUCCESS, out);
            }
            return PubRecEffect::Repeated;
        }
        if reason::is_error(code) {
            let outcome = Outcome::RefusedByReceiver(code);
            return PubRecEffect::Refused(self.settle(connection, index, outcome));
        }
        slot.held = hold;
        if !hold {
            encode::pubrel(version, id, reason::SUCCESS, out);
        }
        if let Some(connection) = connection
            && slot.current == hold
        {
            slot.current = !hold;
            if hold {
                connection.to_resend += 1;
            } else {
                connection.to_resend -= 1;
            }
        }
        self.release(index);
        PubRecEffect::Released
    }

    pub(super) fn pubcomp(&mut self, connection: Option<&mut Connection>, id: PacketId) -> Option<Settled> {
        let index = self.position_sent(id, QoS::ExactlyOnce)?;
        if self.slots[index].stage != Stage::Released {
            return None;
        }
        Some(self.settle(connection, index, Outcome::Delivered))
    }

    /// The client has the message: only its identifier is still needed.
    fn release(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.stage = Stage::Released;
        self.bytes -= slot.delivery.message.weight();
        slot.delivery.message = Message::new("", bytes::Bytes::new(), QoS::ExactlyOnce);
        self.bytes += slot.delivery.message.weight();
    }

    fn settle(&mut self, connection: Option<&mut Connection>, index: usize, outcome: Outcome) -> Settled {
        let slot = self.slots.remove(index).expect("the caller found the entry");
        self.bytes -= slot.delivery.message.weight();
        if index < self.sent {
            self.sent -= 1;
            if let Some(connection) = connection {
                connection.in_flight -= u16::from(slot.counted);
                connection.to_resend -= usize::from(!slot.current);
            }
        }
        if self.slots.is_empty() && self.slots.capacity() > KEPT_CAPACITY {
            self.slots = VecDeque::new();
        }
        Settled { id: slot.id, tag: slot.delivery.tag, outcome }
    }

    /// A QoS 0 delivery is never kept, so one that is stored all the same is damage and left out.
    pub(super) fn restore(&mut self, id: PacketId, delivery: Delivery, stage: Stage) {
        self.forget(id);
        if delivery.qos == QoS::AtMostOnce {
            return;
        }
        self.crowded = true;
        self.insert(self.slots.len(), id, Stage::Ready, delivery);
        match stage {
            Stage::Held | Stage::Ready => {}
            Stage::Sent => self.count_as_sent(self.slots.len()),
            Stage::Released => {
                self.restore_released(id);
            }
        }
    }

    /// Marks as released whatever the entry's stage was; at QoS 1 there is no such stage, so it counts as sent.
    pub(super) fn restore_released(&mut self, id: PacketId) -> bool {
        let Some(index) = self.slots.iter().position(|slot| slot.id == id) else { return false };
        self.count_as_sent(index + 1);
        if self.slots[index].delivery.qos == QoS::ExactlyOnce {
            self.release(index);
        }
        true
    }

    /// Since entries are sent in order, those before one that was sent have been sent as well.
    fn count_as_sent(&mut self, end: usize) {
        for slot in self.slots.iter_mut().take(end).skip(self.sent) {
            slot.stage = Stage::Sent;
        }
        self.sent = self.sent.max(end);
    }

    /// Removes an entry whatever its stage was.
    pub(super) fn forget(&mut self, id: PacketId) -> bool {
        let Some(index) = self.slots.iter().position(|slot| slot.id == id) else { return false };
        self.settle(None, index, Outcome::Delivered);
        true
    }
}
