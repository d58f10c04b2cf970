//! How every metric went during the last 24 hours, minute by minute. Kept in memory and bounded: it answers "since when?"
//! on the machine itself; who wants years has Prometheus read `/metrics`.

use std::collections::VecDeque;

use parking_lot::Mutex;
use yizhan_vocabulary::UnixMillis;

use crate::Sample;

/// Minutes that are remembered; with some 150 metrics this is less than 2 MB.
const CAPACITY: usize = 24 * 60;

/// The last day of all metrics.
#[derive(Debug, Default)]
pub struct History {
    rows: Mutex<VecDeque<Row>>,
}

#[derive(Debug)]
struct Row {
    at: UnixMillis,
    samples: Box<[(Key, f64)]>,
}

/// A metric's name and its label's value.
type Key = (&'static str, Option<&'static str>);

/// How one metric went.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The moments, oldest first.
    pub times: Vec<UnixMillis>,
    /// A list of values for each metric that was asked for, in that order; `None` where there is no such metric.
    pub values: Vec<Option<Vec<f64>>>,
}

impl History {
    /// Remembers one more moment and forgets the oldest beyond the capacity.
    pub fn record(&self, at: UnixMillis, samples: &[Sample]) {
        let samples = samples.iter().map(|it| ((it.name, it.label.map(|label| label.1)), it.value)).collect();
        let mut rows = self.rows.lock();
        if rows.len() == CAPACITY {
            rows.pop_front();
        }
        rows.push_back(Row { at, samples });
    }

    /// How metrics went since `from`, with `most` points at most: then every second, third and so on moment is left out, the
    /// newest never. A metric is named `name`, which is the sum over its labels, or `name:label`.
    pub fn series(&self, from: UnixMillis, names: &[String], most: usize) -> Series {
        let rows = self.rows.lock();
        let first = rows.partition_point(|row| row.at < from);
        let count = rows.len() - first;
        let step = count.div_ceil(most.max(1)).max(1);
        // Counted from the newest, so that it is always there.
        let kept =
            || rows.range(first..).enumerate().filter(|(place, _)| (count - 1 - place).is_multiple_of(step));
        let values = names.iter().map(|name| {
            let (name, label) =
                name.split_once(':').map_or((name.as_str(), None), |(name, label)| (name, Some(label)));
            let of = |key: &Key| key.0 == name && (label.is_none() || key.1 == label);
            let known = rows.back().is_some_and(|row| row.samples.iter().any(|(key, _)| of(key)));
            let sum = |row: &Row| row.samples.iter().filter(|(key, _)| of(key)).map(|(_, value)| value).sum();
            known.then(|| kept().map(|(_, row)| sum(row)).collect())
        });
        Series { values: values.collect(), times: kept().map(|(_, row)| row.at).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &'static str, label: Option<&'static str>, value: f64) -> Sample {
        let label = label.map(|label| ("reason", label));
        Sample { name, help: "", is_counter: true, label, value }
    }

    #[test]
    fn a_day_is_kept_and_thinned_out_without_losing_the_newest_moment() {
        let history = History::default();
        for minute in 0..CAPACITY as i64 + 10 {
            let samples =
                [sample("a", None, minute as f64), sample("b", Some("x"), 1.0), sample("b", Some("y"), 2.0)];
            history.record(UnixMillis(minute), &samples);
        }
        let names = ["a", "b", "b:y", "c"].map(String::from);
        let all = history.series(UnixMillis(i64::MIN), &names, usize::MAX);
        assert_eq!(
            (all.times.len(), all.times[0], all.values[0].as_ref().unwrap()[0]),
            (CAPACITY, UnixMillis(10), 10.0)
        );
        let newest = UnixMillis(CAPACITY as i64 + 9);
        let few = history.series(UnixMillis(newest.0 - 6), &names, 3);
        assert_eq!(few.times, [UnixMillis(newest.0 - 6), UnixMillis(newest.0 - 3), newest]);
        assert_eq!((few.values[1].clone(), few.values[2].clone()), (Some(vec![3.0; 3]), Some(vec![2.0; 3])));
        assert_eq!(few.values[3], None);
        let none = history.series(UnixMillis(newest.0 + 1), &names, 3);
        assert!(none.times.is_empty());
    }
}
