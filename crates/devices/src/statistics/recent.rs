//! What went on lately in a product, for people who look at it now: messages of the last seconds, and how commands ended
//! during the last day. Kept in memory, so it begins anew with the server; the counts by day are in the registry.
//!
//! What must stay true: the path of a message knows nothing of this; the spans of commands are bounded.

use std::collections::VecDeque;

use parking_lot::Mutex;
use yizhan_vocabulary::{Monotonic, UnixMillis};

use super::counters::{ProductCounters, Taken};
use crate::Devices;
use crate::commands::CommandState;
use crate::registry::Product;

/// The time over which messages are counted for a rate.
const RATE_EVERY_MS: u64 = 5_000;
/// Ends of commands within this time are counted together.
const SPAN_MS: i64 = 300_000;
/// Spans that are remembered: a day.
const SPANS: usize = 288;

/// Messages within a short time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecentMessages {
    /// From devices.
    pub up: u64,
    /// To devices.
    pub down: u64,
    /// Refused or not delivered.
    pub failed: u64,
    /// How long the time was; 0 while nothing is known.
    pub span_ms: u64,
}

/// How commands ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandEnds {
    /// The device did it.
    pub done: u64,
    /// The device said that it failed.
    pub failed: u64,
    /// No answer came in time.
    pub expired: u64,
}

impl CommandEnds {
    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            done: self.done + other.done,
            failed: self.failed + other.failed,
            expired: self.expired + other.expired,
        }
    }
}

/// The recent past of one product.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    messages: RecentMessages,
    sampled: Option<(Monotonic, Sums)>,
    /// What was taken out of the counters since they were last looked at.
    taken: Sums,
    /// Each span with its number, oldest first; spans without an end are not there.
    ends: VecDeque<(i64, CommandEnds)>,
}

/// Messages up, down and failed.
#[derive(Debug, Clone, Copy, Default)]
struct Sums([u64; 3]);

impl Sums {
    const fn of(taken: &Taken) -> Self {
        Self([taken.messages_up, taken.messages_down, taken.failed_up + taken.failed_down])
    }

    fn with(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|index| combine(self.0[index], other.0[index])))
    }
}

impl Recent {
    /// The counters were emptied of this.
    pub(super) fn emptied(&self, taken: &Taken) {
        let mut inner = self.0.lock();
        inner.taken = inner.taken.with(Sums::of(taken), u64::saturating_add);
    }

    /// This was put back into the counters.
    pub(super) fn put_back(&self, taken: &Taken) {
        let mut inner = self.0.lock();
        inner.taken = inner.taken.with(Sums::of(taken), u64::saturating_sub);
    }

    /// Looks at the counters, for the rate since the last look.
    fn sample(&self, counters: &ProductCounters, now: Monotonic) {
        let mut inner = self.0.lock();
        let counted = Sums::of(&counters.look());
        let taken = std::mem::take(&mut inner.taken);
        if let Some((at, before)) = inner.sampled.replace((now, counted)) {
            let [up, down, failed] =
                counted.with(taken, u64::saturating_add).with(before, u64::saturating_sub).0;
            let span_ms = now.0.saturating_sub(at.0);
            inner.messages = RecentMessages { up, down, failed, span_ms };
        }
    }

    /// A command came to its end.
    pub(crate) fn command_ended(&self, state: CommandState, now: UnixMillis) {
        let one = match state {
            CommandState::Done => CommandEnds { done: 1, ..CommandEnds::default() },
            CommandState::Failed => CommandEnds { failed: 1, ..CommandEnds::default() },
            CommandState::Expired => CommandEnds { expired: 1, ..CommandEnds::default() },
            CommandState::Stored | CommandState::Sent | CommandState::Received => return,
        };
        let span = now.0.div_euclid(SPAN_MS);
        let mut inner = self.0.lock();
        // A clock that was set back counts into the newest span.
        match inner.ends.back_mut() {
            Some((newest, ends)) if *newest >= span => *ends = ends.and(one),
            _ => inner.ends.push_back((span, one)),
        }
        let oldest = span - SPANS as i64;
        while inner.ends.len() > SPANS || inner.ends.front().is_some_and(|(span, _)| *span <= oldest) {
            inner.ends.pop_front();
        }
    }

    fn ends_since(&self, from: UnixMillis) -> CommandEnds {
        let first = from.0.div_euclid(SPAN_MS);
        let inner = self.0.lock();
        let recent = inner.ends.iter().filter(|(span, _)| *span >= first);
        recent.fold(CommandEnds::default(), |all, (_, ends)| all.and(*ends))
    }
}

impl Product {
    /// Messages of its devices within the last complete span of some seconds.
    pub fn recent_messages(&self) -> RecentMessages {
        self.recent.0.lock().messages
    }

    /// How commands of its devices ended since then, to five minutes exactly; a day at most, and since the server started.
    pub fn command_ends_since(&self, from: UnixMillis) -> CommandEnds {
        self.recent.ends_since(from)
    }
}

impl Devices {
    /// Looks at every product's counters when it is time. `last` is when that was done before.
    pub(super) fn sample_rates(&self, last: &mut Option<Monotonic>) {
        let now = self.0.clock.monotonic();
        if last.is_some_and(|last| now.0.saturating_sub(last.0) < RATE_EVERY_MS) {
            return;
        }
        *last = Some(now);
        for product in self.products() {
            product.recent.sample(&product.counters, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Direction;

    #[test]
    fn messages_are_counted_across_the_emptying_of_the_counters() {
        let (recent, counters) = (Recent::default(), ProductCounters::default());
        counters.message_up(0);
        recent.sample(&counters, Monotonic(1_000));
        assert_eq!(recent.0.lock().messages, RecentMessages::default(), "one look is no span");
        counters.message_up(1);
        recent.emptied(&counters.take());
        counters.message(Direction::Down);
        counters.failed(Direction::Up);
        recent.sample(&counters, Monotonic(6_000));
        let expected = RecentMessages { up: 1, down: 2, failed: 1, span_ms: 5_000 };
        assert_eq!(recent.0.lock().messages, expected);
        let taken = counters.take();
        recent.emptied(&taken);
        counters.put_back(taken);
        recent.put_back(&taken);
        recent.sample(&counters, Monotonic(11_000));
        assert_eq!(recent.0.lock().messages, RecentMessages { span_ms: 5_000, ..RecentMessages::default() });
    }

    #[test]
    fn ends_of_commands_are_forgotten_after_a_day() {
        let recent = Recent::default();
        let at = |minutes: i64| UnixMillis(1_700_000_100_000 + minutes * 60_000);
        recent.command_ended(CommandState::Done, at(0));
        recent.command_ended(CommandState::Sent, at(0));
        recent.command_ended(CommandState::Failed, at(60));
        recent.command_ended(CommandState::Expired, at(50));
        assert_eq!(recent.ends_since(at(30)), CommandEnds { done: 0, failed: 1, expired: 1 });
        assert_eq!(recent.ends_since(at(-1)).done, 1);
        for minute in 0..3 * 24 * 60 {
            recent.command_ended(CommandState::Done, at(minute));
        }
        assert_eq!(recent.0.lock().ends.len(), SPANS);
        assert_eq!(recent.ends_since(UnixMillis(0)).done, SPANS as u64 * 5);
        assert_eq!(recent.ends_since(UnixMillis(0)).failed, 0);
    }
}
