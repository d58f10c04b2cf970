//! What a chart is drawn from: the points of a property, or the events, summed up in as many spans of time as there are
//! places on the screen. However long the range is and however much was reported in it, what is read is bounded: where
//! more was reported, each span shows the beginning of itself only, and the answer says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use yizhan_journal::{LogKind, Order, TimeRange};
use yizhan_vocabulary::{PropertyNumber, UnixMillis};

use super::history::{BucketView, property_number};
use crate::records::event;
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Points of one property that are read one after the other before only samples are taken.
const MAX_POINTS_READ: usize = 400_000;
/// Points that are read of each span once only samples are taken, together: a part of them for each.
const MAX_POINTS_SAMPLED: usize = 200_000;
/// Events that one answer is made of.
const MAX_EVENTS_READ: usize = 50_000;
/// Records of the event log that are read at once.
const PORTION: usize = 2_000;

/// A property's points in spans of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The spans that hold points, oldest first.
    pub buckets: Vec<BucketView>,
    /// From here on each span is made of the first of its points only, because there are too many to read; nothing when
    /// all were read.
    pub sampled_from: Option<UnixMillis>,
}

/// How often one event came in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpan {
    /// The span's start.
    pub start: UnixMillis,
    /// How often.
    pub count: u64,
}

/// How often events came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// By identifier, the spans in which it came, oldest first.
    pub events: BTreeMap<String, Vec<EventSpan>>,
    /// Events from here on were not counted, because there are too many; nothing when all were.
    pub counted_until: Option<UnixMillis>,
}

impl Devices {
    /// Points of one property in spans of `width_ms` within a range that has both ends.
    pub fn series(
        &self,
        device: &Arc<Device>,
        property: &str,
        range: (UnixMillis, UnixMillis),
        width_ms: u64,
    ) -> Result<Series, DevicesError> {
        let number = property_number(device, property)?;
        let whole = TimeRange::between(range.0, range.1);
        let (buckets, left_off) =
            self.journal().history_buckets_within(device.id, number, whole, width_ms, MAX_POINTS_READ)?;
        let mut buckets: Vec<BucketView> = buckets.into_iter().map(BucketView::from).collect();
        let Some(left_off) = left_off else { return Ok(Series { buckets, sampled_from: None }) };
        // The span in which reading ended is read again from its start, with the others behind it.
        let width = i64::try_from(width_ms.max(1)).unwrap_or(i64::MAX);
        let start = left_off.0.div_euclid(width).saturating_mul(width);
        buckets.retain(|bucket| bucket.start.0 < start);
        self.sample(device, number, (start, range.1.0), width, &mut buckets)?;
        Ok(Series { buckets, sampled_from: Some(UnixMillis(start)) })
    }

    /// Adds spans that are each made of their first points.
    fn sample(
        &self,
        device: &Device,
        number: PropertyNumber,
        (start, end): (i64, i64),
        width: i64,
        buckets: &mut Vec<BucketView>,
    ) -> Result<(), DevicesError> {
        let spans = usize::try_from((end.saturating_sub(start) / width).max(0)).unwrap_or(usize::MAX);
        let of_each = (MAX_POINTS_SAMPLED / spans.saturating_add(1)).max(1);
        let mut at = start;
        while at < end {
            let next = at.saturating_add(width);
            let span = TimeRange::between(UnixMillis(at), UnixMillis(next.min(end)));
            let width_ms = width.unsigned_abs();
            let (found, _) =
                self.journal().history_buckets_within(device.id, number, span, width_ms, of_each)?;
            buckets.extend(found.into_iter().map(BucketView::from));
            at = next;
        }
        Ok(())
    }

    /// How often the device's events came in spans of `width_ms`.
    pub fn event_counts(
        &self,
        device: &Arc<Device>,
        range: TimeRange,
        width_ms: u64,
    ) -> Result<EventCounts, DevicesError> {
        let width = i64::try_from(width_ms.max(1)).unwrap_or(i64::MAX);
        let mut counts = EventCounts::default();
        let (mut read, mut cursor) = (0, None);
        loop {
            let order = Order::Ascending;
            let page = self.journal().log(device.id, LogKind::Event, range, order, PORTION, cursor)?;
            for entry in &page.items {
                if let Some(event) = event::decode(&entry.body) {
                    let start = UnixMillis(entry.time.0.div_euclid(width).saturating_mul(width));
                    counts.add(&event.event, start);
                }
            }
            read += page.items.len();
            cursor = page.next;
            if cursor.is_none() {
                return Ok(counts);
            }
            if read >= MAX_EVENTS_READ {
                counts.counted_until = page.items.last().map(|entry| entry.time);
                return Ok(counts);
            }
        }
    }
}

impl EventCounts {
    fn add(&mut self, event: &str, start: UnixMillis) {
        if !self.events.contains_key(event) {
            self.events.insert(event.to_owned(), Vec::new());
        }
        let Some(spans) = self.events.get_mut(event) else { return };
        match spans.last_mut() {
            Some(last) if last.start == start => last.count += 1,
            _ => spans.push(EventSpan { start, count: 1 }),
        }
    }
}
