//! The event loop of one core.
//!
//! A turn: wait for readiness; read ready sockets and hand packets to the handler; accept; take letters from other
//! threads; look at due deadlines; let the handler finish the turn; write. The handler never sees two connections at
//! once; what it wants to do to another one it does in [`Handler::turn_end`], where all of them are at hand.

mod accept;
mod deadlines;
mod read;
mod table;
mod write;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use openssl::ssl::SslContext;
use parking_lot::RwLock;
use slab::Slab;
use yizhan_mqtt::{DecodeError, Packet};

use self::accept::Listening;
pub use self::table::Links;
use self::table::Table;
use crate::admission::Admission;
use crate::connection::{Closed, Link, LinkId};
use crate::inbox::{CoreHandle, Letter};
use crate::settings::{LinkSettings, ListenerKind};
use crate::timer::{Deadlines, Tick};
use crate::transport::Peer;

const WAKER: Token = Token(usize::MAX);
/// Listeners have the tokens below this one, connections those from it on.
const FIRST_CONNECTION: usize = 16;

/// What a core does with its connections. All calls come on the core's own thread.
pub trait Handler {
    /// What the handler keeps for a connection.
    type State;
    /// What other threads send to the handler.
    type Mail: Send;

    /// A turn begins: time to read the clocks, once for everything in it.
    fn turn_begin(&mut self);
    /// A connection was accepted; its CONNECT has not come.
    fn accepted(&mut self, peer: &Peer) -> Self::State;
    /// A packet came.
    fn packet(&mut self, link: &mut Link<'_>, state: &mut Self::State, packet: Packet);
    /// Something came that is not a packet; the handler may write a goodbye. The connection closes.
    fn malformed(&mut self, link: &mut Link<'_>, state: &mut Self::State, error: &DecodeError);
    /// The moment asked for with [`Link::wake_at`] has come.
    fn timer(&mut self, link: &mut Link<'_>, state: &mut Self::State);
    /// The connection is gone. Called exactly once for each accepted one. For a timeout a goodbye may still be
    /// written to `out`.
    fn closed(&mut self, id: LinkId, state: Self::State, peer: &Peer, why: Closed, out: &mut BytesMut);
    /// A letter from another thread.
    fn mail(&mut self, mail: Self::Mail, links: &mut Links<'_, Self>)
    where
        Self: Sized;
    /// The turn ends: submit what must become durable, release what has become durable, write to other connections.
    fn turn_end(&mut self, links: &mut Links<'_, Self>)
    where
        Self: Sized;
    /// Whether the core may stop now that it drains.
    fn drained(&self) -> bool;
    /// When the handler wants a turn although nothing may happen.
    fn retry_after(&self) -> Option<Duration>;
}

/// One core: a thread's event loop with its listeners and connections.
pub struct Core<H: Handler> {
    poll: Poll,
    listeners: Vec<Listening>,
    tls: Arc<RwLock<SslContext>>,
    handle: CoreHandle<H::Mail>,
    table: Table<H::State>,
    /// Connections to read in the next turn, each once.
    readable: Vec<LinkId>,
    /// Those of this turn; empty between turns, kept for its memory.
    reading: Vec<LinkId>,
    accept_again: bool,
    /// When to accept again after it failed.
    accept_after: Option<Tick>,
    /// A connection closed after the handler had finished the turn: what it did about that needs another one.
    closed_late: bool,
    scratch: Box<[u8]>,
    inbound: BytesMut,
    letters: Vec<Letter<H::Mail>>,
    started: Instant,
    draining_since: Option<Instant>,
}

impl<H: Handler> Core<H> {
    /// A core that serves `listeners`. The TLS context can be exchanged while it runs. `started` is the zero of the
    /// monotonic clock, the same for all cores.
    pub fn new(
        listeners: Vec<(ListenerKind, std::net::TcpListener)>,
        tls: Arc<RwLock<SslContext>>,
        settings: LinkSettings,
        admission: Arc<Admission>,
        started: Instant,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut registered = Vec::with_capacity(listeners.len());
        for (index, (kind, listener)) in listeners.into_iter().enumerate() {
            debug_assert!(index < FIRST_CONNECTION, "listeners have the first tokens");
            let mut listener = TcpListener::from_std(listener);
            poll.registry().register(&mut listener, Token(index), Interest::READABLE)?;
            registered.push(Listening { listener, kind, failing: false });
        }
        let handle = CoreHandle::new(Waker::new(poll.registry(), WAKER)?);
        let scratch = vec![0; settings.read_quantum_bytes].into_boxed_slice();
        let table = Table {
            connections: Slab::new(),
            generation: 0,
            dirty: Vec::new(),
            spare: Vec::new(),
            deadlines: Deadlines::default(),
            settings,
            admission,
        };
        Ok(Self {
            poll,
            listeners: registered,
            tls,
            handle,
            table,
            readable: Vec::new(),
            reading: Vec::new(),
            accept_again: false,
            accept_after: None,
            closed_late: false,
            scratch,
            inbound: BytesMut::new(),
            letters: Vec::new(),
            started,
            draining_since: None,
        })
    }

    /// How other threads reach this core.
    pub fn handle(&self) -> CoreHandle<H::Mail> {
        self.handle.clone()
    }

    /// Runs until `stop` says so and the handler is drained, or until `drain_limit` has passed since then.
    pub fn run(&mut self, handler: &mut H, stop: &dyn Fn() -> bool, drain_limit: Duration) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            if let Some(since) = self.draining_since
                && (handler.drained() && self.table.connections.is_empty() || since.elapsed() >= drain_limit)
            {
                return Ok(());
            }
            if self.draining_since.is_none() && stop() {
                self.stop_accepting();
            }
            let timeout = self.patience(handler.retry_after());
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.turn(&events, handler);
        }
    }

    fn now(&self) -> Tick {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn patience(&self, retry: Option<Duration>) -> Option<Duration> {
        if !self.readable.is_empty() || self.accept_again || self.closed_late {
            return Some(Duration::ZERO);
        }
        let drain = self.draining_since.map(|_| Duration::from_millis(20));
        let until = |at: Tick| Duration::from_millis(at.saturating_sub(self.now()).max(1));
        let deadline = self.table.deadlines.earliest().map(until);
        let accept = self.accept_after.map(until);
        [retry, drain, deadline, accept].into_iter().flatten().min()
    }

    fn stop_accepting(&mut self) {
        self.draining_since = Some(Instant::now());
        for mut listening in self.listeners.drain(..) {
            // The descriptor closes with the value; deregistration cannot leave anything behind.
            let _ = self.poll.registry().deregister(&mut listening.listener);
        }
        (self.accept_again, self.accept_after) = (false, None);
    }

    fn turn(&mut self, events: &Events, handler: &mut H) {
        let now = self.now();
        handler.turn_begin();
        self.closed_late = false;
        let accept = self.sort(events) || self.accept_is_due(now);
        self.read_queued(handler, now);
        if accept {
            self.accept(handler, now);
        }
        self.take_letters(handler, now);
        self.look_at_deadlines(handler, now);
        handler.turn_end(&mut Links { table: &mut self.table, now_ms: now });
        self.write(handler, now);
    }

    /// Notes which connections are to be read and written; true if a listener has connections.
    fn sort(&mut self, events: &Events) -> bool {
        let mut accept = false;
        for event in events {
            match event.token() {
                WAKER => {}
                Token(index) if index < FIRST_CONNECTION => accept = true,
                Token(token) => {
                    let Some(connection) = self.table.connections.get_mut(token - FIRST_CONNECTION) else {
                        continue;
                    };
                    let id = connection.id;
                    let ended = event.is_read_closed() || event.is_error();
                    connection.ended |= ended;
                    if event.is_readable() || ended {
                        connection.queue(&mut self.readable);
                    }
                    if event.is_writable() {
                        self.writable(id);
                    }
                }
            }
        }
        accept
    }

    fn take_letters(&mut self, handler: &mut H, now: Tick) {
        let mut letters = std::mem::take(&mut self.letters);
        self.handle.take(&mut letters);
        for letter in letters.drain(..) {
            match letter {
                Letter::Adopt(adopted) => self.adopt(*adopted, handler, now),
                Letter::Mail(mail) => handler.mail(mail, &mut Links { table: &mut self.table, now_ms: now }),
            }
        }
        self.letters = letters;
    }
}
