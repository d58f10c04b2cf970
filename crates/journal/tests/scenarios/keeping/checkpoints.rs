//! Checkpoints: state survives crashes exactly once and is never ahead of the log.

use super::*;

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
