//! What members of the hall say: reports, events, what a person wants them to say, and answers to commands.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::behaviour::AnswerPolicy;
use super::driver::Driven;
use super::{Answer, SayError, Saying};
use crate::engine::{Engine, Link, Nanos};
use crate::fleet::FaultKind;
use crate::fleet::device::{MAX_LATE, Timer};
use crate::fleet::downlink::{Command, Downlink, Orders, obey};
use crate::fleet::messages::{self, Token};
use crate::fleet::sending::wall_ms;
use crate::fleet::values::{append, append_text};
use crate::packets::{self, PublishHeader};

/// Which of a device's topics a message goes to.
#[derive(Clone, Copy)]
pub(super) enum Topic {
    Property,
    Event,
    Action,
}

impl Driven {
    /// Appends the payload that was built last as a PUBLISH on one of the device's topics.
    pub(super) fn publish(&mut self, owner: u32, topic: Topic, now: Nanos, output: &mut Vec<u8>) {
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let Some(device) = &mut member.device else { return };
        let id = device.next_packet_id();
        let topic = match topic {
            Topic::Property => &device.topics.up_property,
            Topic::Event => &device.topics.up_event,
            Topic::Action => &device.topics.up_action,
        };
        packets::publish(output, &PublishHeader { topic, qos: 1, duplicate: false, id }, &self.payload);
        device.last_sent = now;
    }

    pub(super) fn report(
        &mut self,
        owner: u32,
        all: bool,
        spoil: Option<FaultKind>,
        now: Nanos,
        output: &mut Vec<u8>,
    ) {
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let twice = spoil.is_none() && member.first_strike(&[FaultKind::Duplicate]).is_some();
        let Some(device) = &mut member.device else { return };
        member.counts.reports += 1;
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
        let start = output.len();
        self.publish(owner, Topic::Property, now, output);
        if twice {
            let end = output.len();
            output.extend_from_within(start..end);
            output[end] |= 0x08;
        }
    }

    pub(super) fn event(&mut self, owner: u32, now: Nanos, output: &mut Vec<u8>) {
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let Some(device) = &mut member.device else { return };
        let model = Arc::clone(&device.model);
        if model.events().is_empty() {
            return;
        }
        member.counts.events += 1;
        let number = device.next_token();
        let token = Token { product: &device.product, number };
        let event = &model.events()[device.random.below(model.events().len() as u64) as usize];
        self.payload.clear();
        messages::event(event, &token, wall_ms(), &mut device.random, &mut self.payload);
        self.publish(owner, Topic::Event, now, output);
    }

    /// Sends what a person wants it to say.
    pub(super) fn say(
        &mut self,
        engine: &mut Engine,
        id: u64,
        saying: &Saying,
        answer: SyncSender<Answer>,
    ) -> Result<String, SayError> {
        let owner = self.places.get(&id).copied().ok_or(SayError::NotRunning)?;
        let now = engine.now();
        let member = &mut self.members[owner as usize];
        if !member.is_online() {
            return Err(SayError::Offline);
        }
        let device = member.device.as_mut().ok_or(SayError::Offline)?;
        let number = device.next_token();
        let token = Token { product: &device.product, number }.to_string();
        let link = device.link;
        let (out, time) = (&mut self.payload, wall_ms());
        out.clear();
        let topic = match saying {
            Saying::Report(params) => {
                append(
                    out,
                    format_args!(r#"{{"method":"report","clientToken":"{token}","timestamp":{time}"#),
                );
                append(out, format_args!(r#","params":{params}}}"#));
                member.counts.reports += 1;
                member.take(&serde_json::from_str(params).unwrap_or_default());
                Topic::Property
            }
            Saying::Event(event, kind, params) => {
                append(
                    out,
                    format_args!(r#"{{"method":"event_post","clientToken":"{token}","version":"1.0""#),
                );
                out.extend_from_slice(br#","eventId":"#);
                append_text(out, event);
                out.extend_from_slice(br#","type":"#);
                append_text(out, kind);
                append(out, format_args!(r#","timestamp":{time},"params":{params}}}"#));
                member.counts.events += 1;
                Topic::Event
            }
        };
        member.await_answer(number, now, answer);
        if !engine.write(link, |output| self.publish(owner, topic, now, output)) {
            return Err(SayError::Offline);
        }
        Ok(token)
    }

    /// A message on one of the device's down topics.
    pub(super) fn downlink(&mut self, payload: &[u8], link: &mut Link<'_>) {
        let Ok(downlink) = serde_json::from_slice::<Downlink<'_>>(payload) else { return };
        let Some(member) = self.members.get_mut(link.owner as usize) else { return };
        if let Some(code) = downlink.code {
            member.answered(&downlink.token, code, downlink.status.as_deref().unwrap_or_default(), link.now);
        }
        if let Some(command) = downlink.command() {
            self.command(command, &downlink, link);
        }
    }

    pub(super) fn command(&mut self, command: Command, downlink: &Downlink<'_>, link: &mut Link<'_>) {
        let (owner, now) = (link.owner, link.now);
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let is_action = command == Command::Action;
        let answering = if is_action {
            member.counts.actions += 1;
            &member.behaviour.action
        } else {
            member.counts.controls += 1;
            &member.behaviour.control
        };
        let refuse = match answering.policy {
            AnswerPolicy::Accept => None,
            AnswerPolicy::Refuse => Some((answering.code, answering.status.as_str())),
            AnswerPolicy::Silent => return,
        };
        let delay = u64::from(answering.delay_ms) * 1_000_000;
        let orders = Orders { refuse, outputs: Some(&member.behaviour.action_outputs) };
        let Some(device) = &mut member.device else { return };
        self.payload.clear();
        let code = obey(device, command, downlink, wall_ms(), orders, &mut self.payload);
        let reported_back = !is_action && code == 0 && device.changed.contains(&true);
        if delay > 0 {
            if device.late.len() < MAX_LATE {
                device.late.push((now + delay, is_action, std::mem::take(&mut self.payload)));
                link.wake_at(Timer::LateReply.tag(member.epoch), now + delay);
            }
        } else {
            let topic = if is_action { Topic::Action } else { Topic::Property };
            let reply = std::mem::take(&mut self.payload);
            if command == Command::PendingControl {
                // As the C SDK: what waited is cleared before it is answered, with the token of the own question.
                let number = device.next_token();
                let token = Token { product: &device.product, number };
                messages::question("clear_control", &token, &mut self.payload);
                self.publish(owner, Topic::Property, now, link.output());
            }
            self.payload = reply;
            self.publish(owner, topic, now, link.output());
        }
        if reported_back {
            self.report(owner, false, None, now, link.output());
        }
    }

    pub(super) fn late_replies(&mut self, engine: &mut Engine, owner: u32) {
        let now = engine.now();
        loop {
            let Some(member) = self.members.get_mut(owner as usize) else { return };
            let Some(device) = &mut member.device else { return };
            let Some(place) = device.late.iter().position(|(at, ..)| *at <= now) else { return };
            let (_, is_action, payload) = device.late.remove(place);
            let link = device.link;
            self.payload = payload;
            let topic = if is_action { Topic::Action } else { Topic::Property };
            engine.write(link, |output| self.publish(owner, topic, now, output));
        }
    }
}
