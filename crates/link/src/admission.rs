//! Who may open a connection at all, before a byte is read: the total, the unfinished handshakes of one address, and
//! the rate of one address. Shared by all cores and by the HTTP side that hands WebSockets over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::settings::LinkSettings;

/// Addresses whose rate is remembered at most; beyond that the table starts over.
const MAX_ADDRESSES: usize = 65_536;

/// Why a connection was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The server is full.
    TooManyConnections,
    /// This address has too many unfinished handshakes.
    TooManyHandshakes,
    /// This address connects too often.
    RateExceeded,
}

#[derive(Debug, Default, Clone, Copy)]
struct Address {
    handshakes: u32,
    second: u64,
    in_second: u32,
}

/// Counts connections for the whole server.
#[derive(Debug)]
pub struct Admission {
    settings: LinkSettings,
    open: AtomicUsize,
    refused: [AtomicU64; 3],
    addresses: Mutex<HashMap<IpAddr, Address, ahash::RandomState>>,
}

impl Admission {
    /// A counter with the limits of `settings`.
    pub fn new(settings: LinkSettings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            open: AtomicUsize::new(0),
            refused: Default::default(),
            addresses: Mutex::default(),
        })
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How often each refusal happened: too many connections, too many handshakes, rate exceeded.
    pub fn refusals(&self) -> [u64; 3] {
        [0, 1, 2].map(|index| self.refused[index].load(Ordering::Relaxed))
    }

    /// Counts a new connection in its handshake, or says why not.
    pub(crate) fn admit(&self, address: IpAddr, now_ms: u64) -> Result<(), Refused> {
        self.try_admit(address, now_ms / 1000).inspect_err(|refused| {
            self.refused[*refused as usize].fetch_add(1, Ordering::Relaxed);
        })
    }

    fn try_admit(&self, ip: IpAddr, second: u64) -> Result<(), Refused> {
        if self.open.load(Ordering::Relaxed) >= self.settings.max_connections {
            return Err(Refused::TooManyConnections);
        }
        let mut addresses = self.addresses.lock();
        if addresses.len() >= MAX_ADDRESSES {
            addresses.retain(|_, address| address.handshakes > 0);
        }
        let address = addresses.entry(ip).or_default();
        if address.second != second {
            (address.second, address.in_second) = (second, 0);
        }
        if address.handshakes >= self.settings.max_handshakes_per_address {
            return Err(Refused::TooManyHandshakes);
        }
        let rate = self.settings.max_rate_per_address;
        if rate > 0 && address.in_second >= rate {
            return Err(Refused::RateExceeded);
        }
        address.in_second += 1;
        address.handshakes += 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The connection finished its handshake.
    pub(crate) fn established(&self, ip: IpAddr) {
        let mut addresses = self.addresses.lock();
        if let Some(address) = addresses.get_mut(&ip) {
            address.handshakes = address.handshakes.saturating_sub(1);
            if address.handshakes == 0 && self.settings.max_rate_per_address == 0 {
                addresses.remove(&ip);
            }
        }
    }

    /// The connection is gone; `in_handshake` if it never got further.
    pub(crate) fn released(&self, ip: IpAddr, in_handshake: bool) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        if in_handshake {
            self.established(ip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(change: impl FnOnce(&mut LinkSettings)) -> Arc<Admission> {
        let mut settings = LinkSettings::default();
        change(&mut settings);
        Admission::new(settings)
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn the_total_is_limited_and_given_back() {
        let admission = admission(|settings| settings.max_connections = 1);
        admission.admit(HERE, 0).unwrap();
        assert_eq!(admission.admit(HERE, 0), Err(Refused::TooManyConnections));
        admission.released(HERE, true);
        admission.admit(HERE, 0).unwrap();
        assert_eq!(admission.refusals(), [1, 0, 0]);
    }

    #[test]
    fn unfinished_handshakes_of_one_address_are_limited() {
        let admission = admission(|settings| settings.max_handshakes_per_address = 1);
        admission.admit(HERE, 0).unwrap();
        assert_eq!(admission.admit(HERE, 0), Err(Refused::TooManyHandshakes));
        admission.established(HERE);
        admission.admit(HERE, 0).unwrap();
    }

    #[test]
    fn the_rate_of_one_address_starts_over_each_second() {
        let admission = admission(|settings| settings.max_rate_per_address = 1);
        admission.admit(HERE, 100).unwrap();
        admission.established(HERE);
        assert_eq!(admission.admit(HERE, 900), Err(Refused::RateExceeded));
        admission.admit(HERE, 1000).unwrap();
    }
}
