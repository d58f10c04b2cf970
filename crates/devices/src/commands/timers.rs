//! When which command expires: one sorted set for all devices, which also counts the commands without a final
//! state. Lock order: a device's state first, then this.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use yizhan_vocabulary::{DeviceId, UnixMillis};

use super::CommandId;

/// The expiry times of all outstanding commands.
#[derive(Debug, Default)]
pub(crate) struct Timers(Mutex<BTreeMap<(UnixMillis, CommandId), DeviceId>>);

impl Timers {
    /// Adds a command unless `limit` commands are outstanding already.
    pub(crate) fn add(&self, at: UnixMillis, id: CommandId, device: DeviceId, limit: usize) -> bool {
        let mut timers = self.0.lock();
        let fits = timers.len() < limit;
        if fits {
            timers.insert((at, id), device);
        }
        fits
    }

    /// Takes a command out.
    pub(crate) fn remove(&self, at: UnixMillis, id: CommandId) {
        self.0.lock().remove(&(at, id));
    }

    /// Moves a command to another time.
    pub(crate) fn move_to(&self, from: UnixMillis, to: UnixMillis, id: CommandId) {
        let mut timers = self.0.lock();
        if let Some(device) = timers.remove(&(from, id)) {
            timers.insert((to, id), device);
        }
    }

    /// Up to `limit` commands whose time has come. They stay until whoever expires them takes them out.
    pub(crate) fn due(&self, now: UnixMillis, limit: usize) -> Vec<(UnixMillis, CommandId, DeviceId)> {
        let timers = self.0.lock();
        timers
            .iter()
            .take_while(|((at, _), _)| *at <= now)
            .take(limit)
            .map(|((at, id), device)| (*at, *id, *device))
            .collect()
    }

    /// How many commands are outstanding.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_due_in_order_and_the_total_is_bounded() {
        let timers = Timers::default();
        assert!(timers.add(UnixMillis(20), CommandId(1), DeviceId(1), 2));
        assert!(timers.add(UnixMillis(10), CommandId(2), DeviceId(2), 2));
        assert!(!timers.add(UnixMillis(5), CommandId(3), DeviceId(3), 2));
        assert!(timers.due(UnixMillis(9), 10).is_empty());
        timers.move_to(UnixMillis(20), UnixMillis(9), CommandId(1));
        let due: Vec<_> = timers.due(UnixMillis(10), 10).into_iter().map(|(_, id, _)| id.0).collect();
        assert_eq!(due, [1, 2]);
        timers.remove(UnixMillis(9), CommandId(1));
        assert_eq!(timers.len(), 1);
    }
}
