//! The time by which old data is dropped.
//!
//! Dropping cannot be undone, so the wall clock alone does not decide: a forward step that the monotonic clock does not
//! explain (a wrong date set by hand, a bad time server, a machine that woke up with another date) is believed only after
//! it has lasted for a day of running. A real long downtime looks the same and therefore only delays retention.

use std::time::Duration;

use parking_lot::Mutex;
use yizhan_vocabulary::{Clock, Monotonic, UnixMillis};

/// How far the wall clock may be ahead of what was expected and still be believed at once.
const TOLERANCE: Duration = Duration::from_hours(24);
/// How long a greater step has to last.
const PROBATION: Duration = Duration::from_hours(24);

/// The wall clock as far as it is believed.
#[derive(Debug)]
pub(crate) struct RetentionTime(Mutex<Belief>);

#[derive(Debug)]
struct Belief {
    /// The last pair of times that fitted together.
    anchor: Pair,
    /// Where the wall clock went when it left what was expected.
    step: Option<Pair>,
}

/// What both clocks said at one moment.
#[derive(Debug, Clone, Copy)]
struct Pair {
    wall: UnixMillis,
    monotonic: Monotonic,
}

impl Pair {
    fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// What the wall clock should say at `monotonic`.
    fn expected_at(self, monotonic: Monotonic) -> UnixMillis {
        self.wall.plus_ms(millis(monotonic.since(self.monotonic)))
    }

    /// Whether `now` is no more ahead than a clock may drift or a short downtime explains.
    fn explains(self, now: Self) -> bool {
        now.wall <= self.expected_at(now.monotonic).plus_ms(millis(TOLERANCE))
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl RetentionTime {
    /// Begins with the time that an earlier process believed last, if there is one.
    pub(crate) fn start(clock: &dyn Clock, last: Option<UnixMillis>) -> Self {
        let now = Pair::of(clock);
        let anchor = Pair { wall: last.unwrap_or(now.wall), ..now };
        Self(Mutex::new(Belief { anchor, step: None }))
    }

    /// The time by which retention goes now.
    pub(crate) fn now(&self, clock: &dyn Clock) -> UnixMillis {
        self.0.lock().follow(Pair::of(clock))
    }
}

impl Belief {
    fn follow(&mut self, now: Pair) -> UnixMillis {
        if self.anchor.explains(now) || self.lasted(now) {
            self.anchor = now;
            self.step = None;
            return now.wall;
        }
        if self.step.is_none_or(|step| !step.explains(now)) {
            tracing::warn!(
                ahead_ms = now.wall.0 - self.anchor.expected_at(now.monotonic).0,
                "the clock is further ahead than expected; nothing is dropped for its age by it for a day"
            );
            self.step = Some(now);
        }
        self.anchor.expected_at(now.monotonic)
    }

    fn lasted(&self, now: Pair) -> bool {
        self.step.is_some_and(|step| step.explains(now) && now.monotonic.since(step.monotonic) >= PROBATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const START: i64 = 1_750_000_000_000;

    /// Both clocks, so many hours after the start.
    fn at(wall_hours: i64, monotonic_hours: i64) -> Pair {
        Pair {
            wall: UnixMillis(START + wall_hours * HOUR),
            monotonic: Monotonic((monotonic_hours * HOUR) as u64),
        }
    }

    fn hours(time: UnixMillis) -> i64 {
        (time.0 - START) / HOUR
    }

    fn started() -> Belief {
        Belief { anchor: at(0, 0), step: None }
    }

    #[test]
    fn time_that_passes_and_small_steps_are_believed() {
        let mut belief = started();
        assert_eq!(hours(belief.follow(at(100, 100))), 100);
        assert_eq!(hours(belief.follow(at(124, 101))), 124);
        assert_eq!(hours(belief.follow(at(-500, 102))), -500);
    }

    #[test]
    fn a_large_step_is_believed_after_a_day_and_one_that_is_taken_back_never() {
        let mut belief = started();
        assert_eq!(hours(belief.follow(at(1_000, 1))), 1);
        assert_eq!(hours(belief.follow(at(1_023, 24))), 24);
        assert_eq!(hours(belief.follow(at(1_024, 25))), 1_024);
        assert_eq!(hours(belief.follow(at(9_000, 26))), 1_026 - 1);
        assert_eq!(hours(belief.follow(at(1_027, 28))), 1_027);
        assert_eq!(hours(belief.follow(at(9_100, 60))), 1_059);
    }

    #[test]
    fn a_second_step_begins_the_wait_anew() {
        let mut belief = started();
        belief.follow(at(1_000, 0));
        assert_eq!(hours(belief.follow(at(9_000, 23))), 23);
        assert_eq!(hours(belief.follow(at(9_002, 25))), 25);
        assert_eq!(hours(belief.follow(at(9_024, 47))), 9_024);
    }
}
