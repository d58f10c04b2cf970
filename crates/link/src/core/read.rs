//! Reading: from bytes to packets for the handler.

use std::io;

use bytes::BytesMut;

use super::table::SPARE_BUFFER_BYTES;
use super::{Core, Handler};
use crate::connection::{Closed, LinkId, Stage};
use crate::timer::Tick;
use crate::transport::{Transport, tls};

impl<H: Handler> Core<H> {
    /// Reads once from each connection that may have something.
    pub(super) fn read_queued(&mut self, handler: &mut H, now: Tick) {
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

    /// Reads once, decodes what came, and asks for another turn if there may be more.
    pub(super) fn read(&mut self, id: LinkId, handler: &mut H, now: Tick) {
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
                connection.peer.identity = tls::identity(stream.ssl());
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
                let claimed = tls::claimed_identity(stream.ssl());
                self.close(id, handler, Closed::HandshakeFailed { error: error.to_string(), claimed });
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
}
