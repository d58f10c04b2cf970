//! The numbers of the overview (console guide, 设备概览; facts §4.2.15): how many devices there are, and how many
//! different ones were active in a span of days.

use std::sync::Arc;

use super::Day;
use crate::Devices;
use crate::registry::Product;

/// Numbers over all devices of some products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceTotals {
    /// All devices.
    pub registered: u64,
    /// Devices that have connected at least once.
    pub activated: u64,
    /// Devices online now.
    pub online: u64,
    /// Devices activated yesterday.
    pub activated_yesterday: u64,
    /// Devices active yesterday.
    pub active_yesterday: u64,
    /// Devices activated in the seven days that ended yesterday.
    pub activated_week: u64,
    /// Devices active on any of these days.
    pub active_week: u64,
    /// Devices activated in the seven days before.
    pub activated_week_before: u64,
    /// Devices active on any of those days.
    pub active_week_before: u64,
}

impl Devices {
    /// The totals of these products together. Looks at every device of theirs.
    pub fn device_totals(&self, products: &[Arc<Product>]) -> DeviceTotals {
        let today = self.today();
        let spans: [(Day, Day); 3] = [
            (today.before(1), today.before(1)),
            (today.before(7), today.before(1)),
            (today.before(14), today.before(8)),
        ];
        let (mut activated, mut active) = ([0_u64; 3], [0_u64; 3]);
        let mut totals = DeviceTotals::default();
        for product in products {
            totals.online += product.counters.online();
            product.each_device(|device| {
                totals.registered += 1;
                let day = device.activated_at().map(|at| self.day_of(at));
                totals.activated += u64::from(day.is_some());
                let days = device.state.lock().active;
                for (number, (first, last)) in spans.into_iter().enumerate() {
                    activated[number] += u64::from(day.is_some_and(|day| (first..=last).contains(&day)));
                    active[number] += u64::from(days.any(first, last));
                }
            });
        }
        [totals.activated_yesterday, totals.activated_week, totals.activated_week_before] = activated;
        [totals.active_yesterday, totals.active_week, totals.active_week_before] = active;
        totals
    }
}
