//! The fleet on the engine: connects its devices, runs their timers, and acts out the script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use yizhan_vocabulary::model::{PropertyNumber, ThingModel};

use super::device::{Device, MAX_LATE, Stage, Timer};
use super::downlink::{Command, Downlink, Orders, obey};
use super::faults::{FaultKind, FaultPlan};
use super::messages::Token;
use super::sending::{Sent, Topic, wall_ms};
use super::{FleetConfig, FleetError, ReportPolicy, Summary};
use crate::engine::{Closing, Driver, Ending, Engine, Identity, Link, LinkId, Nanos, Transport};
use crate::packets::{self, Connect, Level, Packet};
use crate::random::Random;

/// The owner of timers that belong to no device.
const FLEET: u32 = u32::MAX;
/// The packet id of SUBSCRIBE. Reports count from 1, so they come to it long after it was answered.
const SUBSCRIBE_ID: u16 = u16::MAX;
/// Backoff of a device that cannot connect.
const FIRST_BACKOFF_MS: u64 = 1_000;
const LONGEST_BACKOFF_MS: u64 = 30_000;

/// Faults that spoil a report, in the order in which they are tried; at most one hits a report.
const SPOILING: [FaultKind; 6] = [
    FaultKind::BadJson,
    FaultKind::OutOfRange,
    FaultKind::WrongType,
    FaultKind::UnknownProperty,
    FaultKind::BadTimestamp,
    FaultKind::Oversize,
];
/// Faults that follow a report; at most one hits a report.
const FOLLOWING: [FaultKind; 4] =
    [FaultKind::Disconnect, FaultKind::Stall, FaultKind::Silence, FaultKind::Takeover];

pub(super) struct Fleet<'c> {
    pub(super) config: &'c FleetConfig,
    pub(super) devices: Vec<Device>,
    plan: FaultPlan,
    pub(super) summary: Summary,
    /// The payload that is being built; reused.
    pub(super) payload: Vec<u8>,
    leaving: bool,
}

impl<'c> Fleet<'c> {
    pub(super) fn new(config: &'c FleetConfig) -> Result<Self, FleetError> {
        if config.devices.is_empty() {
            return Err(FleetError::NoDevices);
        }
        if config.interval < Duration::from_millis(1) {
            return Err(FleetError::NoInterval);
        }
        let mut models = BTreeMap::new();
        for (product, json) in &config.models {
            models.insert(product.as_str(), Arc::new(parse_model(product, json)?));
        }
        let mut random = Random::seeded(config.seed);
        let psk = config.target.transport == Transport::Psk;
        let mut devices = Vec::with_capacity(config.devices.len());
        for credential in &config.devices {
            let model = models.get(credential.product.as_str());
            let model = model.ok_or_else(|| FleetError::NoModel(credential.product.clone()))?;
            devices.push(Device::new(credential, model.clone(), psk, Random::seeded(random.bits()))?);
        }
        let summary = Summary { devices: devices.len(), ..Summary::default() };
        let plan = FaultPlan::new(&config.faults);
        Ok(Self { config, devices, plan, summary, payload: Vec::new(), leaving: false })
    }

    /// Schedules the first connections, evenly spaced.
    pub(super) fn start(&mut self, engine: &mut Engine) {
        let spacing = 1_000_000_000 / u64::from(self.config.connects_per_second.max(1));
        for owner in 0..self.devices.len() as u32 {
            engine.wake_at(owner, Timer::Open.tag(0), u64::from(owner) * spacing);
        }
        if let Some(storm) = self.plan.get(FaultKind::ReconnectStorm) {
            engine.wake_at(FLEET, 0, engine.now() + nanos(storm.time));
        }
    }

    /// The counts after `elapsed`.
    pub(super) fn count(&mut self, elapsed: Duration) -> &Summary {
        self.summary.seconds = elapsed.as_secs_f64();
        self.summary.online = self.devices.iter().filter(|device| device.stage == Stage::Online).count();
        &self.summary
    }

    /// Messages whose answer is still awaited.
    pub(super) fn open_questions(&self) -> u64 {
        self.devices.iter().map(Device::open_questions).sum()
    }

    /// Ends all connections in an orderly way and opens no more.
    pub(super) fn say_goodbye(&mut self, engine: &mut Engine) {
        self.leaving = true;
        for device in &self.devices {
            engine.write(device.link, packets::disconnect);
            engine.close(device.link, Closing::Orderly);
        }
    }

    /// Whether the fault is in the script and hits this time; counts it if so.
    pub(super) fn strikes(&mut self, owner: u32, kind: FaultKind) -> Option<Duration> {
        let fault = self.plan.get(kind)?;
        if !self.devices[owner as usize].random.chance(fault.share) {
            return None;
        }
        *self.summary.faults.entry(kind.name()).or_default() += 1;
        Some(fault.time)
    }

    fn first_strike(&mut self, owner: u32, kinds: &[FaultKind]) -> Option<(FaultKind, Duration)> {
        kinds.iter().find_map(|kind| self.strikes(owner, *kind).map(|time| (*kind, time)))
    }

    fn open(&mut self, engine: &mut Engine, owner: u32) {
        let psk = self.config.target.transport == Transport::Psk;
        let wrong_key = psk && self.strikes(owner, FaultKind::BadSignature).is_some();
        let device = &mut self.devices[owner as usize];
        let mut key = device.login.key.clone();
        if wrong_key {
            key.iter_mut().for_each(|byte| *byte = !*byte);
        }
        device.epoch = device.epoch.wrapping_add(1);
        device.opened_at = engine.now();
        device.stage = Stage::Opening;
        device.silent_until = 0;
        device.link = engine.open(owner, Identity { name: &device.login.client_id, key: &key });
    }

    /// The device's report timer went off.
    fn report_due(&mut self, engine: &mut Engine, owner: u32) {
        let now = engine.now();
        let device = &mut self.devices[owner as usize];
        let (link, epoch) = (device.link, device.epoch);
        self.summary.unanswered +=
            device.give_up_before(now.saturating_sub(nanos(self.config.answer_within)));
        engine.wake_at(owner, Timer::Report.tag(epoch), now + nanos(self.config.interval));
        if now < device.silent_until {
            return;
        }
        device.step();
        let all = self.config.policy == ReportPolicy::EveryInterval;
        if !all && !device.changed.contains(&true) {
            return;
        }
        let spoil = self.first_strike(owner, &SPOILING).map(|(kind, _)| kind);
        engine.write(link, |output| self.report(owner, all, spoil, now, output));
        if let Some((kind, time)) = self.first_strike(owner, &FOLLOWING) {
            self.follow(engine, owner, kind, time);
        }
    }

    /// Acts out what a script has after a report.
    fn follow(&mut self, engine: &mut Engine, owner: u32, kind: FaultKind, time: Duration) {
        let until = engine.now() + nanos(time);
        let device = &mut self.devices[owner as usize];
        match kind {
            FaultKind::Disconnect => {
                device.back_at = Some(until);
                engine.close(device.link, Closing::Reset);
            }
            FaultKind::Stall => {
                engine.set_reading(device.link, false);
                engine.wake_at(owner, Timer::ReadAgain.tag(device.epoch), until);
            }
            FaultKind::Silence => device.silent_until = until,
            _ => self.open(engine, owner),
        }
    }

    /// All devices drop at once and come back at once.
    fn storm(&mut self, engine: &mut Engine, every: Duration) {
        *self.summary.faults.entry(FaultKind::ReconnectStorm.name()).or_default() += 1;
        let now = engine.now();
        for device in self.devices.iter_mut().filter(|device| device.stage == Stage::Online) {
            device.back_at = Some(now);
            engine.close(device.link, Closing::Reset);
        }
        engine.wake_at(FLEET, 0, now + nanos(every));
    }

    /// Subscribed: the device begins to live.
    fn online(&mut self, link: &mut Link<'_>) {
        let (owner, now) = (link.owner, link.now);
        let number = self.devices[owner as usize].next_token();
        self.ask(owner, "get_status", number, now, link.output());
        let device = &mut self.devices[owner as usize];
        device.stage = Stage::Online;
        device.backoff_ms = 0;
        device.changed.fill(true);
        let epoch = device.epoch;
        // Devices that came up together do not report together.
        let interval = nanos(self.config.interval);
        link.wake_at(Timer::Report.tag(epoch), now + device.random.below(interval));
        link.wake_at(Timer::Ping.tag(epoch), now + self.ping_interval());
        if let Some(interval) = self.event_interval(owner) {
            let device = &mut self.devices[owner as usize];
            link.wake_at(Timer::Event.tag(epoch), now + device.random.below(interval));
        }
    }

    fn ping_interval(&self) -> Nanos {
        (nanos(self.config.keep_alive) / 2).max(1_000_000_000)
    }

    fn event_interval(&self, owner: u32) -> Option<Nanos> {
        let has_events = !self.devices[owner as usize].model.events().is_empty();
        self.config.event_interval.filter(|_| has_events).map(|interval| nanos(interval).max(1_000_000))
    }

    /// A message on one of the device's down topics.
    fn downlink(&mut self, payload: &[u8], link: &mut Link<'_>) {
        let owner = link.owner;
        let Ok(downlink) = serde_json::from_slice::<Downlink<'_>>(payload) else {
            self.summary.not_understood += 1;
            return;
        };
        if let Some(code) = downlink.code {
            let sent = Token::number_in(&downlink.token)
                .and_then(|number| self.devices[owner as usize].take_answer(number));
            if let Some(sent) = sent {
                *self.summary.answered.entry(code).or_default() += 1;
                self.summary.answer_latency.record(link.now.saturating_sub(sent));
            }
        }
        if let Some(command) = downlink.command() {
            *self.summary.commands_received.entry(command.name()).or_default() += 1;
            self.command(command, &downlink, link);
        }
    }

    fn command(&mut self, command: Command, downlink: &Downlink<'_>, link: &mut Link<'_>) {
        let (owner, now) = (link.owner, link.now);
        if self.strikes(owner, FaultKind::NoReply).is_some() {
            return;
        }
        let refused = self.strikes(owner, FaultKind::ErrorReply).is_some();
        let orders = if refused { Orders::SCRIPTED_REFUSAL } else { Orders::default() };
        let late = self.strikes(owner, FaultKind::LateReply);
        self.payload.clear();
        let device = &mut self.devices[owner as usize];
        let code = obey(device, command, downlink, wall_ms(), orders, &mut self.payload);
        self.summary.commands_obeyed += u64::from(code == 0);
        if let Some(delay) = late {
            if device.late.len() < MAX_LATE {
                let at = now + nanos(delay);
                device.late.push((at, command == Command::Action, self.payload.clone()));
                link.wake_at(Timer::LateReply.tag(device.epoch), at);
            }
            return;
        }
        let (topic, name) = reply_topic(command == Command::Action);
        if command == Command::PendingControl {
            // The C SDK clears what waited before it answers, with the token of its own question (facts §2.2).
            let number = Token::number_in(&downlink.token).unwrap_or_default();
            let reply = std::mem::take(&mut self.payload);
            self.ask(owner, "clear_control", number, now, link.output());
            self.payload = reply;
        }
        self.publish(owner, topic, Sent { name, token: None }, now, link.output());
        if command != Command::Action && code == 0 && self.devices[owner as usize].changed.contains(&true) {
            self.report(owner, false, None, now, link.output());
        }
    }

    fn late_replies(&mut self, engine: &mut Engine, owner: u32) {
        let now = engine.now();
        let link = self.devices[owner as usize].link;
        while let Some(place) = self.devices[owner as usize].late.iter().position(|(at, ..)| *at <= now) {
            let (_, is_action, payload) = self.devices[owner as usize].late.remove(place);
            self.payload = payload;
            let (topic, name) = reply_topic(is_action);
            engine.write(link, |output| self.publish(owner, topic, Sent { name, token: None }, now, output));
        }
    }

    /// Schedules the next try to connect.
    fn come_back(&mut self, engine: &mut Engine, owner: u32, failed: bool) {
        let device = &mut self.devices[owner as usize];
        let at = device.back_at.take().unwrap_or_else(|| {
            device.backoff_ms = match (failed, device.backoff_ms) {
                (true, before) if before > 0 => (before * 2).min(LONGEST_BACKOFF_MS),
                _ => FIRST_BACKOFF_MS,
            };
            let jitter = device.random.below(device.backoff_ms / 2 + 1);
            engine.now() + (device.backoff_ms + jitter) * 1_000_000
        });
        engine.wake_at(owner, Timer::Open.tag(device.epoch), at);
    }

    fn connect(&mut self, link: &mut Link<'_>) {
        let psk = self.config.target.transport == Transport::Psk;
        let wrong = !psk && self.strikes(link.owner, FaultKind::BadSignature).is_some();
        let device = &mut self.devices[link.owner as usize];
        device.stage = Stage::Connecting;
        device.last_sent = link.now;
        let wrong = wrong.then(|| format!("{:064x};hmacsha256", device.random.bits()));
        let fields = Connect {
            level: Level::V311,
            client_id: &device.login.client_id,
            username: Some(&device.login.username),
            password: wrong.as_deref().or(device.login.password.as_deref()),
            keep_alive: u16::try_from(self.config.keep_alive.as_secs()).unwrap_or(900),
            clean: true,
        };
        packets::connect(link.output(), &fields);
    }
}

const fn reply_topic(is_action: bool) -> (Topic, &'static str) {
    if is_action { (Topic::Action, "action_reply") } else { (Topic::Property, "control_reply") }
}

impl Driver for Fleet<'_> {
    fn opened(&mut self, link: &mut Link<'_>) {
        if self.devices[link.owner as usize].link == link.id {
            self.connect(link);
        }
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        let device = &mut self.devices[link.owner as usize];
        if device.link != link.id {
            return;
        }
        match (device.stage, packet) {
            (Stage::Connecting, Packet::ConnAck { code: 0, .. }) => {
                device.stage = Stage::Subscribing;
                self.summary.connected += 1;
                self.summary.connect_latency.record(link.now.saturating_sub(device.opened_at));
                let qos = self.config.qos.min(1);
                let filters = device.topics.down.each_ref().map(|filter| (filter.as_str(), qos));
                packets::subscribe(link.output(), SUBSCRIBE_ID, &filters);
            }
            (Stage::Connecting, Packet::ConnAck { code, .. }) => {
                *self.summary.connect_refused.entry(code).or_default() += 1;
                link.close(Closing::Orderly);
            }
            (Stage::Subscribing, Packet::SubAck { .. }) => self.online(link),
            (_, Packet::PubAck { .. }) => self.summary.acknowledged += 1,
            (_, Packet::Publish { qos, id, payload, .. }) => {
                if link.now < device.silent_until {
                    return;
                }
                if qos > 0 {
                    packets::puback(link.output(), id);
                }
                self.downlink(payload, link);
            }
            _ => {}
        }
    }

    fn ended(&mut self, engine: &mut Engine, owner: u32, id: LinkId, ending: Ending) {
        let (cause, failed) = match &ending {
            Ending::Requested => ("by the device".to_owned(), false),
            Ending::ByServer => ("by the server".to_owned(), false),
            Ending::NotOpened(reason) => (format!("not opened: {reason}"), true),
            Ending::Broken(reason) => (format!("broken: {reason}"), false),
            Ending::Malformed(error) => (error.to_string(), true),
            Ending::ServerNotReading => ("the server does not read".to_owned(), true),
        };
        *self.summary.connection_ends.entry(cause).or_default() += 1;
        let device = &mut self.devices[owner as usize];
        if device.link != id {
            return;
        }
        let refused = matches!(device.stage, Stage::Connecting | Stage::Subscribing);
        device.link = LinkId::NONE;
        device.stage = Stage::Offline;
        device.late.clear();
        self.summary.unanswered += device.give_up_before(Nanos::MAX);
        if !self.leaving {
            self.come_back(engine, owner, failed || refused);
        }
    }

    fn woken(&mut self, engine: &mut Engine, owner: u32, tag: u32) {
        if self.leaving {
            return;
        }
        if owner == FLEET {
            if let Some(storm) = self.plan.get(FaultKind::ReconnectStorm) {
                self.storm(engine, storm.time);
            }
            return;
        }
        let now = engine.now();
        let device = &mut self.devices[owner as usize];
        let Some((timer, epoch)) = Timer::from_tag(tag) else { return };
        if !device.is_present(epoch) {
            return;
        }
        match timer {
            Timer::Open if device.stage == Stage::Offline => self.open(engine, owner),
            Timer::Report if device.stage == Stage::Online => self.report_due(engine, owner),
            Timer::Event if device.stage == Stage::Online => {
                let (link, silent) = (device.link, now < device.silent_until);
                if !silent {
                    engine.write(link, |output| self.event(owner, now, output));
                }
                if let Some(interval) = self.event_interval(owner) {
                    engine.wake_at(owner, tag, now + interval);
                }
            }
            Timer::Ping if device.stage == Stage::Online => {
                let interval = self.ping_interval();
                let device = &mut self.devices[owner as usize];
                if now >= device.silent_until && now - device.last_sent >= interval {
                    device.last_sent = now;
                    engine.write(device.link, packets::ping);
                }
                engine.wake_at(owner, tag, now + interval);
            }
            Timer::ReadAgain => engine.set_reading(device.link, true),
            Timer::LateReply => self.late_replies(engine, owner),
            _ => {}
        }
    }

    fn turn(&mut self, _: &mut Engine) -> Option<Nanos> {
        None
    }
}

fn parse_model(product: &str, json: &str) -> Result<ThingModel, FleetError> {
    let mut number = 0;
    let parsed = ThingModel::parse(json, &mut |_| {
        number += 1;
        PropertyNumber(number)
    });
    parsed.map_err(|errors| {
        let first =
            errors.first().map_or_else(String::new, |error| format!("{}: {}", error.path, error.message));
        FleetError::BadModel(product.to_owned(), first)
    })
}

fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4)
}
