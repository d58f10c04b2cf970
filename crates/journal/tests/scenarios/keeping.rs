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

fn entries(journal: &Journal, stream: u64) -> usize {
    let page = journal.log(DeviceId(stream), LogKind::Event, TimeRange::ALL, Order::Ascending, 100_000, None);
    page.unwrap().items.len()
}

#[test]
fn a_full_budget_refuses_before_acceptance_and_opens_again_when_a_day_can_go() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { disk_budget_bytes: Some(6 << 20), ..small_config(dir.path()) };
    let mut opened = open(&config, &clock);
    let mut accepted = 0;
    let begun = Instant::now();
    let refused = loop {
        assert!(begun.elapsed() < Duration::from_secs(60), "the budget was never reached");
        opened.push_log(1, LogKind::Event, NOON + accepted as i64, &noise(accepted as u64, 8000));
        match opened.try_commit(Duration::from_secs(20)) {
            Ok(()) => accepted += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, Refused::DiskFull);
    assert_eq!(opened.journal.accepting(), Err(Refused::DiskFull));
    assert!(opened.journal.stats().refused_disk_full > 0);
    assert_eq!(entries(&opened.journal, 1), accepted);
    // The next day, the full one is closed and goes; the refused batch can be given again.
    clock.set(NOON + DAY_MS);
    wait_until("there is space again", || opened.journal.accepting().is_ok());
    opened.commit();
    stats_say(&opened.journal, "the day is counted", |stats| stats.days_dropped_by_budget >= 1);
    // Nothing of the log itself was damaged by it.
    opened.journal.shutdown();
    drop(opened);
    assert!(entries(&open(&config, &clock).journal, 1) >= 1);
}

#[test]
fn a_full_budget_drops_the_oldest_day_although_the_clock_is_not_believed() {
    let dir = scratch();
    let config = JournalConfig { disk_budget_bytes: Some(6 << 20), ..small_config(dir.path()) };
    let mut opened = open(&config, &HandClock::at(NOON));
    loop {
        opened.push_log(1, LogKind::Event, NOON, &noise(1, 8000));
        if opened.try_commit(Duration::from_secs(20)).is_err() {
            break;
        }
    }
    opened.journal.shutdown();
    drop(opened);
    // Switched off for a month, which nothing distinguishes from a wrong date yet.
    let opened = open(&config, &HandClock::at(NOON + 30 * DAY_MS));
    wait_until("there is space again", || opened.journal.accepting().is_ok());
    stats_say(&opened.journal, "the day went for its size", |stats| {
        stats.days_dropped_by_budget >= 1 && stats.days_dropped_by_age == 0
    });
}

#[test]
fn too_little_free_space_refuses() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { min_free_bytes: u64::MAX / 4, ..small_config(dir.path()) };
    let mut opened = open(&config, &clock);
    wait_until("the disk counts as full", || opened.journal.accepting() == Err(Refused::DiskFull));
    opened.push_log(1, LogKind::Event, NOON, b"no place for it");
    wait_until("batches are refused too", || {
        let outcome = opened.lane.submit(&mut opened.batch);
        if outcome.is_ok() {
            opened.push_log(1, LogKind::Event, NOON, b"no place for it");
        }
        outcome == Err(Refused::DiskFull)
    });
}

#[test]
fn a_backlog_is_refused_and_drains() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { max_batch_backlog_bytes: 20_000, ..small_config(dir.path()) };
    let mut opened = open(&config, &clock);
    let begun = Instant::now();
    let mut refused = false;
    while !refused && begun.elapsed() < Duration::from_secs(20) {
        opened.push_log(1, LogKind::Event, NOON, &[0; 15_000]);
        match opened.lane.submit(&mut opened.batch) {
            Ok(_) => {}
            Err(Refused::Backlog) => refused = true,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused);
    opened.commit();
    assert!(opened.journal.stats().refused_backlog > 0);
}

#[test]
fn days_beyond_retention_are_unlinked_and_not_shown() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { history_days: 2, log_days: 1, ..small_config(dir.path()) };
    let mut opened = open(&config, &clock);
    for day in 0..4_i64 {
        clock.set(NOON + day * DAY_MS);
        opened.push_points(1, NOON + day * DAY_MS, &[(1, PointValue::Int(day))]);
        opened.push_log(1, LogKind::Event, NOON + day * DAY_MS, b"of the day");
        opened.commit();
        if day < 3 {
            opened.seal_all();
        }
    }
    let history = opened
        .journal
        .history(DeviceId(1), PropertyNumber(1), TimeRange::ALL, Order::Ascending, 10, None)
        .unwrap()
        .items
        .into_iter()
        .map(|(_, value)| value);
    assert_eq!(history.collect::<Vec<_>>(), [PointValue::Int(2), PointValue::Int(3)]);
    assert_eq!(entries(&opened.journal, 1), 1);
    stats_say(&opened.journal, "old files are gone", |stats| {
        stats.history_days <= 2 && stats.log_days <= 1 && stats.days_dropped_by_age >= 4
    });
    assert!(!dir.path().join("history-2025-06-15.redb").exists());
    // What comes too late for its day is counted, not kept.
    opened.push_log(1, LogKind::Event, NOON, b"from days ago");
    opened.commit();
    opened.seal_all();
    assert!(opened.journal.stats().entries_dropped_by_age > 0);
    assert!(!dir.path().join("log-2025-06-15.redb").exists());
}

#[test]
fn a_backup_of_a_live_journal_recovers_and_stays_as_it_was() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(&dir.path().join("live"));
    let mut opened = open(&config, &clock);
    let mut written = 0;
    let mut write = |opened: &mut Opened, count: usize| {
        for _ in 0..count {
            written += 1;
            opened.push_points(1, NOON + written, &[(1, PointValue::Int(written))]);
            opened.push_log(1, LogKind::Event, NOON + written, &noise(written as u64, 500));
        }
        opened.commit();
    };
    write(&mut opened, 300);
    opened.seal_all();
    write(&mut opened, 20);
    let target = dir.path().join("backup");
    opened.journal.backup_to(&target).unwrap();
    assert!(matches!(opened.journal.backup_to(&target), Err(BackupError::NotEmpty(_))));
    // The live journal goes on and changes the same day's files.
    write(&mut opened, 300);
    opened.seal_all();
    assert_eq!(entries(&opened.journal, 1), 620);
    assert_eq!(
        yizhan_journal::inspect(&small_config(&target))
            .iter()
            .filter(|f| f.severity > yizhan_journal::Severity::Note)
            .count(),
        0
    );
    let restored_config = JournalConfig { dir: target, ..config.clone() };
    let mut restored = open(&restored_config, &clock);
    assert_eq!(entries(&restored.journal, 1), 320);
    let points = restored
        .journal
        .history(DeviceId(1), PropertyNumber(1), TimeRange::ALL, Order::Descending, 1000, None)
        .unwrap();
    assert_eq!(points.items.len(), 320);
    assert_eq!(points.items[0].1, PointValue::Int(320));
    // It is a journal of its own: it can be written to and sealed.
    restored.push_log(1, LogKind::Event, NOON, b"after the restoration");
    restored.commit();
    restored.seal_all();
    assert_eq!(entries(&restored.journal, 1), 321);
    assert_eq!(entries(&opened.journal, 1), 620);
    opened.journal.shutdown();
    assert!(matches!(opened.journal.backup_to(&dir.path().join("late")), Err(BackupError::NotRunning)));
}

#[test]
fn a_backup_with_nothing_in_the_active_segment_opens_again_and_again() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(&dir.path().join("live"));
    let mut opened = open(&config, &clock);
    opened.push_log(1, LogKind::Event, NOON, b"sealed before the backup");
    opened.commit();
    opened.seal_all();
    let target = dir.path().join("backup");
    opened.journal.backup_to(&target).unwrap();
    drop(opened);
    let restored = JournalConfig { dir: target, ..config.clone() };
    for life in 1..4 {
        let mut opened = open(&restored, &clock);
        assert_eq!(entries(&opened.journal, 1), life);
        opened.push_log(1, LogKind::Event, NOON + life as i64, b"of a later life");
        opened.commit();
    }
    // The same for a journal that was never written to.
    let fresh = small_config(&dir.path().join("fresh"));
    let opened = open(&fresh, &clock);
    let target = dir.path().join("backup-of-nothing");
    opened.journal.backup_to(&target).unwrap();
    for _ in 0..3 {
        drop(open(&JournalConfig { dir: target.clone(), ..config.clone() }, &clock));
    }
}

#[test]
fn an_active_segment_without_its_header_is_not_thrown_away() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    drop(open(&config, &clock));
    let mut segments: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    segments.sort();
    let last = segments.last().unwrap();
    let mut bytes = std::fs::read(last).unwrap();
    bytes[10] ^= 1;
    std::fs::write(last, bytes).unwrap();
    assert!(matches!(Journal::recover(config.clone()), Err(yizhan_journal::OpenError::Damaged { .. })));
    assert!(last.exists());
    let accepting = JournalConfig { accept_damage: true, ..config };
    drop(open(&accepting, &clock));
    drop(open(&accepting, &clock));
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

#[test]
fn state_survives_crashes_at_random_moments_exactly_once() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let mut config = small_config(&dir.path().join("journal-0"));
    let mut acknowledged: BTreeMap<u64, u64> = BTreeMap::new();
    for life in 1..8_u64 {
        let (counters, recovered) = recover_counters(&config);
        for (key, count) in &acknowledged {
            let found = counters.0.lock().get(key).copied().unwrap_or_default().0;
            assert_eq!(found, *count, "counter {key} in life {life}");
        }
        let mut opened = start(recovered, &clock, vec![Box::new(CounterCheckpoint(counters.clone()))]);
        let pad = [0_u8; 600];
        for round in 0..(100 + life * 37) {
            for key in 0..3 {
                let seq = counters.add(&opened.journal, key);
                let record = yizhan_journal::Record {
                    seq,
                    time: UnixMillis(NOON),
                    stream: DeviceId(key),
                    kind: RecordKind::State(40),
                    points: &[],
                    body: &pad,
                };
                opened.batch.push(&record).unwrap();
            }
            opened.commit();
            // The copy is taken while checkpoints and recycling go on, like a crash.
            if round == 90 + life * 36 {
                stats_say(&opened.journal, "a checkpoint was taken", |stats| stats.checkpoints > 0);
                let next = dir.path().join(format!("journal-{life}"));
                let state = counters.0.lock().iter().map(|(key, (count, _))| (*key, *count)).collect();
                acknowledged = state;
                snapshot(&opened.journal, &config.dir, &next);
                config.dir = next;
                break;
            }
        }
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

#[test]
fn a_directory_copied_while_it_is_written_to_recovers_all_that_was_acknowledged_before() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(&dir.path().join("live"));
    let mut opened = open(&config, &clock);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer_stop = stop.clone();
    let lane = opened.journal.lane(Arc::new(|| {}));
    let journal = opened.journal.clone();
    let background = std::thread::Builder::new()
        .name("background-load".into())
        .spawn(move || {
            let mut batch = lane.batch();
            let mut number = 0_u64;
            while !writer_stop.load(std::sync::atomic::Ordering::Relaxed) {
                number += 1;
                let record = yizhan_journal::Record {
                    seq: journal.next_seq(),
                    time: UnixMillis(NOON),
                    stream: DeviceId(99),
                    kind: RecordKind::Log(LogKind::Event),
                    points: &[],
                    body: &[7; 100],
                };
                batch.push(&record).unwrap();
                let _ = lane.submit(&mut batch);
                if number.is_multiple_of(50) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        })
        .unwrap();
    let mut acknowledged = 0;
    for copy in 0..12 {
        for _ in 0..20 {
            acknowledged += 1;
            opened.push_log(1, LogKind::Event, NOON + acknowledged, &noise(acknowledged as u64, 300));
            opened.commit();
        }
        let target = dir.path().join(format!("copy-{copy}"));
        snapshot(&opened.journal, &config.dir, &target);
        let copied = open(&JournalConfig { dir: target.clone(), ..config.clone() }, &clock);
        assert_eq!(entries(&copied.journal, 1), acknowledged as usize);
        drop(copied);
        std::fs::remove_dir_all(&target).unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    background.join().unwrap();
}

#[test]
fn shutdown_leaves_a_checkpoint_and_sequence_numbers_are_never_used_again() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    let last;
    {
        let (counters, recovered) = recover_counters(&config);
        let mut opened = start(recovered, &clock, vec![Box::new(CounterCheckpoint(counters.clone()))]);
        for _ in 0..10 {
            let seq = counters.add(&opened.journal, 5);
            let record = yizhan_journal::Record {
                seq,
                time: UnixMillis(NOON),
                stream: DeviceId(5),
                kind: RecordKind::State(40),
                points: &[],
                body: &[],
            };
            opened.batch.push(&record).unwrap();
        }
        opened.commit();
        // Numbers that were taken and never written.
        for _ in 0..100 {
            opened.journal.next_seq();
        }
        last = opened.journal.next_seq();
        opened.journal.shutdown();
    }
    let (counters, recovered) = recover_counters(&config);
    assert_eq!(counters.0.lock().get(&5).map(|counter| counter.0), Some(10));
    let opened = start(recovered, &clock, vec![]);
    assert!(opened.journal.next_seq() > last);
}

/// A change is made and its record pushed, but the batch stays with its thread.
fn change_without_submitting(opened: &mut Opened, counters: &Counters, key: u64) {
    let seq = counters.add(&opened.journal, key);
    let record = yizhan_journal::Record {
        seq,
        time: UnixMillis(NOON),
        stream: DeviceId(key),
        kind: RecordKind::State(40),
        points: &[],
        body: &[],
    };
    opened.batch.push(&record).unwrap();
}

#[test]
fn a_checkpoint_is_never_ahead_of_a_batch_that_is_not_submitted() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(&dir.path().join("live"));
    let (counters, recovered) = recover_counters(&config);
    let mut opened = start(recovered, &clock, vec![Box::new(CounterCheckpoint(counters.clone()))]);
    let other = opened.journal.lane(Arc::new(|| {}));
    change_without_submitting(&mut opened, &counters, 5);
    // Other threads go on, and a segment is closed and has to be absorbed.
    let mut batch = other.batch();
    std::mem::swap(&mut batch, &mut opened.batch);
    opened.push_log(1, LogKind::Event, NOON, b"of another thread");
    opened.commit();
    std::mem::swap(&mut batch, &mut opened.batch);
    opened.journal.seal_soon();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(opened.journal.stats().checkpoints, 0);
    // A crash now: the change was never promised to anybody and is not there.
    let crashed = dir.path().join("crashed");
    copy_dir(&config.dir, &crashed);
    let (found, _) = recover_counters(&JournalConfig { dir: crashed, ..config.clone() });
    assert_eq!(found.0.lock().get(&5), None);
    opened.commit();
    stats_say(&opened.journal, "the checkpoint is taken", |stats| stats.checkpoints > 0);
    opened.journal.shutdown();
    drop(opened);
    assert_eq!(recover_counters(&config).0.0.lock().get(&5).map(|counter| counter.0), Some(1));
}

#[test]
fn a_batch_that_is_given_up_holds_no_checkpoint_up() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    let mut opened = open(&config, &clock);
    let abandoned = opened.journal.lane(Arc::new(|| {}));
    let mut batch = abandoned.batch();
    std::mem::swap(&mut batch, &mut opened.batch);
    opened.push_log(1, LogKind::Event, NOON, b"never submitted");
    std::mem::swap(&mut batch, &mut opened.batch);
    drop(batch);
    opened.push_log(1, LogKind::Event, NOON, b"submitted");
    opened.commit();
    opened.seal_all();
}

#[test]
fn a_refused_batch_and_the_checkpoint_that_needs_it_do_not_wait_for_each_other() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { max_unsealed_segments: 3, ..small_config(dir.path()) };
    let slow = Arc::new(Mutex::new(()));
    let held = slow.lock();
    let recovered = Journal::recover(config).unwrap();
    let mut opened = start(recovered, &clock, vec![Box::new(SlowCheckpoint(slow.clone()))]);
    let mut accepted = 0;
    loop {
        opened.push_log(1, LogKind::Event, NOON, &noise(accepted, 8_000));
        match opened.try_commit(Duration::ZERO) {
            Ok(()) => accepted += 1,
            Err(refused) => {
                assert_eq!(refused, Refused::Backlog);
                break;
            }
        }
    }
    // There is no room before a segment is given up, and none is given up before the batch is in the log.
    drop(held);
    opened.commit();
    stats_say(&opened.journal, "the checkpoint is taken", |stats| stats.checkpoints > 0);
    assert_eq!(entries(&opened.journal, 1) as u64, accepted + 1);
}

/// An owner without state that is not through before the lock is free.
struct SlowCheckpoint(Arc<Mutex<()>>);

impl Checkpoint for SlowCheckpoint {
    fn table(&self) -> &'static str {
        "slow"
    }

    fn collect(&mut self, _out: &mut StateWriter) {
        drop(self.0.lock());
    }
}

#[test]
fn files_are_for_the_servers_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = scratch();
    let live = dir.path().join("live");
    std::fs::create_dir(&live).unwrap();
    std::fs::set_permissions(&live, std::fs::Permissions::from_mode(0o755)).unwrap();
    let clock = HandClock::at(NOON);
    let mut opened = open(&small_config(&live), &clock);
    opened.push_points(1, NOON, &[(1, PointValue::Int(1))]);
    opened.push_log(1, LogKind::Event, NOON, b"private");
    opened.commit();
    opened.seal_all();
    let backup = dir.path().join("backup");
    opened.journal.backup_to(&backup).unwrap();
    for place in [live, backup] {
        assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        for entry in std::fs::read_dir(&place).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
        }
    }
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

#[test]
fn a_clock_that_steps_forward_deletes_nothing_until_it_has_stayed_there() {
    let dir = scratch();
    let (wall, monotonic) = (HandClock::at(NOON), HandClock::at(0));
    let config = JournalConfig { history_days: 2, log_days: 2, ..small_config(dir.path()) };
    let clock = || Arc::new(WrongClock { wall: wall.clone(), monotonic: monotonic.clone() });
    let begin = || {
        let recovered = Journal::recover(config.clone()).unwrap();
        let journal = recovered.start(Vec::new(), clock(), Box::new(|fatal| panic!("{fatal}"))).unwrap();
        let lane = journal.lane(Arc::new(|| {}));
        let batch = lane.batch();
        Opened { journal, lane, batch }
    };
    let mut opened = begin();
    opened.push_log(1, LogKind::Event, NOON, b"sealed");
    opened.commit();
    opened.seal_all();
    opened.push_log(1, LogKind::Event, NOON + 1, b"sealed under the wrong time");
    opened.commit();
    wall.set(NOON + 400 * DAY_MS);
    std::thread::sleep(Duration::from_millis(100));
    opened.seal_all();
    assert_eq!(entries(&opened.journal, 1), 2);
    // A restart does not make the wrong time right.
    opened.journal.shutdown();
    drop(opened);
    let opened = begin();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(entries(&opened.journal, 1), 2);
    // It was right after all: the server was off for long.
    monotonic.set(DAY_MS + 1);
    wall.set(NOON + 401 * DAY_MS + 1);
    stats_say(&opened.journal, "the old day is dropped", |stats| stats.days_dropped_by_age == 1);
}

#[test]
fn a_machine_that_is_switched_off_regularly_drops_old_days_too() {
    const HOUR_MS: i64 = DAY_MS / 24;
    let dir = scratch();
    let config = JournalConfig { history_days: 2, log_days: 2, ..small_config(dir.path()) };
    let (wall, monotonic) = (HandClock::at(NOON), HandClock::at(0));
    let run = |work: &mut dyn FnMut(&mut Opened)| {
        let clock = Arc::new(WrongClock { wall: wall.clone(), monotonic: monotonic.clone() });
        let recovered = Journal::recover(config.clone()).unwrap();
        let journal = recovered.start(Vec::new(), clock, Box::new(|fatal| panic!("{fatal}"))).unwrap();
        let lane = journal.lane(Arc::new(|| {}));
        let batch = lane.batch();
        let mut opened = Opened { journal, lane, batch };
        work(&mut opened);
        opened.journal.shutdown();
    };
    run(&mut |opened| {
        opened.push_log(1, LogKind::Event, NOON, b"old");
        opened.commit();
        opened.seal_all();
    });
    let mut seen = Vec::new();
    for boot in 1..=3 {
        wall.set(NOON + boot * 10 * DAY_MS);
        monotonic.set(0);
        run(&mut |opened| {
            std::thread::sleep(Duration::from_millis(100));
            seen.push(entries(&opened.journal, 1));
            monotonic.set(9 * HOUR_MS);
            wall.set(NOON + boot * 10 * DAY_MS + 9 * HOUR_MS);
            if boot == 3 {
                stats_say(&opened.journal, "the old day is dropped", |stats| stats.days_dropped_by_age == 1);
            } else {
                // Kept while it runs, not only at an orderly stop: the power may be cut.
                stats_say(&opened.journal, "the wait is kept", |stats| stats.checkpoints >= 1);
            }
        });
    }
    assert_eq!(seen, [1, 1, 1]);
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

#[test]
fn a_thread_that_panics_ends_the_log() {
    let dir = scratch();
    let clock = Arc::new(BrokenClock(false.into()));
    let told = Arc::new(Mutex::new(None));
    let tell = told.clone();
    let on_fatal = Box::new(move |fatal: yizhan_journal::FatalError| *tell.lock() = Some(fatal.to_string()));
    let recovered = Journal::recover(small_config(dir.path())).unwrap();
    let journal = recovered.start(Vec::new(), clock.clone(), on_fatal).unwrap();
    clock.0.store(true, std::sync::atomic::Ordering::SeqCst);
    wait_until("the owner is told", || told.lock().is_some());
    assert!(told.lock().as_deref().is_some_and(|told| told.contains("journal-sealer panicked")), "{told:?}");
    assert_eq!(journal.accepting(), Err(Refused::Failed));
}

#[test]
fn a_segment_in_use_for_long_is_sealed_although_it_is_not_full() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { max_segment_age: Duration::from_secs(3600), ..small_config(dir.path()) };
    let mut opened = open(&config, &clock);
    opened.push_log(1, LogKind::Event, NOON, b"lonely");
    opened.commit();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(opened.journal.stats().segments_sealed, 0);
    clock.set(NOON + 3_700_000);
    stats_say(&opened.journal, "the segment is sealed", |stats| stats.segments_sealed == 1);
    assert_eq!(entries(&opened.journal, 1), 1);
}

#[test]
fn a_damaged_day_file_is_set_aside_and_the_log_goes_on() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    {
        let mut opened = open(&config, &clock);
        opened.push_log(1, LogKind::Event, NOON, b"lost with the file");
        opened.commit();
        opened.seal_all();
        opened.journal.shutdown();
    }
    std::fs::write(dir.path().join("log-2025-06-15.redb"), b"this is no database at all").unwrap();
    let mut opened = open(&config, &clock);
    opened.push_log(1, LogKind::Event, NOON, b"after it");
    opened.commit();
    opened.seal_all();
    assert_eq!(opened.journal.stats().files_set_aside, 1);
    assert_eq!(entries(&opened.journal, 1), 1);
    assert!(dir.path().join("log-2025-06-15.redb.damaged-0").exists());
}
