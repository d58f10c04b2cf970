//! The model's client: what it reads, answers, publishes and gets wrong.

use std::num::NonZeroU16;

use bytes::Bytes;
use yizhan_mqtt::{Inbound, Message, PacketId, PubRecEffect, Publish, QoS, Violation};

use super::wire::{FromServer, Received};
use super::{MAX_INBOUND_QOS2, TOPICS, World, packet_id, sequence_of};

impl World {
    /// The client takes up to `count` packets and answers them; `b` makes it refuse or lose its answer.
    pub(super) fn client_reads(&mut self, count: usize, b: u8) {
        for _ in 0..count {
            let Some(packet) = self.link.as_mut().and_then(|link| link.to_client.pop_front()) else { return };
            let v5 = self.link.as_ref().is_some_and(|link| link.profile.version.is_v5());
            let refuses = v5 && b.is_multiple_of(16);
            match packet {
                FromServer::Publish(publish) => self.client_takes(&publish, refuses),
                FromServer::PubRel { id, .. } => {
                    self.client_qos2.remove(&id);
                    if let Some(settled) = self.session.pubcomp(packet_id(id)) {
                        self.settle(settled);
                    }
                }
                FromServer::PubRec { id, reason } if reason < 0x80 && b % 8 != 1 => {
                    self.release(id);
                }
                _ => {}
            }
        }
    }

    pub(super) fn client_takes(&mut self, publish: &Received, refuses: bool) {
        let Some(id) = publish.id else { return };
        let sequence = sequence_of(&publish.payload);
        if publish.qos == 1 {
            self.owed[sequence].arrivals += 1;
            let settled = self.session.puback(packet_id(id), if refuses { 0x87 } else { 0 });
            if let Some(settled) = settled {
                self.settle(settled);
            }
            return;
        }
        let fresh = self.client_qos2.insert(id);
        if fresh {
            self.owed[sequence].arrivals += 1;
            assert_eq!(self.owed[sequence].arrivals, 1, "a second arrival at QoS 2");
        }
        if refuses && fresh {
            self.client_qos2.remove(&id);
            match self.session.pubrec(packet_id(id), 0x87, false, &mut self.out) {
                PubRecEffect::Refused(settled) => self.settle(settled),
                other => assert_ne!(other, PubRecEffect::Released),
            }
        } else if self.session.pubrec(packet_id(id), 0, false, &mut self.out) == PubRecEffect::Released {
            self.owed[sequence].released = true;
        }
        self.deliver();
    }

    /// Acknowledgements for identifiers that are not in flight must change nothing.
    pub(super) fn client_confuses(&mut self, a: u8, b: u8) {
        if self.link.is_none() {
            return;
        }
        let id = u16::from(b) + 1000;
        match a % 3 {
            0 => assert_eq!(self.session.puback(packet_id(id), 0), None),
            1 => {
                let effect = self.session.pubrec(packet_id(id), 0, false, &mut self.out);
                assert_eq!(effect, PubRecEffect::Unknown);
                self.deliver();
            }
            _ => assert_eq!(self.session.pubcomp(packet_id(id)), None),
        }
        let waiting = self.outstanding().find(|owed| !owed.sent).map(|owed| owed.id);
        if let Some(id) = waiting {
            assert_eq!(self.session.puback(packet_id(id), 0), None, "it was never sent");
        }
        let unreleased = self.outstanding().find(|owed| owed.qos == 2 && !owed.released);
        if let Some(id) = unreleased.map(|owed| packet_id(owed.id)) {
            assert_eq!(self.session.pubcomp(id), None, "PUBCOMP before PUBREC");
            assert_eq!(self.session.puback(id, 0), None, "PUBACK for QoS 2");
        }
    }

    pub(super) fn client_publishes(&mut self, a: u8, b: u8, c: u8) {
        let v5 = self.link.as_ref().is_some_and(|link| link.profile.version.is_v5());
        let qos = QoS::try_from(a % 3).expect("three values");
        let id = (qos != QoS::AtMostOnce).then(|| packet_id(u16::from(b % 8) + 1));
        let alias = if v5 && c & 1 == 1 { NonZeroU16::new(u16::from(c % 4) + 1) } else { None };
        let topic = if alias.is_some() && c & 2 == 2 { "" } else { TOPICS[usize::from(c) % TOPICS.len()] };
        let publish = Publish {
            dup: false,
            packet_id: id,
            topic_alias: alias,
            expiry_interval_s: None,
            message: Message::new(topic, Bytes::new(), qos),
        };
        let expected = self.expect_inbound(qos, id, alias, topic);
        let received = self.session.receive(publish, self.wall_ms);
        match (received, expected) {
            (Ok(Inbound::Fresh(message, receipt)), Ok((topic, true))) => {
                assert_eq!(message.topic.as_ref(), topic);
                self.link.as_mut().expect("connected").receipts.push(receipt);
            }
            (Ok(Inbound::Duplicate(receipt)), Ok((_, false))) => {
                self.link.as_mut().expect("connected").receipts.push(receipt);
            }
            (Err(violation), Err(expected)) => {
                assert_eq!(violation, expected);
                self.detach();
            }
            (received, expected) => panic!("{received:?} instead of {expected:?}"),
        }
    }

    /// The topic and whether the message is new, by the plain rules.
    pub(super) fn expect_inbound(
        &mut self,
        qos: QoS,
        id: Option<PacketId>,
        alias: Option<NonZeroU16>,
        topic: &'static str,
    ) -> Result<(&'static str, bool), Violation> {
        let Some(link) = &mut self.link else { return Err(Violation::NotAttached) };
        let mut resolved = topic;
        if let Some(alias) = alias.map(NonZeroU16::get) {
            if alias > link.profile.server_topic_alias_maximum {
                return Err(Violation::TopicAliasInvalid);
            }
            if topic.is_empty() {
                resolved = link.inbound_aliases.get(&alias).ok_or(Violation::TopicAliasUnknown)?;
            } else {
                link.inbound_aliases.insert(alias, topic);
            }
        }
        let Some(id) = id.map(PacketId::get) else { return Ok((resolved, true)) };
        let known = if qos == QoS::ExactlyOnce { self.server_qos2.get(&id).copied() } else { None };
        if known != Some(true) {
            if link.profile.version.is_v5()
                && link.inbound_open >= usize::from(link.profile.server_receive_maximum)
            {
                return Err(Violation::ReceiveMaximumExceeded);
            }
            link.inbound_open += 1;
        }
        if qos == QoS::ExactlyOnce {
            if known.is_none() && self.server_qos2.len() >= usize::from(MAX_INBOUND_QOS2) {
                return Err(Violation::TooManyInboundQos2);
            }
            self.server_qos2.insert(id, true);
        }
        Ok((resolved, known.is_none()))
    }

    pub(super) fn server_acknowledges(&mut self, a: u8, b: u8) {
        if let Some(stale) = self.stale_receipts.pop() {
            self.session.acknowledge(stale, 0, &mut self.out);
            assert!(self.out.is_empty(), "an acknowledgement on the wrong connection");
        }
        let Some(link) = &mut self.link else { return };
        if link.receipts.is_empty() {
            return;
        }
        let receipt = link.receipts.remove(usize::from(a) % link.receipts.len());
        let reason = if b.is_multiple_of(8) { 0x87 } else { 0 };
        let forgets = reason != 0 && link.profile.version.is_v5();
        let closes = match (receipt.qos, receipt.id) {
            (QoS::AtMostOnce, _) | (_, None) => false,
            (QoS::AtLeastOnce, _) => true,
            (QoS::ExactlyOnce, Some(id)) => forgets && self.server_qos2.remove(&id.get()) == Some(true),
        };
        link.inbound_open -= usize::from(closes);
        self.session.acknowledge(receipt, reason, &mut self.out);
        assert_eq!(self.out.is_empty(), receipt.qos == QoS::AtMostOnce);
        self.deliver();
    }

    pub(super) fn client_releases(&mut self, b: u8) {
        if self.link.is_some() {
            self.release(u16::from(b % 8) + 1);
        }
    }

    pub(super) fn release(&mut self, id: u16) {
        let open = self.server_qos2.remove(&id);
        let known = self.session.pubrel(packet_id(id));
        assert_eq!(known, open.is_some());
        self.session.complete(packet_id(id), known, &mut self.out);
        if let Some(link) = &mut self.link
            && open == Some(true)
        {
            link.inbound_open -= 1;
        }
        self.deliver();
    }
}
