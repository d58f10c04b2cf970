//! A device that reports properties or posts events and remembers which of them were answered.
//!
//! Every message has its own number, and every value in it follows from that number, so that a stored value tells
//! which message it came from and whether it was altered. Nothing is ever sent twice: a number that is stored twice
//! was duplicated by the server.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_testkit::DeviceCredentials;
use yizhan_testkit::mqtt::{Publishing, Received, Version};

use super::{Pace, now_ms};
use crate::stage::{ANSWERED_WITHIN, Actor, Visit};
use crate::wire::{Lost, Wire};

const WINDOW: usize = 8;
const PADDING_REPEATS: usize = 150;

/// What a device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Property reports.
    Report,
    /// Events, alone or in batches.
    Event,
}

impl Subject {
    fn kind(self) -> &'static str {
        match self {
            Self::Report => "property",
            Self::Event => "event",
        }
    }
}

/// The values of report `number`. The padding makes segments fill and turn over while the play lasts; the level is a
/// fraction that a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "numbers stay far below 2^52")]
pub fn report_values(number: u64) -> Value {
    json!({
        "sequence": number,
        "label": format!("label {number}"),
        "level": number as f64 * 0.5,
        "padding": format!("{number:08}").repeat(PADDING_REPEATS),
    })
}

/// The events of message `number`: three in every fourth message, else one.
pub fn event_numbers(number: u64) -> Vec<u64> {
    let count = if number.is_multiple_of(4) { 3 } else { 1 };
    (0..count).map(|index| number * 10 + index).collect()
}

/// The parameters of one event.
pub fn event_params(event: u64) -> Value {
    json!({ "number": event, "note": format!("note {event}") })
}

pub struct Questioner {
    pub device: DeviceCredentials,
    pub subject: Subject,
    qos: u8,
    pace: Pace,
    next: u64,
    last_time: i64,
    packet_id: u16,
    /// Number to the time the message carried.
    pub sent: BTreeMap<u64, i64>,
    /// Numbers that were answered with code 0 or acknowledged at QoS 1.
    pub acknowledged: BTreeMap<u64, ()>,
    /// The highest acknowledged number, readable while the play goes on.
    pub highest: Arc<AtomicU64>,
}

impl Questioner {
    pub fn new(device: DeviceCredentials, subject: Subject, qos: u8, every: Duration) -> Self {
        Self {
            device,
            subject,
            qos,
            pace: Pace::new(every),
            next: 1,
            last_time: 0,
            packet_id: 0,
            sent: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            highest: Arc::default(),
        }
    }

    fn topic(&self, direction: &str) -> String {
        format!("$thing/{direction}/{}/{}", self.subject.kind(), self.device.topic_suffix())
    }

    fn next_packet_id(&mut self) -> u16 {
        self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
        self.packet_id
    }

    /// Sends the next message; returns its number and packet id.
    fn ask(&mut self, wire: &mut Wire) -> Result<(u64, u16), Lost> {
        let number = self.next;
        self.next += 1;
        let time = now_ms().max(self.last_time + 1);
        self.last_time = time;
        let token = number.to_string();
        let message = match self.subject {
            Subject::Report => {
                json!({ "method": "report", "clientToken": token, "timestamp": time, "params": report_values(number) })
            }
            Subject::Event => {
                let event = |event: u64| json!({ "eventId": "tick", "type": "info", "timestamp": time, "params": event_params(event) });
                let numbers = event_numbers(number);
                if let [single] = numbers[..] {
                    let mut message = event(single);
                    message["method"] = "event_post".into();
                    message["clientToken"] = token.into();
                    message
                } else {
                    let events: Vec<Value> = numbers.into_iter().map(event).collect();
                    json!({ "method": "events_post", "clientToken": token, "events": events })
                }
            }
        };
        let id = if self.qos == 0 { 0 } else { self.next_packet_id() };
        self.sent.insert(number, time);
        wire.publish(&Publishing::new(&self.topic("up"), message.to_string().as_bytes()).qos(self.qos, id))?;
        Ok((number, id))
    }

    fn acknowledge(&mut self, number: u64) {
        self.acknowledged.insert(number, ());
        self.highest.fetch_max(number, Ordering::AcqRel);
    }

    /// Reads the reply in a downlink; returns the number it answers.
    fn answered(&mut self, visit: &Visit<'_>, payload: &[u8]) -> Option<u64> {
        let reply: Value = match serde_json::from_slice(payload) {
            Ok(reply) => reply,
            Err(error) => {
                visit.find(format!("a downlink is not JSON ({error})"));
                return None;
            }
        };
        let number: Option<u64> = reply["clientToken"].as_str().and_then(|token| token.parse().ok());
        match number {
            Some(number) if reply["code"] == 0 && self.sent.contains_key(&number) => {
                self.acknowledge(number);
                Some(number)
            }
            _ => {
                visit.find(format!("an unexpected answer: {reply}"));
                number
            }
        }
    }
}

impl Actor for Questioner {
    fn name(&self) -> String {
        format!("{:?} device {} at QoS {}", self.subject, self.device.name, self.qos)
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let (mut wire, _) = visit.connect(&self.device.login().connect(Version::V311))?;
        wire.subscribe(1, &[(&self.topic("down"), 0)], &mut Vec::new())?;
        // What was asked in an earlier life and not answered then is never answered.
        let mut unanswered: BTreeMap<u64, Instant> = BTreeMap::new();
        let mut packets: HashMap<u16, u64> = HashMap::new();
        loop {
            if visit.loading() && unanswered.len() < WINDOW && self.pace.due() {
                let (number, id) = self.ask(&mut wire)?;
                unanswered.insert(number, Instant::now());
                if id != 0 {
                    packets.insert(id, number);
                }
            }
            if !visit.loading() && unanswered.is_empty() {
                return wire.disconnect();
            }
            match wire.next(self.pace.interval())? {
                Some(Received::Publish(publish)) => {
                    if let Some(number) = self.answered(visit, &publish.payload) {
                        unanswered.remove(&number);
                    }
                }
                Some(Received::PubAck(ack)) => match packets.remove(&ack.id) {
                    Some(number) => self.acknowledge(number),
                    None => visit.find(format!("a PUBACK for the unknown packet id {}", ack.id)),
                },
                Some(other) => visit.find(format!("an unexpected packet: {other:?}")),
                None => {}
            }
            if let Some((number, since)) = unanswered.first_key_value()
                && since.elapsed() > ANSWERED_WITHIN
                && visit.stage.is_up(visit.life)
            {
                return Err(Lost::Wrong(format!(
                    "message {number} was not answered within {ANSWERED_WITHIN:?}"
                )));
            }
        }
    }
}
