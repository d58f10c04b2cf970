//! The connections of one core, and the handler's way to all of them.

use std::sync::Arc;

use bytes::BytesMut;
use slab::Slab;

use super::Handler;
use super::deadlines::next_look;
use crate::admission::Admission;
use crate::connection::{Connection, Link, LinkId};
use crate::settings::LinkSettings;
use crate::timer::Deadlines;

/// Empty buffers kept for the next connection that needs one.
const SPARE_BUFFERS: usize = 256;
/// A buffer that grew beyond this is given back to the allocator instead of being kept.
pub(super) const SPARE_BUFFER_BYTES: usize = 16 * 1024;

/// The connections of a core, for the handler's work across connections.
pub struct Links<'a, H: Handler> {
    pub(super) table: &'a mut Table<H::State>,
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

pub(super) struct Table<S> {
    pub(super) connections: Slab<Connection<S>>,
    pub(super) generation: u32,
    pub(super) dirty: Vec<LinkId>,
    pub(super) spare: Vec<BytesMut>,
    pub(super) deadlines: Deadlines,
    pub(super) settings: LinkSettings,
    pub(super) admission: Arc<Admission>,
}

impl<S> Table<S> {
    pub(super) fn get(&self, id: LinkId) -> Option<&Connection<S>> {
        self.connections.get(id.slot as usize).filter(|connection| connection.id == id)
    }

    pub(super) fn get_mut(&mut self, id: LinkId) -> Option<&mut Connection<S>> {
        self.connections.get_mut(id.slot as usize).filter(|connection| connection.id == id)
    }

    pub(super) fn with<R>(&mut self, id: LinkId, work: impl FnOnce(&mut Link<'_>, &mut S) -> R) -> Option<R> {
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
    pub(super) fn after_handler(&mut self, id: LinkId, established: bool) {
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
    pub(super) fn reschedule(&mut self, id: LinkId) {
        let settings = &self.settings;
        let Some(connection) = self.connections.get_mut(id.slot as usize) else { return };
        let due = next_look(connection, settings);
        if due < connection.scheduled {
            self.deadlines.schedule(connection.scheduled, due, id);
            connection.scheduled = due;
        }
    }

    pub(super) fn recycle(&mut self, mut buffer: BytesMut) {
        buffer.clear();
        if self.spare.len() < SPARE_BUFFERS && (1..=SPARE_BUFFER_BYTES).contains(&buffer.capacity()) {
            self.spare.push(buffer);
        }
    }
}
