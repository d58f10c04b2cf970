//! Latencies counted in buckets: recording is one array increment, memory is fixed, and a percentile is off by
//! at most one part in 64. The maximum is kept exactly.

use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Sub-buckets a power of two: 64, so the error of a percentile stays under 1.6 %.
const SUB_BITS: u32 = 6;
const SUB: usize = 1 << SUB_BITS;
/// Values up to 2^42 ns (73 minutes) have their own bucket; longer ones share the last.
const MAX_BITS: u32 = 42;
const BUCKETS: usize = ((MAX_BITS - SUB_BITS + 1) as usize) * SUB;

/// A histogram of durations.
#[derive(Clone)]
pub struct Latencies {
    buckets: Box<[u64]>,
    count: u64,
    max_ns: u64,
    sum_ns: u128,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS].into_boxed_slice(), count: 0, max_ns: 0, sum_ns: 0 }
    }
}

impl std::fmt::Debug for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Latencies(n {}, p50 {:?}, max {:?})", self.count, self.percentile(50.0), self.max())
    }
}

impl Latencies {
    /// Counts one duration given in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        self.buckets[bucket_of(nanos)] += 1;
        self.count += 1;
        self.sum_ns += u128::from(nanos);
        self.max_ns = self.max_ns.max(nanos);
    }

    /// Adds everything another histogram counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill(0);
        (self.count, self.max_ns, self.sum_ns) = (0, 0, 0);
    }

    /// How many durations were recorded.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest duration, exactly.
    pub const fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// The mean; zero when nothing was recorded.
    pub fn mean(&self) -> Duration {
        let mean = self.sum_ns.checked_div(u128::from(self.count)).unwrap_or(0);
        Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The smallest duration that `percent` of all do not exceed (nearest rank); zero when nothing was recorded.
    pub fn percentile(&self, percent: f64) -> Duration {
        if self.count == 0 {
            return Duration::ZERO;
        }
        let rank = ((percent / 100.0 * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(upper_edge(index).min(self.max_ns));
            }
        }
        self.max()
    }
}

/// Small values have a bucket each; from 64 on, each power of two is cut into 64.
const fn bucket_of(nanos: u64) -> usize {
    if nanos < SUB as u64 {
        return nanos as usize;
    }
    let exponent = nanos.ilog2();
    if exponent >= MAX_BITS {
        return BUCKETS - 1;
    }
    let sub = (nanos >> (exponent - SUB_BITS)) as usize - SUB;
    (exponent - SUB_BITS + 1) as usize * SUB + sub
}

/// The largest value of a bucket.
const fn upper_edge(bucket: usize) -> u64 {
    if bucket < SUB {
        return bucket as u64;
    }
    let shift = (bucket / SUB - 1) as u32;
    (((SUB + bucket % SUB) as u64 + 1) << shift) - 1
}

/// Milliseconds, as a summary shows them.
impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ms = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
        let mut map = serializer.serialize_struct("Latencies", 6)?;
        map.serialize_field("count", &self.count)?;
        map.serialize_field("mean_ms", &ms(self.mean()))?;
        map.serialize_field("p50_ms", &ms(self.percentile(50.0)))?;
        map.serialize_field("p90_ms", &ms(self.percentile(90.0)))?;
        map.serialize_field("p99_ms", &ms(self.percentile(99.0)))?;
        map.serialize_field("max_ms", &ms(self.max()))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_a_bucket_whose_upper_edge_is_at_most_a_64th_above_it() {
        let mut value = 1_u64;
        while value < 1 << (MAX_BITS - 1) {
            for near in [value - 1, value, value + 1, value + value / 3] {
                let edge = upper_edge(bucket_of(near));
                assert!(edge >= near && edge - near <= near / 64, "{near} -> {edge}");
            }
            value *= 2;
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_one_to_a_thousand_microseconds_are_the_values_themselves_within_the_error() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|us| latencies.record(us * 1000));
        for percent in [1.0, 50.0, 90.0, 99.0, 99.9] {
            let found = latencies.percentile(percent).as_secs_f64() * 1e6;
            assert!((found / (percent * 10.0) - 1.0).abs() < 0.02, "p{percent}: {found}");
        }
        assert_eq!(latencies.percentile(100.0), Duration::from_millis(1));
        assert_eq!(latencies.max(), Duration::from_millis(1));
        assert_eq!(latencies.mean(), Duration::from_nanos(500_500));
    }

    #[test]
    fn nothing_recorded_gives_zero_everywhere() {
        let latencies = Latencies::default();
        assert_eq!((latencies.percentile(99.0), latencies.max(), latencies.mean()), Default::default());
    }

    #[test]
    fn merging_is_the_same_as_recording_into_one() {
        let (mut a, mut b, mut both) = (Latencies::default(), Latencies::default(), Latencies::default());
        for value in [5, 5_000, 5_000_000, 70] {
            a.record(value);
            both.record(value);
        }
        for value in [9, 900_000_000] {
            b.record(value);
            both.record(value);
        }
        a.merge(&b);
        assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&both).unwrap());
    }
}
