//! A plain model of a client and of what a session owes it. Random operations run against the real [`Session`] and
//! the model side by side; whatever the session writes must be what the model allows, and in the end everything
//! that was not refused must have arrived: no loss, no second arrival at QoS 2, order kept.
//!
//! The fuzz target `session_ops` includes this file, so it stays free of any test framework.

mod client;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU32;

use bytes::{Bytes, BytesMut};
use yizhan_mqtt::{
    ConnectionProfile, Delivery, Message, Outcome, PacketId, QoS, Receipt, RefusedDelivery, Session,
    SessionImage, SessionLimits, Settled, Version,
};

use wire::{FromServer, Received};

const TOPICS: [&str; 5] = ["a", "sensor/temperature", "sensor/humidity", "plant/7/alarm", "plant/7/level"];
const MAX_QUEUED: u32 = 12;
const MAX_INBOUND_QOS2: u16 = 6;
const SPACING_MS: u64 = 500;

/// One message the session took.
#[derive(Debug)]
struct Owed {
    id: u16,
    qos: u8,
    topic: &'static str,
    expires_at: Option<i64>,
    ready: bool,
    sent: bool,
    released: bool,
    /// Present when the present connection started.
    stored: bool,
    settled: Option<Outcome>,
    arrivals: usize,
}

#[derive(Debug)]
struct Link {
    profile: ConnectionProfile,
    /// Sent by the session, not yet seen by the client.
    to_client: VecDeque<FromServer>,
    aliases: BTreeMap<u16, String>,
    last_sequence: Option<usize>,
    /// Publications of the session on this connection that it does not know to be complete.
    in_flight: BTreeSet<u16>,
    last_replay_ms: Option<u64>,
    /// What the server owes an acknowledgement for.
    receipts: Vec<Receipt>,
    inbound_open: usize,
    inbound_aliases: BTreeMap<u16, &'static str>,
}

/// Session, client and bookkeeping.
pub struct World {
    session: Session,
    limits: SessionLimits,
    now_ms: u64,
    wall_ms: i64,
    owed: Vec<Owed>,
    link: Option<Link>,
    /// The client's own state.
    client_qos2: BTreeSet<u16>,
    server_qos2: BTreeMap<u16, bool>,
    stale_receipts: Vec<Receipt>,
    out: BytesMut,
}

/// Runs operations of four bytes each.
pub fn run(operations: &[[u8; 4]]) {
    let spaced = operations.first().is_some_and(|operation| operation[3] & 1 == 1);
    let mut world = World::new(spaced);
    for &operation in operations {
        world.step(operation);
        world.check();
    }
    world.finish();
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("the model uses no identifier 0")
}

impl World {
    fn new(spaced: bool) -> Self {
        let limits = SessionLimits {
            max_queued: MAX_QUEUED,
            max_queued_bytes: 100_000,
            max_inbound_qos2: MAX_INBOUND_QOS2,
            max_subscriptions: 4,
            replay_spacing_ms: if spaced { 500 } else { 0 },
            max_qos: QoS::ExactlyOnce,
        };
        let mut session = Session::new(limits);
        session.set_next_packet_id(65_530);
        Self {
            session,
            limits,
            now_ms: 1_000,
            wall_ms: 1_700_000_000_000,
            owed: Vec::new(),
            link: None,
            client_qos2: BTreeSet::new(),
            server_qos2: BTreeMap::new(),
            stale_receipts: Vec::new(),
            out: BytesMut::new(),
        }
    }

    fn step(&mut self, [kind, a, b, c]: [u8; 4]) {
        match kind % 20 {
            0 => self.attach(a, b, c),
            1 => self.detach(),
            2..=4 => self.reserve(a, b, c),
            5 => self.make_ready(a),
            6 => self.send_now(a),
            7 | 8 => self.flush(u64::from(a) * 8),
            9..=11 => self.client_reads(1 + usize::from(a % 4), b),
            12 => self.client_confuses(a, b),
            13..=15 => self.client_publishes(a, b, c),
            16 => self.server_acknowledges(a, b),
            17 => self.client_releases(b),
            18 => self.drop_expired(),
            _ => self.restart(),
        }
    }

    fn attach(&mut self, a: u8, b: u8, c: u8) {
        self.forget_link();
        let v5 = a & 1 == 1;
        let profile = ConnectionProfile {
            version: if v5 { Version::V5 } else { Version::V311 },
            receive_maximum: u16::from(b % 5),
            max_packet_size: if c.is_multiple_of(4) { NonZeroU32::new(64) } else { None },
            topic_alias_maximum: u16::from(c % 3),
            server_receive_maximum: 3,
            server_topic_alias_maximum: 2,
        };
        self.session.attach(profile, self.now_ms);
        let spaced = self.limits.replay_spacing_ms > 0;
        for owed in self.owed.iter_mut().filter(|owed| owed.settled.is_none()) {
            owed.stored = spaced;
        }
        for open in self.server_qos2.values_mut() {
            *open = false;
        }
        self.link = Some(Link {
            profile,
            to_client: VecDeque::new(),
            aliases: BTreeMap::new(),
            last_sequence: None,
            in_flight: BTreeSet::new(),
            last_replay_ms: None,
            receipts: Vec::new(),
            inbound_open: 0,
            inbound_aliases: BTreeMap::new(),
        });
    }

    fn detach(&mut self) {
        self.session.detach();
        self.forget_link();
    }

    fn forget_link(&mut self) {
        if let Some(link) = self.link.take() {
            self.stale_receipts = link.receipts;
        }
    }

    fn outstanding(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|owed| owed.settled.is_none())
    }

    fn reserve(&mut self, a: u8, b: u8, c: u8) {
        let topic = TOPICS[usize::from(a) % TOPICS.len()];
        let qos = if b & 1 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        let mut payload = u32::try_from(self.owed.len()).expect("few messages").to_be_bytes().to_vec();
        if b & 0b1110 == 0 {
            payload.resize(100, 0);
        }
        let mut message = Message::new(topic, Bytes::from(payload), qos);
        message.expires_at = (c & 0b11 == 0).then(|| self.wall_ms + i64::from(c) * 20);
        let expires_at = message.expires_at;
        let mut delivery = Delivery::new(message);
        delivery.tag = self.owed.len() as u64 + 1;
        let ready = c & 0b1100 != 0;
        match self.session.reserve(delivery, ready) {
            Ok(id) => {
                assert!(self.outstanding().all(|owed| owed.id != id.get()), "identifier {id} is in use");
                self.owed.push(Owed {
                    id: id.get(),
                    qos: qos.into(),
                    topic,
                    expires_at,
                    ready,
                    sent: false,
                    released: false,
                    stored: false,
                    settled: None,
                    arrivals: 0,
                });
            }
            Err(refused) => {
                assert_eq!(refused, RefusedDelivery::QueueFull);
                assert_eq!(self.outstanding().count(), MAX_QUEUED as usize);
            }
        }
    }

    fn make_ready(&mut self, a: u8) {
        let held: Vec<usize> = (0..self.owed.len())
            .filter(|&index| !self.owed[index].ready && self.owed[index].settled.is_none())
            .collect();
        if held.is_empty() {
            return;
        }
        let owed = &mut self.owed[held[usize::from(a) % held.len()]];
        owed.ready = true;
        assert!(self.session.ready(packet_id(owed.id)));
        assert!(!self.session.ready(packet_id(owed.id)), "it was ready before");
    }

    fn send_now(&mut self, a: u8) {
        let topic = TOPICS[usize::from(a) % TOPICS.len()];
        let mut delivery = Delivery::new(Message::new(topic, Bytes::from_static(b"zero"), QoS::AtMostOnce));
        delivery.retain = a & 8 != 0;
        let sent = self.session.send_now(&delivery, self.wall_ms, &mut self.out);
        match &self.link {
            None => assert_eq!(sent, Err(RefusedDelivery::NotAttached)),
            Some(_) => assert_eq!(sent, Ok(())),
        }
        self.deliver();
    }

    fn flush(&mut self, passed_ms: u64) {
        self.now_ms += passed_ms;
        self.wall_ms += i64::try_from(passed_ms).expect("small");
        let mut settled = Vec::new();
        let again = self.session.flush(self.now_ms, self.wall_ms, usize::MAX, &mut self.out, &mut settled);
        assert!(again.is_none() || self.link.is_some());
        assert!(again.is_none_or(|at| at > self.now_ms && at <= self.now_ms + SPACING_MS));
        for settled in settled {
            self.settle(settled);
        }
        self.deliver();
    }

    fn drop_expired(&mut self) {
        let mut settled = Vec::new();
        self.session.drop_expired(self.wall_ms, &mut settled);
        for settled in settled {
            assert_eq!(settled.outcome, Outcome::Expired);
            self.settle(settled);
        }
    }

    fn settle(&mut self, settled: Settled) {
        let index = usize::try_from(settled.tag).expect("small") - 1;
        let owed = &mut self.owed[index];
        assert_eq!(owed.id, settled.id.get());
        assert_eq!(owed.settled, None, "settled twice");
        owed.settled = Some(settled.outcome);
        match settled.outcome {
            Outcome::Delivered => assert!(owed.arrivals > 0, "delivered without an arrival"),
            Outcome::RefusedByReceiver(reason) => assert_eq!(reason, 0x87),
            Outcome::Expired => {
                assert!(!owed.sent && owed.expires_at.is_some_and(|at| at <= self.wall_ms));
            }
            Outcome::LargerThanReceiver => {
                let link = self.link.as_ref().expect("sizes matter on a connection only");
                assert!(link.profile.max_packet_size.is_some());
            }
        }
        if let Some(link) = &mut self.link {
            link.in_flight.remove(&settled.id.get());
        }
    }

    /// Moves what the session wrote to the link and checks it on the way.
    fn deliver(&mut self) {
        let bytes = self.out.split();
        let Some(link) = &mut self.link else {
            assert!(bytes.is_empty(), "bytes without a connection");
            return;
        };
        let v5 = link.profile.version.is_v5();
        for packet in wire::read_all(v5, &bytes) {
            if let FromServer::Publish(publish) = &packet {
                Self::check_publish(&mut self.owed, link, publish, self.now_ms, self.wall_ms);
            }
            link.to_client.push_back(packet);
        }
    }

    fn check_publish(owed: &mut [Owed], link: &mut Link, publish: &Received, now_ms: u64, wall_ms: i64) {
        assert!(link.profile.max_packet_size.is_none_or(|max| publish.size <= max.get() as usize));
        if let Some(alias) = publish.alias {
            assert!((1..=link.profile.topic_alias_maximum).contains(&alias));
            if !publish.topic.is_empty() {
                link.aliases.insert(alias, publish.topic.clone());
            }
        }
        let Some(id) = publish.id else { return };
        let topic = match publish.topic.as_str() {
            "" => link.aliases[&publish.alias.expect("a topic or an alias")].as_str(),
            topic => topic,
        };
        let sequence = sequence_of(&publish.payload);
        let earlier_are_ready =
            owed[..sequence].iter().all(|before| before.ready || before.settled.is_some());
        let message = &mut owed[sequence];
        assert!(message.settled.is_none() && !message.released);
        assert!(message.ready && earlier_are_ready, "sent before it or an earlier one was durable");
        assert_eq!((message.id, message.qos, message.topic), (id, publish.qos, topic));
        assert_eq!(publish.dup, message.sent, "DUP says whether it was sent before [MQTT-3.3.1-1]");
        assert!(link.last_sequence < Some(sequence), "order [MQTT-4.6.0-1]");
        link.last_sequence = Some(sequence);
        assert!(link.in_flight.insert(id), "sent twice on one connection");
        let window = usize::from(link.profile.receive_maximum.max(1));
        assert!(link.in_flight.len() <= window, "receive maximum [MQTT-3.3.4-9]");
        let left_s = message.expires_at.map(|at| (at - wall_ms).max(1).unsigned_abs().div_ceil(1000));
        let expected = if link.profile.version.is_v5() { left_s } else { None };
        assert_eq!(publish.expiry_s.map(u64::from), expected, "[MQTT-3.3.2-6]");
        if message.stored {
            assert!(link.last_replay_ms.is_none_or(|last| now_ms >= last + SPACING_MS), "replay spacing");
            link.last_replay_ms = Some(now_ms);
        }
        message.sent = true;
    }

    /// The server stops and starts again from what it stored.
    fn restart(&mut self) {
        self.detach();
        let stored = postcard::to_allocvec(&self.session.image()).expect("every image can be written");
        let image: SessionImage = postcard::from_bytes(&stored).expect("what was written can be read");
        assert_eq!(image, self.session.image());
        self.session = Session::restore(self.limits, image);
        self.stale_receipts.clear();
        for owed in &mut self.owed {
            owed.ready = true;
        }
        for open in self.server_qos2.values_mut() {
            *open = false;
        }
    }

    fn check(&self) {
        let outstanding = self.outstanding().count();
        assert_eq!(self.session.queued_len(), outstanding);
        assert_eq!(self.session.inflight_len(), self.outstanding().filter(|owed| owed.sent).count());
        assert_eq!(self.session.queued_bytes() == 0, outstanding == 0);
        assert_eq!(self.session.is_attached(), self.link.is_some());
        let pending: Vec<u16> = self.session.pending().map(|(id, _)| id.get()).collect();
        assert_eq!(pending, self.outstanding().map(|owed| owed.id).collect::<Vec<_>>());
    }

    /// A willing client comes back: everything must arrive.
    fn finish(&mut self) {
        for index in 0..self.owed.len() {
            if !self.owed[index].ready && self.owed[index].settled.is_none() {
                self.owed[index].ready = true;
                assert!(self.session.ready(packet_id(self.owed[index].id)));
            }
        }
        self.attach(1, 3, 1);
        for _ in 0..(4 * MAX_QUEUED + 8) {
            self.flush(SPACING_MS);
            self.client_reads(64, 2);
            self.check();
        }
        assert_eq!(self.session.queued_len(), 0, "lost: {:?}", self.outstanding().collect::<Vec<_>>());
        for owed in &self.owed {
            let arrived = match owed.settled {
                Some(Outcome::Delivered | Outcome::RefusedByReceiver(_)) => owed.arrivals > 0,
                Some(Outcome::Expired) => owed.arrivals == 0,
                Some(Outcome::LargerThanReceiver) => true,
                None => false,
            };
            assert!(arrived, "{owed:?}");
        }
    }
}

fn sequence_of(payload: &[u8]) -> usize {
    let bytes = payload[..4].try_into().expect("payloads start with their number");
    usize::try_from(u32::from_be_bytes(bytes)).expect("small")
}
