//! The time by which old data is dropped.
//!
//! Dropping cannot be undone, so the wall clock alone does not decide. A time that is far ahead of what the monotonic
//! clock explains (a wrong date set by hand, a bad time server, a machine that woke up with another date) is believed
//! once the wall clock has been there or later for a day of running. A real long downtime looks the same and therefore
//! only delays retention; the day may be served in parts, so a machine that is switched off regularly catches up too.
//! A time that is far behind (a board without a battery, before it has asked a time server) drops nothing and is
//! followed at once, but what was believed before still explains the way back.

use std::time::Duration;

use parking_lot::Mutex;
use yizhan_vocabulary::{Clock, Monotonic, UnixMillis};

/// How far the wall clock may be from what was expected and still be believed at once.
const TOLERANCE: Duration = Duration::from_hours(24);
/// How long a greater step has to last.
const PROBATION: Duration = Duration::from_hours(24);
/// How much of it a machine may lose whose power is cut.
const KEPT_EVERY: Duration = Duration::from_hours(1);

/// The wall clock as far as it is believed.
#[derive(Debug)]
pub(crate) struct RetentionTime(Mutex<Belief>);

/// What is believed, as a checkpoint keeps it for the next process. In milliseconds; 0 stands for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeptTime {
    /// The time that was believed.
    pub believed: u64,
    /// A later time that was waiting to be believed.
    pub step: u64,
    /// How long it had waited.
    pub served: u64,
}

#[derive(Debug)]
struct Belief {
    /// The last pair of times that fitted together.
    anchor: Pair,
    /// Where the wall clock went when it ran ahead of what was expected.
    step: Option<Step>,
    /// Since when it is far behind.
    behind_since: Option<Monotonic>,
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
}

/// A time that waits to be believed.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// What the wall clock said first.
    wall: UnixMillis,
    /// How long it has run there or later.
    served: Duration,
    /// How much of that a checkpoint was given.
    kept: Duration,
    /// When this was last looked at.
    seen: Monotonic,
}

impl Step {
    fn begin(now: Pair) -> Self {
        Self { wall: now.wall, served: Duration::ZERO, kept: Duration::ZERO, seen: now.monotonic }
    }

    /// The time that is believed if it has lasted.
    fn reached(self) -> UnixMillis {
        self.wall.plus_ms(millis(self.served))
    }

    fn until(self, now: Pair) -> Self {
        let served = self.served.saturating_add(now.monotonic.since(self.seen));
        Self { served, seen: now.monotonic, ..self }
    }

    fn taken_back(self, now: Pair) -> bool {
        now.wall.plus_ms(millis(TOLERANCE)) < self.reached()
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn unsigned(time: UnixMillis) -> u64 {
    u64::try_from(time.0).unwrap_or(0)
}

fn wall(kept: u64) -> Option<UnixMillis> {
    i64::try_from(kept).ok().filter(|time| *time > 0).map(UnixMillis)
}

impl RetentionTime {
    /// Begins with what an earlier process believed last.
    pub(crate) fn start(clock: &dyn Clock, kept: KeptTime) -> Self {
        Self(Mutex::new(Belief::start(Pair::of(clock), kept)))
    }

    /// The time by which retention goes now.
    pub(crate) fn now(&self, clock: &dyn Clock) -> UnixMillis {
        self.0.lock().follow(Pair::of(clock))
    }

    /// What the next process has to know.
    pub(crate) fn kept(&self, clock: &dyn Clock) -> KeptTime {
        self.0.lock().kept(Pair::of(clock))
    }

    /// Whether a checkpoint is worth its while for what the next process has to know.
    pub(crate) fn is_to_be_kept(&self) -> bool {
        self.0.lock().step.is_some_and(|step| step.served.saturating_sub(step.kept) >= KEPT_EVERY)
    }
}

impl Belief {
    fn start(now: Pair, kept: KeptTime) -> Self {
        let anchor = Pair { wall: wall(kept.believed).unwrap_or(now.wall), ..now };
        let served = Duration::from_millis(kept.served);
        let step = wall(kept.step).map(|wall| Step { wall, served, kept: served, seen: now.monotonic });
        Self { anchor, step, behind_since: None }
    }

    fn kept(&mut self, now: Pair) -> KeptTime {
        self.follow(now);
        if let Some(step) = &mut self.step {
            step.kept = step.served;
        }
        KeptTime {
            believed: unsigned(self.anchor.expected_at(now.monotonic)),
            step: self.step.map_or(0, |step| unsigned(step.wall)),
            served: self.step.map_or(0, |step| millis(step.served).unsigned_abs()),
        }
    }

    fn follow(&mut self, now: Pair) -> UnixMillis {
        let expected = self.anchor.expected_at(now.monotonic);
        if now.wall > expected.plus_ms(millis(TOLERANCE)) {
            self.run_ahead(now);
        } else if now.wall.plus_ms(millis(TOLERANCE)) < expected {
            self.run_behind(now);
        } else {
            self.believe(now);
        }
        self.anchor.expected_at(now.monotonic).min(now.wall)
    }

    fn believe(&mut self, pair: Pair) {
        *self = Self { anchor: pair, step: None, behind_since: None };
    }

    fn run_ahead(&mut self, now: Pair) {
        self.behind_since = None;
        let step = match self.step {
            Some(step) if !step.taken_back(now) => step.until(now),
            _ => {
                tracing::warn!(
                    ahead_ms = now.wall.0 - self.anchor.expected_at(now.monotonic).0,
                    "the clock is further ahead than expected; nothing is dropped for its age by it for a day"
                );
                Step::begin(now)
            }
        };
        if step.served >= PROBATION {
            // Not the time that is shown now: that may be the next step.
            self.believe(Pair { wall: step.reached(), ..now });
        } else {
            self.step = Some(step);
        }
    }

    /// Time that runs behind counts for no step. If it lasts, what was believed before was wrong.
    fn run_behind(&mut self, now: Pair) {
        if let Some(step) = &mut self.step {
            step.seen = now.monotonic;
        }
        let since = *self.behind_since.get_or_insert(now.monotonic);
        if now.monotonic.since(since) >= PROBATION {
            self.believe(now);
        }
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
        Belief::start(at(0, 0), KeptTime::default())
    }

    #[test]
    fn time_that_passes_and_small_steps_are_believed() {
        let mut belief = started();
        assert_eq!(hours(belief.follow(at(100, 100))), 100);
        assert_eq!(hours(belief.follow(at(124, 101))), 124);
        assert_eq!(hours(belief.follow(at(110, 102))), 110);
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
    fn a_second_step_serves_its_own_day() {
        let mut belief = started();
        belief.follow(at(1_000, 0));
        assert_eq!(hours(belief.follow(at(9_000, 23))), 23);
        assert_eq!(hours(belief.follow(at(9_002, 25))), 1_025);
        belief.follow(at(9_003, 26));
        assert_eq!(hours(belief.follow(at(9_026, 49))), 1_049);
        assert_eq!(hours(belief.follow(at(9_027, 50))), 9_027);
    }

    #[test]
    fn a_step_that_is_taken_back_in_part_serves_its_day_anew() {
        let mut belief = started();
        belief.follow(at(9_000, 0));
        assert_eq!(hours(belief.follow(at(1_000, 23))), 23);
        assert_eq!(hours(belief.follow(at(1_002, 25))), 25);
        assert_eq!(hours(belief.follow(at(1_024, 47))), 1_024);
    }

    #[test]
    fn a_machine_that_is_switched_off_regularly_serves_the_day_in_parts() {
        let mut kept = started().kept(at(0, 0));
        let mut believed = Vec::new();
        for boot in 1..=6 {
            let mut belief = Belief::start(at(100 * boot, 0), kept);
            belief.follow(at(100 * boot, 0));
            believed.push(hours(belief.follow(at(100 * boot + 12, 12))));
            kept = belief.kept(at(100 * boot + 12, 12));
        }
        assert_eq!(believed, [12, 124, 136, 236, 248, 436]);
    }

    #[test]
    fn a_step_that_is_taken_back_while_off_is_forgotten() {
        let mut belief = started();
        belief.follow(at(9_000, 0));
        let mut belief = Belief::start(at(21, 0), belief.kept(at(9_020, 20)));
        assert_eq!(hours(belief.follow(at(21, 0))), 21);
        assert_eq!(hours(belief.follow(at(9_010, 10))), 31);
    }

    #[test]
    fn the_way_back_from_a_wrong_early_time_is_believed_at_once() {
        let mut kept = started().kept(at(1_000, 1_000));
        let mut belief = Belief::start(at(-400_000, 0), kept);
        assert_eq!(hours(belief.follow(at(-400_000, 0))), -400_000);
        // Not even a crash of the process makes the early time the right one.
        kept = belief.kept(at(-400_000, 0));
        let mut belief = Belief::start(at(-399_999, 0), kept);
        belief.follow(at(-399_999, 0));
        assert_eq!(hours(belief.follow(at(1_003, 1))), 1_003);
    }

    #[test]
    fn an_early_time_neither_serves_nor_ends_the_wait_of_a_step() {
        let mut belief = started();
        belief.follow(at(1_000, 0));
        belief.follow(at(1_012, 12));
        belief.follow(at(-400_000, 12));
        belief.follow(at(-399_980, 32));
        assert_eq!(hours(belief.follow(at(1_033, 33))), 33);
        assert_eq!(hours(belief.follow(at(1_044, 44))), 1_024);
    }

    #[test]
    fn an_early_time_that_lasts_is_believed() {
        let mut belief = started();
        belief.follow(at(-400_000, 0));
        belief.follow(at(-399_976, 24));
        assert_eq!(hours(belief.follow(at(1_000, 25))), -399_975);
    }
}
