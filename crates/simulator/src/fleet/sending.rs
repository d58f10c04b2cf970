//! What a device of the fleet sends: builds the message, publishes it, counts it, and remembers that an answer is due.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::driver::Fleet;
use super::faults::FaultKind;
use super::messages::{self, Token};
use crate::engine::Nanos;
use crate::packets::{self, PublishHeader};

/// Which of a device's topics a message goes to.
#[derive(Clone, Copy)]
pub(super) enum Topic {
    Property,
    Event,
    Action,
}

/// What a message is, for counting.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) name: &'static str,
    /// Whether an answer with this token is awaited.
    pub(super) token: Option<u32>,
}

impl Fleet<'_> {
    /// Appends the payload that was built last as a PUBLISH on one of the device's topics.
    pub(super) fn publish(&mut self, owner: u32, topic: Topic, sent: Sent, now: Nanos, output: &mut Vec<u8>) {
        let device = &mut self.devices[owner as usize];
        let qos = self.config.qos.min(1);
        let id = if qos > 0 { device.next_packet_id() } else { 0 };
        let topic = match topic {
            Topic::Property => &device.topics.up_property,
            Topic::Event => &device.topics.up_event,
            Topic::Action => &device.topics.up_action,
        };
        packets::publish(output, &PublishHeader { topic, qos, duplicate: false, id }, &self.payload);
        device.last_sent = now;
        *self.summary.sent.entry(sent.name).or_default() += 1;
        if let Some(token) = sent.token {
            self.summary.unanswered += u64::from(device.expect_answer(token, now));
        }
    }

    /// Appends a report of what changed, or of everything that may be reported.
    pub(super) fn report(
        &mut self,
        owner: u32,
        all: bool,
        spoil: Option<FaultKind>,
        now: Nanos,
        output: &mut Vec<u8>,
    ) {
        let device = &mut self.devices[owner as usize];
        let number = device.next_token();
        let token = Token { product: &device.product, number };
        let changed = std::mem::take(&mut device.changed);
        let properties = device.model.properties();
        let chosen = (0..properties.len())
            .filter(|place| (all || changed[*place]) && properties[*place].mode.may_report());
        self.payload.clear();
        messages::report(&device.model, &device.values, chosen, &token, wall_ms(), spoil, &mut self.payload);
        device.changed = changed;
        device.changed.fill(false);

        // Nothing can be answered to JSON that does not parse.
        let answerable = spoil != Some(FaultKind::BadJson);
        let start = output.len();
        let sent = Sent { name: "report", token: answerable.then_some(number) };
        self.publish(owner, Topic::Property, sent, now, output);
        if self.strikes(owner, FaultKind::Duplicate).is_some() {
            let end = output.len();
            output.extend_from_within(start..end);
            if self.config.qos > 0 {
                output[end] |= 0x08;
            }
        }
    }

    pub(super) fn ask(
        &mut self,
        owner: u32,
        method: &'static str,
        number: u32,
        now: Nanos,
        output: &mut Vec<u8>,
    ) {
        let device = &mut self.devices[owner as usize];
        self.payload.clear();
        messages::question(method, &Token { product: &device.product, number }, &mut self.payload);
        self.publish(owner, Topic::Property, Sent { name: method, token: Some(number) }, now, output);
    }

    pub(super) fn event(&mut self, owner: u32, now: Nanos, output: &mut Vec<u8>) {
        let device = &mut self.devices[owner as usize];
        let number = device.next_token();
        let token = Token { product: &device.product, number };
        let events = device.model.events();
        let event = &events[device.random.below(events.len() as u64) as usize];
        self.payload.clear();
        messages::event(event, &token, wall_ms(), &mut device.random, &mut self.payload);
        self.publish(owner, Topic::Event, Sent { name: "event_post", token: Some(number) }, now, output);
    }
}

/// The wall clock, in milliseconds.
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
