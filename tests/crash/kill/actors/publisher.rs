//! An MQTT user that publishes numbered messages at QoS 1 and 2 with a kept session, and sends again after a
//! reconnect what was not acknowledged, as the protocol demands. So in the end every message it ever sent was
//! acknowledged, and is owed to every subscriber.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use yizhan_testkit::MqttUser;
use yizhan_testkit::mqtt::{Connect, Publishing, Received};

use super::Pace;
use crate::stage::{ANSWERED_WITHIN, Actor, Visit};
use crate::wire::{Lost, Wire};

const WINDOW: usize = 12;

/// The topic of messages of one QoS.
pub fn topic(qos: u8) -> String {
    format!("crash/messages/{qos}")
}

/// The payload of message `number`.
pub fn payload(qos: u8, number: u64) -> String {
    format!("{qos}:{number}:{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The QoS and number in a payload, if it is one of ours and unaltered.
pub fn read_payload(bytes: &[u8]) -> Option<(u8, u64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split(':');
    let (qos, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (payload(qos, number) == text).then_some((qos, number))
}

/// What subscribers owe nothing before and everything after.
#[derive(Debug, Default)]
pub struct Owed {
    /// How many subscribers have their subscription acknowledged.
    pub subscribed: AtomicU64,
    /// Set when the publisher has brought everything to an end: messages 1 to this number, of each QoS.
    pub published: [AtomicU64; 2],
    /// Whether `published` is final.
    pub complete: std::sync::atomic::AtomicBool,
}

#[derive(Debug)]
struct Outgoing {
    id: u16,
    qos: u8,
    number: u64,
    released: bool,
    since: Instant,
}

pub struct Publisher {
    user: MqttUser,
    subscribers: u64,
    owed: Arc<Owed>,
    pace: Pace,
    next: [u64; 2],
    packet_id: u16,
    /// In the order in which they were first sent.
    outgoing: VecDeque<Outgoing>,
    pub resent: u64,
}

impl Publisher {
    pub fn new(user: MqttUser, subscribers: u64, owed: Arc<Owed>, every: Duration) -> Self {
        let pace = Pace::new(every);
        Self {
            user,
            subscribers,
            owed,
            pace,
            next: [1, 1],
            packet_id: 0,
            outgoing: VecDeque::new(),
            resent: 0,
        }
    }

    fn unused_packet_id(&mut self) -> u16 {
        loop {
            self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
            if self.outgoing.iter().all(|outgoing| outgoing.id != self.packet_id) {
                return self.packet_id;
            }
        }
    }

    fn publish_next(&mut self, wire: &mut Wire) -> Result<(), Lost> {
        let qos = if self.next[0] <= self.next[1] { 1 } else { 2 };
        let next = &mut self.next[usize::from(qos) - 1];
        let number = *next;
        *next += 1;
        let id = self.unused_packet_id();
        self.outgoing.push_back(Outgoing { id, qos, number, released: false, since: Instant::now() });
        wire.publish(&Publishing::new(&topic(qos), payload(qos, number).as_bytes()).qos(qos, id))
    }

    fn resend(&mut self, wire: &mut Wire) -> Result<(), Lost> {
        for outgoing in &mut self.outgoing {
            outgoing.since = Instant::now();
            self.resent += 1;
            if outgoing.released {
                wire.acknowledge(0x62, outgoing.id)?;
            } else {
                let payload = payload(outgoing.qos, outgoing.number);
                let again =
                    Publishing::new(&topic(outgoing.qos), payload.as_bytes()).qos(outgoing.qos, outgoing.id);
                wire.publish(&again.duplicate())?;
            }
        }
        Ok(())
    }

    /// Forgets the outgoing message that this acknowledgement ends.
    fn end(&mut self, id: u16, qos: u8) -> Result<(), Lost> {
        let position = self.outgoing.iter().position(|outgoing| outgoing.id == id && outgoing.qos == qos);
        match position {
            Some(position) => {
                self.outgoing.remove(position);
                Ok(())
            }
            None => Err(Lost::Wrong(format!("the end of QoS {qos} message {id}, which is not on its way"))),
        }
    }

    fn release(&mut self, wire: &mut Wire, id: u16) -> Result<(), Lost> {
        let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id && outgoing.qos == 2)
        else {
            return Err(Lost::Wrong(format!("a PUBREC for {id}, which is not on its way")));
        };
        outgoing.released = true;
        wire.acknowledge(0x62, id)
    }

    fn record_totals(&self) {
        for (total, next) in self.owed.published.iter().zip(self.next) {
            total.store(next - 1, Ordering::Release);
        }
        self.owed.complete.store(true, Ordering::Release);
    }
}

impl Actor for Publisher {
    fn name(&self) -> String {
        "publisher".into()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let connect = Connect::v311("crash-publisher").login(&self.user.name, &self.user.password).resume();
        let (mut wire, session_present) = visit.connect(&connect)?;
        if !session_present && self.outgoing.iter().any(|outgoing| outgoing.released) {
            visit.find("the session is gone although the server owes it the end of a QoS 2 exchange");
        }
        self.resend(&mut wire)?;
        loop {
            let listened_to = self.owed.subscribed.load(Ordering::Acquire) >= self.subscribers;
            if visit.loading() && listened_to && self.outgoing.len() < WINDOW && self.pace.due() {
                self.publish_next(&mut wire)?;
            }
            if !visit.loading() && self.outgoing.is_empty() {
                self.record_totals();
                return wire.disconnect();
            }
            match wire.next(self.pace.interval())? {
                Some(Received::PubAck(ack)) => self.end(ack.id, 1)?,
                Some(Received::PubRec(ack)) => self.release(&mut wire, ack.id)?,
                Some(Received::PubComp(ack)) => self.end(ack.id, 2)?,
                Some(other) => visit.find(format!("an unexpected packet: {other:?}")),
                None => {}
            }
            if let Some(oldest) = self.outgoing.front()
                && oldest.since.elapsed() > ANSWERED_WITHIN
                && visit.stage.is_up(visit.life)
            {
                return Err(Lost::Wrong(format!(
                    "{oldest:?} was not acknowledged within {ANSWERED_WITHIN:?}"
                )));
            }
        }
    }
}

#[test]
fn a_payload_tells_its_number_unless_it_was_altered() {
    assert_eq!(read_payload(payload(2, 77).as_bytes()), Some((2, 77)));
    assert_eq!(read_payload(payload(2, 77).replace("77", "78").as_bytes()), None);
}
