//! Connection set-up in a closed loop: TCP (and TLS), CONNECT, CONNACK, DISCONNECT, again; a fixed number at once.

use super::clients::Prepared;
use super::{Clients, Figures, LoadError, Moment, Phases, Stopwatch};
use crate::engine::{Closing, Connector, Driver, Ending, Engine, Identity, Link, LinkId, Nanos, Target};
use crate::packets::{self, Packet};

/// So many that ports in TIME_WAIT never run out.
const SOURCE_ADDRESSES: u8 = 100;
/// Failures in a row after which the run is given up.
const TOLERATED_FAILURES: u32 = 1000;

/// What to connect.
#[derive(Debug, Clone)]
pub struct ConnectLoad {
    /// The server.
    pub target: Target,
    /// The identities, used in turn; there must be more of them than `at_once`.
    pub clients: Clients,
    /// Connections that are being set up at any moment.
    pub at_once: usize,
}

/// Runs the load. A message, in the figures, is a connection whose CONNACK came.
pub fn connects(
    load: &ConnectLoad,
    phases: Phases,
    observe: &mut dyn FnMut(Moment),
) -> Result<Figures, LoadError> {
    let connector = Connector::new(load.target.clone()).map_err(crate::engine::EngineError::from)?;
    let mut engine = Engine::new(connector.from_loopback_addresses(SOURCE_ADDRESSES))?;
    let mut driver = Connects {
        prepared: load.clients.prepare()?,
        started: vec![0; load.clients.len()],
        next: 0,
        at_once: load.at_once,
        figures: Figures::default(),
        failures_in_a_row: 0,
        last_failure: None,
    };
    observe(Moment::Ready(0));
    driver.run_for(&mut engine, phases.warm)?;
    driver.figures = Figures::default();
    observe(Moment::Begin);
    let watch = Stopwatch::start();
    driver.run_for(&mut engine, phases.measure)?;
    (driver.figures.elapsed, driver.figures.generator_cpu) = watch.stop();
    observe(Moment::End);
    match driver.figures.messages {
        0 => Err(LoadError::NoAnswers { lost: driver.figures.lost }),
        _ => Ok(driver.figures),
    }
}

struct Connects {
    prepared: Vec<Prepared>,
    started: Vec<Nanos>,
    next: usize,
    at_once: usize,
    figures: Figures,
    failures_in_a_row: u32,
    last_failure: Option<(u32, String)>,
}

impl Connects {
    fn run_for(&mut self, engine: &mut Engine, time: std::time::Duration) -> Result<(), LoadError> {
        engine.run(self, Some(time), |driver| driver.failures_in_a_row > TOLERATED_FAILURES)?;
        match self.last_failure.take() {
            Some((client, reason)) if self.failures_in_a_row > TOLERATED_FAILURES => {
                Err(LoadError::NotReady { client, reason })
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, engine: &mut Engine) {
        let client = self.next;
        self.next = (self.next + 1) % self.prepared.len();
        let prepared = &self.prepared[client];
        self.started[client] = engine.now();
        engine.open(client as u32, Identity { name: &prepared.name, key: &prepared.key });
    }
}

impl Driver for Connects {
    fn opened(&mut self, link: &mut Link<'_>) {
        let connect = &self.prepared[link.owner as usize].connect;
        link.output().extend_from_slice(connect);
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        match packet {
            Packet::ConnAck { code: 0, .. } => {
                self.figures.messages += 1;
                self.figures.latency.record(link.now.saturating_sub(self.started[link.owner as usize]));
                self.failures_in_a_row = 0;
                packets::disconnect(link.output());
                link.close(Closing::Orderly);
            }
            Packet::ConnAck { code, .. } => {
                self.figures.refused += 1;
                self.failures_in_a_row += 1;
                self.last_failure = Some((link.owner, format!("CONNECT was answered with code {code}")));
                link.close(Closing::Orderly);
            }
            _ => {}
        }
    }

    fn ended(&mut self, _: &mut Engine, owner: u32, _: LinkId, ending: Ending) {
        if ending != Ending::Requested {
            self.figures.lost += 1;
            self.failures_in_a_row += 1;
            self.last_failure = Some((owner, format!("the connection ended: {ending:?}")));
        }
    }

    fn woken(&mut self, _: &mut Engine, _: u32, _: u32) {}

    fn turn(&mut self, engine: &mut Engine) -> Option<Nanos> {
        for _ in engine.len()..self.at_once {
            self.open(engine);
        }
        None
    }
}
