//! The hall on the engine: takes orders, connects its members, runs their timers and acts out how they behave.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use slab::Slab;

use super::member::Member;
use super::speaking::Topic;
use super::{Admission, Behaviour, Directory, Order, Portrait, State, TroubleKind};
use crate::engine::{Closing, Driver, Ending, Engine, Identity, Link, LinkId, Nanos};
use crate::fleet::FaultKind;
use crate::fleet::device::{Device, Stage, Timer};
use crate::fleet::messages::{self, Token};
use crate::packets::{self, Connect, Level, Packet};
use crate::random::Random;

/// The packet id of SUBSCRIBE; messages count from 1 and come to it long after it was answered.
const SUBSCRIBE_ID: u16 = u16::MAX;
const KEEP_ALIVE_S: u16 = 60;
const SECOND: Nanos = 1_000_000_000;
/// Between two tries of a device that cannot connect.
const FIRST_BACKOFF: Nanos = SECOND;
const LONGEST_BACKOFF: Nanos = 30 * SECOND;
/// Between two looks whether the real device has gone.
const OCCUPIED_LOOK: Nanos = 2 * SECOND;
/// Looks that may find the own old connection, whose end the server has not seen yet.
const OWN_LOOKS: u32 = 2;

/// Faults that spoil a report; at most one hits a report.
const SPOILING: [FaultKind; 6] = [
    FaultKind::BadJson,
    FaultKind::OutOfRange,
    FaultKind::WrongType,
    FaultKind::UnknownProperty,
    FaultKind::BadTimestamp,
    FaultKind::Oversize,
];
/// Faults that follow a report; at most one hits a report.
const FOLLOWING: [FaultKind; 3] = [FaultKind::Disconnect, FaultKind::Stall, FaultKind::Silence];

pub(super) struct Driven {
    inbox: Receiver<Order>,
    directory: Box<dyn Directory>,
    pub(super) members: Slab<Member>,
    pub(super) places: HashMap<u64, u32>,
    /// Counts connection attempts of all members, so that a timer never means another's.
    epoch: u32,
    random: Random,
    pub(super) payload: Vec<u8>,
    /// An order that ended the sleep.
    first: Option<Order>,
    leaving: bool,
}

impl Driven {
    pub(super) fn new(inbox: Receiver<Order>, directory: Box<dyn Directory>) -> Self {
        let mut seed = [0; 8];
        // Without randomness from the system the devices only resemble each other from run to run.
        let _ = getrandom::fill(&mut seed);
        Self {
            inbox,
            directory,
            members: Slab::new(),
            places: HashMap::new(),
            epoch: 0,
            random: Random::seeded(u64::from_le_bytes(seed)),
            payload: Vec::new(),
            first: None,
            leaving: false,
        }
    }

    pub(super) fn leaving(&mut self) -> bool {
        self.leaving
    }

    /// Whether there is nobody to drive.
    pub(super) fn is_idle(&self) -> bool {
        self.members.is_empty()
    }

    /// Sleeps until there is an order; false when there will never be one.
    pub(super) fn wait_for_order(&mut self) -> bool {
        self.first = self.inbox.recv().ok();
        self.first.is_some()
    }

    pub(super) fn say_goodbye(&mut self, engine: &mut Engine) {
        self.leaving = true;
        for (_, member) in &self.members {
            engine.write(member.link(), packets::disconnect);
            engine.close(member.link(), Closing::Orderly);
        }
    }

    fn take_orders(&mut self, engine: &mut Engine) {
        loop {
            let order = match self.first.take().map_or_else(|| self.inbox.try_recv(), Ok) {
                Ok(order) => order,
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.leaving = true;
                    return;
                }
            };
            match order {
                Order::Start { id, behaviour, force } => self.start(engine, id, behaviour, force),
                Order::Stop { id, done } => {
                    self.remove(engine, id);
                    // Nobody may wait for it any more.
                    let _ = done.send(());
                }
                Order::Change { id, behaviour } => self.change(engine, id, behaviour),
                Order::Say { id, saying, token, answer } => {
                    // Whoever asked may have given up.
                    let _ = token.send(self.say(engine, id, &saying, answer));
                }
                Order::Look { ids, answer } => {
                    let _ = answer.send(self.portraits(&ids));
                }
                Order::Leave => self.leaving = true,
            }
        }
    }

    fn portraits(&self, ids: &[u64]) -> BTreeMap<u64, Portrait> {
        let known = ids.iter().filter_map(|id| self.places.get(id).map(|place| (*id, *place)));
        known.map(|(id, place)| (id, self.members[place as usize].portrait())).collect()
    }

    fn start(&mut self, engine: &mut Engine, id: u64, behaviour: Behaviour, force: bool) {
        self.remove(engine, id);
        let place = self.members.insert(Member::new(id, behaviour, force));
        let owner = u32::try_from(place).expect("virtual devices are bounded far below this");
        self.places.insert(id, owner);
        self.open(engine, owner);
    }

    fn remove(&mut self, engine: &mut Engine, id: u64) {
        let Some(owner) = self.places.remove(&id) else { return };
        let member = self.members.remove(owner as usize);
        engine.write(member.link(), packets::disconnect);
        engine.close(member.link(), Closing::Orderly);
    }

    fn change(&mut self, engine: &mut Engine, id: u64, behaviour: Behaviour) {
        let Some(owner) = self.places.get(&id).copied() else { return };
        let member = &mut self.members[owner as usize];
        member.behave(behaviour);
        if !member.is_online() {
            return;
        }
        // Its timers are those of the old intervals; whatever an old timer was to end or to send goes on with a new one.
        let epoch = self.next_epoch();
        let member = &mut self.members[owner as usize];
        member.epoch = epoch;
        engine.set_reading(member.link(), true);
        for (at, ..) in member.device.iter().flat_map(|device| &device.late) {
            engine.wake_at(owner, Timer::LateReply.tag(epoch), *at);
        }
        self.set_timers(owner, engine.now(), &mut |tag, at| engine.wake_at(owner, tag, at));
    }

    const fn next_epoch(&mut self) -> u32 {
        // The engine's tags have room for 29 bits.
        self.epoch = (self.epoch + 1) & 0x1fff_ffff;
        self.epoch
    }

    /// Tries to connect, if the directory has nothing against it.
    fn open(&mut self, engine: &mut Engine, owner: u32) {
        let epoch = self.next_epoch();
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        member.epoch = epoch;
        let (credential, model) = match self.directory.admit(member.id) {
            Admission::Gone => {
                let id = member.id;
                return self.remove(engine, id);
            }
            Admission::Refused(kind, detail) => {
                member.is_at(State::Waiting);
                member.is_troubled(kind, detail);
                return engine.wake_at(owner, Timer::Open.tag(epoch), engine.now() + LONGEST_BACKOFF);
            }
            Admission::Enter { occupied: true, .. } if !member.force => {
                member.found_occupied += 1;
                if member.found_occupied > OWN_LOOKS || member.counts.connections == 0 {
                    member.is_at(State::Displaced);
                    member.is_troubled(TroubleKind::Displaced, String::new());
                }
                return engine.wake_at(owner, Timer::Open.tag(epoch), engine.now() + OCCUPIED_LOOK);
            }
            Admission::Enter { credential, model, .. } => (credential, model),
        };
        member.force = false;
        member.found_occupied = 0;
        let random = Random::seeded(self.random.bits());
        let mut device = match Device::new(&credential, Arc::clone(&model), false, random) {
            Ok(device) => device,
            Err(error) => {
                member.is_at(State::Waiting);
                member.is_troubled(TroubleKind::NoKey, error.to_string());
                return engine.wake_at(owner, Timer::Open.tag(epoch), engine.now() + LONGEST_BACKOFF);
            }
        };
        member.adopt(model);
        if let Some(before) = member.device.take() {
            // It is the same device with a new login: it keeps its values.
            (device.values, device.told, device.changed) = (before.values, before.told, before.changed);
            device.backoff_ms = before.backoff_ms;
        }
        device.stage = Stage::Opening;
        device.opened_at = engine.now();
        device.link = engine.open(owner, Identity { name: &device.login.client_id, key: &device.login.key });
        member.device = Some(device);
        member.is_at(State::Connecting);
    }

    fn connect(&mut self, link: &mut Link<'_>) {
        let Some(member) = self.members.get_mut(link.owner as usize) else { return };
        let wrong = member.first_strike(&[FaultKind::BadSignature]).is_some();
        let Some(device) = &mut member.device else { return };
        device.stage = Stage::Connecting;
        device.last_sent = link.now;
        let wrong = wrong.then(|| format!("{:064x};hmacsha256", device.random.bits()));
        let fields = Connect {
            level: Level::V311,
            client_id: &device.login.client_id,
            username: Some(&device.login.username),
            password: wrong.as_deref().or(device.login.password.as_deref()),
            keep_alive: KEEP_ALIVE_S,
            clean: true,
        };
        packets::connect(link.output(), &fields);
    }

    /// Subscribed: the device begins to live.
    fn online(&mut self, link: &mut Link<'_>) {
        let (owner, now) = (link.owner, link.now);
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        member.is_at(State::Online);
        let Some(device) = &mut member.device else { return };
        device.stage = Stage::Online;
        device.backoff_ms = 0;
        device.changed.fill(true);
        let number = device.next_token();
        self.payload.clear();
        messages::question("get_status", &Token { product: &device.product, number }, &mut self.payload);
        self.publish(owner, Topic::Property, now, link.output());
        if member_reports(&self.members[owner as usize]) {
            self.report(owner, true, None, now, link.output());
        }
        self.set_timers(owner, now, &mut |tag, at| link.wake_at(tag, at));
    }

    fn set_timers(&mut self, owner: u32, now: Nanos, wake: &mut dyn FnMut(u32, Nanos)) {
        let Some(member) = self.members.get(owner as usize) else { return };
        let epoch = member.epoch;
        wake(Timer::Ping.tag(epoch), now + ping_interval());
        let Behaviour { report_interval, event_interval, .. } = member.behaviour;
        for (timer, seconds) in [(Timer::Report, report_interval), (Timer::Event, event_interval)] {
            if seconds > 0 {
                wake(timer.tag(epoch), now + u64::from(seconds) * SECOND);
            }
        }
    }

    /// The report timer went off.
    fn report_due(&mut self, engine: &mut Engine, owner: u32) {
        let now = engine.now();
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let interval = u64::from(member.behaviour.report_interval) * SECOND;
        engine.wake_at(owner, Timer::Report.tag(member.epoch), now + interval);
        if member.is_silent(now) {
            return;
        }
        let all = !member.behaviour.report_changes_only;
        let walks = member.behaviour.values_change;
        if let Some(model) = self.directory.model(member.id) {
            member.adopt(model);
        }
        let Some(device) = &mut member.device else { return };
        if walks {
            device.step();
        }
        if !all && !device.changed.contains(&true) {
            return;
        }
        let link = device.link;
        let spoil = member.first_strike(&SPOILING).map(|fault| fault.kind);
        let follow = member.first_strike(&FOLLOWING);
        engine.write(link, |output| self.report(owner, all, spoil, now, output));
        if let Some(fault) = follow {
            self.follow(engine, owner, fault.kind, fault.time);
        }
    }

    /// Acts out what follows a report.
    fn follow(&mut self, engine: &mut Engine, owner: u32, kind: FaultKind, time: Duration) {
        let until = engine.now() + nanos(time);
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let Some(device) = &mut member.device else { return };
        match kind {
            FaultKind::Disconnect => {
                device.back_at = Some(until);
                engine.close(device.link, Closing::Reset);
            }
            FaultKind::Stall => {
                engine.set_reading(device.link, false);
                engine.wake_at(owner, Timer::ReadAgain.tag(member.epoch), until);
            }
            _ => device.silent_until = until,
        }
    }

    /// Notes why a connection ended and when the next one is tried.
    fn come_back(&mut self, engine: &mut Engine, owner: u32, ending: &Ending) {
        let Some(member) = self.members.get_mut(owner as usize) else { return };
        let Some(device) = &mut member.device else { return };
        let (stage, back_at) = (device.stage, device.back_at.take());
        let failed = stage != Stage::Online;
        let backoff = match (failed, device.backoff_ms) {
            (true, before) if before > 0 => (before * 2 * 1_000_000).min(LONGEST_BACKOFF),
            _ => FIRST_BACKOFF,
        };
        device.backoff_ms = backoff / 1_000_000;
        let at = back_at.unwrap_or(engine.now() + backoff);
        let epoch = member.epoch;
        member.is_cut_off();
        let trouble = match ending {
            // A refused login was noted with its code.
            Ending::Requested => None,
            Ending::NotOpened(why) => Some((TroubleKind::NotOpened, why.clone())),
            Ending::ByServer => Some((TroubleKind::Broken, "the server closed the connection".to_owned())),
            Ending::Broken(why) => Some((TroubleKind::Broken, why.clone())),
            Ending::Malformed(error) => Some((TroubleKind::Broken, error.to_string())),
            Ending::ServerNotReading => Some((TroubleKind::Broken, "the server does not read".to_owned())),
        };
        if let Some((kind, detail)) = trouble {
            member.is_troubled(kind, detail);
        }
        member.is_at(State::Waiting);
        engine.wake_at(owner, Timer::Open.tag(epoch), at);
    }
}

impl Driver for Driven {
    fn opened(&mut self, link: &mut Link<'_>) {
        if self.members.get(link.owner as usize).is_some_and(|member| member.link() == link.id) {
            self.connect(link);
        }
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        let Some(member) = self.members.get_mut(link.owner as usize) else { return };
        if member.link() != link.id {
            return;
        }
        let Some(device) = &mut member.device else { return };
        match (device.stage, packet) {
            (Stage::Connecting, Packet::ConnAck { code: 0, .. }) => {
                device.stage = Stage::Subscribing;
                member.counts.connections += 1;
                let filters = device.topics.down.each_ref().map(|filter| (filter.as_str(), 1));
                packets::subscribe(link.output(), SUBSCRIBE_ID, &filters);
            }
            (Stage::Connecting, Packet::ConnAck { code, .. }) => {
                member.is_troubled(TroubleKind::Refused, code.to_string());
                link.close(Closing::Orderly);
            }
            (Stage::Subscribing, Packet::SubAck { .. }) => self.online(link),
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
        let present = self.members.get(owner as usize).is_some_and(|member| member.link() == id);
        if present && !self.leaving {
            self.come_back(engine, owner, &ending);
        }
    }

    fn woken(&mut self, engine: &mut Engine, owner: u32, tag: u32) {
        let Some((timer, epoch)) = Timer::from_tag(tag) else { return };
        let Some(member) = self.members.get_mut(owner as usize).filter(|member| member.epoch == epoch) else {
            return;
        };
        if self.leaving {
            return;
        }
        let (now, link, online) = (engine.now(), member.link(), member.is_online());
        match timer {
            Timer::Open if link == LinkId::NONE => self.open(engine, owner),
            Timer::Report if online => self.report_due(engine, owner),
            Timer::Event if online => {
                let interval = u64::from(member.behaviour.event_interval) * SECOND;
                if !member.is_silent(now) {
                    engine.write(link, |output| self.event(owner, now, output));
                }
                engine.wake_at(owner, tag, now + interval);
            }
            Timer::Ping if online => {
                if !member.is_silent(now) {
                    engine.write(link, packets::ping);
                }
                engine.wake_at(owner, tag, now + ping_interval());
            }
            Timer::ReadAgain => engine.set_reading(link, true),
            Timer::LateReply => self.late_replies(engine, owner),
            _ => {}
        }
    }

    fn turn(&mut self, engine: &mut Engine) -> Option<Nanos> {
        self.take_orders(engine);
        None
    }
}

const fn member_reports(member: &Member) -> bool {
    member.behaviour.report_interval > 0
}

const fn ping_interval() -> Nanos {
    KEEP_ALIVE_S as u64 * SECOND / 2
}

fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4)
}
