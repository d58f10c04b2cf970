//! When which command expires: one sorted set for all devices, which also counts the commands without a final
//! state. The times are those of the monotonic clock, so setting the machine's clock neither ends commands early nor
//! keeps them. Lock order: a device's state first, then this.

use std::collections::BTreeMap;

use ahash::AHashMap;
use parking_lot::Mutex;
use yizhan_vocabulary::{DeviceId, Monotonic};

use super::CommandId;

/// The expiry times of all outstanding commands.
#[derive(Debug, Default)]
pub(crate) struct Timers(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    by_time: BTreeMap<(Monotonic, CommandId), DeviceId>,
    time_of: AHashMap<CommandId, Monotonic>,
}

impl Timers {
    /// Adds a command unless `limit` commands are outstanding already.
    pub(crate) fn add(&self, at: Monotonic, id: CommandId, device: DeviceId, limit: usize) -> bool {
        let mut table = self.0.lock();
        let fits = table.time_of.len() < limit;
        if fits && table.time_of.insert(id, at).is_none() {
            table.by_time.insert((at, id), device);
        }
        fits
    }

    /// Takes a command out.
    pub(crate) fn remove(&self, id: CommandId) {
        let table = &mut *self.0.lock();
        if let Some(at) = table.time_of.remove(&id) {
            table.by_time.remove(&(at, id));
        }
    }

    /// Lets a command expire at `at` if that is earlier than before.
    pub(crate) fn bring_forward(&self, id: CommandId, at: Monotonic) {
        let table = &mut *self.0.lock();
        let Some(before) = table.time_of.get_mut(&id).filter(|before| **before > at) else { return };
        if let Some(device) = table.by_time.remove(&(*before, id)) {
            table.by_time.insert((at, id), device);
        }
        *before = at;
    }

    /// Up to `limit` commands whose time has come. They stay until whoever expires them takes them out.
    pub(crate) fn due(&self, now: Monotonic, limit: usize) -> Vec<(CommandId, DeviceId)> {
        let table = self.0.lock();
        let due = table.by_time.iter().take_while(|((at, _), _)| *at <= now).take(limit);
        due.map(|((_, id), device)| (*id, *device)).collect()
    }

    /// How many commands are outstanding.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().time_of.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_due_in_order_and_the_total_is_bounded() {
        let timers = Timers::default();
        assert!(timers.add(Monotonic(20), CommandId(1), DeviceId(1), 2));
        assert!(timers.add(Monotonic(10), CommandId(2), DeviceId(2), 2));
        assert!(!timers.add(Monotonic(5), CommandId(3), DeviceId(3), 2));
        assert!(timers.due(Monotonic(9), 10).is_empty());
        timers.bring_forward(CommandId(1), Monotonic(30));
        timers.bring_forward(CommandId(1), Monotonic(9));
        let due: Vec<_> = timers.due(Monotonic(10), 10).into_iter().map(|(id, _)| id.0).collect();
        assert_eq!(due, [1, 2]);
        timers.remove(CommandId(1));
        assert_eq!(timers.len(), 1);
    }
}
