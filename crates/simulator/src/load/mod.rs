//! Load generators for measurements: publishing, durable reports, connection set-up, idle connections.
//!
//! Closed-loop generators keep a window of messages in flight a client; the open-loop one sends on schedule whatever
//! the server does, and counts latency from the scheduled moment, so that a stall is not hidden by the messages that
//! were not sent during it. Everything that can be computed before the measurement is.

mod clients;
mod connects;
mod crowd;
mod idle;
mod publishes;
mod report_packet;
mod reports;

use std::time::{Duration, Instant};

use crate::engine::EngineError;
use crate::latency::Latencies;

pub use clients::Clients;
pub use connects::{ConnectLoad, connects};
pub use idle::{IdleLoad, idle};
pub use publishes::{PublishLoad, publishes};
pub use report_packet::BENCH_MODEL;
pub use reports::{Pace, ReportLoad, Span, fill_history, reports};

/// How long to run.
#[derive(Debug, Clone, Copy)]
pub struct Phases {
    /// Load before counting begins.
    pub warm: Duration,
    /// Load while counting.
    pub measure: Duration,
}

/// Moments of a run at which an observer may look at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This many clients are connected, and subscribed where they need to be.
    Ready(usize),
    /// Counting begins now.
    Begin,
    /// Counting ended now.
    End,
}

/// What a run counted.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Messages answered while counting.
    pub messages: u64,
    /// How long counting took.
    pub elapsed: Duration,
    /// From sending (or the scheduled moment) to the answer.
    pub latency: Latencies,
    /// CPU time the generator's thread used while counting.
    pub generator_cpu: Duration,
    /// Answers with a code other than 0.
    pub refused: u64,
    /// Connections lost while counting.
    pub lost: u64,
    /// Messages an open loop could not send because too many of that client were unanswered.
    pub skipped: u64,
}

impl Figures {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The share of one core that the generator used.
    pub fn generator_share(&self) -> f64 {
        self.generator_cpu.as_secs_f64() / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// Why a run gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A credential cannot be used.
    #[error(transparent)]
    Credential(#[from] crate::credentials::CredentialError),
    /// A client could not be brought up.
    #[error("client {client} could not be brought up: {reason}")]
    NotReady {
        /// Which client.
        client: u32,
        /// What happened.
        reason: String,
    },
    /// Not all clients were up in time.
    #[error("only {ready} of {wanted} clients were up after {waited:?}")]
    TooSlow {
        /// Clients that were up.
        ready: usize,
        /// Clients asked for.
        wanted: usize,
        /// How long they had.
        waited: Duration,
    },
    /// Nothing was answered while counting.
    #[error("the server answered nothing while counting ({lost} connections were lost)")]
    NoAnswers {
        /// Connections lost.
        lost: u64,
    },
}

/// Measures wall-clock and CPU time of the calling thread.
struct Stopwatch {
    wall: Instant,
    cpu: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_cpu() }
    }

    fn stop(&self) -> (Duration, Duration) {
        (self.wall.elapsed(), thread_cpu().saturating_sub(self.cpu))
    }
}

fn thread_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "thread CPU clocks have no safe wrapper among our libraries")]
    // SAFETY: `time` is a valid place for the result and lives through the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if result != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
