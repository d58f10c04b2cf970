//! The client engine: one thread, one `mio` poll, tens of thousands of connections.
//!
//! A [`Driver`] says what the connections do; the engine moves bytes. Everything a driver writes during one turn of a
//! connection leaves in one system call, packets are read in place from one buffer that all connections share, and
//! memory of a connection that waits is its socket and two empty vectors. Driver calls are never nested: endings are
//! queued and reported between connections.

mod alarm;
mod connector;
mod link;
mod turn;
mod websocket;
mod wire;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::time::{Duration, Instant};

pub use mio::Waker;
use mio::{Events, Poll, Token};
use slab::Slab;

use crate::packets::{MAX_PACKET, Packet, ReadError};
use alarm::Alarm;
pub use connector::{Connector, Identity, Target, Transport, Trust};
use link::LinkState;
pub use link::{Closing, Link};

/// Nanoseconds since the engine started.
pub type Nanos = u64;

/// Bytes one read can take beside the kept part of a cut packet.
const READ_ROOM: usize = 64 * 1024;
const ALARM: Token = Token(usize::MAX);
const CALL: Token = Token(usize::MAX - 1);

/// One connection. It never names another connection, even after its place was reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkId {
    slot: u32,
    generation: u32,
}

impl LinkId {
    /// An id that no connection has.
    pub const NONE: Self = Self { slot: u32::MAX, generation: 0 };
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The driver asked for it.
    Requested,
    /// The server closed the stream.
    ByServer,
    /// The connection could not be opened.
    NotOpened(String),
    /// The stream broke.
    Broken(String),
    /// The server sent what a server must not send.
    Malformed(ReadError),
    /// More than the engine keeps waited to be written: the server does not read.
    ServerNotReading,
}

/// What connections do. Called by the engine, never from within another call.
pub trait Driver {
    /// The stream is open, TLS and WebSocket included: time for CONNECT.
    fn opened(&mut self, link: &mut Link<'_>);
    /// A packet came.
    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>);
    /// The connection is gone. It may be opened again at once, unless opening is what failed: then later.
    fn ended(&mut self, engine: &mut Engine, owner: u32, id: LinkId, ending: Ending);
    /// A time asked for with `wake_at` has come.
    fn woken(&mut self, engine: &mut Engine, owner: u32, tag: u32);
    /// Called once a turn, after everything that was ready: the moment to send what is due. Returns when to be called
    /// again at the latest, if nothing else happens.
    fn turn(&mut self, engine: &mut Engine) -> Option<Nanos>;
}

/// Why the engine cannot run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The system refused what polling needs.
    #[error("the event loop cannot be set up or polled: {0}")]
    Poll(#[from] io::Error),
    /// TLS could not be configured.
    #[error("TLS cannot be configured: {0}")]
    Tls(#[from] openssl::error::ErrorStack),
}

/// The connections and their event loop.
pub struct Engine {
    poll: Poll,
    events: Events,
    connector: Connector,
    links: Slab<LinkState>,
    generation: u32,
    ended: Vec<(LinkId, Ending)>,
    resumed: Vec<LinkId>,
    timers: BinaryHeap<Reverse<(Nanos, u32, u32)>>,
    alarm: Alarm,
    started: Instant,
    now: Nanos,
    /// Where all reads go; a cut packet is kept by its connection in between.
    input: Box<[u8]>,
    /// What the driver writes during one turn of one connection.
    output: Vec<u8>,
}

impl Engine {
    /// An engine whose connections all go to the connector's target.
    pub fn new(connector: Connector) -> Result<Self, EngineError> {
        let poll = Poll::new()?;
        let alarm = Alarm::register(poll.registry(), ALARM)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            connector,
            links: Slab::new(),
            generation: 0,
            ended: Vec::new(),
            resumed: Vec::new(),
            timers: BinaryHeap::new(),
            alarm,
            started: Instant::now(),
            now: 0,
            input: vec![0; MAX_PACKET + READ_ROOM].into_boxed_slice(),
            output: Vec::with_capacity(READ_ROOM),
        })
    }

    /// What ends the engine's present wait from another thread.
    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), CALL)
    }

    /// The time of the current event.
    pub const fn now(&self) -> Nanos {
        self.now
    }

    /// Connections that are open or opening.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is no connection.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Starts a connection for `owner`. Whatever becomes of it is told to the driver later.
    pub fn open(&mut self, owner: u32, identity: Identity<'_>) -> LinkId {
        self.generation = self.generation.wrapping_add(1).max(1);
        let entry = self.links.vacant_entry();
        let slot = u32::try_from(entry.key()).expect("there are fewer connections than file descriptors");
        let id = LinkId { slot, generation: self.generation };
        let token = Token(entry.key());
        match self.connector.start(self.poll.registry(), token, identity) {
            Ok(stream) => {
                entry.insert(LinkState::new(owner, self.generation, stream));
            }
            Err(error) => {
                entry.insert(LinkState::failed(owner, self.generation));
                self.ended.push((id, Ending::NotOpened(error.to_string())));
            }
        }
        id
    }

    /// Lets `write` append packets for a connection and sends them. Returns whether the connection is open.
    pub fn write(&mut self, id: LinkId, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        if !self.find(id).is_some_and(|link| link.is_open()) {
            return false;
        }
        self.output.clear();
        write(&mut self.output);
        self.flush(id);
        true
    }

    /// Ends a connection.
    pub fn close(&mut self, id: LinkId, closing: Closing) {
        if self.find(id).is_some() {
            self.begin_close(id, closing);
        }
    }

    /// Stops or resumes reading from a connection.
    pub fn set_reading(&mut self, id: LinkId, reading: bool) {
        let Some(link) = self.find(id) else { return };
        link.paused = !reading;
        if reading {
            // The edge that announced what waits may be long gone.
            self.resumed.push(id);
        }
    }

    /// Calls the driver's `woken` for `owner` at `at`.
    pub fn wake_at(&mut self, owner: u32, tag: u32, at: Nanos) {
        self.timers.push(Reverse((at, owner, tag)));
    }

    /// Runs turns until `finished` says so or `limit` has passed; returns whether it was `finished`.
    pub fn run<D: Driver>(
        &mut self,
        driver: &mut D,
        limit: Option<Duration>,
        mut finished: impl FnMut(&mut D) -> bool,
    ) -> Result<bool, EngineError> {
        let end = limit.map(|limit| self.clock() + limit.as_nanos() as Nanos);
        while !finished(driver) {
            if end.is_some_and(|end| self.now >= end) {
                return Ok(false);
            }
            self.turn(driver, end)?;
        }
        Ok(true)
    }

    /// Reads the clock.
    fn clock(&mut self) -> Nanos {
        self.now = self.started.elapsed().as_nanos() as Nanos;
        self.now
    }

    fn find(&mut self, id: LinkId) -> Option<&mut LinkState> {
        self.links.get_mut(id.slot as usize).filter(|link| link.generation == id.generation && !link.dead)
    }
}
