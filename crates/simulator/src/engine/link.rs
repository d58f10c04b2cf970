//! One connection's state between turns, and the view of it that a driver gets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::websocket::WebSocket;
use super::wire::Wire;
use super::{LinkId, Nanos};

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// What was written is sent first, then the stream ends.
    Orderly,
    /// A reset, as when a device loses its power behind a router.
    Reset,
}

/// How far the opening of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// TCP.
    Connecting,
    /// TLS.
    Handshaking,
    /// The WebSocket request was sent.
    Upgrading,
    /// MQTT may flow.
    Open,
}

pub(super) struct LinkState {
    pub(super) owner: u32,
    pub(super) generation: u32,
    pub(super) phase: Phase,
    /// Its end is queued; it takes part in nothing any more.
    pub(super) dead: bool,
    /// The driver does not want to read.
    pub(super) paused: bool,
    /// To be closed once `pending` is written.
    pub(super) closing: Option<Closing>,
    pub(super) wire: Option<Wire>,
    pub(super) web: Option<Box<WebSocket>>,
    /// The beginning of a packet whose end has not come.
    pub(super) rest: Vec<u8>,
    /// What the socket did not take yet, and how much of it is written.
    pub(super) pending: Vec<u8>,
    pub(super) written: usize,
}

impl LinkState {
    pub(super) fn new(owner: u32, generation: u32, (wire, web): (Wire, Option<Box<WebSocket>>)) -> Self {
        Self { wire: Some(wire), web, dead: false, ..Self::failed(owner, generation) }
    }

    /// A place holder for a connection that could not even be started.
    pub(super) const fn failed(owner: u32, generation: u32) -> Self {
        Self {
            owner,
            generation,
            phase: Phase::Connecting,
            dead: true,
            paused: false,
            closing: None,
            wire: None,
            web: None,
            rest: Vec::new(),
            pending: Vec::new(),
            written: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open && !self.dead && self.closing.is_none()
    }
}

/// A connection during a driver call.
pub struct Link<'a> {
    /// Whose connection it is, as given to `open`.
    pub owner: u32,
    /// The connection.
    pub id: LinkId,
    /// The time of this event.
    pub now: Nanos,
    pub(super) output: &'a mut Vec<u8>,
    pub(super) closing: &'a mut Option<Closing>,
    pub(super) timers: &'a mut BinaryHeap<Reverse<(Nanos, u32, u32)>>,
}

impl Link<'_> {
    /// Where packets for this connection are written; sent when the call and those right after it are done.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.output
    }

    /// Ends the connection after this call.
    pub fn close(&mut self, closing: Closing) {
        *self.closing = Some(closing);
    }

    /// Calls the driver's `woken` for this owner at `at`.
    pub fn wake_at(&mut self, tag: u32, at: Nanos) {
        self.timers.push(Reverse((at, self.owner, tag)));
    }
}
