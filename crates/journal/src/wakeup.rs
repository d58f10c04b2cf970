//! A flag that a background thread sleeps on: poked by others, or after a while by itself.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

#[derive(Debug, Default)]
struct Flags {
    poked: bool,
    stopped: bool,
}

/// Wakes one background thread.
#[derive(Debug, Default)]
pub(crate) struct Wakeup {
    flags: Mutex<Flags>,
    changed: Condvar,
}

impl Wakeup {
    /// There is something to look at.
    pub(crate) fn poke(&self) {
        self.flags.lock().poked = true;
        self.changed.notify_all();
    }

    /// The thread is to end.
    pub(crate) fn stop(&self) {
        self.flags.lock().stopped = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.flags.lock().stopped
    }

    /// Sleeps until poked or until `interval` has passed; false when the thread is to end.
    pub(crate) fn sleep(&self, interval: Duration) -> bool {
        let mut flags = self.flags.lock();
        if !flags.poked && !flags.stopped {
            self.changed.wait_for(&mut flags, interval);
        }
        flags.poked = false;
        !flags.stopped
    }
}
