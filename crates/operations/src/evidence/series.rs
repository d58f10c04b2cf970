//! Data in the resolution of a screen: a range and a number of points, and for each point what happened in its span.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{BucketView, TimeRange};
use yizhan_vocabulary::UnixMillis;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Properties one request may name; each is read on its own.
const MAX_PROPERTIES: usize = 10;
/// Points of one property.
const MAX_POINTS: i64 = 2_000;
/// Points of a caller that does not say how many.
const DEFAULT_POINTS: i64 = 300;
/// Widths of spans that people can read off an axis, in milliseconds.
const WIDTHS: [u64; 27] = [
    100,
    250,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    1_209_600_000,
    2_592_000_000,
    7_776_000_000,
    31_536_000_000,
];

/// What is to be drawn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceDataSeries {
    product_id: String,
    device_name: String,
    /// Up to ten properties of the thing model.
    properties: Option<Vec<String>>,
    /// Whether events are to be counted.
    events: Option<bool>,
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The first moment after it, in milliseconds.
    max_time: i64,
    /// The most points of each property, 1 to 2,000; 300 if it is not given.
    points: Option<i64>,
}

/// What is drawn. Times are in milliseconds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceDataSeries {
    /// The span of time that a point stands for, in milliseconds.
    width: u64,
    series: Vec<PropertySeries>,
    events: Vec<EventSeries>,
    /// Events from here on were not counted, because there are too many.
    events_counted_until: Option<i64>,
}

/// A property.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PropertySeries {
    property: String,
    /// The spans that hold something, oldest first.
    points: Vec<SeriesPoint>,
    /// From here on each point is made of the first reports of its span only, because there are too many.
    sampled_from: Option<i64>,
}

/// A span.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SeriesPoint {
    /// Its start.
    time: i64,
    /// How many reports it holds.
    count: u64,
    /// The smallest number; none for text and structures.
    min: Option<f64>,
    max: Option<f64>,
    avg: Option<f64>,
    /// The newest value.
    last: serde_json::Value,
}

/// An event.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EventSeries {
    event_id: String,
    /// The spans in which it came, oldest first.
    points: Vec<EventPoint>,
}

/// A span.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EventPoint {
    time: i64,
    count: u64,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceDataSeries) -> Outcome<DeviceDataSeries> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let invalid = |why: String| Failure::new(Code::InvalidParameterValue).because(why);
    let properties = request.properties.unwrap_or_default();
    if properties.len() > MAX_PROPERTIES {
        return Err(invalid(format!("Properties has at most {MAX_PROPERTIES}")));
    }
    let points = request.points.unwrap_or(DEFAULT_POINTS);
    if !(1..=MAX_POINTS).contains(&points) {
        return Err(invalid(format!("Points is between 1 and {MAX_POINTS}")));
    }
    if request.min_time < 0 || request.max_time <= request.min_time {
        return Err(invalid("MaxTime is not behind MinTime".to_owned()));
    }
    let range = (UnixMillis(request.min_time), UnixMillis(request.max_time));
    let width =
        width_for(request.max_time.saturating_sub(request.min_time).unsigned_abs(), points.unsigned_abs());
    let with_events = request.events.unwrap_or(false);
    call.blocking(move |platform| {
        let mut series = Vec::with_capacity(properties.len());
        for property in properties {
            let found = platform.devices.series(&device, &property, range, width)?;
            series.push(PropertySeries {
                property,
                points: found.buckets.into_iter().map(SeriesPoint::of).collect(),
                sampled_from: found.sampled_from.map(|at| at.0),
            });
        }
        let counts = match with_events {
            true => platform.devices.event_counts(&device, TimeRange::between(range.0, range.1), width)?,
            false => Default::default(),
        };
        let events = counts.events.into_iter().map(|(event_id, spans)| EventSeries {
            event_id,
            points: spans
                .into_iter()
                .map(|span| EventPoint { time: span.start.0, count: span.count })
                .collect(),
        });
        Ok::<_, Failure>(DeviceDataSeries {
            width,
            series,
            events: events.collect(),
            events_counted_until: counts.counted_until.map(|at| at.0),
        })
    })
    .await
}

impl SeriesPoint {
    fn of(bucket: BucketView) -> Self {
        Self {
            time: bucket.start.0,
            count: bucket.count,
            min: bucket.min,
            max: bucket.max,
            avg: bucket.mean,
            last: serde_json::to_value(&bucket.last).unwrap_or_default(),
        }
    }
}

/// The narrowest readable span with which the range has no more than so many points. Spans begin at multiples of their
/// width, so one more than fits may be cut by the ends of the range.
fn width_for(range_ms: u64, points: u64) -> u64 {
    let least = range_ms.div_ceil(points.max(1));
    WIDTHS.into_iter().find(|width| *width >= least).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_of_readable_widths() {
        let day = 86_400_000;
        assert_eq!(width_for(day, 300), 300_000);
        assert_eq!(width_for(3_600_000, 300), 15_000);
        assert_eq!(width_for(30 * day, 300), 3 * 3_600_000);
        assert_eq!(width_for(1, 2_000), 100);
        assert_eq!(width_for(u64::MAX, 1), u64::MAX);
    }
}
