//! One connection as its core holds it, and the view of it that the handler gets.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use yizhan_mqtt::{Decoder, Version};

use crate::timer::Tick;
use crate::transport::websocket::EmptyFrames;
use crate::transport::{Peer, Transport};

/// Which connection of a core; a slot used again has another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// How a connection ended, seen from the transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The handler asked for it.
    ByHandler,
    /// The peer closed the stream.
    ByPeer,
    /// The stream broke.
    Broken(String),
    /// The TLS or WebSocket handshake failed.
    HandshakeFailed {
        /// What went wrong, in the words of the TLS library.
        error: String,
        /// The name of the pre-shared key that the peer said it has, if it came that far. Nothing proves it.
        claimed: Option<Box<str>>,
    },
    /// A handshake stage took too long.
    HandshakeTimeout,
    /// Nothing came within one and a half times the keep-alive.
    KeepAlive,
    /// The peer did not take what was sent to it.
    SlowReader,
    /// The peer keeps sending frames of its transport that carry nothing.
    EmptyFrames,
}

impl Closed {
    /// What a failed read or write says about the end.
    pub(crate) fn by(error: &std::io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<EmptyFrames>()) {
            return Self::EmptyFrames;
        }
        Self::Broken(error.to_string())
    }
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// TLS is being negotiated.
    Tls,
    /// The handler has not accepted a CONNECT yet.
    Connecting,
    /// In use.
    Open,
}

/// A connection and what the handler keeps for it.
pub(crate) struct Connection<S> {
    pub(crate) id: LinkId,
    pub(crate) transport: Transport,
    pub(crate) peer: Peer,
    pub(crate) stage: Stage,
    pub(crate) decoder: Decoder,
    /// The start of a packet whose end has not come; empty and without memory while idle.
    pub(crate) partial: BytesMut,
    /// What waits to be written; empty and without memory while idle.
    pub(crate) out: BytesMut,
    pub(crate) last_heard: Tick,
    pub(crate) stage_since: Tick,
    /// One and a half times the keep-alive, in milliseconds; 0 means none.
    pub(crate) silence_limit_ms: u32,
    /// When the peer ceased to take anything, while something is unsent.
    pub(crate) stalled_since: Option<Tick>,
    /// When the handler wants its timer called; 0 means never.
    pub(crate) wake_at: Tick,
    /// The entry of this connection in the core's deadlines; [`Tick::MAX`] if there is none.
    pub(crate) scheduled: Tick,
    /// In the core's list of connections to write.
    pub(crate) dirty: bool,
    /// In the core's list of connections to read.
    pub(crate) queued: bool,
    /// The peer has ended its side, or the stream broke: what is left must be read out.
    pub(crate) ended: bool,
    pub(crate) closing: bool,
    pub(crate) state: S,
}

/// The handler's view of a connection while one of its packets is handled.
pub struct Link<'a> {
    /// Which connection this is.
    pub id: LinkId,
    /// The other side.
    pub peer: &'a Peer,
    /// The protocol version that the peer named, as far as it was read.
    pub version: Option<Version>,
    /// Bytes written here go to the peer at the end of the turn.
    pub out: &'a mut BytesMut,
    pub(crate) silence_limit_ms: &'a mut u32,
    pub(crate) wake_at: &'a mut Tick,
    pub(crate) stage: &'a mut Stage,
    pub(crate) closing: &'a mut bool,
    pub(crate) established: &'a mut bool,
}

impl Link<'_> {
    /// The CONNECT is accepted: from now on the keep-alive counts instead of the handshake's deadline. Zero means that
    /// the peer may stay silent for ever.
    pub fn establish(&mut self, keep_alive: Duration) {
        *self.stage = Stage::Open;
        *self.established = true;
        *self.silence_limit_ms = u32::try_from(keep_alive.as_millis() * 3 / 2).unwrap_or(u32::MAX);
    }

    /// Closes the connection after what is in `out` was written.
    pub fn close(&mut self) {
        *self.closing = true;
    }

    /// Asks for [`Handler::timer`](crate::Handler::timer) at this moment of the monotonic clock (milliseconds).
    pub fn wake_at(&mut self, at_ms: u64) {
        *self.wake_at = at_ms;
    }
}

impl<S> Connection<S> {
    /// The handler's view and the handler's state, side by side.
    pub(crate) fn split<'a>(&'a mut self, established: &'a mut bool) -> (Link<'a>, &'a mut S) {
        let link = Link {
            id: self.id,
            peer: &self.peer,
            version: self.decoder.version(),
            out: &mut self.out,
            silence_limit_ms: &mut self.silence_limit_ms,
            wake_at: &mut self.wake_at,
            stage: &mut self.stage,
            closing: &mut self.closing,
            established,
        };
        (link, &mut self.state)
    }

    /// Puts the connection into the list of those to read, if it is not there yet.
    pub(crate) fn queue(&mut self, readable: &mut Vec<LinkId>) {
        if !std::mem::replace(&mut self.queued, true) {
            readable.push(self.id);
        }
    }

    /// Writes what it can. `Ok(true)` when nothing is left.
    pub(crate) fn write_out(&mut self, now: Tick) -> std::io::Result<bool> {
        while !self.out.is_empty() {
            match self.transport.write(&self.out) {
                Ok(count) => {
                    self.out.advance(count);
                    self.stalled_since = None;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(self.stall(now)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match self.transport.flush() {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(self.stall(now)),
            Err(error) => return Err(error),
        }
        self.stalled_since = None;
        Ok(true)
    }

    fn stall(&mut self, now: Tick) -> bool {
        self.stalled_since.get_or_insert(now);
        false
    }
}
