//! Idle connections: opens more and more, and lets an observer look at the server at each step.

use super::crowd::{Crowd, Script, engine};
use super::{Clients, Figures, LoadError, Moment};
use crate::engine::{Engine, Link, LinkId, Nanos, Target};
use crate::packets::Packet;

/// What to hold open.
#[derive(Debug, Clone)]
pub struct IdleLoad {
    /// The server.
    pub target: Target,
    /// Who connects; the last step must not exceed their number.
    pub clients: Clients,
    /// Numbers of connections, growing, at which to look.
    pub steps: Vec<usize>,
    /// How long to wait at each step before looking.
    pub settle: std::time::Duration,
}

/// Opens the connections; `observe` is told `Ready` at every step, when nothing has happened for a while.
pub fn idle(load: &IdleLoad, observe: &mut dyn FnMut(Moment)) -> Result<(), LoadError> {
    let mut engine = engine(&load.target)?;
    let mut crowd = Crowd::new(&load.clients, Idle(Figures::default()))?;
    for &step in &load.steps {
        crowd.bring_up(&mut engine, step)?;
        engine.run(&mut crowd, Some(load.settle), |_| false)?;
        observe(Moment::Ready(step));
    }
    Ok(())
}

struct Idle(Figures);

impl Script for Idle {
    fn subscribe(&self, _: u32, _: &mut Vec<u8>) -> bool {
        false
    }

    fn begin(&mut self, _: u32, _: Nanos, _: &mut Vec<u8>) {}

    fn received(&mut self, _: Packet<'_>, _: &mut Link<'_>) {}

    fn due(&mut self, _: &[LinkId], _: &mut Engine) -> Option<Nanos> {
        None
    }

    fn figures(&mut self) -> &mut Figures {
        &mut self.0
    }
}
