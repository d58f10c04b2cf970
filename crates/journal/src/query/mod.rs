//! Reading back: history and logs, out of sealed blocks and of what is not sealed yet.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use yizhan_vocabulary::{PointValue, UnixMillis};

use crate::error::QueryError;

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
