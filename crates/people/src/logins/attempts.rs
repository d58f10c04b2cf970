//! Who may try a password now. After a few failures, each further one makes the next try wait longer: for one account from
//! one address, for one address whatever account it tries, and, less, for one account from all addresses together.
//!
//! What must stay true: an account that does not exist waits exactly like one that does; nobody can lock an account's
//! owner out of the addresses from which the owner logs in; a try counts before it is checked, so that many at once are
//! not one. Bounded: when there is no room, those make room that wait least. Pure: time is an argument.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ahash::AHashMap;
use yizhan_vocabulary::{Monotonic, Uin};

/// Entries kept, about 100 bytes each.
const MAX_ENTRIES: usize = 20_000;
/// Without a try for so long, failures are forgotten, in milliseconds.
const FORGOTTEN_AFTER_MS: u64 = 3_600_000;

/// How patient one kind of entry is.
struct Patience {
    /// Failures without a wait.
    free: u32,
    /// The first wait; each further failure doubles it.
    first_ms: u64,
    /// The longest wait.
    longest_ms: u64,
}

/// One account from one address.
const PAIR: Patience = Patience { free: 5, first_ms: 2_000, longest_ms: 15 * 60_000 };
/// One address, whatever account: a whole office may be behind it.
const ADDRESS: Patience = Patience { free: 30, first_ms: 2_000, longest_ms: 5 * 60_000 };
/// One account from addresses that its owner did not log in from: many machines guess together.
const ACCOUNT: Patience = Patience { free: 60, first_ms: 1_000, longest_ms: 60_000 };

/// Which account is tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// One that exists.
    Account(Uin),
    /// A name that no account has.
    Name(Box<str>),
}

/// From where; of an IPv6 address the half that its network gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Network(IpAddr);

impl Network {
    fn of(address: Option<IpAddr>) -> Self {
        Self(match address {
            None => Ipv4Addr::UNSPECIFIED.into(),
            Some(IpAddr::V4(address)) => address.into(),
            Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(mapped) => mapped.into(),
                None => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            },
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(Who, Network),
    Address(Network),
    Account(Who),
}

impl Key {
    const fn patience(&self) -> &'static Patience {
        match self {
            Self::Pair(..) => &PAIR,
            Self::Address(_) => &ADDRESS,
            Self::Account(_) => &ACCOUNT,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    failures: u32,
    last: u64,
    /// Not before this moment.
    until: u64,
}

impl Entry {
    fn is_forgotten(&self, now: u64) -> bool {
        now >= self.until && now.saturating_sub(self.last) >= FORGOTTEN_AFTER_MS
    }
}

/// A try that was let through.
#[derive(Debug)]
pub(super) struct Try {
    keys: Vec<Key>,
}

/// What is remembered of tries.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    entries: AHashMap<Key, Entry>,
}

impl Attempts {
    /// Lets a try through, counted as failed until more is known; or says how many milliseconds it has to wait.
    /// `familiar`: the account's owner logs in from there.
    pub fn begin(
        &mut self,
        who: Who,
        address: Option<IpAddr>,
        familiar: bool,
        now: Monotonic,
    ) -> Result<Try, u64> {
        let (now, network) = (now.0, Network::of(address));
        let mut keys = vec![Key::Pair(who.clone(), network), Key::Address(network)];
        if !familiar {
            keys.push(Key::Account(who));
        }
        let waits = keys.iter().filter_map(|key| self.entries.get(key)).map(|entry| entry.until);
        let until = waits.max().unwrap_or_default();
        if until > now {
            return Err(until - now);
        }
        for key in &keys {
            self.fail(key, now);
        }
        Ok(Try { keys })
    }

    fn fail(&mut self, key: &Key, now: u64) {
        if !self.entries.contains_key(key) {
            self.make_room(now);
        }
        let patience = key.patience();
        let entry = self.entries.entry(key.clone()).or_default();
        if entry.is_forgotten(now) {
            *entry = Entry::default();
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
        let beyond = entry.failures.saturating_sub(patience.free);
        if beyond > 0 {
            let wait = patience.first_ms.checked_shl((beyond - 1).min(20)).unwrap_or(u64::MAX);
            entry.until = now + wait.min(patience.longest_ms);
        }
    }

    /// The try was right: the account's failures from there are forgotten, the address's other ones stay.
    pub fn succeeded(&mut self, tried: &Try) {
        for key in &tried.keys {
            match key {
                Key::Pair(..) | Key::Account(_) => drop(self.entries.remove(key)),
                Key::Address(_) => self.undo(key),
            }
        }
    }

    /// The try was no failure, and did not prove everything either.
    pub fn taken_back(&mut self, tried: &Try) {
        tried.keys.iter().for_each(|key| self.undo(key));
    }

    fn undo(&mut self, key: &Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.failures = entry.failures.saturating_sub(1);
            entry.until = entry.last;
        }
    }

    /// Forgets what stands against an account: somebody who may do so gave it another password.
    pub fn pardon(&mut self, account: Uin) {
        let account = Who::Account(account);
        self.entries.retain(|key, _| match key {
            Key::Pair(who, _) | Key::Account(who) => *who != account,
            Key::Address(_) => true,
        });
    }

    fn make_room(&mut self, now: u64) {
        if self.entries.len() < MAX_ENTRIES {
            return;
        }
        self.entries.retain(|_, entry| !entry.is_forgotten(now));
        if self.entries.len() < MAX_ENTRIES {
            return;
        }
        // An eighth at a time, so that a flood does not sort all of them again and again.
        let mut waits: Vec<(u64, u32)> =
            self.entries.values().map(|entry| (entry.until, entry.failures)).collect();
        let (_, pivot, _) = waits.select_nth_unstable(MAX_ENTRIES / 8);
        let pivot = *pivot;
        let mut to_go = MAX_ENTRIES / 8;
        self.entries.retain(|_, entry| {
            let goes = to_go > 0 && (entry.until, entry.failures) <= pivot;
            to_go -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    const AWAY: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)));

    fn ann() -> Who {
        Who::Account(Uin(7))
    }

    fn nobody() -> Who {
        Who::Name("nobody".into())
    }

    /// Tries again and again, as soon as it may; the waits before each.
    fn waits(attempts: &mut Attempts, who: &Who, tries: usize) -> Vec<u64> {
        let mut now = 0;
        let mut waited = Vec::new();
        for _ in 0..tries {
            let mut wait = 0;
            while let Err(more) = attempts.begin(who.clone(), HOME, false, Monotonic(now)) {
                wait += more;
                now += more;
            }
            waited.push(wait / 1_000);
        }
        waited
    }

    #[test]
    fn after_five_failures_each_further_one_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
        let mut attempts = Attempts::default();
        let waited = waits(&mut attempts, &ann(), 17);
        assert_eq!(waited, [0, 0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }

    #[test]
    fn an_account_that_does_not_exist_waits_like_one_that_does() {
        let (mut one, mut other) = (Attempts::default(), Attempts::default());
        assert_eq!(waits(&mut one, &ann(), 12), waits(&mut other, &nobody(), 12));
    }

    #[test]
    fn success_forgets_the_accounts_failures_but_not_the_addresss() {
        let mut attempts = Attempts::default();
        let now = Monotonic(0);
        // Somebody with an account of its own guesses at another one in between.
        let mut let_through = 0;
        for _ in 0..40 {
            let Ok(guess) = attempts.begin(ann(), HOME, false, now) else { break };
            drop(guess);
            let_through += 1;
            if let Ok(own) = attempts.begin(Who::Account(Uin(8)), HOME, false, now) {
                attempts.succeeded(&own);
            }
        }
        assert_eq!(let_through, 6, "own logins do not make room for more guesses");
        let right = attempts.begin(ann(), AWAY, false, now).unwrap();
        attempts.succeeded(&right);
        assert!(attempts.begin(ann(), AWAY, false, now).is_ok());
    }

    #[test]
    fn many_machines_together_do_not_lock_the_owner_out_at_home() {
        let mut attempts = Attempts::default();
        let now = Monotonic(0);
        let mut refused = 0;
        for machine in 0..200u32 {
            let from = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + machine));
            refused += u32::from(attempts.begin(ann(), Some(from), false, now).is_err());
        }
        assert!(refused > 100, "{refused}");
        assert!(attempts.begin(ann(), AWAY, false, now).is_err());
        assert!(attempts.begin(ann(), HOME, true, now).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let mut attempts = Attempts::default();
        let from = |host: u16| Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, host)));
        let tried = (0..10).filter(|host| attempts.begin(ann(), from(*host), false, Monotonic(0)).is_ok());
        assert_eq!(tried.count(), 6);
    }

    #[test]
    fn a_flood_of_names_stays_bounded_and_does_not_set_a_guesser_free() {
        let mut attempts = Attempts::default();
        while attempts.begin(ann(), HOME, true, Monotonic(0)).is_ok() {}
        for name in 0..50_000u32 {
            let from = IpAddr::V4(Ipv4Addr::from_bits(name));
            drop(attempts.begin(Who::Name(name.to_string().into()), Some(from), false, Monotonic(0)));
        }
        assert!(attempts.entries.len() <= MAX_ENTRIES);
        assert!(attempts.begin(ann(), HOME, true, Monotonic(0)).is_err());
    }

    #[test]
    fn failures_are_forgotten_after_an_hour_and_when_a_new_password_is_given() {
        let mut attempts = Attempts::default();
        while attempts.begin(ann(), HOME, false, Monotonic(0)).is_ok() {}
        assert!(attempts.begin(ann(), HOME, false, Monotonic(FORGOTTEN_AFTER_MS + 5_000)).is_ok());
        while attempts.begin(nobody(), AWAY, false, Monotonic(0)).is_ok() {}
        attempts.pardon(Uin(7));
        assert!(attempts.begin(ann(), HOME, false, Monotonic(FORGOTTEN_AFTER_MS + 5_001)).is_ok());
        assert!(attempts.begin(nobody(), AWAY, false, Monotonic(1)).is_err());
    }
}
