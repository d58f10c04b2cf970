//! Durable, validated reports: a device publishes a report at QoS 1 and has its answer when both PUBACK and
//! `report_reply` have come. In a closed loop (`Pace::Window`) or on schedule (`Pace::Rate`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use memchr::memmem;

use super::crowd::{Crowd, Script, subscribe_to};
use super::report_packet::{ReportPacket, TOKEN_START, read_answer};
use super::{Clients, Figures, LoadError, Moment, Phases};
use crate::credentials::Credential;
use crate::engine::{Engine, Link, LinkId, Nanos, Target, Transport};
use crate::packets::Packet;
use crate::random::Random;

/// Reports of one device that an open loop leaves unanswered before it skips.
const OPEN_LOOP_SLOTS: u16 = 64;

/// When the next report is sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As soon as one of this many a device is answered.
    Window(u16),
    /// So many a second over all devices, evenly spaced, whatever is answered.
    Rate(u32),
}

/// What to report.
#[derive(Debug, Clone)]
pub struct ReportLoad {
    /// The server.
    pub target: Target,
    /// The devices; their product has [`super::BENCH_MODEL`].
    pub devices: Vec<Credential>,
    /// How fast.
    pub pace: Pace,
    /// Where the random walks start.
    pub seed: u64,
}

/// The moments that a filled history has.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The time of each device's first report.
    pub from_ms: i64,
    /// The time between two reports of a device.
    pub step_ms: i64,
    /// Reports a device.
    pub count: u64,
}

/// Runs the load. Latencies are those of `report_reply`.
pub fn reports(
    load: &ReportLoad,
    phases: Phases,
    observe: &mut dyn FnMut(Moment),
) -> Result<Figures, LoadError> {
    let (clients, script) = prepare(load, None);
    Crowd::new(&clients, script)?.measure(&load.target, phases, observe)
}

/// Reports as fast as the window allows, with times spread over `span`, until every device has sent its share.
pub fn fill_history(
    load: &ReportLoad,
    span: Span,
    within: Duration,
    observe: &mut dyn FnMut(Moment),
) -> Result<Figures, LoadError> {
    let (clients, script) = prepare(load, Some(span));
    let wanted = span.count * load.devices.len() as u64;
    let mut finished = |figures: &Figures| figures.messages >= wanted;
    Crowd::new(&clients, script)?.measure_until(&load.target, within, &mut finished, observe)
}

fn prepare(load: &ReportLoad, span: Option<Span>) -> (Clients, Reports) {
    let mut random = Random::seeded(load.seed);
    let slots = match load.pace {
        Pace::Window(window) => window.max(1),
        Pace::Rate(_) => OPEN_LOOP_SLOTS,
    };
    let devices = load.devices.iter().map(|one| Device {
        report: ReportPacket::new(&one.product, &one.device, &mut random),
        down: format!("$thing/down/property/{}/{}", one.product, one.device),
        sent: 0,
    });
    let devices: Vec<Device> = devices.collect();
    let script = Reports {
        slots: vec![Slot::default(); devices.len() * usize::from(slots)],
        slots_each: slots,
        devices,
        random,
        interval: match load.pace {
            Pace::Window(_) => None,
            Pace::Rate(rate) => Some(1e9 / f64::from(rate.max(1))),
        },
        span,
        schedule: None,
        next_device: 0,
        wall: WallClock::default(),
        token: memmem::Finder::new(TOKEN_START),
        success: memmem::Finder::new(b"\"code\":0,"),
        figures: Figures::default(),
    };
    let psk = load.target.transport == Transport::Psk;
    (Clients::Devices { credentials: load.devices.clone(), psk }, script)
}

struct Device {
    report: ReportPacket,
    down: String,
    /// Reports sent so far.
    sent: u64,
}

/// One report in flight.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    busy: bool,
    acknowledged: bool,
    answered: bool,
    token: u64,
    since: Nanos,
}

struct Reports {
    devices: Vec<Device>,
    slots: Vec<Slot>,
    slots_each: u16,
    random: Random,
    interval: Option<f64>,
    /// The times to report for; the clock's if there is none.
    span: Option<Span>,
    /// The start of the schedule and how many of its moments have passed.
    schedule: Option<(Nanos, u64)>,
    next_device: usize,
    wall: WallClock,
    token: memmem::Finder<'static>,
    success: memmem::Finder<'static>,
    figures: Figures,
}

impl Reports {
    /// Appends a report in the given slot; its latency counts from `since`.
    fn send(&mut self, client: u32, number: u16, since: Nanos, now: Nanos, output: &mut Vec<u8>) {
        let device = &mut self.devices[client as usize];
        let time_ms = match self.span {
            Some(span) if device.sent >= span.count => return,
            Some(span) => span.from_ms + span.step_ms * device.sent as i64,
            None => self.wall.at(now),
        };
        let token = device.sent * u64::from(self.slots_each) + u64::from(number);
        let token = token % 10_000_000_000;
        device.sent += 1;
        device.report.write(number + 1, token, time_ms, &mut self.random, output);
        self.slots[client as usize * usize::from(self.slots_each) + usize::from(number)] =
            Slot { busy: true, acknowledged: false, answered: false, token, since };
    }

    fn slot(&mut self, client: u32, number: u64) -> &mut Slot {
        &mut self.slots[client as usize * usize::from(self.slots_each) + number as usize]
    }

    fn free_slot(&self, client: usize) -> Option<u16> {
        let each = usize::from(self.slots_each);
        let slots = &self.slots[client * each..][..each];
        slots.iter().position(|slot| !slot.busy).map(|number| number as u16)
    }

    /// After an acknowledgement or answer: counts a finished report and, in a closed loop, sends the next.
    fn settle(&mut self, number: u16, link: &mut Link<'_>) {
        let slot = self.slot(link.owner, u64::from(number));
        if !(slot.acknowledged && slot.answered) {
            return;
        }
        slot.busy = false;
        self.figures.messages += 1;
        if self.interval.is_none() {
            let (client, now) = (link.owner, link.now);
            self.send(client, number, now, now, link.output());
        }
    }
}

impl Script for Reports {
    fn subscribe(&self, client: u32, output: &mut Vec<u8>) -> bool {
        subscribe_to(&self.devices[client as usize].down, 0, output);
        true
    }

    fn begin(&mut self, client: u32, now: Nanos, output: &mut Vec<u8>) {
        if self.interval.is_none() {
            (0..self.slots_each).for_each(|number| self.send(client, number, now, now, output));
        }
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        match packet {
            Packet::PubAck { id } if (1..=self.slots_each).contains(&id) => {
                let slot = self.slot(link.owner, u64::from(id - 1));
                if slot.busy && !slot.acknowledged {
                    slot.acknowledged = true;
                    self.settle(id - 1, link);
                }
            }
            Packet::Publish { payload, .. } => {
                let Some((token, success)) = read_answer(payload, &self.token, &self.success) else { return };
                let number = token % u64::from(self.slots_each);
                let slot = self.slot(link.owner, number);
                if !slot.busy || slot.answered || slot.token != token {
                    return;
                }
                slot.answered = true;
                let since = slot.since;
                self.figures.latency.record(link.now.saturating_sub(since));
                self.figures.refused += u64::from(!success);
                self.settle(number as u16, link);
            }
            _ => {}
        }
    }

    fn due(&mut self, links: &[LinkId], engine: &mut Engine) -> Option<Nanos> {
        let interval = self.interval?;
        let now = engine.now();
        let (start, mut passed) = self.schedule.unwrap_or((now, 0));
        loop {
            let moment = start + (passed as f64 * interval) as Nanos;
            if moment > now {
                self.schedule = Some((start, passed));
                return Some(moment);
            }
            passed += 1;
            let client = self.next_device;
            self.next_device = (client + 1) % self.devices.len();
            let Some(number) = self.free_slot(client) else {
                self.figures.skipped += 1;
                continue;
            };
            engine.write(links[client], |output| self.send(client as u32, number, moment, now, output));
        }
    }

    fn figures(&mut self) -> &mut Figures {
        &mut self.figures
    }
}

/// The wall clock, read only when the engine's clock has moved by a millisecond.
#[derive(Debug, Default)]
struct WallClock {
    read_at: Option<Nanos>,
    millis: i64,
}

impl WallClock {
    fn at(&mut self, now: Nanos) -> i64 {
        if self.read_at.is_none_or(|read_at| now - read_at >= 1_000_000) {
            self.read_at = Some(now);
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
            self.millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        }
        self.millis
    }
}
