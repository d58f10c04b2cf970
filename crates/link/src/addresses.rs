//! How much of something each address has. An IPv6 address counts by its /64 network, which is what one customer gets;
//! otherwise a limit by address would be none.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;

/// Counts by address, each up to a limit. Holds only the addresses that have something now.
#[derive(Debug)]
pub struct AddressCounts {
    limit: u32,
    counts: Mutex<HashMap<IpAddr, u32, ahash::RandomState>>,
}

impl AddressCounts {
    /// Counts of up to `limit` an address.
    pub fn new(limit: u32) -> Self {
        Self { limit, counts: Mutex::default() }
    }

    /// Counts one more for this address; false if it has as many as it may.
    pub fn take(&self, address: IpAddr) -> bool {
        let mut counts = self.counts.lock();
        let key = network(address);
        if counts.get(&key).is_some_and(|count| *count >= self.limit) || self.limit == 0 {
            return false;
        }
        *counts.entry(key).or_default() += 1;
        true
    }

    /// Counts one less for this address.
    pub fn give_back(&self, address: IpAddr) {
        let mut counts = self.counts.lock();
        let key = network(address);
        let Some(count) = counts.get_mut(&key) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

/// The addresses that count as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count() {
        let counts = AddressCounts::new(1);
        let [here, there] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        assert!(counts.take(here));
        assert!(!counts.take(here));
        assert!(counts.take(there));
        counts.give_back(here);
        assert!(counts.take(here));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let counts = AddressCounts::new(1);
        let [first, second, other] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        assert!(counts.take(first));
        assert!(!counts.take(second));
        assert!(counts.take(other));
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_that_ipv4_address() {
        let counts = AddressCounts::new(1);
        let [plain, mapped, other] =
            ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:10.0.0.2"].map(|text| text.parse().unwrap());
        assert!(counts.take(plain));
        assert!(!counts.take(mapped));
        assert!(counts.take(other));
    }

    #[test]
    fn an_address_that_has_nothing_is_forgotten() {
        let counts = AddressCounts::new(1);
        let here = "10.0.0.1".parse().unwrap();
        counts.take(here);
        counts.give_back(here);
        assert!(counts.counts.lock().is_empty());
    }
}
