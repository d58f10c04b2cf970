//! Copies and backups of a live journal, and what recovers from them.

use super::*;

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
