//! Logs through a filter: a page of the entries that fit, and how many fit in all. A log has no index of what its
//! entries say, so this reads them one after the other, up to a bound.

use std::sync::Arc;

use yizhan_journal::{LogEntry, Order};

use super::logs::{LogName, LogQuery, LogView, views};
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Records that one query looks at, at most.
const MAX_SCANNED: usize = 20_000;
/// Records read at once.
const PORTION: usize = 1_000;

/// A page of the entries that fit.
#[derive(Debug)]
pub struct FilteredPage {
    /// The entries in the order asked for. A message and its answer stay together.
    pub entries: Vec<LogView>,
    /// The cursor of the next page, if there is one. A page that ended because enough was looked at has one too, even where
    /// nothing on it fits: older entries may.
    pub next: Option<String>,
    /// How many entries of the whole range fit, as far as they were looked at.
    pub total: usize,
}

/// What a pass over a log saw.
struct Scanned {
    /// How many entries fit.
    fitting: usize,
    /// Where it left off because it had looked at enough; none at the end of the range.
    left_off: Option<yizhan_journal::Cursor>,
}

impl Devices {
    /// The entries of a device's log that `fits` lets pass; at most `query.limit`, unless one record alone has more.
    pub fn logs_that_fit(
        &self,
        device: &Arc<Device>,
        log: LogName,
        query: &LogQuery,
        fits: impl Fn(&LogView) -> bool,
    ) -> Result<FilteredPage, DevicesError> {
        let limit = query.limit.clamp(1, self.0.config.max_query_limit);
        let mut page = FilteredPage { entries: Vec::new(), next: None, total: 0 };
        let (mut last, mut full) = (None, false);
        let scanned = self.scan(device, log, query, &fits, |entry, views| {
            full |= !page.entries.is_empty() && page.entries.len() + views.len() > limit;
            if full {
                page.next = last.map(|cursor: yizhan_journal::Cursor| cursor.to_string());
            } else {
                page.entries.extend(views);
                last = Some(entry.cursor());
            }
            // The whole range is counted below, unless this pass sees all of it.
            !full || query.cursor.is_none()
        })?;
        page.total = scanned.fitting;
        if page.next.is_none() {
            page.next = scanned.left_off.map(|cursor| cursor.to_string());
        }
        if query.cursor.is_some() {
            let whole = LogQuery { cursor: None, ..query.clone() };
            page.total = self.scan(device, log, &whole, &fits, |_, _| true)?.fitting;
        }
        Ok(page)
    }

    /// Shows the fitting entries record by record, for as long as `visit` wants more.
    fn scan(
        &self,
        device: &Arc<Device>,
        log: LogName,
        query: &LogQuery,
        fits: &impl Fn(&LogView) -> bool,
        mut visit: impl FnMut(&LogEntry, Vec<LogView>) -> bool,
    ) -> Result<Scanned, DevicesError> {
        let (mut fitting, mut scanned, mut cursor) = (0, 0, query.cursor);
        loop {
            let page =
                self.journal().log(device.id, log.kind(), query.range, query.order, PORTION, cursor)?;
            for entry in &page.items {
                let mut found = views(device, log, entry, query.order);
                found.retain(fits);
                fitting += found.len();
                if !found.is_empty() && !visit(entry, found) {
                    return Ok(Scanned { fitting, left_off: None });
                }
            }
            scanned += page.items.len();
            cursor = page.next;
            if cursor.is_none() || scanned >= MAX_SCANNED {
                return Ok(Scanned { fitting, left_off: cursor });
            }
        }
    }
}

impl LogQuery {
    /// The newest entries of a range first.
    pub const fn newest(range: yizhan_journal::TimeRange, limit: usize) -> Self {
        Self { range, order: Order::Descending, limit, cursor: None }
    }
}
