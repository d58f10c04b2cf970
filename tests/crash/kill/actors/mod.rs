//! The clients. Each keeps its own record of what it sent and of what the server acknowledged; nothing is shared, so
//! that a record says exactly what one client could have known.

pub mod commands;
pub mod publisher;
pub mod questions;
pub mod registry;
pub mod retained;
pub mod subscriber;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    i64::try_from(since.as_millis()).expect("milliseconds fit")
}

/// Keeps an actor from producing more than the oracle can read back in reasonable time.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    pub fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() }
    }

    /// True at most once per interval.
    pub fn due(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next {
            return false;
        }
        self.next = now + self.every;
        true
    }

    pub fn interval(&self) -> Duration {
        self.every
    }
}
