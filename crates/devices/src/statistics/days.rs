//! Counts by day: storing them, and reading them with what is not stored yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use yizhan_store::ProductDay;
use yizhan_vocabulary::UnixMillis;

use super::counters::Taken;
use super::{Day, Present};
use crate::registry::Product;
use crate::{Devices, DevicesError};

/// How often the counters are stored.
const STORE_EVERY_MS: i64 = 60_000;
/// Days that one query covers, at most.
const MAX_DAYS: u32 = 400;

/// What was counted on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayCounts {
    /// Messages taken from devices, apart from questions for the time.
    pub messages_up: u64,
    /// Messages for devices, answers included.
    pub messages_down: u64,
    /// Messages of devices that were refused.
    pub failed_up: u64,
    /// Messages for devices that were not delivered.
    pub failed_down: u64,
    /// Questions for the time.
    pub time_requests: u64,
    /// Devices that were made.
    pub registered: u64,
    /// Devices that connected for the first time.
    pub activated: u64,
    /// Devices that were connected at any time.
    pub active: u64,
    /// The most devices online at once; of several products, the sum of theirs.
    pub online_peak: u64,
}

impl DayCounts {
    fn add(&mut self, other: Self) {
        self.messages_up += other.messages_up;
        self.messages_down += other.messages_down;
        self.failed_up += other.failed_up;
        self.failed_down += other.failed_down;
        self.time_requests += other.time_requests;
        self.registered += other.registered;
        self.activated += other.activated;
        self.active += other.active;
        self.online_peak += other.online_peak;
    }
}

fn row(product: &Product, day: Day, taken: Taken) -> ProductDay {
    ProductDay {
        product: product.id,
        day: day.0,
        messages_up: taken.messages_up,
        messages_down: taken.messages_down,
        failed_up: taken.failed_up,
        failed_down: taken.failed_down,
        time_requests: taken.time_requests,
        registered: taken.registered,
        activated: taken.activated,
        active: taken.active,
        online_peak: taken.online_peak,
    }
}

fn counts(row: &ProductDay) -> DayCounts {
    DayCounts {
        messages_up: row.messages_up,
        messages_down: row.messages_down,
        failed_up: row.failed_up,
        failed_down: row.failed_down,
        time_requests: row.time_requests,
        registered: row.registered,
        activated: row.activated,
        active: row.active,
        online_peak: row.online_peak,
    }
}

impl Devices {
    /// Stores the counters when it is time, and begins a new day.
    pub(crate) fn tick_statistics(&self, now: UnixMillis) {
        let statistics = &self.0.statistics;
        let mut present = statistics.present.lock();
        self.sample_rates(&mut present.sampled_at);
        let today = statistics.calendar.day(now);
        let due = present.stored_at.is_none_or(|at| now.0 - at.0 >= STORE_EVERY_MS || now < at);
        if !due && today == present.day {
            return;
        }
        if !self.store_counters(&mut present, now) {
            // Tried again after the usual time; a new day waits, so that nothing is counted for a wrong one.
            present.stored_at = Some(now);
            return;
        }
        if today != present.day {
            present.day = today;
            self.note_active_at_midnight(today);
            if let Err(error) =
                self.0.store.drop_product_days(today.before(self.0.config.statistics.keep_days).0)
            {
                tracing::warn!(%error, "old statistics could not be removed");
            }
        }
    }

    /// Stores the counters now, for the end of the server.
    pub fn store_statistics(&self) {
        let now = self.0.clock.now();
        self.store_counters(&mut self.0.statistics.present.lock(), now);
    }

    fn store_counters(&self, present: &mut Present, now: UnixMillis) -> bool {
        let taken: Vec<_> = self
            .products()
            .into_iter()
            .map(|product| {
                let taken = product.counters.take();
                product.recent.emptied(&taken);
                (product, taken)
            })
            .filter(|(_, taken)| *taken != Taken::default())
            .collect();
        let rows: Vec<_> = taken.iter().map(|(product, taken)| row(product, present.day, *taken)).collect();
        match self.0.store.add_product_days(&rows) {
            Ok(()) => {
                present.stored_at = Some(now);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "statistics could not be stored; trying again");
                for (product, taken) in &taken {
                    product.counters.put_back(*taken);
                    product.recent.put_back(taken);
                }
                false
            }
        }
    }

    /// Devices that stay connected over midnight are active on the new day as well.
    fn note_active_at_midnight(&self, today: Day) {
        for device in self.0.registry.devices() {
            let mut state = device.state.lock();
            if state.is_online() && state.active.mark(today) {
                device.product().counters.active(1);
            }
        }
    }

    /// At start: which devices are online, on which days they were active, and what a crash kept from being stored of
    /// today's counts. The connections of the last run have not been ended yet.
    pub(crate) fn restore_statistics(&self, now: UnixMillis) -> Result<(), DevicesError> {
        let statistics = &self.0.statistics;
        let today = statistics.calendar.day(now);
        statistics.present.lock().day = today;
        let stored_until = self.0.store.last_statistics_day()?.map_or(today, |day| Day(day).min(today));
        for product in self.products() {
            let mut found = DayCounts::default();
            product.each_device(|device| {
                let mut state = device.state.lock();
                if let Some(presence) = state.presence.as_deref().filter(|presence| presence.online) {
                    let since = statistics.calendar.day(presence.online_at);
                    state.active.mark_all(since, stored_until.max(since));
                    product.counters.came();
                }
                let is_today = |at: UnixMillis| statistics.calendar.day(at) == today;
                found.active += u64::from(state.active.any(today, today));
                found.registered += u64::from(is_today(device.created_at));
                found.activated += u64::from(device.activated_at().is_some_and(is_today));
            });
            let rows = self.0.store.product_days(&[product.id], today.0, today.0)?;
            let stored = rows.first().map(counts).unwrap_or_default();
            product.counters.make_up_for(&found, &stored);
        }
        Ok(())
    }

    /// What was counted for these products together, day by day; a day without anything is there too.
    pub fn day_counts(
        &self,
        products: &[Arc<Product>],
        first: Day,
        last: Day,
    ) -> Result<BTreeMap<Day, DayCounts>, DevicesError> {
        if last < first || last.0 - first.0 >= MAX_DAYS {
            return Err(DevicesError::Invalid(format!("a span has between 1 and {MAX_DAYS} days")));
        }
        let mut days: BTreeMap<Day, DayCounts> =
            (first.0..=last.0).map(|day| (Day(day), DayCounts::default())).collect();
        let present = self.0.statistics.present.lock();
        let ids: Vec<_> = products.iter().map(|product| product.id).collect();
        let rows = self.0.store.product_days(&ids, first.0, last.0)?;
        let mut peaks = BTreeMap::new();
        for row in &rows {
            if row.day == present.day.0 {
                peaks.insert(row.product, row.online_peak);
            }
            days.entry(Day(row.day)).or_default().add(counts(row));
        }
        if let Some(today) = days.get_mut(&present.day) {
            for product in products {
                let mut now = counts(&row(product, present.day, product.counters.look()));
                // A peak is not added to the stored one: it takes its place if it is higher.
                now.online_peak =
                    now.online_peak.saturating_sub(peaks.get(&product.id).copied().unwrap_or(0));
                today.add(now);
            }
        }
        Ok(days)
    }

    /// The time zone that people see times in.
    pub fn calendar(&self) -> super::Calendar {
        self.0.statistics.calendar
    }

    /// Today, as the statistics count days.
    pub fn today(&self) -> Day {
        self.0.statistics.calendar.day(self.0.clock.now())
    }

    /// The day of a moment, as the statistics count days.
    pub fn day_of(&self, at: UnixMillis) -> Day {
        self.0.statistics.calendar.day(at)
    }
}

impl super::ProductCounters {
    /// Adds what devices themselves tell about today and was not stored before a crash.
    fn make_up_for(&self, found: &DayCounts, stored: &DayCounts) {
        self.active(found.active.saturating_sub(stored.active));
        self.registered(found.registered.saturating_sub(stored.registered));
        self.activated(found.activated.saturating_sub(stored.activated));
    }
}
