//! What is kept and what goes: full disks, retention, backups, checkpoints, crashes at random moments.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use yizhan_journal::{
    BackupError, Checkpoint, Journal, JournalConfig, LogKind, Order, RecordKind, Refused, StateWriter,
    TimeRange,
};
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

use crate::support::*;

mod backups;
mod checkpoints;
mod limits;
mod retention;

fn entries(journal: &Journal, stream: u64) -> usize {
    let page = journal.log(DeviceId(stream), LogKind::Event, TimeRange::ALL, Order::Ascending, 100_000, None);
    page.unwrap().items.len()
}

/// A register of counters: each record adds one, each counter knows the newest record it includes.
#[derive(Default)]
struct Counters(Mutex<BTreeMap<u64, (u64, u64)>>);

impl Counters {
    fn add(&self, journal: &Journal, key: u64) -> u64 {
        let mut counters = self.0.lock();
        let counter = counters.entry(key).or_default();
        counter.0 += 1;
        counter.1 = journal.next_seq();
        counter.1
    }

    fn load(&self, key: &[u8], value: &[u8]) {
        let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        self.0.lock().insert(number(key), (number(&value[..8]), number(&value[8..])));
    }

    fn replay(&self, key: u64, seq: u64) {
        let mut counters = self.0.lock();
        let counter = counters.entry(key).or_default();
        if seq > counter.1 {
            *counter = (counter.0 + 1, seq);
        }
    }
}

struct CounterCheckpoint(Arc<Counters>);

impl Checkpoint for CounterCheckpoint {
    fn table(&self) -> &'static str {
        "counters"
    }

    fn collect(&mut self, out: &mut StateWriter) {
        for (key, (count, seq)) in self.0.0.lock().iter() {
            let value = [count.to_le_bytes(), seq.to_le_bytes()].concat();
            out.put(&key.to_le_bytes(), &value);
        }
    }
}

fn recover_counters(config: &JournalConfig) -> (Arc<Counters>, yizhan_journal::Recovered) {
    let recovered = Journal::recover(config.clone()).unwrap();
    let counters = Arc::new(Counters::default());
    recovered.each_state("counters", |key, value| counters.load(key, value)).unwrap();
    recovered
        .each_record(|view| {
            if view.kind == RecordKind::State(40) {
                counters.replay(view.stream.0, view.seq);
            }
        })
        .unwrap();
    (counters, recovered)
}

/// A clock whose wall side alone can be set.
struct WrongClock {
    wall: Arc<HandClock>,
    monotonic: Arc<HandClock>,
}

impl yizhan_vocabulary::Clock for WrongClock {
    fn now(&self) -> UnixMillis {
        self.wall.now()
    }

    fn monotonic(&self) -> yizhan_vocabulary::Monotonic {
        self.monotonic.monotonic()
    }
}

/// A clock that breaks.
struct BrokenClock(std::sync::atomic::AtomicBool);

impl yizhan_vocabulary::Clock for BrokenClock {
    fn now(&self) -> UnixMillis {
        assert!(!self.0.load(std::sync::atomic::Ordering::SeqCst), "the clock broke, as this test wants it");
        UnixMillis(NOON)
    }

    fn monotonic(&self) -> yizhan_vocabulary::Monotonic {
        yizhan_vocabulary::Monotonic(0)
    }
}

/// A copy as of one moment: taken again until no checkpoint fell into it.
fn snapshot(journal: &Journal, from: &std::path::Path, to: &std::path::Path) {
    loop {
        let before = journal.stats();
        copy_dir(from, to);
        let after = journal.stats();
        if (before.checkpoints, before.segments_sealed) == (after.checkpoints, after.segments_sealed) {
            return;
        }
        std::fs::remove_dir_all(to).unwrap();
    }
}
