//! One virtual device of the hall: the simulator's device, how it is to behave, how it is doing, and who waits for the
//! answers to what it says.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use serde_json::Value as Json;
use yizhan_vocabulary::model::ThingModel;

use super::{Answer, Behaviour, Counts, Portrait, State, Trouble, TroubleKind};
use crate::engine::{LinkId, Nanos};
use crate::fleet::device::{Device, Stage};
use crate::fleet::messages::Token;
use crate::fleet::sending::wall_ms;
use crate::fleet::values::{Value, append, append_text};
use crate::fleet::{Fault, FaultKind, FaultPlan};

/// Callers that may wait for answers of one device; the oldest is given up for a newer one.
const MAX_WAITING: usize = 16;

/// A message whose sender wants to hear the answer.
struct Awaited {
    number: u32,
    sent: Nanos,
    answer: SyncSender<Answer>,
}

pub(super) struct Member {
    pub(super) id: u64,
    pub(super) behaviour: Behaviour,
    plan: FaultPlan,
    /// Its first connection may take another's place.
    pub(super) force: bool,
    /// None before its first connection, and while its product has no model.
    pub(super) device: Option<Device>,
    /// The connection attempt that is under way; counted by the hall, so that no timer of an earlier one means this.
    pub(super) epoch: u32,
    state: State,
    since_ms: i64,
    trouble: Option<Trouble>,
    pub(super) counts: Counts,
    awaited: Vec<Awaited>,
    /// Looks in a row that found somebody else connected.
    pub(super) found_occupied: u32,
}

impl Member {
    pub(super) fn new(id: u64, behaviour: Behaviour, force: bool) -> Self {
        let plan = plan_of(&behaviour);
        Self {
            id,
            behaviour,
            plan,
            force,
            device: None,
            epoch: 0,
            state: State::Connecting,
            since_ms: wall_ms(),
            trouble: None,
            counts: Counts::default(),
            awaited: Vec::new(),
            found_occupied: 0,
        }
    }

    pub(super) fn behave(&mut self, behaviour: Behaviour) {
        if !self.behaviour.values_change || !behaviour.values_change {
            // Whoever switches the walk on again wants to see all values move.
            self.device.iter_mut().for_each(|device| device.told.fill(false));
        }
        self.plan = plan_of(&behaviour);
        self.behaviour = behaviour;
    }

    pub(super) fn is_at(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.since_ms = wall_ms();
        }
    }

    pub(super) fn is_troubled(&mut self, kind: TroubleKind, detail: String) {
        self.trouble = Some(Trouble { at_ms: wall_ms(), kind, detail });
    }

    pub(super) fn link(&self) -> LinkId {
        self.device.as_ref().map_or(LinkId::NONE, |device| device.link)
    }

    pub(super) fn is_online(&self) -> bool {
        self.device.as_ref().is_some_and(|device| device.stage == Stage::Online)
    }

    /// Whether it sends nothing for now because its behaviour says so.
    pub(super) fn is_silent(&self, now: Nanos) -> bool {
        self.device.as_ref().is_none_or(|device| now < device.silent_until)
    }

    /// The first of these faults that hits this time.
    pub(super) fn first_strike(&mut self, kinds: &[FaultKind]) -> Option<Fault> {
        let device = self.device.as_mut()?;
        let struck = kinds
            .iter()
            .filter_map(|kind| self.plan.get(*kind))
            .find(|fault| device.random.chance(fault.share));
        self.counts.faults += u64::from(struck.is_some());
        struck
    }

    /// Takes over a new model: values of properties that are as they were stay.
    pub(super) fn adopt(&mut self, model: Arc<ThingModel>) {
        let Some(device) = &mut self.device else { return };
        if device.model.source() == model.source() {
            return;
        }
        let before = std::mem::replace(&mut device.model, model);
        let (mut values, mut told) = (Vec::new(), Vec::new());
        for property in device.model.properties() {
            let place = before
                .properties()
                .iter()
                .position(|old| old.identifier == property.identifier && old.kind == property.kind);
            values.push(place.map_or_else(
                || Value::start(&property.kind, &mut device.random),
                |place| device.values[place].clone(),
            ));
            told.push(place.is_some_and(|place| device.told[place]));
        }
        device.changed = vec![true; values.len()];
        (device.values, device.told) = (values, told);
    }

    /// Makes what the model allows of `params` its own values, and keeps them there.
    pub(super) fn take(&mut self, params: &Json) {
        let Some(device) = &mut self.device else { return };
        let model = Arc::clone(&device.model);
        for (place, property) in model.properties().iter().enumerate() {
            let Some(wanted) = params.get(&*property.identifier) else { continue };
            if property.kind.read(&wanted.to_string()).is_ok() {
                device.values[place].obey(&property.kind, wanted);
                device.told[place] = true;
            }
        }
    }

    /// Whoever waits for the answer to a message hears it.
    pub(super) fn await_answer(&mut self, number: u32, sent: Nanos, answer: SyncSender<Answer>) {
        if self.awaited.len() >= MAX_WAITING {
            self.awaited.remove(0);
        }
        self.awaited.push(Awaited { number, sent, answer });
    }

    /// The server answered a message of this device.
    pub(super) fn answered(&mut self, token: &str, code: i64, status: &str, now: Nanos) {
        *self.counts.answers.entry(code).or_default() += 1;
        let number = Token::number_in(token);
        let Some(place) = self.awaited.iter().position(|awaited| Some(awaited.number) == number) else {
            return;
        };
        let Awaited { sent, answer, .. } = self.awaited.remove(place);
        let after_us = now.saturating_sub(sent) / 1_000;
        // Whoever waited may have given up.
        let _ = answer.send(Answer { token: token.to_owned(), code, status: status.to_owned(), after_us });
    }

    /// The connection is gone, and with it all answers.
    pub(super) fn is_cut_off(&mut self) {
        self.awaited.clear();
        if let Some(device) = &mut self.device {
            device.link = LinkId::NONE;
            device.stage = Stage::Offline;
            device.late.clear();
        }
    }

    pub(super) fn portrait(&self) -> Portrait {
        Portrait {
            state: self.state,
            since_ms: self.since_ms,
            trouble: self.trouble.clone(),
            counts: self.counts.clone(),
            values: self.values(),
        }
    }

    fn values(&self) -> String {
        let Some(device) = &self.device else { return "{}".to_owned() };
        let mut out = vec![b'{'];
        for (property, value) in device.model.properties().iter().zip(&device.values) {
            if out.len() > 1 {
                out.push(b',');
            }
            append_text(&mut out, &property.identifier);
            append(&mut out, format_args!(":"));
            value.write(&property.kind, wall_ms(), &mut out);
        }
        out.push(b'}');
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// The faults of a behaviour. It was checked when it was given; what could not be read acts nothing out.
fn plan_of(behaviour: &Behaviour) -> FaultPlan {
    FaultPlan::new(&behaviour.faults().unwrap_or_default())
}
