//! How much goes on right now: differences of the counters that the statistics keep, second by second.

use std::collections::HashMap;
use std::sync::Arc;

use yizhan_vocabulary::ProductId;

use crate::registry::Product;
use crate::statistics::Taken;

/// Devices and messages of some products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveCounts {
    /// All devices.
    pub devices: u64,
    /// Devices online now.
    pub online: u64,
    /// Messages from devices since the last time.
    pub messages_up: u64,
    /// Messages to devices since the last time.
    pub messages_down: u64,
    /// Messages either way since the last time that were refused or not delivered.
    pub failed: u64,
}

/// Remembers what the counters were.
#[derive(Debug, Default)]
pub struct LiveRates {
    last: HashMap<ProductId, Taken>,
}

impl LiveRates {
    /// What happened since the last time; the first time there are only devices.
    pub fn sample(&mut self, products: &[Arc<Product>]) -> LiveCounts {
        let mut counts = LiveCounts::default();
        let mut seen = HashMap::with_capacity(products.len());
        for product in products {
            let now = product.counters.look();
            counts.devices += product.device_count() as u64;
            counts.online += product.counters.online();
            if let Some(last) = self.last.get(&product.id) {
                counts.messages_up += grown(last.messages_up, now.messages_up);
                counts.messages_down += grown(last.messages_down, now.messages_down);
                counts.failed += grown(last.failed_up, now.failed_up);
                counts.failed += grown(last.failed_down, now.failed_down);
            }
            seen.insert(product.id, now);
        }
        self.last = seen;
        counts
    }
}

/// By how much a counter grew; one that was stored meanwhile began again at nothing.
const fn grown(last: u64, now: u64) -> u64 {
    if now >= last { now - last } else { now }
}
