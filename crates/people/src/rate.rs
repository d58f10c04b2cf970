//! How fast a key may ask. Each key has two budgets: one for all requests, one for those that change something. A budget
//! refills steadily and holds one second's worth, so a short burst passes and a loop gone wild does not.
//!
//! A budget is one number, the moment at which it would be full again (the generic cell rate algorithm), changed without
//! a lock: this stands before every signed request. Time is an argument.

use std::sync::atomic::{AtomicU64, Ordering};

use yizhan_vocabulary::Monotonic;

/// Requests a second of one key; 0 means no limit. The vendor gives each operation 20 a second; one's own machine takes
/// more, so the defaults only stop what would hurt others: 2,000 in all, 500 that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// All requests.
    pub requests: u32,
    /// Those that change something or reach a device.
    pub changes: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { requests: 2_000, changes: 500 }
    }
}

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallClass {
    /// It only looks.
    Read,
    /// It changes something, or reaches a device.
    Change,
}

/// The two budgets of a key.
#[derive(Debug, Default)]
pub struct KeyRate {
    requests: Budget,
    changes: Budget,
}

impl KeyRate {
    /// Takes one request from the budgets; `false` when there is nothing left. A refused request costs nothing.
    pub fn admit(&self, class: CallClass, limits: RateLimits, now: Monotonic) -> bool {
        if !self.requests.take(limits.requests, now) {
            return false;
        }
        if class == CallClass::Read || self.changes.take(limits.changes, now) {
            return true;
        }
        self.requests.give_back(limits.requests);
        false
    }
}

/// Microseconds since the process started at which the budget would be full.
#[derive(Debug, Default)]
struct Budget(AtomicU64);

impl Budget {
    const SECOND: u64 = 1_000_000;

    fn take(&self, per_second: u32, now: Monotonic) -> bool {
        if per_second == 0 {
            return true;
        }
        let now = now.0.saturating_mul(1_000);
        let cost = Self::cost(per_second);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let after = full_at.max(now) + cost;
            (after <= now + Self::SECOND).then_some(after)
        });
        taken.is_ok()
    }

    /// Undoes a [`Self::take`] that was admitted.
    fn give_back(&self, per_second: u32) {
        if per_second > 0 {
            self.0.fetch_sub(Self::cost(per_second), Ordering::Relaxed);
        }
    }

    /// What one request takes. At least one: a limit beyond a million a second is none.
    fn cost(per_second: u32) -> u64 {
        (Self::SECOND / u64::from(per_second)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(rate: &KeyRate, class: CallClass, tries: u32, now: u64) -> u32 {
        let limits = RateLimits { requests: 20, changes: 5 };
        (0..tries).map(|_| u32::from(rate.admit(class, limits, Monotonic(now)))).sum()
    }

    #[test]
    fn a_burst_of_one_second_passes_and_then_the_steady_rate() {
        let rate = KeyRate::default();
        assert_eq!(admitted(&rate, CallClass::Read, 100, 5_000), 20);
        assert_eq!(admitted(&rate, CallClass::Read, 100, 5_100), 2, "a tenth of a second later");
        assert_eq!(admitted(&rate, CallClass::Read, 100, 60_000), 20, "a pause saves no more than a second");
    }

    #[test]
    fn requests_that_change_something_have_their_own_budget_and_count_for_both() {
        let rate = KeyRate::default();
        assert_eq!(admitted(&rate, CallClass::Change, 100, 0), 5);
        assert_eq!(admitted(&rate, CallClass::Read, 100, 0), 15);
        assert_eq!(admitted(&rate, CallClass::Change, 1, 0), 0);
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let rate = KeyRate::default();
        assert_eq!(admitted(&rate, CallClass::Read, 18, 0), 18);
        assert_eq!(admitted(&rate, CallClass::Change, 100, 0), 2, "no requests are left");
        let rate = KeyRate::default();
        assert_eq!(admitted(&rate, CallClass::Change, 100, 0), 5);
        assert_eq!(admitted(&rate, CallClass::Read, 100, 0), 15, "refused changes took nothing");
        let rate = KeyRate::default();
        assert_eq!(admitted(&rate, CallClass::Read, 20, 0), 20);
        assert_eq!(admitted(&rate, CallClass::Change, 100, 0), 0);
        assert_eq!(admitted(&rate, CallClass::Change, 100, 250), 5, "the budget of changes is whole");
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let rate = KeyRate::default();
        let none = RateLimits { requests: 0, changes: 0 };
        assert!((0..10_000).all(|_| rate.admit(CallClass::Change, none, Monotonic(0))));
    }
}
