//! Who may open a connection at all, before a byte is read: the total, the unfinished handshakes of one address, and
//! the rate of one address. Used by all cores and by the HTTP side, where WebSockets come from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::addresses::{AddressCounts, network};
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

/// The connections of the present second by address.
#[derive(Debug, Default)]
struct Rates {
    second: u64,
    connections: HashMap<IpAddr, u32, ahash::RandomState>,
}

/// Counts connections for the whole server.
#[derive(Debug)]
pub struct Admission {
    max_connections: usize,
    max_rate_per_address: u32,
    open: AtomicUsize,
    refused: [AtomicU64; 3],
    handshakes: AddressCounts,
    rates: Mutex<Rates>,
}

/// A handshake that counts for its address until this is dropped.
#[derive(Debug)]
pub struct Handshake {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.admission.handshakes.give_back(self.address);
    }
}

impl Admission {
    /// A counter with the limits of `settings`.
    pub fn new(settings: LinkSettings) -> Arc<Self> {
        Arc::new(Self {
            max_connections: settings.max_connections,
            max_rate_per_address: settings.max_rate_per_address,
            open: AtomicUsize::new(0),
            refused: Default::default(),
            handshakes: AddressCounts::new(settings.max_handshakes_per_address),
            rates: Mutex::default(),
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

    /// Counts a handshake outside the cores, on a connection that a core may be given later.
    pub fn begin_handshake(self: &Arc<Self>, address: IpAddr) -> Result<Handshake, Refused> {
        self.counted(self.take_handshake(address))?;
        Ok(Handshake { admission: Arc::clone(self), address })
    }

    /// Counts a new connection in its handshake, or says why not.
    pub(crate) fn admit(&self, address: IpAddr, now_ms: u64) -> Result<(), Refused> {
        self.counted(self.try_admit(address, now_ms / 1000))
    }

    fn counted(&self, result: Result<(), Refused>) -> Result<(), Refused> {
        result.inspect_err(|refused| {
            self.refused[*refused as usize].fetch_add(1, Ordering::Relaxed);
        })
    }

    fn try_admit(&self, address: IpAddr, second: u64) -> Result<(), Refused> {
        if self.open.load(Ordering::Relaxed) >= self.max_connections {
            return Err(Refused::TooManyConnections);
        }
        self.take_handshake(address)?;
        if !self.within_rate(address, second) {
            self.handshakes.give_back(address);
            return Err(Refused::RateExceeded);
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn take_handshake(&self, address: IpAddr) -> Result<(), Refused> {
        self.handshakes.take(address).then_some(()).ok_or(Refused::TooManyHandshakes)
    }

    fn within_rate(&self, address: IpAddr, second: u64) -> bool {
        if self.max_rate_per_address == 0 {
            return true;
        }
        let mut rates = self.rates.lock();
        if rates.second != second || rates.connections.len() >= MAX_ADDRESSES {
            rates.second = second;
            rates.connections.clear();
        }
        let count = rates.connections.entry(network(address)).or_default();
        let within = *count < self.max_rate_per_address;
        *count += u32::from(within);
        within
    }

    /// The connection finished its handshake.
    pub(crate) fn established(&self, address: IpAddr) {
        self.handshakes.give_back(address);
    }

    /// The connection is gone; `in_handshake` if it never got further.
    pub(crate) fn released(&self, address: IpAddr, in_handshake: bool) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        if in_handshake {
            self.established(address);
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

    #[test]
    fn handshakes_elsewhere_count_with_those_of_the_cores() {
        let admission = admission(|settings| settings.max_handshakes_per_address = 1);
        let handshake = admission.begin_handshake(HERE).unwrap();
        assert_eq!(admission.admit(HERE, 0), Err(Refused::TooManyHandshakes));
        drop(handshake);
        admission.admit(HERE, 0).unwrap();
        assert_eq!(admission.begin_handshake(HERE).unwrap_err(), Refused::TooManyHandshakes);
        assert_eq!(admission.refusals(), [0, 2, 0]);
    }
}
