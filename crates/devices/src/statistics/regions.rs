//! How many devices are where (console guide, 设备分布). A device is where its last connection came from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Day, Region};
use crate::Devices;
use crate::registry::{Device, Product};

/// Which devices are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Those that were connected on any of the days, as far back as 31 days.
    Active,
    /// Those that connected for the first time on one of the days.
    Activated,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionCount {
    /// The place.
    pub region: Region,
    /// How many devices there are.
    pub devices: u64,
}

impl Devices {
    /// How many devices of these products are where, the most first. Looks at every device of theirs.
    pub fn distribution(
        &self,
        products: &[Arc<Product>],
        population: Population,
        first: Day,
        last: Day,
    ) -> Vec<RegionCount> {
        // Devices of one site often share an address, and a look into the database takes longer than one into the map.
        let mut by_address: HashMap<Option<IpAddr>, u64> = HashMap::new();
        for product in products {
            product.each_device(|device| {
                if self.counts(device, population, first, last) {
                    let state = device.state.lock();
                    let address = state.presence.as_deref().map(|presence| presence.address.ip());
                    *by_address.entry(address).or_default() += 1;
                }
            });
        }
        let mut found: HashMap<Region, u64> = HashMap::new();
        for (address, devices) in by_address {
            let region =
                address.map_or(Region::Unknown, |address| self.0.statistics.geography.region(address));
            *found.entry(region).or_default() += devices;
        }
        let mut counts: Vec<_> =
            found.into_iter().map(|(region, devices)| RegionCount { region, devices }).collect();
        counts.sort_unstable_by(|one, other| {
            other.devices.cmp(&one.devices).then_with(|| one.region.cmp(&other.region))
        });
        counts
    }

    fn counts(&self, device: &Device, population: Population, first: Day, last: Day) -> bool {
        match population {
            Population::Active => device.state.lock().active.any(first, last),
            Population::Activated => {
                device.activated_at().is_some_and(|at| (first..=last).contains(&self.day_of(at)))
            }
        }
    }
}
