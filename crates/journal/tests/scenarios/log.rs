//! The log: what was acknowledged is there after a restart, in order, whatever the crash left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::*;
use yizhan_journal::{Journal, LogKind, OpenError, Order, RecordKind, Refused, TimeRange};
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

type Replayed = (u64, u64, RecordKind, Vec<(u16, PointValue)>, Vec<u8>);

fn replay(config: &yizhan_journal::JournalConfig) -> Vec<Replayed> {
    let recovered = Journal::recover(config.clone()).unwrap();
    let mut records = Vec::new();
    recovered
        .each_record(|view| {
            records.push((
                view.seq,
                view.stream.0,
                view.kind,
                view.points().map(|(property, value)| (property.0, value)).collect(),
                view.body.to_vec(),
            ));
        })
        .unwrap();
    records
}

#[test]
fn acknowledged_records_come_back_in_order() {
    let dir = scratch();
    let config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    let mut expected = Vec::new();
    {
        let mut opened = open(&config, &clock);
        for number in 0..100_u64 {
            let points = [(3, PointValue::Float(number as f64 / 10.0)), (4, PointValue::Text("on".into()))];
            let seq = opened.push_points(number % 7, NOON + number as i64, &points);
            expected.push((
                seq,
                number % 7,
                RecordKind::Log(LogKind::Content),
                points.to_vec(),
                b"{\"method\":\"report\"}".to_vec(),
            ));
            let seq = opened.push(9, RecordKind::State(17), NOON, &[], b"kept");
            expected.push((seq, 9, RecordKind::State(17), vec![], b"kept".to_vec()));
            if number % 10 == 0 {
                opened.commit();
            }
        }
        opened.commit();
    }
    assert_eq!(replay(&config), expected);
    // A second start begins a new epoch and still reads both.
    {
        let mut opened = open(&config, &clock);
        assert!(opened.journal.next_seq() > expected.last().unwrap().0);
        let seq = opened.push(1, RecordKind::State(2), NOON, &[], b"later");
        opened.commit();
        expected.push((seq, 1, RecordKind::State(2), vec![], b"later".to_vec()));
    }
    assert_eq!(replay(&config), expected);
}

#[test]
fn records_go_on_over_many_segments() {
    let dir = scratch();
    let config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    let mut opened = open(&config, &clock);
    for number in 0..3000_i64 {
        opened.push_points(number as u64 % 5, NOON + number, &[(1, PointValue::Int(number))]);
        if number % 20 == 19 {
            opened.commit();
        }
    }
    opened.commit();
    let mut found = Vec::new();
    for stream in 0..5 {
        let page = opened
            .journal
            .history(DeviceId(stream), PropertyNumber(1), TimeRange::ALL, Order::Ascending, 5000, None)
            .unwrap();
        found.extend(page.items.into_iter().map(|(time, value)| (time.0, value)));
    }
    found.sort_by_key(|(time, _)| *time);
    let expected: Vec<_> = (0..3000).map(|number| (NOON + number, PointValue::Int(number))).collect();
    assert_eq!(found, expected);
    assert!(opened.journal.stats().commits >= 100);
    opened.journal.shutdown();
}

#[test]
fn lanes_with_something_in_a_commit_are_woken_and_others_are_not() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let mut opened = open(&small_config(dir.path()), &clock);
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    let lane = opened.journal.lane(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    opened.push_log(1, LogKind::Event, NOON, b"of another lane");
    opened.commit();
    assert_eq!(woken.load(Ordering::SeqCst), 0);
    let mut batch = lane.batch();
    opened.push_log(1, LogKind::Event, NOON, b"of this lane");
    std::mem::swap(&mut batch, &mut opened.batch);
    let ticket = lane.submit(&mut batch).unwrap();
    wait_until("the lane is woken", || woken.load(Ordering::SeqCst) == 1);
    assert!(lane.committed() >= ticket);
    assert!(batch.is_empty());
    assert_eq!(lane.submit(&mut batch).map(|ticket| ticket <= lane.committed()), Ok(true));
}

#[test]
fn a_record_that_is_too_large_leaves_the_batch_as_it_was() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    {
        let mut opened = open(&config, &clock);
        opened.push_log(1, LogKind::Event, NOON, b"small");
        let record = yizhan_journal::Record {
            seq: 7,
            time: UnixMillis(NOON),
            stream: DeviceId(1),
            kind: RecordKind::State(1),
            points: &[],
            body: &[0; 20_000],
        };
        let refused = opened.batch.push(&record).unwrap_err();
        assert_eq!(refused.limit, config.max_record_bytes);
        opened.commit();
    }
    assert_eq!(replay(&config).len(), 1);
}

#[test]
fn after_shutdown_batches_are_refused_and_accepted_ones_are_durable() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let config = small_config(dir.path());
    let mut opened = open(&config, &clock);
    opened.push_log(1, LogKind::Event, NOON, b"last words");
    let ticket = opened.lane.submit(&mut opened.batch).unwrap();
    opened.journal.shutdown();
    assert!(opened.lane.committed() >= ticket);
    assert_eq!(opened.journal.accepting(), Err(Refused::Closing));
    opened.push_log(1, LogKind::Event, NOON, b"too late");
    assert_eq!(opened.lane.submit(&mut opened.batch), Err(Refused::Closing));
    assert_eq!(opened.batch.records(), 1);
    drop(opened);
    assert_eq!(replay(&config).len(), 1);
}

#[test]
fn the_log_recovers_from_a_tail_cut_or_damaged_at_any_byte() {
    let dir = scratch();
    let config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    let mut ends = Vec::new();
    {
        let mut opened = open(&config, &clock);
        for number in 0..6_u64 {
            opened.push_log(number, LogKind::Event, NOON, format!("entry {number}").as_bytes());
            opened.commit();
            ends.push(opened.journal.stats().log_bytes);
        }
    }
    let segment = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("segment-0000000000000001"))
        .unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let data = 4096;
    let used = *ends.last().unwrap() as usize;
    let scratch = scratch();
    for cut in 0..=used {
        for damage in [0, 1, 2] {
            let case = scratch.path().join(format!("{cut}-{damage}"));
            copy_dir(dir.path(), &case);
            let mut bytes = whole.clone();
            match damage {
                // The rest was never written, is another life's, or one byte went wrong.
                0 => bytes[data + cut..].fill(0),
                1 => {
                    for (index, byte) in bytes[data + cut..].iter_mut().enumerate() {
                        *byte = (index * 31 + 7) as u8;
                    }
                }
                _ => bytes[data + cut] ^= 0x10,
            }
            std::fs::write(case.join(segment.file_name().unwrap()), &bytes).unwrap();
            let config = yizhan_journal::JournalConfig { dir: case.clone(), ..config.clone() };
            let found = replay(&config);
            // The last byte of each frame is padding; whether it is there does not matter.
            let whole_entries = found.len();
            let least = ends.iter().filter(|end| **end as usize <= cut).count();
            let in_padding = ends.iter().any(|end| *end as usize - 1 == cut);
            let most = if damage == 2 && in_padding { 6 } else { least + usize::from(in_padding) };
            assert!((least..=most).contains(&whole_entries), "cut at {cut}, damage {damage}");
            for (number, record) in found.iter().enumerate() {
                assert_eq!(record.4, format!("entry {number}").as_bytes());
            }
            if cut % 16 == 0 {
                // Appending goes on, and nothing of the torn part comes back.
                let mut opened = open(&config, &clock);
                opened.push_log(77, LogKind::Event, NOON, b"entry x");
                opened.commit();
                drop(opened);
                let again = replay(&config);
                assert_eq!(again.len(), whole_entries + 1, "cut at {cut}, damage {damage}");
                assert_eq!(again.last().unwrap().1, 77);
            }
            std::fs::remove_dir_all(&case).unwrap();
        }
    }
}

/// A directory in the place of a day file keeps segments from being sealed.
fn obstruct_sealing(dir: &std::path::Path) -> std::path::PathBuf {
    let obstacle = dir.join("log-2025-06-15.redb");
    std::fs::create_dir(&obstacle).unwrap();
    obstacle
}

#[test]
fn damage_in_the_middle_of_the_log_is_said_and_can_be_accepted() {
    let dir = scratch();
    let mut config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    obstruct_sealing(dir.path());
    // Not yet a journal, and never one with foreign files in it.
    assert!(matches!(Journal::recover(config.clone()), Err(OpenError::NotAJournal { .. })));
    std::fs::remove_dir(dir.path().join("log-2025-06-15.redb")).unwrap();
    {
        let mut opened = open(&config, &clock);
        obstruct_sealing(dir.path());
        for _ in 0..200 {
            opened.push_log(1, LogKind::Event, NOON, &[8; 1000]);
            opened.commit();
        }
        stats_say(&opened.journal, "sealing fails", |stats| stats.seal_failures > 0);
        assert!(opened.journal.stats().unsealed_segments >= 4);
    }
    let first = dir.path().join("segment-0000000000000001.log");
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[4096 + 5000] ^= 1;
    std::fs::write(&first, &bytes).unwrap();
    match Journal::recover(config.clone()).map(|_| ()) {
        Err(OpenError::Damaged { file, offset, .. }) => {
            assert_eq!(file, first);
            assert!((4096..4096 + 5000).contains(&offset));
        }
        other => panic!("{other:?}"),
    }
    config.accept_damage = true;
    let recovered = Journal::recover(config).unwrap();
    assert_eq!(recovered.report().damage.len(), 1);
    assert!(recovered.report().records > 100);
}

#[test]
fn sealing_that_failed_is_done_once_it_can_be() {
    let dir = scratch();
    let config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    let mut opened = open(&config, &clock);
    let obstacle = obstruct_sealing(dir.path());
    for number in 0..200_i64 {
        opened.push_log(1, LogKind::Event, NOON + number, &[8; 1000]);
        opened.commit();
    }
    stats_say(&opened.journal, "sealing fails", |stats| stats.seal_failures > 1);
    assert!(opened.journal.stats().last_seal_failure.unwrap().contains("log-2025-06-15"));
    std::fs::remove_dir(&obstacle).unwrap();
    stats_say(&opened.journal, "sealing catches up", |stats| stats.unsealed_segments <= 1);
    let page = opened
        .journal
        .log(DeviceId(1), LogKind::Event, TimeRange::ALL, Order::Ascending, 1000, None)
        .unwrap();
    assert_eq!(page.items.len(), 200);
    assert_eq!(page.next, None);
}
