//! Which signed requests were used already, so that whoever overhears one cannot send it again while its time lasts.
//!
//! The older scheme has a nonce: the same one again is a replay. `TC3` has none, and a client that does the same thing
//! twice within one second makes the same signature twice; so only a signature that was first seen some seconds ago and
//! comes again is one, and only for calls that change something: an equal reading harms nobody, and remembering each
//! would cost the memory that writes need.
//!
//! Kept in memory, as keyed hashes, for as long as a signature can be used, and at most so many; when it is full the
//! oldest go first, which is counted when they could still have been used. A restart forgets all.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ahash::RandomState;
use yizhan_vocabulary::Monotonic;

/// How long after it was first seen an equal `TC3` signature is still the same client doing the same thing again.
pub const SAME_MOMENT: Duration = Duration::from_secs(3);

/// What tells a signed request from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplayMark<'a> {
    /// A `TC3` signature, which is over the request and its second.
    Signature(&'a [u8; 32]),
    /// The older scheme's nonce, with what it is unique within.
    Nonce {
        /// Whose nonce.
        secret_id: &'a str,
        /// When it was signed.
        timestamp: i64,
        /// The nonce itself.
        nonce: &'a str,
    },
}

/// This request was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this signed request was used before")]
pub struct Replayed;

/// The memory. Not shared by itself: its owner holds it behind a lock.
#[derive(Debug)]
pub struct ReplayMemory {
    capacity: usize,
    hasher: RandomState,
    /// When each was first seen.
    first_seen: HashMap<u64, Monotonic, RandomState>,
    /// The same in the order in which they came, with the time until which they can be used.
    order: VecDeque<(u64, Monotonic)>,
    evicted: u64,
}

impl Default for ReplayMemory {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl ReplayMemory {
    /// Entries held unless configured; about 50 bytes each when it is full.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// A memory for `capacity` requests. It takes its room when it needs it.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            hasher: RandomState::new(),
            first_seen: HashMap::with_hasher(RandomState::new()),
            order: VecDeque::new(),
            evicted: 0,
        }
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
        let tolerance = match mark {
            ReplayMark::Signature(_) if !writes => return Ok(()),
            ReplayMark::Signature(_) => Some(SAME_MOMENT),
            ReplayMark::Nonce { .. } => None,
        };
        self.forget_unusable(now);
        let key = self.hasher.hash_one(mark);
        if let Some(first) = self.first_seen.get(&key) {
            let same = tolerance.is_some_and(|tolerance| now.since(*first) <= tolerance);
            return if same { Ok(()) } else { Err(Replayed) };
        }
        if self.order.len() == self.capacity {
            self.evict(now);
        }
        self.first_seen.insert(key, now);
        self.order.push_back((key, now.plus(usable_for)));
        Ok(())
    }

    /// How many requests it remembers.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many were forgotten for want of room while they could still be used.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// A late one behind an early one waits for it; that is at most twice the window.
    fn forget_unusable(&mut self, now: Monotonic) {
        while let Some((key, _)) = self.order.front().copied().filter(|(_, until)| *until < now) {
            self.order.pop_front();
            self.first_seen.remove(&key);
        }
    }

    fn evict(&mut self, now: Monotonic) {
        if let Some((key, until)) = self.order.pop_front() {
            self.first_seen.remove(&key);
            self.evicted += u64::from(until >= now);
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

    fn nonce(nonce: &str) -> ReplayMark<'_> {
        ReplayMark::Nonce { secret_id: "AKIDexample", timestamp: 1_700_000_000, nonce }
    }

    #[test]
    fn a_nonce_is_good_once_for_as_long_as_its_time() {
        let mut memory = ReplayMemory::default();
        assert_eq!(memory.admit(nonce("1"), false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("2"), false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("1"), false, at(0), MINUTES), Err(Replayed));
        let other_key = ReplayMark::Nonce { secret_id: "AKIDother", timestamp: 1_700_000_000, nonce: "1" };
        assert_eq!(memory.admit(other_key, false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("1"), false, at(300), MINUTES), Err(Replayed));
        assert_eq!(memory.len(), 3);
        assert_eq!(memory.admit(nonce("3"), false, at(301), MINUTES), Ok(()));
        assert_eq!((memory.len(), memory.evicted()), (1, 0), "what cannot be used again is forgotten");
    }

    #[test]
    fn an_equal_signed_write_is_the_same_moment_for_three_seconds_and_then_a_replay() {
        let mut memory = ReplayMemory::default();
        let signature = ReplayMark::Signature(&[7; 32]);
        assert_eq!(memory.admit(signature, true, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(signature, true, at(2), MINUTES), Ok(()));
        assert_eq!(memory.admit(signature, true, at(3), MINUTES), Ok(()));
        assert_eq!(memory.admit(signature, true, at(4), MINUTES), Err(Replayed), "counted from the first");
        assert_eq!(memory.admit(ReplayMark::Signature(&[8; 32]), true, at(4), MINUTES), Ok(()));
    }

    #[test]
    fn equal_signed_reads_are_not_remembered() {
        let mut memory = ReplayMemory::default();
        for second in 0..10 {
            assert_eq!(memory.admit(ReplayMark::Signature(&[7; 32]), false, at(second), MINUTES), Ok(()));
        }
        assert!(memory.is_empty());
    }

    #[test]
    fn a_full_memory_forgets_the_oldest_and_counts_those_that_were_still_usable() {
        let mut memory = ReplayMemory::new(2);
        for text in ["1", "2", "3"] {
            assert_eq!(memory.admit(nonce(text), false, at(0), MINUTES), Ok(()));
        }
        assert_eq!((memory.len(), memory.evicted()), (2, 1));
        assert_eq!(memory.admit(nonce("3"), false, at(0), MINUTES), Err(Replayed));
        assert_eq!(memory.admit(nonce("1"), false, at(0), MINUTES), Ok(()), "forgotten");
        assert_eq!(memory.admit(nonce("9"), false, at(1000), MINUTES), Ok(()));
        assert_eq!((memory.len(), memory.evicted()), (1, 2));
    }
}
