//! The event loop of one core.
//!
//! A turn: wait for readiness; accept; read ready sockets and hand packets to the handler; take letters from other
//! threads; look at due deadlines; let the handler finish the turn; write. The handler never sees two connections at
//! once; what it wants to do to another one it does in [`Handler::turn_end`], where all of them are at hand.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use openssl::ssl::SslContext;
use parking_lot::RwLock;
use slab::Slab;
use yizhan_mqtt::{DecodeError, Decoder, Packet};

use crate::admission::Admission;
use crate::connection::{Closed, Connection, Link, LinkId, Stage};
use crate::inbox::{CoreHandle, Letter};
use crate::settings::{LinkSettings, ListenerKind};
use crate::timer::{Deadlines, Tick};
use crate::transport::websocket::WebSocketStream;
use crate::transport::{Adopted, Peer, RawStream, Transport, TransportKind, tls};

const WAKER: Token = Token(usize::MAX);
/// Listeners have the tokens below this one, connections those from it on.
const FIRST_CONNECTION: usize = 16;
/// Connections taken from one listener in one turn at most.
const ACCEPT_QUANTUM: usize = 256;
/// How long to wait before accepting again after it failed.
const ACCEPT_RETRY_MS: Tick = 50;
/// Empty buffers kept for the next connection that needs one.
const SPARE_BUFFERS: usize = 256;
/// A buffer that grew beyond this is given back to the allocator instead of being kept.
const SPARE_BUFFER_BYTES: usize = 16 * 1024;

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

/// The connections of a core, for the handler's work across connections.
pub struct Links<'a, H: Handler> {
    table: &'a mut Table<H::State>,
    /// The monotonic clock of this turn, in milliseconds.
    pub now_ms: u64,
}

impl<H: Handler> Links<'_, H> {
    /// Works on one connection, if it still exists.
    pub fn with<R>(&mut self, id: LinkId, work: impl FnOnce(&mut Link<'_>, &mut H::State) -> R) -> Option<R> {
        self.table.with(id, work)
    }

    /// Every open connection.
    pub fn ids(&self) -> Vec<LinkId> {
        self.table.connections.iter().map(|(_, connection)| connection.id).collect()
    }
}

struct Table<S> {
    connections: Slab<Connection<S>>,
    generation: u32,
    dirty: Vec<LinkId>,
    spare: Vec<BytesMut>,
    deadlines: Deadlines,
    settings: LinkSettings,
    admission: Arc<Admission>,
}

impl<S> Table<S> {
    fn get(&self, id: LinkId) -> Option<&Connection<S>> {
        self.connections.get(id.slot as usize).filter(|connection| connection.id == id)
    }

    fn get_mut(&mut self, id: LinkId) -> Option<&mut Connection<S>> {
        self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)
    }

    fn with<R>(&mut self, id: LinkId, work: impl FnOnce(&mut Link<'_>, &mut S) -> R) -> Option<R> {
        let spare = &mut self.spare;
        let connection =
            self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)?;
        if connection.out.capacity() == 0 {
            connection.out = spare.pop().unwrap_or_default();
        }
        let mut established = false;
        let (mut link, state) = connection.split(&mut established);
        let result = work(&mut link, state);
        self.after_handler(id, established);
        Some(result)
    }

    /// Notes what the handler changed: output, a wake-up, the end of the handshake, a wish to close.
    fn after_handler(&mut self, id: LinkId, established: bool) {
        let Some(connection) = self.connections.get_mut(id.slot as usize) else { return };
        if established {
            connection.transport.set_max_packet_bytes(self.settings.max_packet_bytes);
            self.admission.established(connection.peer.address.ip());
        }
        if !connection.dirty && (!connection.out.is_empty() || connection.closing) {
            connection.dirty = true;
            self.dirty.push(id);
        }
        self.reschedule(id);
    }

    /// Keeps the earliest moment at which this connection needs a look among the deadlines.
    fn reschedule(&mut self, id: LinkId) {
        let settings = &self.settings;
        let Some(connection) = self.connections.get_mut(id.slot as usize) else { return };
        let due = next_look(connection, settings);
        if due < connection.scheduled {
            self.deadlines.schedule(connection.scheduled, due, id);
            connection.scheduled = due;
        }
    }

    fn recycle(&mut self, mut buffer: BytesMut) {
        buffer.clear();
        if self.spare.len() < SPARE_BUFFERS && (1..=SPARE_BUFFER_BYTES).contains(&buffer.capacity()) {
            self.spare.push(buffer);
        }
    }
}

/// When a connection is due for its next deadline; `Tick::MAX` for never.
fn next_look<S>(connection: &Connection<S>, settings: &LinkSettings) -> Tick {
    let silence = match connection.silence_limit_ms {
        0 => Tick::MAX,
        limit => connection.last_heard + u64::from(limit),
    };
    let write = connection
        .stalled_since
        .map_or(Tick::MAX, |since| since + settings.write_deadline.as_millis() as u64);
    let wake = if connection.wake_at == 0 { Tick::MAX } else { connection.wake_at };
    stage_deadline(connection, settings).min(silence).min(write).min(wake)
}

/// When the present stage of a handshake must be over.
fn stage_deadline<S>(connection: &Connection<S>, settings: &LinkSettings) -> Tick {
    match connection.stage {
        Stage::Tls => connection.stage_since + settings.tls_deadline.as_millis() as u64,
        Stage::Connecting => connection.stage_since + settings.connect_deadline.as_millis() as u64,
        Stage::Open => Tick::MAX,
    }
}

struct Listening {
    listener: TcpListener,
    kind: ListenerKind,
    /// The last accept failed, and that was logged.
    failing: bool,
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

    /// Reads once from each connection that may have something.
    fn read_queued(&mut self, handler: &mut H, now: Tick) {
        std::mem::swap(&mut self.readable, &mut self.reading);
        for index in 0..self.reading.len() {
            let id = self.reading[index];
            if let Some(connection) = self.table.get_mut(id) {
                connection.queued = false;
                self.read(id, handler, now);
            }
        }
        self.reading.clear();
    }

    fn accept_is_due(&mut self, now: Tick) -> bool {
        let retry = self.accept_after.is_some_and(|at| at <= now);
        if retry {
            self.accept_after = None;
        }
        std::mem::take(&mut self.accept_again) || retry
    }

    fn accept(&mut self, handler: &mut H, now: Tick) {
        for index in 0..self.listeners.len() {
            self.accept_from(index, handler, now);
        }
    }

    fn accept_from(&mut self, index: usize, handler: &mut H, now: Tick) {
        for _ in 0..ACCEPT_QUANTUM {
            let listening = &mut self.listeners[index];
            match listening.listener.accept() {
                Ok((stream, address)) => {
                    listening.failing = false;
                    let kind = listening.kind;
                    self.welcome(stream, address, kind, handler, now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Interrupted, or the peer gave up between SYN and accept: the next one may be there.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                    ) => {}
                // Most likely the process is out of descriptors. Those that wait raise no event again.
                Err(error) => {
                    if !listening.failing {
                        tracing::warn!(%error, "accepting connections failed; trying again until it works");
                    }
                    listening.failing = true;
                    self.accept_after = Some(now + ACCEPT_RETRY_MS);
                    return;
                }
            }
        }
        self.accept_again = true;
    }

    fn welcome(
        &mut self,
        stream: mio::net::TcpStream,
        address: SocketAddr,
        kind: ListenerKind,
        handler: &mut H,
        now: Tick,
    ) {
        if self.table.admission.admit(address.ip(), now).is_err() {
            return; // Counted there; closing without a word is all a full server can afford.
        }
        // Without NODELAY answers would wait for the peer's delayed acknowledgement; refusal of the option is harmless.
        let _ = stream.set_nodelay(true);
        let raw = RawStream::Tcp(stream);
        let (transport, stage, transport_kind) = match kind {
            ListenerKind::Mqtt => (Transport::Plain(raw), Stage::Connecting, TransportKind::Tcp),
            ListenerKind::MqttTls => {
                let stream = tls::accept(&self.tls.read(), raw);
                match stream {
                    Ok(stream) => (Transport::Tls(Box::new(stream)), Stage::Tls, TransportKind::Tls),
                    Err(error) => {
                        tracing::error!(%error, "TLS could not be started for a connection");
                        self.table.admission.released(address.ip(), true);
                        return;
                    }
                }
            }
        };
        let peer = Peer { address, transport: transport_kind, identity: None };
        self.insert(transport, peer, stage, handler, now);
    }

    fn adopt(&mut self, adopted: Adopted, handler: &mut H, now: Tick) {
        if self.draining_since.is_some()
            || self.table.admission.admit(adopted.peer.address.ip(), now).is_err()
        {
            return;
        }
        let limit = self.table.settings.connect_limit();
        let stream = WebSocketStream::new(adopted.stream, adopted.early, limit);
        let id = self.insert(
            Transport::WebSocket(Box::new(stream)),
            adopted.peer,
            Stage::Connecting,
            handler,
            now,
        );
        if let Some(id) = id {
            // What came behind the upgrade request raises no event of its own.
            self.read(id, handler, now);
        }
    }

    fn insert(
        &mut self,
        mut transport: Transport,
        peer: Peer,
        stage: Stage,
        handler: &mut H,
        now: Tick,
    ) -> Option<LinkId> {
        let table = &mut self.table;
        table.generation = table.generation.wrapping_add(1);
        let entry = table.connections.vacant_entry();
        let id = LinkId { slot: entry.key() as u32, generation: table.generation };
        let token = Token(entry.key() + FIRST_CONNECTION);
        if let Err(error) = transport.register(self.poll.registry(), token) {
            tracing::error!(%error, "a connection could not be watched");
            table.admission.released(peer.address.ip(), true);
            return None;
        }
        let state = handler.accepted(&peer);
        entry.insert(Connection {
            id,
            transport,
            peer,
            stage,
            decoder: Decoder::new(table.settings.connect_limit()),
            partial: BytesMut::new(),
            out: BytesMut::new(),
            last_heard: now,
            stage_since: now,
            silence_limit_ms: 0,
            stalled_since: None,
            wake_at: 0,
            scheduled: Tick::MAX,
            dirty: false,
            queued: false,
            ended: false,
            closing: false,
            state,
        });
        table.reschedule(id);
        Some(id)
    }

    fn writable(&mut self, id: LinkId) {
        if let Some(connection) = self.table.get_mut(id)
            && connection.stalled_since.is_some()
            && !connection.dirty
        {
            connection.dirty = true;
            self.table.dirty.push(id);
        }
    }

    /// Reads once, decodes what came, and asks for another turn if there may be more.
    fn read(&mut self, id: LinkId, handler: &mut H, now: Tick) {
        let Some(connection) = self.table.get_mut(id) else { return };
        if connection.closing {
            return;
        }
        if connection.stage == Stage::Tls && !self.negotiate(id, handler, now) {
            return;
        }
        let scratch = &mut self.scratch;
        let Some(connection) = self.table.get_mut(id) else { return };
        match connection.transport.read(scratch, now) {
            Ok(0) => self.close(id, handler, Closed::ByPeer),
            Ok(count) => {
                connection.last_heard = now;
                // The end of the stream raises no second event, so it must be read out now.
                if count == scratch.len() || connection.transport.buffers_input() || connection.ended {
                    connection.queue(&mut self.readable);
                }
                self.decode(id, count, handler);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if connection.transport.paused() {
                    connection.queue(&mut self.readable);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => connection.queue(&mut self.readable),
            Err(error) => self.close(id, handler, Closed::by(&error)),
        }
    }

    /// Goes on with the TLS handshake; true when it is done.
    fn negotiate(&mut self, id: LinkId, handler: &mut H, now: Tick) -> bool {
        let Some(connection) = self.table.get_mut(id) else { return false };
        let Transport::Tls(stream) = &mut connection.transport else { return true };
        match tls::step(stream) {
            Ok(true) => {
                connection.peer.identity = tls::identity(stream.ssl()).map(Box::new);
                connection.stage = Stage::Connecting;
                connection.stage_since = now;
                true
            }
            Ok(false) => {
                if connection.transport.paused() {
                    connection.queue(&mut self.readable);
                }
                false
            }
            Err(error) => {
                self.close(id, handler, Closed::HandshakeFailed(error.to_string()));
                false
            }
        }
    }

    fn decode(&mut self, id: LinkId, count: usize, handler: &mut H) {
        let table = &mut self.table;
        let Some(connection) = table.connections.get_mut(id.slot as usize) else { return };
        // An idle connection has no buffer: the bytes go through the core's own one unless a packet is cut in two.
        let of_the_core = connection.partial.is_empty();
        let mut input = std::mem::take(if of_the_core { &mut self.inbound } else { &mut connection.partial });
        input.extend_from_slice(&self.scratch[..count]);
        if connection.out.capacity() == 0 {
            connection.out = table.spare.pop().unwrap_or_default();
        }
        let mut established = false;
        loop {
            let decoded = connection.decoder.decode(&mut input);
            let (mut link, state) = connection.split(&mut established);
            match decoded {
                Ok(Some(packet)) => {
                    handler.packet(&mut link, state, packet);
                    if established {
                        connection.decoder.set_max_packet_size(table.settings.max_packet_bytes);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    handler.malformed(&mut link, state, &error);
                    link.close();
                }
            }
            if connection.closing {
                input.clear();
                break;
            }
        }
        if input.is_empty() {
            if self.inbound.capacity() < input.capacity() {
                self.inbound = input;
            }
        } else if of_the_core && input.capacity() > SPARE_BUFFER_BYTES {
            // The rest is mostly small: keep just that and let the core have its buffer back.
            connection.partial = BytesMut::from(&input[..]);
            input.clear();
            self.inbound = input;
        } else {
            connection.partial = input;
        }
        table.after_handler(id, established);
        let Some(connection) = table.connections.get_mut(id.slot as usize) else { return };
        if connection.out.is_empty() && !connection.dirty {
            let buffer = std::mem::take(&mut connection.out);
            table.recycle(buffer);
        }
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

    fn look_at_deadlines(&mut self, handler: &mut H, now: Tick) {
        let write_deadline = self.table.settings.write_deadline.as_millis() as u64;
        while let Some(id) = self.table.deadlines.pop_due(now) {
            let Some(connection) = self.table.get_mut(id) else { continue };
            connection.scheduled = Tick::MAX;
            if connection.wake_at != 0 && connection.wake_at <= now {
                connection.wake_at = 0;
                self.table.with(id, |link, state| handler.timer(link, state));
            }
            let table = &self.table;
            let Some(connection) = table.get(id) else { continue };
            let silent_for = now.saturating_sub(connection.last_heard);
            let stage_due = stage_deadline(connection, &table.settings);
            if connection.stage != Stage::Open && stage_due <= now {
                self.close(id, handler, Closed::HandshakeTimeout);
            } else if connection.silence_limit_ms > 0 && silent_for >= u64::from(connection.silence_limit_ms)
            {
                self.close(id, handler, Closed::KeepAlive);
            } else if connection
                .stalled_since
                .is_some_and(|since| now.saturating_sub(since) >= write_deadline)
            {
                self.close(id, handler, Closed::SlowReader);
            } else {
                self.table.reschedule(id);
            }
        }
    }

    /// Writes to every connection that has something, and closes those that are done.
    fn write(&mut self, handler: &mut H, now: Tick) {
        let mut dirty = std::mem::take(&mut self.table.dirty);
        let before = self.table.connections.len();
        for id in dirty.drain(..) {
            let max_unsent = self.table.settings.max_unsent_bytes;
            let Some(connection) = self.table.get_mut(id) else { continue };
            connection.dirty = false;
            let was_stalled = connection.stalled_since.is_some();
            match connection.write_out(now) {
                Ok(true) => {
                    let closing = connection.closing;
                    let buffer = std::mem::take(&mut connection.out);
                    self.table.recycle(buffer);
                    if closing {
                        self.close(id, handler, Closed::ByHandler);
                    }
                }
                Ok(false) if connection.closing || connection.out.len() > max_unsent => {
                    let why = if connection.closing { Closed::ByHandler } else { Closed::SlowReader };
                    self.close(id, handler, why);
                }
                Ok(false) if !was_stalled => self.table.reschedule(id),
                Ok(false) => {}
                Err(error) => {
                    let why = if connection.closing { Closed::ByHandler } else { Closed::by(&error) };
                    self.close(id, handler, why);
                }
            }
        }
        self.closed_late = self.table.connections.len() < before;
        if self.table.dirty.is_empty() {
            self.table.dirty = dirty;
        }
    }

    fn close(&mut self, id: LinkId, handler: &mut H, why: Closed) {
        if self.table.get(id).is_none() {
            return;
        }
        let mut connection = self.table.connections.remove(id.slot as usize);
        self.table.deadlines.forget(connection.scheduled, id);
        connection.transport.deregister(self.poll.registry());
        self.table.admission.released(connection.peer.address.ip(), connection.stage != Stage::Open);
        let broken = matches!(
            why,
            Closed::Broken(_) | Closed::HandshakeFailed(_) | Closed::SlowReader | Closed::EmptyFrames
        );
        handler.closed(connection.id, connection.state, &connection.peer, why, &mut connection.out);
        if !broken {
            // One try to say goodbye; whether the peer still listens does not matter any more.
            let _ = connection.transport.write(&connection.out);
            connection.transport.farewell();
        }
        connection.out.clear();
        let buffer = connection.out;
        self.table.recycle(buffer);
    }
}
