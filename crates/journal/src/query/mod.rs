//! Reading back: history and logs, out of sealed blocks and of what is not sealed yet.

mod merge;
mod subjects;

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

use crate::error::QueryError;
use crate::record::{LogKind, RecordView, TIME_LIMITS};
use merge::Merge;
pub(crate) use merge::Sources;
use subjects::{PropertyHistory, StreamLog};

/// Buckets that one query may give.
pub const MAX_BUCKETS: usize = 20_000;
/// Items that one page holds at most.
pub const MAX_PAGE: usize = 100_000;

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// A span of time; either end may be open. `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    /// The first moment, or the beginning of time.
    pub from: Option<UnixMillis>,
    /// The first moment after it, or the end of time.
    pub to: Option<UnixMillis>,
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { from: None, to: None };

    /// From `from` until just before `to`.
    pub const fn between(from: UnixMillis, to: UnixMillis) -> Self {
        Self { from: Some(from), to: Some(to) }
    }
}

impl From<std::ops::Range<UnixMillis>> for TimeRange {
    fn from(range: std::ops::Range<UnixMillis>) -> Self {
        Self::between(range.start, range.end)
    }
}

/// Where the next page begins. Opaque: only what a page gave out may be given back, to a query of the same kind and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) time: i64,
    pub(crate) rank: u64,
}

impl Cursor {
    /// Where it stands after one more item with this time.
    const fn after(self, time: i64) -> Self {
        Self { time, rank: if time == self.time { self.rank + 1 } else { 1 } }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.time as u64, self.rank)
    }
}

impl FromStr for Cursor {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let (time, rank) = text.split_once('-').ok_or(QueryError::BadCursor)?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten().ok_or(QueryError::BadCursor)
        };
        Ok(Self { time: number(time)? as i64, rank: number(rank)? })
    }
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What was found, in the order asked for.
    pub items: Vec<T>,
    /// Where to go on, when there is more.
    pub next: Option<Cursor>,
}

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place in the order of all changes.
    pub seq: u64,
    /// When it happened.
    pub time: UnixMillis,
    /// What the writer gave as the record's body.
    pub body: Bytes,
}

impl LogEntry {
    /// The entry that a record of a log is.
    pub fn of(record: &RecordView<'_>) -> Self {
        Self { seq: record.seq, time: record.time, body: Bytes::copy_from_slice(record.body) }
    }

    /// Where a page begins that goes on behind this entry.
    pub const fn cursor(&self) -> Cursor {
        Cursor { time: self.time.0, rank: self.seq }
    }
}

/// All points of a property within one span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Start of the span: a multiple of its width since the epoch.
    pub start: UnixMillis,
    /// How many points it holds; never 0.
    pub count: u64,
    /// The smallest number; none for text and structures.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
    /// The mean of the numbers.
    pub mean: Option<f64>,
    /// The oldest value.
    pub first: PointValue,
    /// The newest value.
    pub last: PointValue,
}

impl TimeRange {
    /// Both ends inclusive, within what records can carry and not before `earliest`.
    pub(crate) fn bounds(self, earliest: UnixMillis) -> std::ops::RangeInclusive<i64> {
        let from = self.from.unwrap_or(TIME_LIMITS.0).max(earliest).max(TIME_LIMITS.0);
        let last = self.to.map_or(TIME_LIMITS.1, |to| to.plus_ms(-1)).min(TIME_LIMITS.1);
        from.0..=last.0
    }
}

/// What a page of `limit` items out of one merge needs.
pub(crate) struct PageRequest {
    pub range: std::ops::RangeInclusive<i64>,
    pub order: Order,
    pub limit: usize,
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// The range that is left behind the cursor; the cursor's own moment belongs to it.
    fn remaining(&self) -> std::ops::RangeInclusive<i64> {
        let (from, last) = (*self.range.start(), *self.range.end());
        match (self.cursor, self.order) {
            (None, _) => from..=last,
            (Some(cursor), Order::Ascending) => cursor.time.max(from)..=last,
            (Some(cursor), Order::Descending) => from..=cursor.time.min(last),
        }
    }
}

/// A page of points. The cursor counts how many points of its moment were given already.
pub(crate) fn history_page(
    stream: DeviceId,
    property: PropertyNumber,
    request: &PageRequest,
    sources: Sources<'_>,
) -> Result<Page<(UnixMillis, PointValue)>, QueryError> {
    let subject = PropertyHistory { stream: stream.0, property };
    let mut merge = Merge::new(subject, request.order, request.remaining(), sources)?;
    let limit = request.limit.clamp(1, MAX_PAGE);
    let mut items = Vec::new();
    let mut given = request.cursor.unwrap_or(Cursor { time: i64::MIN, rank: 0 });
    let mut to_skip = given.rank;
    let mut next = None;
    while let Some(row) = merge.next()? {
        if row.time == given.time && to_skip > 0 {
            to_skip -= 1;
            continue;
        }
        if items.len() == limit {
            next = Some(given);
            break;
        }
        given = given.after(row.time);
        to_skip = 0;
        items.push((UnixMillis(row.time), row.item));
    }
    Ok(Page { items, next })
}

/// A page of log entries. The cursor names the last entry that was given.
pub(crate) fn log_page(
    stream: DeviceId,
    kind: LogKind,
    request: &PageRequest,
    sources: Sources<'_>,
) -> Result<Page<LogEntry>, QueryError> {
    let subject = StreamLog { stream: stream.0, kind };
    let mut merge = Merge::new(subject, request.order, request.remaining(), sources)?;
    let limit = request.limit.clamp(1, MAX_PAGE);
    let mut items: Vec<LogEntry> = Vec::new();
    let mut next = None;
    while let Some(row) = merge.next()? {
        let given = request.cursor.is_some_and(|cursor| {
            row.time == cursor.time
                && match request.order {
                    Order::Ascending => row.seq <= cursor.rank,
                    Order::Descending => row.seq >= cursor.rank,
                }
        });
        if given {
            continue;
        }
        if items.len() == limit {
            next = items.last().map(LogEntry::cursor);
            break;
        }
        items.push(row.item);
    }
    Ok(Page { items, next })
}

/// Points that are summed up before the files may change again.
const PORTION: usize = 50_000;

/// Sums over spans of time in the making. A range can hold any number of points, and as long as a query looks at the files
/// nothing can be sealed, so it goes through them in portions.
pub(crate) struct BucketSums {
    subject: PropertyHistory,
    width: i64,
    limit: usize,
    portion: usize,
    read: usize,
    /// The last point that was added, and how many of its moment were.
    added: Option<Cursor>,
    buckets: Vec<Bucket>,
    sum: f64,
    numbers: u64,
}

impl BucketSums {
    /// For at most `limit` spans.
    pub(crate) fn new(stream: DeviceId, property: PropertyNumber, bucket_ms: u64, limit: usize) -> Self {
        Self {
            subject: PropertyHistory { stream: stream.0, property },
            width: i64::try_from(bucket_ms.max(1)).unwrap_or(i64::MAX),
            limit,
            portion: PORTION,
            read: 0,
            added: None,
            buckets: Vec::new(),
            sum: 0.0,
            numbers: 0,
        }
    }

    /// The same for a caller who wants no more than `most` points.
    pub(crate) fn in_portions_of(mut self, most: usize) -> Self {
        self.portion = PORTION.min(most.max(1));
        self
    }

    /// How many points were added.
    pub(crate) const fn read(&self) -> usize {
        self.read
    }

    /// The moment of the last point that was added; more of the same moment may follow.
    pub(crate) fn left_off(&self) -> Option<UnixMillis> {
        self.added.map(|cursor| UnixMillis(cursor.time))
    }

    /// Adds the next portion of the range; true when there may be more.
    pub(crate) fn add_portion(
        &mut self,
        range: std::ops::RangeInclusive<i64>,
        sources: Sources<'_>,
    ) -> Result<bool, QueryError> {
        let request = PageRequest { range, order: Order::Ascending, limit: self.portion, cursor: self.added };
        let mut merge = Merge::new(self.subject, request.order, request.remaining(), sources)?;
        let mut given = self.added.unwrap_or(Cursor { time: i64::MIN, rank: 0 });
        let mut to_skip = given.rank;
        let mut rows = 0;
        while let Some(row) = merge.next()? {
            if row.time == given.time && to_skip > 0 {
                to_skip -= 1;
                continue;
            }
            if rows == request.limit {
                self.added = Some(given);
                return Ok(true);
            }
            given = given.after(row.time);
            to_skip = 0;
            rows += 1;
            self.read += 1;
            self.add(row.time, row.item)?;
        }
        Ok(false)
    }

    fn add(&mut self, time: i64, value: PointValue) -> Result<(), QueryError> {
        let start = UnixMillis(time.div_euclid(self.width) * self.width);
        if self.buckets.last().is_none_or(|bucket| bucket.start != start) {
            if self.buckets.len() == self.limit {
                return Err(QueryError::TooManyBuckets { limit: self.limit });
            }
            let (first, last) = (value.clone(), value.clone());
            self.buckets.push(Bucket { start, count: 0, min: None, max: None, mean: None, first, last });
            (self.sum, self.numbers) = (0.0, 0);
        }
        let Some(bucket) = self.buckets.last_mut() else { return Ok(()) };
        bucket.count += 1;
        if let Some(number) = value.as_number() {
            self.sum += number;
            self.numbers += 1;
            bucket.min = Some(bucket.min.map_or(number, |min| min.min(number)));
            bucket.max = Some(bucket.max.map_or(number, |max| max.max(number)));
            bucket.mean = Some(self.sum / self.numbers as f64);
        }
        bucket.last = value;
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<Bucket> {
        self.buckets
    }
}
