//! The path of a message from a device: find the feature, let it judge, write what follows into the journal,
//! change the state, hand the answers to the router. The router sends them once the batch is durable.
//!
//! What must stay true: nothing a device sends ends its connection; every message and its answer is one record of
//! the content log, which also carries the reported points; and the state changes only after the record has been
//! taken by the batch.

use std::sync::Arc;

use yizhan_journal::{Batch, LogKind, RecordKind};
use yizhan_vocabulary::causes::DropReason;
use yizhan_vocabulary::{ThingCode, UnixMillis};

use crate::commands::{CommandId, Settlement};
use crate::features::{self, Effects, FeatureDescriptor, Service, Situation, Uplink};
use crate::links::{Completion, CompletionKind, Direction, Downlink, UplinkOutcome};
use crate::recorder::Recorder;
use crate::records::content::{self, ContentParts, Reply, ReplyMethod};
use crate::records::diagnostic::Diagnostic;
use crate::records::sniff::sniff;
use crate::records::{self, STATE_INFO, STATE_POINTS};
use crate::registry::{Device, DeviceState};
use crate::{Devices, Inner};

/// Buffers that one thread uses for message after message.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    effects: Effects,
    body: Vec<u8>,
}

impl Devices {
    /// The protocol's own refusal for a message that cannot be stored now: code 503 (facts §2.13). Empty where the topic
    /// or the message has no form of answer.
    pub fn answer_unavailable(&self, device: &Device, topic: &str, payload: &[u8]) -> Vec<Downlink> {
        let envelope = sniff(payload);
        let Some(method) = envelope.method.as_deref().and_then(ReplyMethod::to) else { return Vec::new() };
        let channel =
            topic.strip_prefix("$thing/up/").and_then(|rest| rest.strip_suffix(device.topic_suffix()));
        let Some(channel) = channel else { return Vec::new() };
        let (code, status) = (ThingCode::Internal.number(), "the server cannot store anything now".into());
        let mut payload = Vec::new();
        Reply::Standard { method, code, status }.write(envelope.client_token.as_deref(), &mut payload);
        let topic = answer_topic(&format!("$thing/down/{channel}"), device.topic_suffix());
        vec![Downlink { topic, payload, qos: 1, tag: 0 }]
    }

    /// Takes a message from a device. With `out.handled` false the topic belongs to no feature; then nothing
    /// happened here and the router distributes the message.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one message, all needed, none of them optional"
    )]
    pub fn uplink(
        &self,
        device: &Arc<Device>,
        topic: &str,
        qos: u8,
        payload: &[u8],
        now: UnixMillis,
        batch: &mut Batch,
        out: &mut UplinkOutcome,
    ) {
        out.clear();
        let Some(feature) = features::find(topic, device.topic_suffix()) else {
            // The message goes to its subscribers as well; a caller hears of it once it is in the content log.
            out.completions.extend(self.0.calls.take_custom(device.id, topic, payload));
            return;
        };
        out.handled = true;
        let mut scratch = std::mem::take(&mut out.scratch);
        let message = Message { topic, qos, payload, source: None };
        let mut recorder = Recorder { journal: self.journal(), batch, stream: device.id, now };
        {
            let mut state = device.state.lock();
            scratch.effects.clear();
            if payload.len() > self.0.config.max_payload_bytes {
                self.refuse_size(&message, &mut state, &mut recorder, out);
            } else {
                match feature.service {
                    Service::Served(handler) => {
                        let model = device.product().model_now();
                        let situation = Situation {
                            model: model.as_deref(),
                            state: &state,
                            device_path: device.topic_suffix(),
                            log_level: device.log_level(),
                            now,
                            limits: &self.0.config,
                        };
                        handler(&situation, &Uplink { topic, payload }, &mut scratch.effects);
                    }
                    Service::NotServed => {
                        out.dropped = Some(DropReason::FeatureNotServed);
                        let problem = Diagnostic::FeatureNotServed { topic: topic.to_owned(), qos };
                        recorder.diagnose(&mut state, &problem);
                    }
                }
                self.carry_out(device, &message, &mut state, &mut scratch, &mut recorder, out);
            }
            count(device, feature, out);
            state.awaited_seq = state.seq;
            note_stored(device, state.seq, &mut out.completions);
        }
        out.scratch = scratch;
        self.note_change(device);
    }

    /// Writes and applies what follows from a message.
    fn carry_out(
        &self,
        device: &Arc<Device>,
        message: &Message<'_>,
        state: &mut DeviceState,
        scratch: &mut Scratch,
        recorder: &mut Recorder<'_>,
        out: &mut UplinkOutcome,
    ) {
        let Scratch { effects, body } = scratch;
        // Points with a time of their own are a record of their own: the content log is in order of receipt.
        let own_time = effects.points_time.filter(|_| !effects.points.is_empty());
        body.clear();
        let parts = ContentParts {
            direction: Direction::Up,
            topic: message.topic,
            device_path: device.topic_suffix(),
            qos: message.qos,
            source: None,
            reply: effects.reply.as_ref(),
            payload: message.payload,
        };
        content::encode(&parts, body);
        let content_points = if own_time.is_some() { &[][..] } else { effects.points.as_slice() };
        let kind = RecordKind::Log(LogKind::Content);
        let now = recorder.now;
        let mut written = recorder.push_points(state, kind, now, content_points, body);
        if let (Ok(()), Some(time)) = (written, own_time) {
            let kind = RecordKind::State(STATE_POINTS);
            written = recorder.push_points(state, kind, time, &effects.points, &[records::BODY_VERSION]);
        }
        if written.is_err() {
            return self.refuse_size(message, state, recorder, out);
        }
        let time = own_time.unwrap_or(now);
        state.apply_points(time, effects.points.drain(..));
        if effects.has_more() {
            self.carry_out_rest(device, message, state, effects, recorder, &mut out.completions);
        }
        if effects.refusal.is_some() && effects.reply.is_none() {
            out.dropped.get_or_insert(DropReason::MalformedPayload);
        }
        if let Some((prefix, payload)) = effects.answer.take() {
            let topic = answer_topic(prefix, device.topic_suffix());
            out.replies.push(Downlink { topic, payload, qos: 1, tag: 0 });
        }
    }

    /// Events, basic information, commands and refusals: what most messages do not lead to.
    fn carry_out_rest(
        &self,
        device: &Arc<Device>,
        message: &Message<'_>,
        state: &mut DeviceState,
        effects: &mut Effects,
        recorder: &mut Recorder<'_>,
        completions: &mut Vec<Completion>,
    ) {
        for event in effects.events.drain(..) {
            let body = records::event::encode(&event.event, &event.kind, event.time.0, &event.params);
            if let Err(error) = recorder.push(state, RecordKind::Log(LogKind::Event), &body) {
                tracing::warn!(device = device.id.0, %error, "an event is too large for the journal");
            }
        }
        if let Some(info) = effects.info.take() {
            let body = records::state::encode_info(&info);
            match recorder.push(state, RecordKind::State(STATE_INFO), &body) {
                Ok(()) => state.info = Some(info),
                Err(error) => tracing::warn!(device = device.id.0, %error, "report_info is too large"),
            }
        }
        for effect in effects.commands.drain(..) {
            let question = effect.answered_topic();
            let meant_something = self.settlement(device, recorder, completions).apply(state, effect);
            if let (Some(prefix), false) = (question, meant_something) {
                let topic = answer_topic(prefix, device.topic_suffix()).to_string();
                let reason = "no command waits for an answer with this clientToken".to_owned();
                recorder.diagnose(state, &Diagnostic::DeliverAnswerRefused { topic, reason });
            }
        }
        if let Some(number) = effects.answered_call.take() {
            match self.0.calls.take_number(device.id, &number, message.payload) {
                Some(answered) => completions.push(answered),
                None => {
                    let reason = "no caller waits for an answer with this number".to_owned();
                    let topic = message.topic.to_owned();
                    recorder.diagnose(state, &Diagnostic::DeliverAnswerRefused { topic, reason });
                }
            }
        }
        if let Some(remark) = effects.remark.take() {
            recorder.diagnose(state, &remark);
        }
        if let Some(refusal) = &effects.refusal {
            let problem = Diagnostic::PublishRefused {
                topic: message.topic.to_owned(),
                qos: message.qos,
                code: i64::from(refusal.code.number()),
                status: refusal.detail.clone(),
            };
            recorder.diagnose(state, &problem);
        }
    }

    pub(crate) fn settlement<'a, 'b>(
        &'a self,
        device: &'a Arc<Device>,
        recorder: &'a mut Recorder<'b>,
        completions: &'a mut Vec<Completion>,
    ) -> Settlement<'a, 'b> {
        let Inner { timers, config, clock, .. } = &*self.0;
        Settlement { device, timers, config, monotonic: clock.monotonic(), recorder, completions }
    }

    fn refuse_size(
        &self,
        message: &Message<'_>,
        state: &mut DeviceState,
        recorder: &mut Recorder<'_>,
        out: &mut UplinkOutcome,
    ) {
        out.dropped = Some(DropReason::PayloadTooLarge);
        let problem = Diagnostic::PublishPayloadTooLong {
            topic: message.topic.to_owned(),
            qos: message.qos,
            length: message.payload.len() as u64,
            limit: self.0.config.max_payload_bytes as u64,
        };
        recorder.diagnose(state, &problem);
    }

    /// The router learnt what became of a message with a tag: its client acknowledged it, or it was given up.
    pub fn downlink_settled(
        &self,
        device: &Arc<Device>,
        tag: u64,
        delivered: bool,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let mut recorder = Recorder { journal: self.journal(), batch, stream: device.id, now };
        let mut completions = Vec::new();
        let mut state = device.state.lock();
        self.settlement(device, &mut recorder, &mut completions).delivered(
            &mut state,
            CommandId(tag),
            delivered,
        );
        drop(state);
        self.note_change(device);
    }

    /// Keeps a message of a custom topic in the content log.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one message, all needed, none of them optional"
    )]
    pub fn log_content(
        &self,
        device: &Arc<Device>,
        direction: Direction,
        topic: &str,
        qos: u8,
        payload: &[u8],
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let mut recorder = Recorder { journal: self.journal(), batch, stream: device.id, now };
        let mut state = device.state.lock();
        log_content(
            device,
            &mut state,
            &mut recorder,
            direction,
            &Message { topic, qos, payload, source: None },
        );
    }

    /// Counts a message of the device, or for it, that was refused or not delivered.
    pub fn count_failed(&self, device: &Device, direction: Direction) {
        device.product().counters.failed(direction);
    }

    /// Notes a problem in the device's diagnostic log.
    pub fn diagnose(&self, device: &Arc<Device>, problem: Diagnostic, now: UnixMillis, batch: &mut Batch) {
        let mut recorder = Recorder { journal: self.journal(), batch, stream: device.id, now };
        recorder.diagnose(&mut device.state.lock(), &problem);
    }
}

/// One message, apart from who sent it and when.
pub(crate) struct Message<'a> {
    pub topic: &'a str,
    pub qos: u8,
    pub payload: &'a [u8],
    /// Who sent it, where that is neither the device nor the platform itself.
    pub source: Option<&'a str>,
}

/// Counts a message that a feature took. Questions for the time are counted apart, as the vendor does.
fn count(device: &Device, feature: &FeatureDescriptor, out: &UplinkOutcome) {
    let counters = &device.product().counters;
    if out.dropped.is_some() {
        counters.failed(Direction::Up);
    } else if feature.name == features::time::DESCRIPTOR.name {
        counters.time_request();
    } else {
        counters.message_up(out.replies.len());
    }
}

/// Writes a message without an answer into the content log.
pub(crate) fn log_content(
    device: &Device,
    state: &mut DeviceState,
    recorder: &mut Recorder<'_>,
    direction: Direction,
    message: &Message<'_>,
) {
    let mut body = Vec::with_capacity(message.payload.len() + 64);
    let parts = ContentParts {
        direction,
        topic: message.topic,
        device_path: device.topic_suffix(),
        qos: message.qos,
        source: message.source,
        reply: None,
        payload: message.payload,
    };
    content::encode(&parts, &mut body);
    device.product().counters.message(direction);
    if let Err(error) = recorder.push(state, RecordKind::Log(LogKind::Content), &body) {
        tracing::warn!(device = device.id.0, %error, "a message is too large for the content log");
    }
}

/// The device's durable mark moves once this batch is durable. Several messages of one device in one batch share
/// one completion.
fn note_stored(device: &Arc<Device>, seq: u64, completions: &mut Vec<Completion>) {
    if let Some(Completion(CompletionKind::Stored { device: last, seq: noted })) = completions.last_mut()
        && Arc::ptr_eq(last, device)
    {
        *noted = seq;
        return;
    }
    completions.push(Completion(CompletionKind::Stored { device: Arc::clone(device), seq }));
}

/// `prefix` + `PRODUCTID/DEVICENAME` with one allocation.
pub(crate) fn answer_topic(prefix: &str, device_path: &str) -> Arc<str> {
    let mut text = smallvec::SmallVec::<[u8; 128]>::new();
    text.extend_from_slice(prefix.as_bytes());
    text.extend_from_slice(device_path.as_bytes());
    Arc::from(std::str::from_utf8(&text).expect("two texts in a row are a text"))
}
