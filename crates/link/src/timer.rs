//! Deadlines of one core's connections: a heap with at most one live entry a connection. An entry only says "look at
//! this connection then"; the connection knows what is really due, so that a packet never has to touch the heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::connection::LinkId;

/// Milliseconds of the monotonic clock.
pub(crate) type Tick = u64;

/// When to look at which connection.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: BinaryHeap<Reverse<(Tick, LinkId)>>,
}

impl Deadlines {
    /// Asks for a look at `id` at `at`.
    pub(crate) fn schedule(&mut self, at: Tick, id: LinkId) {
        self.heap.push(Reverse((at, id)));
    }

    /// The earliest look asked for.
    pub(crate) fn earliest(&self) -> Option<Tick> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next connection to look at now.
    pub(crate) fn pop_due(&mut self, now: Tick) -> Option<(Tick, LinkId)> {
        if self.earliest()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_and_not_early() {
        let mut deadlines = Deadlines::default();
        let id = |slot| LinkId { slot, generation: 0 };
        deadlines.schedule(30, id(3));
        deadlines.schedule(10, id(1));
        assert_eq!(deadlines.pop_due(5), None);
        assert_eq!(deadlines.pop_due(10), Some((10, id(1))));
        assert_eq!(deadlines.pop_due(29), None);
        assert_eq!(deadlines.pop_due(31), Some((30, id(3))));
    }
}
