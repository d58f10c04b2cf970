//! How many HTTP connections there may be: in all, from one address, through the local socket, and as bridges. A place
//! is taken when a connection is accepted, before TLS and before the first byte, and is held as long as it lasts.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yizhan_link::{AddressCounts, Admission, Handshake};
use yizhan_observe::{Counter, Shard};

use crate::server::HttpSettings;

/// The places of all HTTP listeners.
pub(crate) struct Places {
    network: Arc<Semaphore>,
    by_address: Arc<AddressCounts>,
    /// The operator's own, so that no crowd at the ports shuts out who has to do something about it.
    local: Arc<Semaphore>,
    bridges: Arc<Semaphore>,
    admission: Arc<Admission>,
    counters: Arc<Shard>,
}

/// The place of one connection.
pub(crate) struct Place {
    handshake: Option<Handshake>,
    _address: Option<AddressPlace>,
    _permit: OwnedSemaphorePermit,
}

struct AddressPlace {
    counts: Arc<AddressCounts>,
    address: IpAddr,
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        self.counts.give_back(self.address);
    }
}

impl Place {
    /// It is known what the connection is for; until then it counts among its address' unfinished handshakes.
    pub(crate) fn handshake_done(&mut self) {
        self.handshake = None;
    }
}

impl Places {
    pub(crate) fn new(settings: &HttpSettings, admission: Arc<Admission>, counters: Arc<Shard>) -> Self {
        Self {
            network: Arc::new(Semaphore::new(settings.max_connections)),
            by_address: Arc::new(AddressCounts::new(settings.max_connections_per_address)),
            local: Arc::new(Semaphore::new(settings.max_local_connections)),
            bridges: Arc::new(Semaphore::new(settings.max_bridges)),
            admission,
            counters,
        }
    }

    /// A place for a connection from `address`, or from the local socket; none if there are too many.
    pub(crate) fn take(&self, address: Option<IpAddr>) -> Option<Place> {
        let place = match address {
            Some(address) => self.take_network(address),
            None => {
                let permit = Arc::clone(&self.local).try_acquire_owned().ok();
                permit.map(|permit| Place { handshake: None, _address: None, _permit: permit })
            }
        };
        if place.is_none() {
            self.counters.add(Counter::HttpRefused, 1);
        }
        place
    }

    fn take_network(&self, address: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.network).try_acquire_owned().ok()?;
        if !self.by_address.take(address) {
            return None;
        }
        let counted = AddressPlace { counts: Arc::clone(&self.by_address), address };
        let handshake = self.admission.begin_handshake(address).ok()?;
        Some(Place { handshake: Some(handshake), _address: Some(counted), _permit: permit })
    }

    /// A place for a task that carries bytes between TLS and a core; none if there are too many.
    pub(crate) fn take_bridge(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.bridges).try_acquire_owned().ok();
        if permit.is_none() {
            self.counters.add(Counter::BridgesRefused, 1);
        }
        permit
    }
}
