//! Rebuilding a session from the journal, and the image a checkpoint stores.
//!
//! At recovery the router starts from an image, then applies the records that came after it with the `restore_*`
//! functions, in their order. None of them needs a connection, and applying one twice does no harm.

use serde::{Deserialize, Serialize};

use super::outbound::Stage;
use super::{Delivery, Session, SessionLimits, Subscription};
use crate::filter::TopicFilter;
use crate::packet::SubscribeOptions;
use crate::protocol::PacketId;

/// Everything of a session that survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionImage {
    /// Where the identifiers go on.
    pub next_packet_id: u16,
    /// The subscriptions.
    pub subscriptions: Vec<(TopicFilter, SubscribeOptions)>,
    /// Messages to the client, oldest first.
    pub deliveries: Vec<DeliveryImage>,
    /// Identifiers of QoS 2 messages received and not yet released.
    pub inbound_qos2: Vec<PacketId>,
}

/// One message to the client that was not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryImage {
    /// Its identifier.
    pub id: PacketId,
    /// The delivery; without topic and payload once it is released.
    pub delivery: Delivery,
    /// It was sent at least once.
    pub sent: bool,
    /// QoS 2: the client has it.
    pub released: bool,
}

impl Session {
    /// What a checkpoint stores. Deliveries that are not durable yet are part of it: their publisher was not told,
    /// so delivering them is allowed.
    pub fn image(&self) -> SessionImage {
        SessionImage {
            next_packet_id: self.next_packet_id(),
            subscriptions: self.subscriptions().iter().map(|s| (s.filter.clone(), s.options)).collect(),
            deliveries: self
                .outbound
                .slots()
                .map(|slot| DeliveryImage {
                    id: slot.id,
                    delivery: slot.delivery.clone(),
                    sent: matches!(slot.stage, Stage::Sent | Stage::Released),
                    released: slot.stage == Stage::Released,
                })
                .collect(),
            inbound_qos2: self.inbound_qos2.ids().collect(),
        }
    }

    /// A session without a connection from its image. Limits apply to what comes later, not to what was kept.
    pub fn restore(limits: SessionLimits, image: SessionImage) -> Self {
        let mut session = Self::new(limits);
        for (filter, options) in image.subscriptions {
            session.restore_subscription(filter, options);
        }
        for DeliveryImage { id, delivery, sent, released } in image.deliveries {
            session.restore_delivery(id, delivery, sent, released);
        }
        for id in image.inbound_qos2 {
            session.restore_inbound_qos2(id);
        }
        session.set_next_packet_id(image.next_packet_id);
        session
    }

    /// A subscription, with the QoS that was granted.
    pub fn restore_subscription(&mut self, filter: TopicFilter, options: SubscribeOptions) {
        self.subscriptions.put(Subscription { filter, options });
    }

    /// A delivery in the order of reservation. If the journal does not say whether it was sent, say that it was: it
    /// then goes out with DUP. Identifiers go on behind it, unless they are farther already: records of two threads may
    /// be out of order.
    pub fn restore_delivery(&mut self, id: PacketId, delivery: Delivery, sent: bool, released: bool) {
        let stage = match (sent, released) {
            (_, true) => Stage::Released,
            (true, false) => Stage::Sent,
            (false, false) => Stage::Ready,
        };
        let next = id.get().wrapping_add(1);
        let ahead = next.wrapping_sub(self.next_packet_id()) < u16::MAX / 2;
        if ahead || self.queued_len() == 0 {
            self.set_next_packet_id(next);
        }
        self.outbound.restore(id, delivery, stage);
    }

    /// The client confirmed a QoS 2 delivery with PUBREC. Says whether it was there.
    pub fn restore_released(&mut self, id: PacketId) -> bool {
        self.outbound.restore_released(id)
    }

    /// A delivery was settled. Says whether it was there.
    pub fn restore_settled(&mut self, id: PacketId) -> bool {
        self.outbound.forget(id)
    }

    /// A QoS 2 message of the client was taken and not yet released. [`Session::pubrel`] is its end.
    pub fn restore_inbound_qos2(&mut self, id: PacketId) {
        self.inbound_qos2.insert(id, false);
    }
}
