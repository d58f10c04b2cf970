//! A property's history: points, or sums over spans of time.

use std::sync::Arc;

use serde::Serialize;
use yizhan_journal::{Cursor, Order, TimeRange};
use yizhan_vocabulary::{PointValue, PropertyNumber, UnixMillis};

use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Which points are asked for.
#[derive(Debug, Clone)]
pub struct HistoryQuery {
    /// The first moment, and the first moment after.
    pub range: TimeRange,
    /// Oldest or newest first.
    pub order: Order,
    /// How many at most.
    pub limit: usize,
    /// Where the last page ended.
    pub cursor: Option<Cursor>,
}

/// One point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryPoint {
    /// When it was reported.
    pub time: UnixMillis,
    /// The value, as on the wire.
    pub value: PointValue,
}

/// A page of points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryPage {
    /// The points in the order asked for.
    pub points: Vec<HistoryPoint>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BucketView {
    /// Its start.
    pub start: UnixMillis,
    /// How many points it holds.
    pub count: u64,
    /// The smallest number.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The oldest value.
    pub first: PointValue,
    /// The newest value.
    pub last: PointValue,
}

/// Spans of time that hold points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BucketsPage {
    /// The spans, oldest first.
    pub buckets: Vec<BucketView>,
}

impl Devices {
    /// Points of one property.
    pub fn history(
        &self,
        device: &Arc<Device>,
        property: &str,
        query: &HistoryQuery,
    ) -> Result<HistoryPage, DevicesError> {
        let number = property_number(device, property)?;
        let limit = query.limit.clamp(1, self.0.config.max_query_limit);
        let page =
            self.journal().history(device.id, number, query.range, query.order, limit, query.cursor)?;
        let points = page.items.into_iter().map(|(time, value)| HistoryPoint { time, value }).collect();
        Ok(HistoryPage { points, next: page.next.map(|cursor| cursor.to_string()) })
    }

    /// Points of one property, summed up in spans of `bucket_ms`.
    pub fn history_buckets(
        &self,
        device: &Arc<Device>,
        property: &str,
        range: TimeRange,
        bucket_ms: u64,
    ) -> Result<BucketsPage, DevicesError> {
        if bucket_ms == 0 {
            return Err(DevicesError::Invalid("a bucket must be at least 1 ms wide".to_owned()));
        }
        let number = property_number(device, property)?;
        let buckets = self.journal().history_buckets(device.id, number, range, bucket_ms)?;
        Ok(BucketsPage { buckets: buckets.into_iter().map(BucketView::from).collect() })
    }
}

impl From<yizhan_journal::Bucket> for BucketView {
    fn from(bucket: yizhan_journal::Bucket) -> Self {
        Self {
            start: bucket.start,
            count: bucket.count,
            min: bucket.min,
            max: bucket.max,
            mean: bucket.mean,
            first: bucket.first,
            last: bucket.last,
        }
    }
}

pub(super) fn property_number(device: &Device, identifier: &str) -> Result<PropertyNumber, DevicesError> {
    let model = device.product().model();
    let property = model.as_deref().and_then(|model| model.property(identifier));
    property.map(|property| property.number).ok_or_else(|| {
        let shown: String = identifier.chars().take(64).collect();
        DevicesError::NotFound(format!("the thing model has no property {shown}"))
    })
}
