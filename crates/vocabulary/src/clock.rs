//! Two kinds of time. [`UnixMillis`] is what people and devices see and what is stored; it may step in either
//! direction when the machine's clock is set. [`Monotonic`] never goes back; every deadline is kept in it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time moved by `delta_ms`, saturating.
    pub const fn plus_ms(self, delta_ms: i64) -> Self {
        Self(self.0.saturating_add(delta_ms))
    }
}

/// Milliseconds since the process started; only differences mean anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// This moment moved later, saturating.
    pub const fn plus(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay.as_millis() as u64))
    }

    /// How long after `earlier` this moment is; zero when it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Where time comes from. The server uses [`SystemClock`]; tests move their own.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> UnixMillis;
    /// The monotonic clock.
    fn monotonic(&self) -> Monotonic;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic side starts now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The zero of the monotonic side, for those who count milliseconds from it themselves.
    pub const fn started(&self) -> Instant {
        self.started
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => UnixMillis(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
        }
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
