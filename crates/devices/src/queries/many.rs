//! One log of many devices as one list, newest first: for people who look for something in a whole product.

use std::sync::Arc;

use yizhan_journal::Order;
use yizhan_vocabulary::UnixMillis;

use super::logs::{LogName, LogQuery, LogView, views};
use crate::registry::{Device, Product};
use crate::{Devices, DevicesError};

/// Devices that one query looks at, at most.
const MAX_DEVICES: usize = 1_000;
/// Records of one device and log that one query looks at, at most.
const MAX_SCANNED: usize = 2_000;
/// Records read at once.
const PORTION: usize = 200;

/// One entry and whose it is.
#[derive(Debug)]
pub struct FoundEntry {
    /// The device.
    pub device: Arc<Device>,
    /// When.
    pub time: UnixMillis,
    /// Its place in the order of all changes.
    pub seq: u64,
    /// The entry.
    pub view: LogView,
}

/// Entries of many devices.
#[derive(Debug)]
pub struct FoundPage {
    /// The newest first.
    pub entries: Vec<FoundEntry>,
    /// The cursor of the next page, if there is one. A page that ended because enough was looked at has one too, even
    /// where nothing on it fits.
    pub next: Option<String>,
    /// The time behind which something may be missing; none if everything was looked at.
    pub since: Option<UnixMillis>,
}

impl Devices {
    /// Those of a product's devices that may have log entries in the range of a query: connected on one of its days. An
    /// error if there are too many to look at.
    pub fn devices_to_search(
        &self,
        product: &Product,
        query: &LogQuery,
    ) -> Result<Vec<Arc<Device>>, DevicesError> {
        let first = query.range.from.map_or(crate::Day(0), |from| self.day_of(from));
        let last = query.range.to.map_or(self.today(), |to| self.day_of(to));
        let all_fit = product.device_count() <= MAX_DEVICES;
        let mut found = Vec::new();
        product.each_device(|device| {
            if found.len() <= MAX_DEVICES && (all_fit || device.state.lock().active.any(first, last)) {
                found.push(Arc::clone(device));
            }
        });
        if found.len() > MAX_DEVICES {
            let why =
                format!("more than {MAX_DEVICES} devices were connected in this time; name one of them");
            return Err(DevicesError::Invalid(why));
        }
        Ok(found)
    }

    /// The newest entries of these devices' logs that fit; at most `query.limit` records, of which a message and its
    /// answer are one.
    pub fn newest_of_many(
        &self,
        devices: &[Arc<Device>],
        logs: &[LogName],
        query: &LogQuery,
        fits: impl Fn(&Device, &LogView) -> bool,
    ) -> Result<FoundPage, DevicesError> {
        let limit = query.limit.clamp(1, self.0.config.max_query_limit);
        // One more record than fits tells whether there is another page.
        let mut newest: Vec<(UnixMillis, u64, Vec<FoundEntry>)> = Vec::new();
        // The newest place at which a log was left because enough of it had been looked at: behind it something may be
        // missing, so the page ends there.
        let mut left_off: Option<(UnixMillis, u64)> = None;
        for device in devices {
            for log in logs {
                let oldest_kept = (newest.len() > limit).then(|| newest.last().map(|last| (last.0, last.1)));
                let left = self.newest_of_one(
                    device,
                    *log,
                    query,
                    limit + 1,
                    oldest_kept.flatten(),
                    &fits,
                    &mut newest,
                )?;
                left_off = left_off.max(left);
            }
            newest.sort_unstable_by_key(|(time, seq, _)| std::cmp::Reverse((*time, *seq)));
            newest.truncate(limit + 1);
        }
        newest.retain(|(time, seq, _)| left_off.is_none_or(|place| (*time, *seq) >= place));
        let more = newest.len() > limit;
        newest.truncate(limit);
        let last = newest.last().filter(|_| more).map(|(time, seq, _)| (*time, *seq)).or(left_off);
        let since = last.map(|(time, _)| time);
        let next = last.map(|(time, seq)| {
            yizhan_journal::LogEntry { seq, time, body: Default::default() }.cursor().to_string()
        });
        Ok(FoundPage { entries: newest.into_iter().flat_map(|(.., entries)| entries).collect(), next, since })
    }

    /// Where the log was left although there is more of it, if it was.
    #[expect(clippy::too_many_arguments, reason = "one step of the search above, with all that it is about")]
    fn newest_of_one(
        &self,
        device: &Arc<Device>,
        log: LogName,
        query: &LogQuery,
        wanted: usize,
        oldest_kept: Option<(UnixMillis, u64)>,
        fits: &impl Fn(&Device, &LogView) -> bool,
        found: &mut Vec<(UnixMillis, u64, Vec<FoundEntry>)>,
    ) -> Result<Option<(UnixMillis, u64)>, DevicesError> {
        let (mut scanned, mut taken, mut cursor) = (0, 0, query.cursor);
        loop {
            let order = Order::Descending;
            let page = self.journal().log(device.id, log.kind(), query.range, order, PORTION, cursor)?;
            for entry in &page.items {
                if taken == wanted || oldest_kept.is_some_and(|oldest| (entry.time, entry.seq) < oldest) {
                    return Ok(None);
                }
                let entries: Vec<_> = views(device, log, entry, order)
                    .into_iter()
                    .filter(|view| fits(device, view))
                    .map(|view| FoundEntry {
                        device: Arc::clone(device),
                        time: entry.time,
                        seq: entry.seq,
                        view,
                    })
                    .collect();
                if !entries.is_empty() {
                    taken += 1;
                    found.push((entry.time, entry.seq, entries));
                }
            }
            scanned += page.items.len();
            cursor = page.next;
            if cursor.is_none() {
                return Ok(None);
            }
            if scanned >= MAX_SCANNED {
                return Ok(page.items.last().map(|entry| (entry.time, entry.seq)));
            }
        }
    }
}
