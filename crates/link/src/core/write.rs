//! Writing, once a connection and turn, and the end of connections.

use super::{Core, Handler};
use crate::connection::{Closed, LinkId, Stage};
use crate::timer::Tick;

impl<H: Handler> Core<H> {
    pub(super) fn writable(&mut self, id: LinkId) {
        if let Some(connection) = self.table.get_mut(id)
            && connection.stalled_since.is_some()
            && !connection.dirty
        {
            connection.dirty = true;
            self.table.dirty.push(id);
        }
    }

    /// Writes to every connection that has something, and closes those that are done.
    pub(super) fn write(&mut self, handler: &mut H, now: Tick) {
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

    pub(super) fn close(&mut self, id: LinkId, handler: &mut H, why: Closed) {
        if self.table.get(id).is_none() {
            return;
        }
        let mut connection = self.table.connections.remove(id.slot as usize);
        self.table.deadlines.forget(connection.scheduled, id);
        connection.transport.deregister(self.poll.registry());
        self.table.admission.released(connection.peer.address.ip(), connection.stage != Stage::Open);
        let broken = matches!(
            why,
            Closed::Broken(_) | Closed::HandshakeFailed { .. } | Closed::SlowReader | Closed::EmptyFrames
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
