//! What is due when: handshakes, keep-alives, peers that take nothing, and what the handler asked for.

use super::{Core, Handler};
use crate::connection::{Closed, Connection, Stage};
use crate::settings::LinkSettings;
use crate::timer::Tick;

/// When a connection is due for its next deadline; `Tick::MAX` for never.
pub(super) fn next_look<S>(connection: &Connection<S>, settings: &LinkSettings) -> Tick {
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

impl<H: Handler> Core<H> {
    pub(super) fn look_at_deadlines(&mut self, handler: &mut H, now: Tick) {
        let write_deadline = self.table.settings.write_deadline.as_millis() as u64;
        while let Some(id) = self.table.deadlines.pop_due(now) {
            let Some(connection) = self.table.get_mut(id) else { continue };
            connection.scheduled = Tick::MAX;
            if connection.wake_at != 0 && connection.wake_at <= now {
                connection.wake_at = 0;
                self.table.with(id, |link, state| {
                    handler.timer(link, state);
                    // A wake-up that is due at once waits for the next turn: this one would never end.
                    if *link.wake_at != 0 {
                        *link.wake_at = (*link.wake_at).max(now + 1);
                    }
                });
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
}
