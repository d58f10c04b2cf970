//! An MQTT user with a kept session that receives the publisher's messages, holds some acknowledgements back so that a
//! kill finds messages on their way, and, if it is a sleeper, is away during most lives of the server.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use yizhan_testkit::MqttUser;
use yizhan_testkit::mqtt::{Connect, Published, Received};

use super::publisher::{Owed, read_payload, topic};
use crate::random::Random;
use crate::stage::{Actor, Phase, Visit};
use crate::wire::{Lost, Wire};

/// How long the last messages may take when the play ends and no more come.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(15);
const HELD_BACK: usize = 4;

pub struct Subscriber {
    client_id: String,
    user: MqttUser,
    owed: Arc<Owed>,
    random: Random,
    /// Present in one of so many lives.
    every_nth_life: u64,
    subscribed: bool,
    /// QoS 2 messages between PUBLISH and PUBREL, as the protocol keeps them.
    unreleased: HashMap<u16, Vec<u8>>,
    /// Number to how often it was received, for QoS 1 and 2.
    pub received: [BTreeMap<u64, u32>; 2],
    /// The highest number so far, to see that first receipts come in order.
    highest: [u64; 2],
}

impl Subscriber {
    pub fn new(
        client_id: &str,
        user: MqttUser,
        owed: Arc<Owed>,
        random: Random,
        every_nth_life: u64,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            user,
            owed,
            random,
            every_nth_life,
            subscribed: false,
            unreleased: HashMap::new(),
            received: Default::default(),
            highest: [0, 0],
        }
    }

    fn has_everything(&self) -> bool {
        self.owed.complete.load(Ordering::Acquire)
            && self
                .received
                .iter()
                .zip(&self.owed.published)
                .all(|(received, published)| received.len() as u64 >= published.load(Ordering::Acquire))
    }

    fn count(&mut self, visit: &Visit<'_>, publish: &Published) {
        let Some((qos, number)) = read_payload(&publish.payload) else {
            visit
                .find(format!("a message that nobody sent: {:?}", String::from_utf8_lossy(&publish.payload)));
            return;
        };
        if publish.topic != topic(qos) || publish.qos != qos {
            visit.find(format!(
                "message {number} of QoS {qos} came on {} at QoS {}",
                publish.topic, publish.qos
            ));
        }
        let index = usize::from(qos) - 1;
        let times = self.received[index].entry(number).or_default();
        *times += 1;
        if *times == 1 {
            if number < self.highest[index] {
                visit.find(format!("QoS {qos} message {number} came first after {}", self.highest[index]));
            }
            self.highest[index] = self.highest[index].max(number);
        }
    }

    fn handle(&mut self, visit: &Visit<'_>, packet: Received, held: &mut Vec<(u8, u16)>) {
        match packet {
            Received::Publish(publish) if publish.qos == 2 => {
                match self.unreleased.get(&publish.id) {
                    Some(known) if *known == publish.payload => {
                        if !publish.dup {
                            visit.find(format!("QoS 2 packet {} was sent again without DUP", publish.id));
                        }
                    }
                    Some(_) => {
                        visit.find(format!("packet id {} was used again before its release", publish.id))
                    }
                    None => {
                        self.count(visit, &publish);
                        self.unreleased.insert(publish.id, publish.payload);
                    }
                }
                held.push((0x50, publish.id));
            }
            Received::Publish(publish) if publish.qos == 1 => {
                self.count(visit, &publish);
                held.push((0x40, publish.id));
            }
            Received::PubRel(ack) => {
                self.unreleased.remove(&ack.id);
                held.push((0x70, ack.id));
            }
            other => visit.find(format!("an unexpected packet: {other:?}")),
        }
    }

    fn let_go(&mut self, wire: &mut Wire, held: &mut Vec<(u8, u16)>) -> Result<(), Lost> {
        for (first, id) in held.drain(..) {
            wire.acknowledge(first, id)?;
        }
        Ok(())
    }
}

impl Actor for Subscriber {
    fn name(&self) -> String {
        self.client_id.clone()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let asleep = self.subscribed && !visit.life.is_multiple_of(self.every_nth_life);
        while asleep && visit.loading() && visit.stage.is_up(visit.life) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if asleep && visit.loading() {
            return Err(Lost::Gone(std::io::ErrorKind::NotConnected.into()));
        }
        let connect = Connect::v311(&self.client_id).login(&self.user.name, &self.user.password).resume();
        let (mut wire, session_present) = visit.connect(&connect)?;
        let mut early = Vec::new();
        if !self.subscribed {
            wire.subscribe(1, &[(&topic(1), 1), (&topic(2), 2)], &mut early)?;
            self.subscribed = true;
            self.owed.subscribed.fetch_add(1, Ordering::AcqRel);
        } else if !session_present {
            self.subscribed = false;
            return Err(Lost::Wrong("the kept session is gone".into()));
        }
        let mut held = Vec::new();
        for packet in early {
            self.handle(visit, packet, &mut held);
        }
        let mut last_heard = Instant::now();
        loop {
            match wire.next(Duration::from_millis(20))? {
                Some(packet) => {
                    last_heard = Instant::now();
                    self.handle(visit, packet, &mut held);
                    if held.len() >= HELD_BACK || self.random.chance(50) {
                        self.let_go(&mut wire, &mut held)?;
                    }
                }
                None => self.let_go(&mut wire, &mut held)?,
            }
            let gave_up = last_heard.elapsed() > PATIENCE_AT_THE_END && visit.stage.phase() >= Phase::Drain;
            let silent = last_heard.elapsed() > Duration::from_millis(300);
            if visit.over() || gave_up || (self.has_everything() && held.is_empty() && silent) {
                return wire.disconnect();
            }
        }
    }
}
