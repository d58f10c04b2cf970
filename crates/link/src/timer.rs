//! Deadlines of one core's connections, one entry a connection. An entry only says "look at this connection then"; the
//! connection knows what is really due, so that a packet never has to touch this table.

use std::collections::BTreeSet;

use crate::connection::LinkId;

/// Milliseconds of the monotonic clock.
pub(crate) type Tick = u64;

/// When to look at which connection.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    looks: BTreeSet<(Tick, LinkId)>,
}

impl Deadlines {
    /// Asks for a look at `id` at `at` instead of at `before` ([`Tick::MAX`] where none was asked for).
    pub(crate) fn schedule(&mut self, before: Tick, at: Tick, id: LinkId) {
        self.forget(before, id);
        self.looks.insert((at, id));
    }

    /// Takes back the look asked for at `at`.
    pub(crate) fn forget(&mut self, at: Tick, id: LinkId) {
        if at != Tick::MAX {
            self.looks.remove(&(at, id));
        }
    }

    /// The earliest look asked for.
    pub(crate) fn earliest(&self) -> Option<Tick> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// The next connection to look at now.
    pub(crate) fn pop_due(&mut self, now: Tick) -> Option<LinkId> {
        if self.earliest()? > now {
            return None;
        }
        self.looks.pop_first().map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(slot: u32) -> LinkId {
        LinkId { slot, generation: 0 }
    }

    #[test]
    fn deadlines_come_in_order_and_not_early() {
        let mut deadlines = Deadlines::default();
        deadlines.schedule(Tick::MAX, 30, id(3));
        deadlines.schedule(Tick::MAX, 10, id(1));
        assert_eq!(deadlines.pop_due(5), None);
        assert_eq!(deadlines.pop_due(10), Some(id(1)));
        assert_eq!(deadlines.pop_due(29), None);
        assert_eq!(deadlines.pop_due(31), Some(id(3)));
    }

    #[test]
    fn an_earlier_look_replaces_the_one_before() {
        let mut deadlines = Deadlines::default();
        deadlines.schedule(Tick::MAX, 30, id(3));
        deadlines.schedule(30, 10, id(3));
        assert_eq!(deadlines.pop_due(100), Some(id(3)));
        assert_eq!(deadlines.pop_due(100), None);
    }

    #[test]
    fn a_connection_that_is_gone_leaves_nothing() {
        let mut deadlines = Deadlines::default();
        deadlines.schedule(Tick::MAX, 30, id(3));
        deadlines.forget(30, id(3));
        assert_eq!(deadlines.earliest(), None);
    }
}
