//! One virtual device: who it is, what its values are, what it waits for.

use std::sync::Arc;

use yizhan_vocabulary::model::ThingModel;

use super::values::Value;
use crate::credentials::{Credential, CredentialError, Login};
use crate::engine::{LinkId, Nanos};
use crate::random::Random;

/// Unanswered messages a device remembers; the oldest is given up for a newer one.
const MAX_OPEN: usize = 32;
/// Replies that may wait for their time.
pub(crate) const MAX_LATE: usize = 16;
/// The expiry that most vendor SDKs send.
const EXPIRY: u64 = 2_147_483_647;

/// Where a device is between offline and online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Offline,
    Opening,
    Connecting,
    Subscribing,
    Online,
}

/// What a timer is for. Timers of an earlier connection carry an older epoch and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Timer {
    Open,
    Report,
    Event,
    Ping,
    ReadAgain,
    LateReply,
}

impl Timer {
    const ALL: [Self; 6] =
        [Self::Open, Self::Report, Self::Event, Self::Ping, Self::ReadAgain, Self::LateReply];

    /// The tag under which the engine keeps it.
    pub(crate) const fn tag(self, epoch: u32) -> u32 {
        (epoch << 3) | self as u32
    }

    /// The timer and the low bits of its epoch.
    pub(crate) fn from_tag(tag: u32) -> Option<(Self, u32)> {
        Self::ALL.get((tag & 7) as usize).map(|timer| (*timer, tag >> 3))
    }
}

/// A device's topics.
pub(crate) struct Topics {
    pub(crate) up_property: String,
    pub(crate) up_event: String,
    pub(crate) up_action: String,
    pub(crate) down: [String; 4],
}

pub(crate) struct Device {
    pub(crate) product: String,
    pub(crate) model: Arc<ThingModel>,
    pub(crate) login: Login,
    pub(crate) topics: Box<Topics>,
    pub(crate) values: Vec<Value>,
    /// Properties that changed since the last report, by place.
    pub(crate) changed: Vec<bool>,
    /// Properties that a control has set, by place. They stay as they were told.
    pub(crate) told: Vec<bool>,
    pub(crate) random: Random,
    pub(crate) link: LinkId,
    pub(crate) stage: Stage,
    /// Counts connections, so that timers know whose they are.
    pub(crate) epoch: u32,
    pub(crate) opened_at: Nanos,
    pub(crate) last_sent: Nanos,
    /// Sends nothing before this moment.
    pub(crate) silent_until: Nanos,
    /// How long to wait before the next try to connect; doubles with every failure.
    pub(crate) backoff_ms: u64,
    /// When to come back after a scripted break, instead of the backoff.
    pub(crate) back_at: Option<Nanos>,
    packet_id: u16,
    token: u32,
    /// Token and moment of messages whose answer is awaited, oldest first.
    open: Vec<(u32, Nanos)>,
    /// Replies that are sent late: moment, topic is action's, payload.
    pub(crate) late: Vec<(Nanos, bool, Vec<u8>)>,
}

impl Device {
    pub(crate) fn new(
        credential: &Credential,
        model: Arc<ThingModel>,
        psk: bool,
        mut random: Random,
    ) -> Result<Self, CredentialError> {
        let connection_id: String = (0..5).map(|_| char::from(b'A' + random.below(26) as u8)).collect();
        let login = credential.login(&connection_id, EXPIRY, !psk)?;
        let (product, device) = (&credential.product, &credential.device);
        let topics = Topics {
            up_property: format!("$thing/up/property/{product}/{device}"),
            up_event: format!("$thing/up/event/{product}/{device}"),
            up_action: format!("$thing/up/action/{product}/{device}"),
            down: ["property", "event", "action", "service"]
                .map(|kind| format!("$thing/down/{kind}/{product}/{device}")),
        };
        let properties = model.properties();
        Ok(Self {
            values: properties.iter().map(|property| Value::start(&property.kind, &mut random)).collect(),
            changed: vec![true; properties.len()],
            told: vec![false; properties.len()],
            product: product.clone(),
            model,
            login,
            topics: Box::new(topics),
            random,
            link: LinkId::NONE,
            stage: Stage::Offline,
            epoch: 0,
            opened_at: 0,
            last_sent: 0,
            silent_until: 0,
            backoff_ms: 0,
            back_at: None,
            packet_id: 0,
            token: 0,
            open: Vec::new(),
            late: Vec::new(),
        })
    }

    /// Moves all reportable values that nobody has set one step and notes which changed.
    pub(crate) fn step(&mut self) {
        for (place, property) in self.model.properties().iter().enumerate() {
            if !property.mode.may_report() || self.told[place] {
                continue;
            }
            let before = self.values[place].clone();
            self.values[place].step(&property.kind, &mut self.random);
            self.changed[place] |= before != self.values[place];
        }
    }

    /// Whether the timer's epoch is that of the present connection.
    pub(crate) const fn is_present(&self, epoch: u32) -> bool {
        self.epoch << 3 >> 3 == epoch
    }

    pub(crate) const fn next_packet_id(&mut self) -> u16 {
        self.packet_id = if self.packet_id == u16::MAX { 1 } else { self.packet_id + 1 };
        self.packet_id
    }

    pub(crate) const fn next_token(&mut self) -> u32 {
        self.token = self.token.wrapping_add(1);
        self.token
    }

    /// Remembers that `token` was sent at `now`; returns whether an older one had to be given up for it.
    pub(crate) fn expect_answer(&mut self, token: u32, now: Nanos) -> bool {
        let full = self.open.len() >= MAX_OPEN;
        if full {
            self.open.remove(0);
        }
        self.open.push((token, now));
        full
    }

    /// When the message with this token was sent, if its answer was awaited.
    pub(crate) fn take_answer(&mut self, token: u32) -> Option<Nanos> {
        let place = self.open.iter().position(|(open, _)| *open == token)?;
        Some(self.open.remove(place).1)
    }

    /// Gives up what was sent before `moment`; returns how many.
    pub(crate) fn give_up_before(&mut self, moment: Nanos) -> u64 {
        let before = self.open.len();
        self.open.retain(|(_, sent)| *sent >= moment);
        (before - self.open.len()) as u64
    }

    /// Messages whose answer is awaited.
    pub(crate) const fn open_questions(&self) -> u64 {
        self.open.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use yizhan_vocabulary::model::{LAMP_MODEL, PropertyNumber};

    use super::*;

    fn device() -> Device {
        let model = ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).unwrap();
        let credential = Credential {
            product: "DEMOPROD01".into(),
            device: "dev001".into(),
            secret: "lDZ6Uqt+I9E0wW7rvDUs7Q==".into(),
        };
        Device::new(&credential, Arc::new(model), false, Random::seeded(1)).unwrap()
    }

    #[test]
    fn what_a_control_set_stays_and_the_rest_keeps_moving() {
        let mut device = device();
        device.told[0] = true;
        let before = device.values.clone();
        (0..200).for_each(|_| device.step());
        assert_eq!(device.values[0], before[0]);
        assert_ne!(device.values[1..], before[1..]);
    }

    #[test]
    fn packet_ids_wrap_without_zero() {
        let mut device = device();
        let ids: Vec<u16> = (0..65_536).map(|_| device.next_packet_id()).collect();
        assert!(!ids.contains(&0));
        assert_eq!((ids[0], ids[65_534], ids[65_535]), (1, u16::MAX, 1));
    }

    #[test]
    fn answers_are_matched_once_and_the_oldest_question_is_given_up_when_too_many_are_open() {
        let mut device = device();
        assert!((0..32).all(|token| !device.expect_answer(token, u64::from(token))));
        assert!(device.expect_answer(32, 32));
        assert_eq!(
            (device.take_answer(0), device.take_answer(5), device.take_answer(5)),
            (None, Some(5), None)
        );
        assert_eq!(device.give_up_before(10), 8);
        assert_eq!(device.open_questions(), 23);
    }

    #[test]
    fn timers_of_an_earlier_connection_are_told_apart() {
        let mut device = device();
        device.epoch = 7;
        let (timer, epoch) = Timer::from_tag(Timer::Ping.tag(7)).unwrap();
        assert!(timer == Timer::Ping && device.is_present(epoch));
        device.epoch = 8;
        assert!(!device.is_present(epoch));
        device.epoch = u32::MAX;
        assert!(device.is_present(Timer::from_tag(Timer::Report.tag(u32::MAX)).unwrap().1));
    }
}
