//! Where actors and server meet: the stage tells every actor thread when a server is up and where, when its death is
//! near (so that broken connections are expected), and when no new work shall be started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use yizhan_testkit::mqtt::Connect;

use crate::findings::Findings;
use crate::wire::{Lost, Wire};

/// How long a live server may take to answer before that is a finding.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Produce load.
    Load,
    /// Start nothing new, bring to an end what was started.
    Drain,
    /// Leave.
    Over,
}

#[derive(Debug)]
struct State {
    life: u64,
    address: Option<SocketAddr>,
    phase: Phase,
}

#[derive(Debug)]
pub struct Stage {
    state: Mutex<State>,
    changed: Condvar,
    pub admin_socket: PathBuf,
    pub findings: Findings,
}

impl Stage {
    pub fn new(admin_socket: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { life: 0, address: None, phase: Phase::Load }),
            changed: Condvar::new(),
            admin_socket,
            findings: Findings::default(),
        })
    }

    /// A server is up.
    pub fn open(&self, address: SocketAddr) {
        let mut state = self.state.lock();
        state.life += 1;
        state.address = Some(address);
        self.changed.notify_all();
    }

    /// The server is about to die.
    pub fn close(&self) {
        self.state.lock().address = None;
    }

    pub fn set_phase(&self, phase: Phase) {
        self.state.lock().phase = phase;
        self.changed.notify_all();
    }

    pub fn phase(&self) -> Phase {
        self.state.lock().phase
    }

    pub fn is_up(&self, life: u64) -> bool {
        let state = self.state.lock();
        state.life == life && state.address.is_some()
    }

    /// Waits for a server in a life after `after`; `None` when the play is over.
    fn enter(&self, after: u64) -> Option<(u64, SocketAddr)> {
        let mut state = self.state.lock();
        loop {
            if state.phase == Phase::Over {
                return None;
            }
            if let Some(address) = state.address
                && state.life > after
            {
                return Some((state.life, address));
            }
            self.changed.wait(&mut state);
        }
    }
}

/// One actor's stay during one life of the server.
pub struct Visit<'a> {
    pub stage: &'a Stage,
    /// Counts the server's lives from 1.
    pub life: u64,
    address: SocketAddr,
    name: &'a str,
}

impl Visit<'_> {
    pub fn connect(&self, connect: &Connect) -> Result<(Wire, bool), Lost> {
        Wire::open(self.address, connect)
    }

    /// Whether new work may be started.
    pub fn loading(&self) -> bool {
        self.stage.phase() == Phase::Load
    }

    pub fn over(&self) -> bool {
        self.stage.phase() == Phase::Over
    }

    pub fn find(&self, what: impl AsRef<str>) {
        self.stage.findings.add(format!("{}, life {}: {}", self.name, self.life, what.as_ref()));
    }
}

/// A client of the server with a memory that outlives the server's.
pub trait Actor: Send {
    fn name(&self) -> String;

    /// Works with one life of the server. `Ok` means that nothing is left to do for this actor.
    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost>;
}

/// Lets an actor live until it has nothing left to do or the play is over.
pub fn perform<A: Actor + ?Sized>(actor: &mut A, stage: &Stage) {
    let name = actor.name();
    let mut after = 0;
    while let Some((life, address)) = stage.enter(after) {
        after = life;
        let visit = Visit { stage, life, address, name: &name };
        match actor.visit(&visit) {
            Ok(()) => return,
            Err(Lost::Wrong(what)) => visit.find(what),
            Err(Lost::Gone(error)) => {
                if stage.is_up(life) {
                    visit.find(format!("the connection broke while the server was up: {error}"));
                }
            }
        }
    }
}
