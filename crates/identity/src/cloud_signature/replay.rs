//! Which signed requests were used already, so that whoever overhears one cannot send it again while its time lasts.
//!
//! The older scheme has a nonce under its signature: the same signature again is a replay. `TC3` has none, and a client that does the same thing
//! twice within one second makes the same signature twice. Its clients do not sign the action either: what was signed to
//! look at a device would also do to delete it. So a signature that was first seen some seconds ago and comes again is a
//! replay, unless it reads the same thing once more, which harms nobody.
//!
//! Kept in memory, as keyed hashes, for as long as a signature can be used, and at most so many; when it is full the
//! oldest go first, which is counted when they could still have been used. A restart forgets all.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ahash::RandomState;
use yizhan_vocabulary::Monotonic;

/// How long after it was first seen an equal `TC3` signature is still the same client doing the same thing again.
pub const SAME_MOMENT: Duration = Duration::from_secs(3);

/// What tells a signed request from all others: its signature. That is over all the rest, however the rest is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplayMark<'a> {
    /// Of `TC3`, over the request and its second.
    Tc3(&'a [u8; 32]),
    /// Of the older scheme, over a nonce as well.
    V1(&'a str),
}

/// This request was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this signed request was used before")]
pub struct Replayed;

/// The memory. Not shared by itself: its owner holds it behind a lock.
#[derive(Debug)]
pub struct ReplayMemory {
    hasher: RandomState,
    writes: Seen,
    /// Apart, so that much reading does not push out what was written.
    reads: Seen,
}

impl Default for ReplayMemory {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl ReplayMemory {
    /// Entries held unless configured; about 50 bytes each when it is full.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// A memory for `capacity` requests, half of them such that change something. It takes its room when it needs it.
    pub fn new(capacity: usize) -> Self {
        let half = capacity.div_ceil(2).max(1);
        Self { hasher: RandomState::new(), writes: Seen::new(half), reads: Seen::new(half) }
    }

    /// Takes a verified request, or says that it was there before. `writes`: whether it changes something;
    /// `usable_for`: how long its timestamp will still be taken.
    pub fn admit(
        &mut self,
        mark: ReplayMark<'_>,
        writes: bool,
        now: Monotonic,
        usable_for: Duration,
    ) -> Result<(), Replayed> {
        self.writes.forget_unusable(now);
        self.reads.forget_unusable(now);
        let key = self.hasher.hash_one(mark);
        let earlier = [&self.writes, &self.reads].into_iter().filter_map(|seen| seen.first.get(&key)).min();
        if let Some(first) = earlier {
            let harmless = match mark {
                ReplayMark::V1(_) => false,
                ReplayMark::Tc3(_) => !writes || now.since(*first) <= SAME_MOMENT,
            };
            if !harmless {
                return Err(Replayed);
            }
        }
        let seen = if writes { &mut self.writes } else { &mut self.reads };
        seen.remember(key, now, now.plus(usable_for));
        Ok(())
    }

    /// How many requests it remembers.
    pub fn len(&self) -> usize {
        self.writes.order.len() + self.reads.order.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were forgotten for want of room while they could still be used.
    pub const fn evicted(&self) -> u64 {
        self.writes.evicted + self.reads.evicted
    }
}

/// Requests of one kind.
#[derive(Debug)]
struct Seen {
    capacity: usize,
    /// When each was first seen.
    first: HashMap<u64, Monotonic, RandomState>,
    /// The same in the order in which they came, with the time until which they can be used.
    order: VecDeque<(u64, Monotonic)>,
    evicted: u64,
}

impl Seen {
    fn new(capacity: usize) -> Self {
        let first = HashMap::with_hasher(RandomState::new());
        Self { capacity, first, order: VecDeque::new(), evicted: 0 }
    }

    fn remember(&mut self, key: u64, now: Monotonic, until: Monotonic) {
        if self.first.contains_key(&key) {
            return;
        }
        if self.order.len() == self.capacity
            && let Some((oldest, usable)) = self.order.pop_front()
        {
            self.first.remove(&oldest);
            self.evicted += u64::from(usable >= now);
        }
        self.first.insert(key, now);
        self.order.push_back((key, until));
    }

    /// A late one behind an early one waits for it; that is at most twice the window. Only so many at once, because the
    /// owner's lock is held.
    fn forget_unusable(&mut self, now: Monotonic) {
        const AT_ONCE: usize = 1_000;
        for _ in 0..AT_ONCE {
            let Some((key, _)) = self.order.front().copied().filter(|(_, until)| *until < now) else {
                return;
            };
            self.order.pop_front();
            self.first.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES: Duration = Duration::from_secs(300);

    fn at(second: u64) -> Monotonic {
        Monotonic(second * 1000)
    }

    #[test]
    fn a_signature_over_a_nonce_is_good_once_for_as_long_as_its_time() {
        let mut memory = ReplayMemory::default();
        for text in ["1", "2"] {
            assert_eq!(memory.admit(ReplayMark::V1(text), false, at(0), MINUTES), Ok(()));
        }
        for second in [0, 300] {
            assert_eq!(memory.admit(ReplayMark::V1("1"), false, at(second), MINUTES), Err(Replayed));
            assert_eq!(memory.admit(ReplayMark::V1("1"), true, at(second), MINUTES), Err(Replayed));
        }
        assert_eq!(memory.len(), 2);
        assert_eq!(memory.admit(ReplayMark::V1("3"), false, at(301), MINUTES), Ok(()));
        assert_eq!((memory.len(), memory.evicted()), (1, 0), "what cannot be used again is forgotten");
    }

    #[test]
    fn an_equal_signed_write_is_the_same_moment_for_three_seconds_and_then_a_replay() {
        let mut memory = ReplayMemory::default();
        let signature = ReplayMark::Tc3(&[7; 32]);
        for second in [0, 2, 3] {
            assert_eq!(memory.admit(signature, true, at(second), MINUTES), Ok(()));
        }
        assert_eq!(memory.admit(signature, true, at(4), MINUTES), Err(Replayed), "counted from the first");
        assert_eq!(memory.admit(ReplayMark::Tc3(&[8; 32]), true, at(4), MINUTES), Ok(()));
    }

    #[test]
    fn an_equal_signed_read_is_harmless_but_its_signature_does_not_become_a_write() {
        let mut memory = ReplayMemory::default();
        let signature = ReplayMark::Tc3(&[7; 32]);
        for second in 0..10 {
            assert_eq!(memory.admit(signature, false, at(second), MINUTES), Ok(()));
        }
        assert_eq!(memory.admit(signature, true, at(10), MINUTES), Err(Replayed));
        // Within a moment a client may look at a device and then delete it; both have the same signature.
        let other = ReplayMark::Tc3(&[8; 32]);
        assert_eq!(memory.admit(other, false, at(10), MINUTES), Ok(()));
        assert_eq!(memory.admit(other, true, at(11), MINUTES), Ok(()));
    }

    #[test]
    fn a_full_memory_forgets_the_oldest_of_its_kind_and_counts_those_that_were_still_usable() {
        let mut memory = ReplayMemory::new(4);
        for text in ["1", "2", "3"] {
            assert_eq!(memory.admit(ReplayMark::V1(text), true, at(0), MINUTES), Ok(()));
        }
        assert_eq!((memory.len(), memory.evicted()), (2, 1));
        for text in ["r1", "r2", "r3"] {
            assert_eq!(memory.admit(ReplayMark::V1(text), false, at(0), MINUTES), Ok(()));
        }
        assert_eq!(memory.admit(ReplayMark::V1("3"), true, at(0), MINUTES), Err(Replayed), "reads leave it");
        assert_eq!(memory.admit(ReplayMark::V1("1"), true, at(0), MINUTES), Ok(()), "forgotten");
        assert_eq!(memory.admit(ReplayMark::V1("9"), true, at(1000), MINUTES), Ok(()));
        assert_eq!(memory.len(), 1);
    }
}
