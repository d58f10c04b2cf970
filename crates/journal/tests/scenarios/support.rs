//! What the scenarios share: a clock that stands until it is moved, small journals, and writing and waiting in one call.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use yizhan_journal::{
    Batch, Checkpoint, Journal, JournalConfig, JournalStats, Lane, LogKind, Record, RecordKind, Recovered,
    Refused,
};
use yizhan_vocabulary::{Clock, DeviceId, Monotonic, PointValue, PropertyNumber, UnixMillis};

/// Noon of a day in 2025.
pub const NOON: i64 = 1_750_000_000_000 / 86_400_000 * 86_400_000 + 43_200_000;
pub const DAY_MS: i64 = 86_400_000;

/// A directory for one test; in memory where possible, because these tests sync thousands of times.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct HandClock(pub AtomicI64);

impl HandClock {
    pub fn at(time: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time)))
    }

    pub fn set(&self, time: i64) {
        self.0.store(time, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.load(Ordering::SeqCst) as u64)
    }
}

/// Segments of 64 KiB and quick background work.
pub fn small_config(dir: &Path) -> JournalConfig {
    JournalConfig {
        segment_bytes: 64 << 10,
        max_record_bytes: 16 << 10,
        max_unsealed_segments: 64,
        log_days: 0,
        min_free_bytes: 1 << 20,
        check_interval: Duration::from_millis(10),
        // Days pass quickly here; tests say themselves when a segment is to be sealed.
        max_segment_age: Duration::from_hours(1_000_000),
        ..JournalConfig::new(dir)
    }
}

pub struct Opened {
    pub journal: Journal,
    pub lane: Lane,
    pub batch: Batch,
}

pub fn start(recovered: Recovered, clock: &Arc<HandClock>, checkpoints: Vec<Box<dyn Checkpoint>>) -> Opened {
    let journal = recovered
        .start(checkpoints, clock.clone(), Box::new(|fatal| panic!("the log failed: {fatal}")))
        .unwrap();
    let lane = journal.lane(Arc::new(|| {}));
    let batch = lane.batch();
    Opened { journal, lane, batch }
}

pub fn open(config: &JournalConfig, clock: &Arc<HandClock>) -> Opened {
    start(Journal::recover(config.clone()).unwrap(), clock, Vec::new())
}

impl Opened {
    pub fn push_log(&mut self, stream: u64, kind: LogKind, time: i64, body: &[u8]) -> u64 {
        self.push(stream, RecordKind::Log(kind), time, &[], body)
    }

    pub fn push_points(&mut self, stream: u64, time: i64, points: &[(u16, PointValue)]) -> u64 {
        self.push(stream, RecordKind::Log(LogKind::Content), time, points, b"{\"method\":\"report\"}")
    }

    pub fn push(
        &mut self,
        stream: u64,
        kind: RecordKind,
        time: i64,
        points: &[(u16, PointValue)],
        body: &[u8],
    ) -> u64 {
        let seq = self.journal.next_seq();
        let points: Vec<_> =
            points.iter().map(|(property, value)| (PropertyNumber(*property), value.clone())).collect();
        let points = &points[..];
        let record = Record { seq, time: UnixMillis(time), stream: DeviceId(stream), kind, points, body };
        self.batch.push(&record).unwrap();
        seq
    }

    /// Submits what was pushed and waits until it is durable; tries again while too much waits to be sealed.
    pub fn commit(&mut self) {
        self.try_commit(Duration::from_secs(20)).unwrap();
    }

    pub fn try_commit(&mut self, patience: Duration) -> Result<(), Refused> {
        let begun = Instant::now();
        loop {
            match self.lane.submit(&mut self.batch) {
                Ok(ticket) => {
                    self.lane.wait(ticket, Duration::from_secs(20)).unwrap();
                    return Ok(());
                }
                Err(Refused::Backlog) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(refused) => return Err(refused),
            }
        }
    }

    /// Has everything written so far sealed; something must have been written since the last time.
    pub fn seal_all(&self) {
        let before = self.journal.stats().segments_sealed;
        self.journal.seal_soon();
        let begun = Instant::now();
        loop {
            let stats = self.journal.stats();
            if stats.segments_sealed > before && stats.unsealed_segments == 1 {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "sealing takes too long: {stats:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

pub fn wait_until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn stats_say(journal: &Journal, what: &str, met: impl Fn(&JournalStats) -> bool) {
    wait_until(what, || met(&journal.stats()));
}

pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // Files may be renamed or removed while they are copied, as they may be when the power goes.
        let _ = std::fs::copy(entry.path(), to.join(entry.file_name()));
    }
}

/// Text that does not compress.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}
