//! Retention by age, and clocks that cannot be believed.

use super::*;

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
