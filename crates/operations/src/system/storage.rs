//! What takes room on the disk, how fast that grows, and how long the disk will last.
//!
//! Growth is what the whole days of the last week took: a day's history and log are one file each. Where days are dropped
//! after a while, growth ends when as many are there as are kept; so the forecast looks at how much is still to come.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::failure::Outcome;
use crate::platform::Platform;

/// Days whose growth counts.
const GROWTH_DAYS: usize = 7;
/// Days that an answer lists.
const MAX_DAYS: usize = 90;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 8;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeStorage {}

/// What takes room.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Storage {
    /// Bytes of the log, history and logs.
    journal_bytes: u64,
    /// Bytes of the registry.
    registry_bytes: u64,
    /// Bytes of uploaded files.
    upload_bytes: u64,
    /// Bytes of backups in the data directory.
    backup_bytes: u64,
    /// Free bytes of the file system.
    free_bytes: u64,
    /// Free bytes below which new messages are refused.
    min_free_bytes: u64,
    /// The last days, oldest first.
    days: Vec<DaySize>,
    forecast: Forecast,
}

/// What one day takes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct DaySize {
    /// YYYY-MM-DD, UTC.
    day: String,
    history_bytes: u64,
    log_bytes: u64,
}

/// How it goes on.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Forecast {
    /// Whole days that it is made of; with none, nothing can be said.
    based_on_days: u64,
    /// Bytes by which the disk fills a day.
    growth_per_day: u64,
    /// Days until new messages are refused; none if that does not happen, or nothing can be said.
    days_left: Option<u64>,
    /// Whether old days go before the disk is full, so that it lasts.
    is_bounded: bool,
}

pub(crate) async fn describe(call: Call, _request: DescribeStorage) -> Outcome<Storage> {
    call.operator()?;
    call.blocking(measure).await
}

/// Looks at the disk, so it blocks.
pub(crate) fn measure(platform: &Platform) -> Outcome<Storage> {
    let parts = &platform.system.parts;
    let stats = parts.journal.stats();
    let days = day_sizes(&parts.data.join("journal"));
    let registry = ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"];
    let room = stats.free_bytes.saturating_sub(parts.min_free_bytes);
    let forecast = forecast(&days, (parts.history_days, parts.log_days), room);
    let skipped = days.len().saturating_sub(MAX_DAYS);
    let day = |(day, (history_bytes, log_bytes))| DaySize { day, history_bytes, log_bytes };
    Ok(Storage {
        journal_bytes: stats.disk_bytes,
        registry_bytes: registry.iter().map(|name| file_bytes(&parts.data.join(name))).sum(),
        upload_bytes: folder_bytes(&parts.data.join("uploads"), MAX_DEPTH),
        backup_bytes: folder_bytes(platform.system.backups.folder(), MAX_DEPTH),
        free_bytes: stats.free_bytes,
        min_free_bytes: parts.min_free_bytes,
        days: days.into_iter().skip(skipped).map(day).collect(),
        forecast,
    })
}

impl Storage {
    /// Free bytes, and those below which new messages are refused.
    pub(crate) const fn room(&self) -> (u64, u64) {
        (self.free_bytes, self.min_free_bytes)
    }

    /// Days until the disk is full and bytes that come each day; `None` if it lasts or nothing can be said.
    pub(crate) fn lasts(&self) -> Option<(u64, u64)> {
        self.forecast.days_left.map(|days| (days, self.forecast.growth_per_day))
    }
}

/// Bytes of history and log of each day.
type Days = BTreeMap<String, (u64, u64)>;

fn day_sizes(journal: &Path) -> Days {
    let mut days = Days::new();
    for entry in std::fs::read_dir(journal).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".redb")) else { continue };
        let bytes = || file_bytes(&entry.path());
        if let Some(day) = name.strip_prefix("history-") {
            days.entry(day.to_owned()).or_default().0 += bytes();
        } else if let Some(day) = name.strip_prefix("log-") {
            days.entry(day.to_owned()).or_default().1 += bytes();
        }
    }
    days
}

/// What is to be expected with these days, of which `kept` are kept (0 is for ever), and so many bytes to spare.
fn forecast(days: &Days, kept: (u32, u32), room: u64) -> Forecast {
    // The newest day is not over.
    let whole: Vec<_> = days.values().rev().skip(1).take(GROWTH_DAYS).collect();
    let count = whole.len() as u64;
    if count == 0 {
        return Forecast { based_on_days: 0, growth_per_day: 0, days_left: None, is_bounded: false };
    }
    let history = Growth {
        per_day: whole.iter().map(|day| day.0).sum::<u64>() / count,
        days_to_grow: days_to_grow(kept.0, days.values().filter(|day| day.0 > 0).count()),
    };
    let log = Growth {
        per_day: whole.iter().map(|day| day.1).sum::<u64>() / count,
        days_to_grow: days_to_grow(kept.1, days.values().filter(|day| day.1 > 0).count()),
    };
    let still_growing = |growth: &Growth| if growth.days_to_grow == Some(0) { 0 } else { growth.per_day };
    let growth_per_day = still_growing(&history) + still_growing(&log);
    let to_come = history.to_come().zip(log.to_come()).map(|(one, other)| one.saturating_add(other));
    if growth_per_day == 0 || to_come.is_some_and(|bytes| bytes <= room) {
        return Forecast { based_on_days: count, growth_per_day, days_left: None, is_bounded: true };
    }
    let days_left = Some(days_until(&history, &log, room));
    Forecast { based_on_days: count, growth_per_day, days_left, is_bounded: false }
}

struct Growth {
    per_day: u64,
    /// Days until the oldest goes for each that comes; none where all are kept.
    days_to_grow: Option<u64>,
}

impl Growth {
    /// Bytes that are still to come; none where there is no end.
    fn to_come(&self) -> Option<u64> {
        if self.per_day == 0 { Some(0) } else { Some(self.per_day.saturating_mul(self.days_to_grow?)) }
    }

    fn after(&self, days: u64) -> u64 {
        self.per_day.saturating_mul(self.days_to_grow.map_or(days, |most| most.min(days)))
    }
}

fn days_to_grow(kept: u32, there: usize) -> Option<u64> {
    (kept > 0).then(|| u64::from(kept).saturating_sub(there as u64))
}

/// The last day at whose end both have room. There is such a day: together they outgrow the room at some time.
fn days_until(history: &Growth, log: &Growth, room: u64) -> u64 {
    const FAR: u64 = 36_500;
    let fits = |days: u64| history.after(days).saturating_add(log.after(days)) <= room;
    let (mut low, mut high) = (0, FAR);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn file_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |facts| facts.len())
}

/// Bytes of all files in a folder and below; what goes while this looks counts nothing.
fn folder_bytes(folder: &Path, depth: usize) -> u64 {
    if depth == 0 {
        return 0;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => folder_bytes(&entry.path(), depth - 1),
        Ok(facts) => facts.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: usize, history: u64, log: u64) -> Days {
        (0..count).map(|day| (format!("2026-01-{:02}", day + 1), (history, log))).collect()
    }

    #[test]
    fn nothing_is_said_before_the_first_whole_day() {
        assert_eq!(forecast(&days(1, 5, 5), (0, 0), 100).based_on_days, 0);
        assert_eq!(forecast(&days(0, 5, 5), (0, 0), 100).days_left, None);
    }

    #[test]
    fn a_disk_that_keeps_everything_fills_and_one_that_drops_days_in_time_lasts() {
        let found = forecast(&days(4, 10, 5), (0, 0), 100);
        assert_eq!((found.based_on_days, found.growth_per_day, found.days_left), (3, 15, Some(6)));
        assert!(!found.is_bounded);
        // Four of ten days are there: ninety bytes more are to come.
        let lasting = forecast(&days(4, 10, 5), (10, 10), 100);
        assert!(lasting.is_bounded && lasting.days_left.is_none());
        let short = forecast(&days(4, 10, 5), (10, 10), 80);
        assert_eq!((short.days_left, short.is_bounded), (Some(5), false));
        // The logs stop growing after two days, the history does not: 10 + 5, 10 + 5, then 10 a day.
        assert_eq!(forecast(&days(4, 10, 5), (0, 6), 60).days_left, Some(5));
        let steady = forecast(&days(4, 10, 5), (4, 4), 1);
        assert_eq!((steady.growth_per_day, steady.is_bounded), (0, true));
    }
}
