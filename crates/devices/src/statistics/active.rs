//! On which days a device was active, that is connected at any time: the newest day and the 31 before it.

use serde::{Deserialize, Serialize};

use super::Day;

/// Days that are known, the newest included.
const KNOWN: u32 = 32;

/// The days on which one device was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ActiveDays {
    newest: u32,
    /// Bit `n`: the device was active `n` days before the newest day. Empty only if it never was.
    days: u32,
}

impl ActiveDays {
    pub(crate) fn is_empty(&self) -> bool {
        self.days == 0
    }

    /// Notes a day; tells whether it is news. A day before the known ones is not noted.
    pub(crate) fn mark(&mut self, day: Day) -> bool {
        if self.days == 0 || day.0 > self.newest {
            let passed = day.0 - self.newest.min(day.0);
            self.days = if passed < KNOWN { self.days << passed } else { 0 } | 1;
            self.newest = day.0;
            return true;
        }
        let ago = self.newest - day.0;
        let news = ago < KNOWN && self.days & (1 << ago) == 0;
        if news {
            self.days |= 1 << ago;
        }
        news
    }

    /// Notes every day from `first` to `last` that can still be known.
    pub(crate) fn mark_all(&mut self, first: Day, last: Day) {
        for day in first.0.max(last.0.saturating_sub(KNOWN - 1))..=last.0 {
            self.mark(Day(day));
        }
    }

    /// Whether the device was active on any day from `first` to `last`.
    pub(crate) fn any(&self, first: Day, last: Day) -> bool {
        let active = |day: u32| {
            let ago = self.newest.checked_sub(day);
            ago.is_some_and(|ago| ago < KNOWN && self.days & (1 << ago) != 0)
        };
        let last = last.0.min(self.newest);
        (first.0.max(last.saturating_sub(KNOWN - 1))..=last).any(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_days_is_remembered() {
        let mut active = ActiveDays::default();
        assert!(!active.any(Day(0), Day(u32::MAX)));
        assert!(active.mark(Day(100)) && !active.mark(Day(100)));
        assert!(active.mark(Day(110)) && active.mark(Day(105)) && !active.mark(Day(105)));
        assert!(!active.mark(Day(20)), "too long ago to be known");
        assert!(active.any(Day(100), Day(100)) && active.any(Day(101), Day(105)));
        assert!(!active.any(Day(101), Day(104)) && !active.any(Day(111), Day(200)));
        active.mark(Day(132));
        assert!(!active.any(Day(0), Day(100)), "forgotten after a month");
        assert!(active.any(Day(0), Day(105)));
        active.mark_all(Day(0), Day(200));
        assert!(active.any(Day(169), Day(169)) && !active.any(Day(0), Day(168)));
    }
}
