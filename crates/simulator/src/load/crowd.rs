//! Brings a crowd of clients up, a bounded number at once, and then lets a script run on them. What the generators
//! that measure messages have in common.

use std::time::Duration;

use super::clients::Prepared;
use super::{Clients, Figures, LoadError, Moment, Phases, Stopwatch};
use crate::engine::{Connector, Driver, Ending, Engine, Identity, Link, LinkId, Nanos, Target};
use crate::packets::{self, Packet};

/// Clients that are being connected at the same time.
const OPENING_AT_ONCE: usize = 200;
/// How long bringing all up may take.
const UP_WITHIN: Duration = Duration::from_secs(120);
/// Loopback addresses that clients connect from in turn.
const SOURCE_ADDRESSES: u8 = 8;

/// What the clients do once all are up.
pub(super) trait Script {
    /// Appends a SUBSCRIBE (with packet id 1) for the client, if it needs one.
    fn subscribe(&self, client: u32, output: &mut Vec<u8>) -> bool;
    /// Lets the client begin: appends its first packets.
    fn begin(&mut self, client: u32, now: Nanos, output: &mut Vec<u8>);
    /// A packet came for a client that has begun; what it causes is appended to the link's output.
    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>);
    /// Sends what is due by the clock; returns when more will be.
    fn due(&mut self, links: &[LinkId], engine: &mut Engine) -> Option<Nanos>;
    /// Where the counts are.
    fn figures(&mut self) -> &mut Figures;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Closed,
    Opening,
    Subscribing,
    Up,
}

pub(super) struct Crowd<S> {
    pub(super) script: S,
    prepared: Vec<Prepared>,
    links: Vec<LinkId>,
    stages: Vec<Stage>,
    opening: usize,
    up: usize,
    /// Clients beyond this number are not opened yet.
    wanted: usize,
    running: bool,
    failure: Option<LoadError>,
}

impl<S: Script> Crowd<S> {
    pub(super) fn new(clients: &Clients, script: S) -> Result<Self, LoadError> {
        let prepared = clients.prepare()?;
        Ok(Self {
            links: vec![LinkId::NONE; prepared.len()],
            stages: vec![Stage::Closed; prepared.len()],
            wanted: prepared.len(),
            prepared,
            script,
            opening: 0,
            up: 0,
            running: false,
            failure: None,
        })
    }

    /// Connects the first `count` clients and waits until they are up.
    pub(super) fn bring_up(&mut self, engine: &mut Engine, count: usize) -> Result<(), LoadError> {
        self.wanted = count.min(self.prepared.len());
        let done =
            engine.run(self, Some(UP_WITHIN), |crowd| crowd.up >= crowd.wanted || crowd.failure.is_some())?;
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if !done => {
                Err(LoadError::TooSlow { ready: self.up, wanted: self.wanted, waited: UP_WITHIN })
            }
            None => Ok(()),
        }
    }

    /// Runs the script on all clients through both phases.
    pub(super) fn measure(
        mut self,
        target: &Target,
        phases: Phases,
        observe: &mut dyn FnMut(Moment),
    ) -> Result<Figures, LoadError> {
        let mut engine = self.begin(target, observe)?;
        engine.run(&mut self, Some(phases.warm), |_| false)?;
        self.count(&mut engine, phases.measure, &mut |_| false, observe)
    }

    /// Runs the script until it is `finished`, counting from the start.
    pub(super) fn measure_until(
        mut self,
        target: &Target,
        within: Duration,
        finished: &mut dyn FnMut(&Figures) -> bool,
        observe: &mut dyn FnMut(Moment),
    ) -> Result<Figures, LoadError> {
        let mut engine = self.begin(target, observe)?;
        self.count(&mut engine, within, finished, observe)
    }

    /// Brings all clients up and lets them begin.
    fn begin(&mut self, target: &Target, observe: &mut dyn FnMut(Moment)) -> Result<Engine, LoadError> {
        let mut engine = engine(target)?;
        let count = self.prepared.len();
        self.bring_up(&mut engine, count)?;
        observe(Moment::Ready(self.up));
        self.running = true;
        for (client, link) in (0..).zip(self.links.clone()) {
            let now = engine.now();
            engine.write(link, |output| self.script.begin(client, now, output));
        }
        Ok(engine)
    }

    fn count(
        &mut self,
        engine: &mut Engine,
        limit: Duration,
        finished: &mut dyn FnMut(&Figures) -> bool,
        observe: &mut dyn FnMut(Moment),
    ) -> Result<Figures, LoadError> {
        *self.script.figures() = Figures::default();
        observe(Moment::Begin);
        let watch = Stopwatch::start();
        engine.run(self, Some(limit), |crowd| finished(crowd.script.figures()))?;
        let (elapsed, generator_cpu) = watch.stop();
        observe(Moment::End);

        let mut figures = std::mem::take(self.script.figures());
        (figures.elapsed, figures.generator_cpu) = (elapsed, generator_cpu);
        match figures.messages {
            0 => Err(LoadError::NoAnswers { lost: figures.lost }),
            _ => Ok(figures),
        }
    }

    fn open_more(&mut self, engine: &mut Engine) {
        while self.opening < OPENING_AT_ONCE {
            let next = self.up + self.opening;
            if next >= self.wanted {
                return;
            }
            let prepared = &self.prepared[next];
            let identity = Identity { name: &prepared.name, key: &prepared.key };
            self.links[next] = engine.open(next as u32, identity);
            self.stages[next] = Stage::Opening;
            self.opening += 1;
        }
    }

    fn is_up(&mut self, client: u32) {
        self.stages[client as usize] = Stage::Up;
        self.opening -= 1;
        self.up += 1;
    }

    fn fail(&mut self, client: u32, reason: String) {
        self.failure.get_or_insert(LoadError::NotReady { client, reason });
    }
}

/// An engine for one target.
pub(super) fn engine(target: &Target) -> Result<Engine, LoadError> {
    let connector = Connector::new(target.clone()).map_err(crate::engine::EngineError::from)?;
    Ok(Engine::new(connector.from_loopback_addresses(SOURCE_ADDRESSES))?)
}

impl<S: Script> Driver for Crowd<S> {
    fn opened(&mut self, link: &mut Link<'_>) {
        let connect = &self.prepared[link.owner as usize].connect;
        link.output().extend_from_slice(connect);
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        let client = link.owner;
        match (self.stages[client as usize], packet) {
            (Stage::Up, packet) if self.running => self.script.received(packet, link),
            (Stage::Opening, Packet::ConnAck { code: 0, .. }) => {
                match self.script.subscribe(client, link.output()) {
                    true => self.stages[client as usize] = Stage::Subscribing,
                    false => self.is_up(client),
                }
            }
            (Stage::Opening, Packet::ConnAck { code, .. }) => {
                self.fail(client, format!("CONNECT was answered with code {code}"));
            }
            (Stage::Subscribing, Packet::SubAck { id: 1, codes }) => {
                match codes.iter().all(|code| *code < 0x80) {
                    true => self.is_up(client),
                    false => self.fail(client, "the subscription was refused".to_owned()),
                }
            }
            (Stage::Up, Packet::PingResp | Packet::Publish { .. }) => {}
            (_, packet) => self.fail(client, format!("an unexpected packet came: {packet:?}")),
        }
    }

    fn ended(&mut self, _: &mut Engine, owner: u32, _: LinkId, ending: Ending) {
        let stage = std::mem::replace(&mut self.stages[owner as usize], Stage::Closed);
        self.links[owner as usize] = LinkId::NONE;
        if self.running {
            self.script.figures().lost += 1;
        } else {
            self.fail(owner, format!("the connection ended while {stage:?}: {ending:?}"));
        }
    }

    fn woken(&mut self, _: &mut Engine, _: u32, _: u32) {}

    fn turn(&mut self, engine: &mut Engine) -> Option<Nanos> {
        if self.running {
            return self.script.due(&self.links, engine);
        }
        self.open_more(engine);
        None
    }
}

/// Appends a SUBSCRIBE for one filter with the packet id that the crowd waits for.
pub(super) fn subscribe_to(filter: &str, qos: u8, output: &mut Vec<u8>) {
    packets::subscribe(output, 1, &[(filter, qos)]);
}
