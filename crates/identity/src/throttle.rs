//! Brute force: how many wrong passwords are listened to, from whom and for whom.
//!
//! Three counts, each of its own strength. The *pair* of address and identity is locked hard and soon. The
//! *address* is locked after more failures, because a whole site of devices may stand behind one. The
//! *identity* is slowed down only a little, and not at all for an address from which it has logged in before:
//! otherwise anyone could keep a device off the network by failing in its name from elsewhere.
//!
//! A refused attempt is not counted again: only passwords that were looked at count. The table is bounded; when
//! it is full, the entry that was not used for the longest among a few random ones makes room. Time is an
//! argument, and identities are kept as keyed hashes only.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;
use yizhan_vocabulary::Monotonic;

/// How one of the three counts behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Failures that have no consequence.
    pub free_failures: u32,
    /// The first lock; each further failure doubles it.
    pub first_lock: Duration,
    /// The longest lock.
    pub longest_lock: Duration,
    /// After this long without a failure, one more failure is forgotten each such period.
    pub forget_one_after: Duration,
}

/// The limits and the size of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Entries in the table; about 64 bytes each.
    pub max_entries: usize,
    /// Failures of one identity from one address.
    pub pair: Limit,
    /// Failures from one address (an IPv6 address counts by its /64 network).
    pub address: Limit,
    /// Failures of one identity from anywhere.
    pub identity: Limit,
    /// How long an address from which an identity has logged in is not held by the identity's limit.
    pub trust_for: Duration,
}

impl Default for ThrottleLimits {
    /// Pair: 5 free, 1 s doubling to 15 min, forgotten at one per 2 min. Address: 50 free, 1 s to 5 min, one per
    /// 10 s. Identity: 100 free, 1 s to 30 s, one per 5 s. 65,536 entries (4 MiB). Trust for 24 h.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let limit = |free_failures, longest, forget| Limit {
            free_failures,
            first_lock: seconds(1),
            longest_lock: seconds(longest),
            forget_one_after: seconds(forget),
        };
        Self {
            max_entries: 65_536,
            pair: limit(5, 15 * 60, 120),
            address: limit(50, 5 * 60, 10),
            identity: limit(100, 30, 5),
            trust_for: seconds(24 * 3600),
        }
    }
}

/// Which count refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThrottleReason {
    /// This identity failed too often from this address.
    AddressAndIdentity,
    /// Too many failures came from this address.
    Address,
    /// This identity failed too often from many addresses.
    Identity,
}

impl ThrottleReason {
    /// The stable name, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressAndIdentity => "address_and_identity",
            Self::Address => "address",
            Self::Identity => "identity",
        }
    }
}

/// A refusal: not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Which count refuses.
    pub reason: ThrottleReason,
    /// When it will listen again.
    pub retry_after: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    failures: u32,
    /// The moment from which failures are forgotten: the last failure, or the end of the lock it brought.
    counted_from: Monotonic,
    locked_until: Monotonic,
    trusted_until: Monotonic,
    used: Monotonic,
}

/// The table. Not shared by itself: its owner holds it behind a lock, or one a core.
#[derive(Debug)]
pub struct Throttle {
    limits: ThrottleLimits,
    hasher: RandomState,
    places: HashMap<u64, usize, RandomState>,
    entries: Vec<Entry>,
    /// State of the small generator that picks candidates for eviction.
    dice: u64,
}

struct Keys {
    pair: u64,
    address: u64,
    identity: u64,
}

impl Throttle {
    /// An empty table.
    pub fn new(limits: ThrottleLimits) -> Self {
        let seed = crate::secret::random::<8>();
        Self {
            limits,
            hasher: RandomState::new(),
            places: HashMap::with_hasher(RandomState::new()),
            entries: Vec::new(),
            dice: u64::from_le_bytes(seed) | 1,
        }
    }

    /// Whether an attempt may be looked at. `identity` is the client id or user name as claimed.
    pub fn check(&mut self, address: IpAddr, identity: &str, now: Monotonic) -> Result<(), Throttled> {
        let keys = self.keys(address, identity);
        let locked = |key: u64| {
            let entry = &self.entries[*self.places.get(&key)?];
            let retry_after = entry.locked_until.since(now);
            (!retry_after.is_zero()).then_some(retry_after)
        };
        let trusted = self.places.get(&keys.pair).is_some_and(|&at| self.entries[at].trusted_until > now);
        let refusals = [
            (ThrottleReason::AddressAndIdentity, locked(keys.pair)),
            (ThrottleReason::Address, locked(keys.address).filter(|_| !trusted)),
            (ThrottleReason::Identity, locked(keys.identity).filter(|_| !trusted)),
        ];
        let longest = refusals
            .into_iter()
            .filter_map(|(reason, wait)| wait.map(|retry_after| Throttled { reason, retry_after }))
            .max_by_key(|refusal| refusal.retry_after);
        longest.map_or(Ok(()), Err)
    }

    /// Notes a wrong password.
    pub fn failed(&mut self, address: IpAddr, identity: &str, now: Monotonic) {
        let keys = self.keys(address, identity);
        let ThrottleLimits { pair, address, identity, .. } = self.limits;
        for (key, limit) in [(keys.pair, pair), (keys.address, address), (keys.identity, identity)] {
            self.entry(key, now).fail(&limit, now);
        }
    }

    /// Notes a right password: the pair starts anew and is trusted, whatever else its address or its identity did. The other counts stay, or one known device
    /// would clear the way for guessing others.
    pub fn succeeded(&mut self, address: IpAddr, identity: &str, now: Monotonic) {
        let pair = self.keys(address, identity).pair;
        let trusted_until = now.plus(self.limits.trust_for);
        let entry = self.entry(pair, now);
        *entry = Entry { trusted_until, ..Entry::new(pair, now) };
    }

    /// Entries in use.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn keys(&self, address: IpAddr, identity: &str) -> Keys {
        let network = match address.to_canonical() {
            IpAddr::V4(v4) => u64::from(v4.to_bits()),
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64 | 1 << 63,
        };
        Keys {
            pair: self.hasher.hash_one((0_u8, network, identity)),
            address: self.hasher.hash_one((1_u8, network)),
            identity: self.hasher.hash_one((2_u8, identity)),
        }
    }

    fn entry(&mut self, key: u64, now: Monotonic) -> &mut Entry {
        let at = match self.places.get(&key) {
            Some(&at) => at,
            None => self.make_room(key, now),
        };
        let entry = &mut self.entries[at];
        entry.used = now;
        entry
    }

    fn make_room(&mut self, key: u64, now: Monotonic) -> usize {
        let at = if self.entries.len() < self.limits.max_entries.max(1) {
            self.entries.push(Entry::new(key, now));
            self.entries.len() - 1
        } else {
            let at = self.least_useful(now);
            self.places.remove(&self.entries[at].key);
            self.entries[at] = Entry::new(key, now);
            at
        };
        self.places.insert(key, at);
        at
    }

    /// Of a few random entries, the one to forget: rather one that locks nothing, rather one unused for long.
    fn least_useful(&mut self, now: Monotonic) -> usize {
        const CANDIDATES: usize = 8;
        let count = self.entries.len();
        let candidates: [usize; CANDIDATES] = std::array::from_fn(|_| {
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            (self.dice % count as u64) as usize
        });
        let worth = |&at: &usize| (self.entries[at].locked_until > now, self.entries[at].used);
        candidates.into_iter().min_by_key(worth).expect("there is at least one candidate")
    }
}

impl Entry {
    fn new(key: u64, now: Monotonic) -> Self {
        Self {
            key,
            failures: 0,
            counted_from: now,
            locked_until: Monotonic(0),
            trusted_until: Monotonic(0),
            used: now,
        }
    }

    fn fail(&mut self, limit: &Limit, now: Monotonic) {
        let period = limit.forget_one_after.as_millis().max(1);
        let forgotten = now.since(self.counted_from).as_millis() / period;
        self.failures = self.failures.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.counted_from = now;
        let beyond = self.failures.saturating_sub(limit.free_failures);
        if beyond > 0 {
            let doubled = limit.first_lock.saturating_mul(1 << (beyond - 1).min(30));
            let lock = doubled.min(limit.longest_lock);
            self.locked_until = self.locked_until.max(now.plus(lock));
            self.counted_from = self.locked_until;
            // More failures than the longest lock needs would only make the way back longer.
            let enough =
                (limit.longest_lock.as_millis() / limit.first_lock.as_millis().max(1)).max(1).ilog2() + 2;
            self.failures = self.failures.min(limit.free_failures.saturating_add(enough));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: &str = "DEMOPROD01dev001";

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn throttle() -> Throttle {
        Throttle::new(ThrottleLimits::default())
    }

    fn seconds(count: u64) -> Monotonic {
        Monotonic(count * 1000)
    }

    /// Fails whenever it is listened to, from `start` for `length` seconds; says how often that was.
    fn attack(throttle: &mut Throttle, from: IpAddr, identity: &str, start: u64, length: u64) -> u32 {
        let mut heard = 0;
        let mut now = seconds(start);
        while now < seconds(start + length) {
            match throttle.check(from, identity, now) {
                Ok(()) => {
                    throttle.failed(from, identity, now);
                    heard += 1;
                }
                Err(refusal) => now = now.plus(refusal.retry_after),
            }
        }
        heard
    }

    #[test]
    fn a_few_mistakes_have_no_consequence() {
        let mut throttle = throttle();
        for _ in 0..5 {
            throttle.failed(address(1), DEVICE, seconds(0));
            assert_eq!(throttle.check(address(1), DEVICE, seconds(0)), Ok(()));
        }
    }

    #[test]
    fn each_further_failure_doubles_the_lock_up_to_the_longest() {
        let mut throttle = throttle();
        (0..5).for_each(|_| throttle.failed(address(1), DEVICE, seconds(0)));
        let mut now = seconds(0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            throttle.failed(address(1), DEVICE, now);
            let refusal = throttle.check(address(1), DEVICE, now).unwrap_err();
            assert_eq!(refusal.reason, ThrottleReason::AddressAndIdentity);
            waits.push(refusal.retry_after.as_secs());
            let early = now.plus(refusal.retry_after - Duration::from_millis(1));
            assert!(throttle.check(address(1), DEVICE, early).is_err());
            now = now.plus(refusal.retry_after);
            assert_eq!(throttle.check(address(1), DEVICE, now), Ok(()));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn a_guesser_at_one_address_is_heard_about_a_hundred_times_a_day() {
        let heard = attack(&mut throttle(), address(1), DEVICE, 0, 24 * 3600);
        assert!(heard < 130, "{heard}");
    }

    #[test]
    fn an_attacker_elsewhere_does_not_keep_a_device_off_the_network() {
        let mut throttle = throttle();
        throttle.succeeded(address(7), DEVICE, seconds(0));
        attack(&mut throttle, address(1), DEVICE, 1, 3600);
        assert_eq!(throttle.check(address(7), DEVICE, seconds(3600)), Ok(()));
    }

    #[test]
    fn an_attack_from_many_addresses_slows_a_device_at_a_new_address_for_seconds_only() {
        let mut throttle = throttle();
        throttle.succeeded(address(7), DEVICE, seconds(0));
        for bot in 10..=250 {
            attack(&mut throttle, address(bot), DEVICE, 10, 1);
        }
        let refusal = throttle.check(address(8), DEVICE, seconds(10)).unwrap_err();
        assert_eq!(refusal.reason, ThrottleReason::Identity);
        assert!(refusal.retry_after <= Duration::from_secs(30));
        assert_eq!(throttle.check(address(7), DEVICE, seconds(10)), Ok(()), "a known address is trusted");
        assert_eq!(throttle.check(address(8), DEVICE, seconds(41)), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_identities_is_locked_whatever_it_claims() {
        let mut throttle = throttle();
        for number in 0..51 {
            throttle.failed(address(1), &format!("DEMOPROD01dev{number}"), seconds(0));
        }
        let refusal = throttle.check(address(1), "DEMOPROD01fresh", seconds(0)).unwrap_err();
        assert_eq!((refusal.reason, refusal.retry_after), (ThrottleReason::Address, Duration::from_secs(1)));
        assert_eq!(throttle.check(address(2), "DEMOPROD01fresh", seconds(0)), Ok(()));
    }

    #[test]
    fn one_misconfigured_device_does_not_lock_its_site() {
        let mut throttle = throttle();
        attack(&mut throttle, address(1), "DEMOPROD01broken", 0, 24 * 3600);
        assert_eq!(throttle.check(address(1), DEVICE, seconds(24 * 3600)), Ok(()));
    }

    #[test]
    fn success_forgives_the_pair_and_nothing_else() {
        let mut throttle = throttle();
        for number in 0..51 {
            throttle.failed(address(1), &format!("DEMOPROD01dev{number}"), seconds(0));
        }
        (0..6).for_each(|_| throttle.failed(address(2), DEVICE, seconds(0)));
        throttle.succeeded(address(1), DEVICE, seconds(0));
        throttle.succeeded(address(2), DEVICE, seconds(0));
        assert_eq!(throttle.check(address(2), DEVICE, seconds(0)), Ok(()));
        // Whoever proved itself from an address may come back, but does not clear the way for guessing others there.
        assert_eq!(throttle.check(address(1), DEVICE, seconds(0)), Ok(()));
        assert!(throttle.check(address(1), "DEMOPROD01other", seconds(0)).is_err());
    }

    #[test]
    fn failures_are_forgotten_with_time() {
        let mut throttle = throttle();
        (0..5).for_each(|_| throttle.failed(address(1), DEVICE, seconds(0)));
        throttle.failed(address(1), DEVICE, seconds(3600));
        assert_eq!(throttle.check(address(1), DEVICE, seconds(3600)), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_together() {
        let mut throttle = throttle();
        for host in 0..6_u16 {
            let from = IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
            throttle.failed(from, DEVICE, seconds(0));
        }
        assert!(throttle.check(IpAddr::from([0x2001, 0xdb8, 0, 1, 9, 9, 9, 9]), DEVICE, seconds(0)).is_err());
        assert_eq!(
            throttle.check(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1]), DEVICE, seconds(0)),
            Ok(())
        );
        let mapped = IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]);
        (0..6).for_each(|_| throttle.failed(mapped, DEVICE, seconds(0)));
        assert!(
            throttle.check(address(1), DEVICE, seconds(0)).is_err(),
            "a mapped address is the IPv4 address"
        );
    }

    #[test]
    fn a_flood_of_identities_neither_grows_the_table_nor_frees_the_locked() {
        let mut throttle = Throttle::new(ThrottleLimits { max_entries: 1000, ..ThrottleLimits::default() });
        (0..16).for_each(|_| throttle.failed(address(1), DEVICE, seconds(0)));
        assert!(throttle.check(address(1), DEVICE, seconds(10)).is_err());
        for number in 0..20_000_u32 {
            let from = IpAddr::from(number.to_be_bytes());
            throttle.failed(from, &format!("DEMOPROD01dev{number}"), seconds(10));
        }
        assert_eq!(throttle.len(), 1000);
        assert_eq!(throttle.places.len(), 1000);
        assert!(throttle.check(address(1), DEVICE, seconds(10)).is_err());
    }
}
