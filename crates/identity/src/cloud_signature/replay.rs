//! Which signed requests were used already, so that whoever overhears one cannot send it again while its time lasts.
//!
//! The older scheme has a nonce: the same one again is a replay. `TC3` has none, and a client that does the same thing
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
    /// When each was first seen, and for which action.
    first_seen: HashMap<u64, (Monotonic, u32), RandomState>,
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
        action: &str,
        writes: bool,
        now: Monotonic,
        usable_for: Duration,
    ) -> Result<(), Replayed> {
        self.forget_unusable(now);
        let key = self.hasher.hash_one(mark);
        let action = self.hasher.hash_one(action) as u32;
        if let Some((first, first_action)) = self.first_seen.get(&key) {
            let harmless = match mark {
                ReplayMark::Nonce { .. } => false,
                ReplayMark::Signature(_) => {
                    now.since(*first) <= SAME_MOMENT || (!writes && action == *first_action)
                }
            };
            return if harmless { Ok(()) } else { Err(Replayed) };
        }
        if self.order.len() == self.capacity {
            self.evict(now);
        }
        self.first_seen.insert(key, (now, action));
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
        assert_eq!(memory.admit(nonce("1"), "A", false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("2"), "A", false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("1"), "A", false, at(0), MINUTES), Err(Replayed));
        let other_key = ReplayMark::Nonce { secret_id: "AKIDother", timestamp: 1_700_000_000, nonce: "1" };
        assert_eq!(memory.admit(other_key, "A", false, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(nonce("1"), "A", false, at(300), MINUTES), Err(Replayed));
        assert_eq!(memory.len(), 3);
        assert_eq!(memory.admit(nonce("3"), "A", false, at(301), MINUTES), Ok(()));
        assert_eq!((memory.len(), memory.evicted()), (1, 0), "what cannot be used again is forgotten");
    }

    #[test]
    fn an_equal_signed_write_is_the_same_moment_for_three_seconds_and_then_a_replay() {
        let mut memory = ReplayMemory::default();
        let signature = ReplayMark::Signature(&[7; 32]);
        assert_eq!(memory.admit(signature, "A", true, at(0), MINUTES), Ok(()));
        assert_eq!(memory.admit(signature, "A", true, at(2), MINUTES), Ok(()));
        assert_eq!(memory.admit(signature, "A", true, at(3), MINUTES), Ok(()));
        assert_eq!(
            memory.admit(signature, "A", true, at(4), MINUTES),
            Err(Replayed),
            "counted from the first"
        );
        assert_eq!(memory.admit(ReplayMark::Signature(&[8; 32]), "A", true, at(4), MINUTES), Ok(()));
    }

    #[test]
    fn an_equal_signed_read_is_harmless_but_its_signature_does_not_become_a_write() {
        let mut memory = ReplayMemory::default();
        let signature = ReplayMark::Signature(&[7; 32]);
        for second in 0..10 {
            assert_eq!(memory.admit(signature, "DescribeDevice", false, at(second), MINUTES), Ok(()));
        }
        assert_eq!(memory.admit(signature, "DeleteDevice", true, at(10), MINUTES), Err(Replayed));
        assert_eq!(memory.admit(signature, "DescribeDeviceData", false, at(10), MINUTES), Err(Replayed));
        // Within a moment a client may ask for two things about one device; both have the same signature.
        let other = ReplayMark::Signature(&[8; 32]);
        assert_eq!(memory.admit(other, "DescribeDevice", false, at(10), MINUTES), Ok(()));
        assert_eq!(memory.admit(other, "DescribeDeviceData", false, at(11), MINUTES), Ok(()));
    }

    #[test]
    fn a_full_memory_forgets_the_oldest_and_counts_those_that_were_still_usable() {
        let mut memory = ReplayMemory::new(2);
        for text in ["1", "2", "3"] {
            assert_eq!(memory.admit(nonce(text), "A", false, at(0), MINUTES), Ok(()));
        }
        assert_eq!((memory.len(), memory.evicted()), (2, 1));
        assert_eq!(memory.admit(nonce("3"), "A", false, at(0), MINUTES), Err(Replayed));
        assert_eq!(memory.admit(nonce("1"), "A", false, at(0), MINUTES), Ok(()), "forgotten");
        assert_eq!(memory.admit(nonce("9"), "A", false, at(1000), MINUTES), Ok(()));
        assert_eq!((memory.len(), memory.evicted()), (1, 2));
    }
}
