//! An MQTT user that keeps replacing a few retained messages, and looks at the start of every life whether the last
//! acknowledged ones are still there.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use yizhan_testkit::MqttUser;
use yizhan_testkit::mqtt::{Connect, Properties, Publishing, Received, Version, build};

use super::Pace;
use super::publisher::{payload, read_payload};
use crate::stage::{ANSWERED_WITHIN, Actor, Visit};
use crate::wire::{Lost, Wire};

const TOPICS: u64 = 6;
const ALL: &str = "crash/retained/+";
const WINDOW: usize = 4;

pub struct Keeper {
    user: MqttUser,
    pace: Pace,
    next: u64,
    /// Last acknowledged number of each topic.
    acknowledged: [u64; TOPICS as usize],
    pub checks: u64,
}

fn topic(number: u64) -> String {
    format!("crash/retained/{}", number % TOPICS)
}

impl Keeper {
    pub fn new(user: MqttUser, every: Duration) -> Self {
        Self { user, pace: Pace::new(every), next: 1, acknowledged: [0; TOPICS as usize], checks: 0 }
    }

    pub fn published(&self) -> u64 {
        self.next - 1
    }

    /// Everything retained now: topic index to number.
    fn read_retained(&self, visit: &Visit<'_>, wire: &mut Wire) -> Result<HashMap<u64, u64>, Lost> {
        let mut packets = Vec::new();
        wire.subscribe(1, &[(ALL, 0)], &mut packets)?;
        // Retained messages come before the answer to what is sent after the subscription.
        wire.send(&build::unsubscribe(Version::V311, 2, &[ALL], &Properties::none()))?;
        loop {
            match wire.next(ANSWERED_WITHIN)? {
                Some(Received::UnsubAck(_)) => break,
                Some(packet) => packets.push(packet),
                None => return Err(Lost::Wrong(format!("no UNSUBACK within {ANSWERED_WITHIN:?}"))),
            }
        }
        let mut found = HashMap::new();
        for packet in packets {
            let Received::Publish(publish) = packet else {
                return Err(Lost::Wrong(format!("an unexpected packet: {packet:?}")));
            };
            match read_payload(&publish.payload) {
                Some((1, number)) if publish.topic == topic(number) && publish.retain => {
                    found.insert(number % TOPICS, number);
                }
                _ => visit.find(format!("a retained message that nobody sent: {publish:?}")),
            }
        }
        Ok(found)
    }

    fn compare(&mut self, visit: &Visit<'_>, found: &HashMap<u64, u64>) {
        self.checks += 1;
        for (index, acknowledged) in (0..).zip(self.acknowledged) {
            // A later one that was sent and not acknowledged may have arrived; an earlier one may not have come back.
            let kept = found.get(&index).copied().unwrap_or(0);
            if kept < acknowledged || kept >= self.next {
                visit.find(format!("retained topic {index} holds {kept}, acknowledged was {acknowledged}"));
            }
        }
    }
}

impl Actor for Keeper {
    fn name(&self) -> String {
        "keeper of retained messages".into()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let (mut wire, _) =
            visit.connect(&Connect::v311("crash-keeper").login(&self.user.name, &self.user.password))?;
        let found = self.read_retained(visit, &mut wire)?;
        self.compare(visit, &found);
        let mut on_the_way: HashMap<u16, (u64, Instant)> = HashMap::new();
        loop {
            if visit.loading() && on_the_way.len() < WINDOW && self.pace.due() {
                let number = self.next;
                self.next += 1;
                let id = u16::try_from(number % 60_000).expect("below 60,000 fits") + 3;
                on_the_way.insert(id, (number, Instant::now()));
                let message = Publishing::new(&topic(number), payload(1, number).as_bytes()).qos(1, id);
                wire.publish(&message.retained())?;
            }
            if !visit.loading() && on_the_way.is_empty() {
                let found = self.read_retained(visit, &mut wire)?;
                self.compare(visit, &found);
                return wire.disconnect();
            }
            match wire.next(self.pace.interval())? {
                Some(Received::PubAck(ack)) => match on_the_way.remove(&ack.id) {
                    Some((number, _)) => {
                        let index = usize::try_from(number % TOPICS).expect("a small number fits");
                        self.acknowledged[index] = self.acknowledged[index].max(number);
                    }
                    None => visit.find(format!("a PUBACK for the unknown packet id {}", ack.id)),
                },
                None => {}
                Some(other) => visit.find(format!("an unexpected packet: {other:?}")),
            }
            let stuck = on_the_way.values().any(|(_, since)| since.elapsed() > ANSWERED_WITHIN);
            if stuck && visit.stage.is_up(visit.life) {
                return Err(Lost::Wrong(format!(
                    "a PUBLISH was not acknowledged within {ANSWERED_WITHIN:?}"
                )));
            }
        }
    }
}
