//! The directory: whose it is, what is refused with a clear word, what doctor says about it.

use std::time::{Duration, Instant};

use yizhan_journal::{Journal, JournalConfig, LogKind, OpenError, Severity, inspect};
use yizhan_vocabulary::PointValue;

use crate::support::*;

fn refusal(config: &JournalConfig) -> OpenError {
    match Journal::recover(config.clone()) {
        Err(error) => error,
        Ok(_) => panic!("the directory was taken"),
    }
}

#[test]
fn a_newer_version_is_left_alone() {
    let dir = scratch();
    let config = small_config(dir.path());
    drop(Journal::recover(config.clone()).unwrap());
    std::fs::write(dir.path().join("FORMAT"), "yizhan-journal 2\nsomething new\n").unwrap();
    let before: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let error = refusal(&config);
    assert!(matches!(error, OpenError::NewerFormat { found: 2, known: 1, .. }));
    assert!(error.to_string().contains("use a newer program"));
    let after: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(before, after);
    assert!(inspect(&config).iter().any(|finding| finding.message.contains("format 2")));
}

#[test]
fn a_second_process_is_refused() {
    let dir = scratch();
    let config = small_config(dir.path());
    let first = Journal::recover(config.clone()).unwrap();
    assert!(matches!(refusal(&config), OpenError::Locked(_)));
    assert!(inspect(&config).iter().any(|finding| finding.message.contains("a server is running")));
    drop(first);
    Journal::recover(config).unwrap();
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    // The kernel allows nobody, not even root, to make a directory here.
    let config = small_config(std::path::Path::new("/sys/kernel/yizhan-journal"));
    let error = refusal(&config);
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("/sys/kernel/yizhan-journal"));
    assert!(error.to_string().contains("permissions"));
}

#[test]
fn a_directory_that_lost_its_write_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let dir = scratch();
    let config = small_config(dir.path());
    drop(Journal::recover(config.clone()).unwrap());
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let outcome = Journal::recover(config).map(|_| ());
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // Root may write wherever it likes.
    match outcome {
        Err(OpenError::ReadOnly { .. }) | Ok(()) => {}
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_an_interrupted_first_start_leaves_is_taken_over() {
    let dir = scratch();
    let config = small_config(dir.path());
    std::fs::write(dir.path().join("FORMAT.new"), "yizhan-jour").unwrap();
    std::fs::write(dir.path().join("lock"), "").unwrap();
    drop(Journal::recover(config.clone()).unwrap());
    // An interrupted preparation of a segment, of a packed day, and a segment whose header was never written.
    std::fs::write(dir.path().join("segment.new"), vec![0; 5000]).unwrap();
    std::fs::write(dir.path().join("history-2025-06-15.redb.new"), "half").unwrap();
    let last = dir.path().join("segment-0000000000000009.log");
    std::fs::write(&last, vec![0; 70_000]).unwrap();
    drop(Journal::recover(config).unwrap());
    assert!(!last.exists());
    assert!(!dir.path().join("segment.new").exists());
    assert!(!dir.path().join("history-2025-06-15.redb.new").exists());
}

#[test]
fn foreign_files_and_odd_settings_are_refused() {
    let dir = scratch();
    std::fs::write(dir.path().join("letter.txt"), "dear reader").unwrap();
    let error = refusal(&small_config(dir.path()));
    assert!(error.to_string().contains("letter.txt"), "{error}");
    std::fs::remove_file(dir.path().join("letter.txt")).unwrap();
    std::fs::write(dir.path().join("FORMAT"), "something else").unwrap();
    assert!(matches!(refusal(&small_config(dir.path())), OpenError::NotAJournal { .. }));
    for odd in [
        JournalConfig { segment_bytes: 100, ..small_config(dir.path()) },
        JournalConfig { segment_bytes: (64 << 10) + 1, ..small_config(dir.path()) },
        JournalConfig { max_record_bytes: 1 << 20, ..small_config(dir.path()) },
        JournalConfig { max_unsealed_segments: 1, ..small_config(dir.path()) },
        JournalConfig { disk_budget_bytes: Some(64 << 10), ..small_config(dir.path()) },
    ] {
        assert!(matches!(refusal(&odd), OpenError::Configuration(_)));
    }
}

#[test]
fn a_budget_that_could_not_work_is_refused_with_the_least_that_does() {
    let dir = scratch();
    let least = small_config(dir.path()).min_disk_budget();
    let config = JournalConfig { disk_budget_bytes: Some(least - 1), ..small_config(dir.path()) };
    assert!(refusal(&config).to_string().contains(&least.to_string()));
    let config = JournalConfig { disk_budget_bytes: Some(least), ..small_config(dir.path()) };
    let clock = HandClock::at(NOON);
    let mut opened = open(&config, &clock);
    for number in 0..10 {
        opened.push_log(1, LogKind::Event, NOON + number, &[b'x'; 8_000]);
        opened.commit();
    }
    opened.seal_all();
    assert_eq!(opened.journal.accepting(), Ok(()));
}

#[test]
fn doctor_finds_nothing_in_a_sound_journal_and_names_what_is_damaged() {
    let dir = scratch();
    let config = small_config(dir.path());
    let clock = HandClock::at(NOON);
    {
        let mut opened = open(&config, &clock);
        for number in 0..50_i64 {
            opened.push_points(1, NOON + number, &[(1, PointValue::Int(number))]);
            opened.push_log(2, LogKind::Event, NOON, &[b'e'; 300]);
        }
        opened.commit();
        opened.seal_all();
        opened.push_log(2, LogKind::Event, NOON, b"not sealed");
        opened.commit();
        opened.journal.shutdown();
        // A handle that is still around keeps nothing open but the lock, which a copy does not have.
        let copy = scratch();
        copy_dir(dir.path(), copy.path());
        assert_eq!(inspect(&small_config(copy.path())), []);
    }
    // A child that another test is just starting holds our lock between fork and exec.
    let patience = Instant::now() + Duration::from_secs(10);
    while !inspect(&config).is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(inspect(&config), []);

    let day = dir.path().join("history-2025-06-15.redb");
    let mut bytes = std::fs::read(&day).unwrap();
    let place = bytes.windows(4).position(|window| window == [1, 0, 0, 0]).unwrap_or(0);
    // Somewhere in the values, wherever they lie: every page behind the header is hit once.
    for at in (place.max(4096)..bytes.len()).step_by(512) {
        bytes[at] ^= 0x20;
    }
    std::fs::write(&day, bytes).unwrap();
    std::fs::write(dir.path().join("letter.txt"), "").unwrap();
    let segment = dir.path().join("segment-0000000000000002.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[4096 + 20] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let findings = inspect(&config);
    let about = |name: &str| {
        findings.iter().find(|finding| finding.path.ends_with(name)).map(|finding| finding.severity)
    };
    assert_eq!(about("history-2025-06-15.redb"), Some(Severity::Problem), "{findings:?}");
    assert_eq!(about("letter.txt"), Some(Severity::Warning));
    assert_eq!(about("segment-0000000000000002.log"), Some(Severity::Note));
    assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)));
}
