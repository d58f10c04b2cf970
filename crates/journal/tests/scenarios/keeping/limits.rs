//! Limits and failures: a full disk, a backlog, permissions, a damaged file, a thread that ends.

use super::*;

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
