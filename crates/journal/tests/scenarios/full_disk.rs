//! A file system that really is full: nothing that was accepted is lost, and all goes on once there is space.
//!
//! The test runs itself again with a small file system of its own, in a mount namespace that ends with it. Where the
//! system allows no such thing it fails, so that it cannot be left out unnoticed; `YIZHAN_NO_MOUNTS=1` says that this
//! is known.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use yizhan_journal::{Journal, JournalConfig, LogKind, Order, Refused, TimeRange};
use yizhan_vocabulary::DeviceId;

use crate::support::*;

const NAME: &str = "full_disk::on_a_full_file_system_nothing_accepted_is_lost";
const PLACE: &str = "YIZHAN_SMALL_FILE_SYSTEM";
const MOUNT: &str = r#"mount -t tmpfs -o size=12m none "$YIZHAN_SMALL_FILE_SYSTEM" && exec "$@""#;

#[test]
fn on_a_full_file_system_nothing_accepted_is_lost() {
    if let Some(place) = std::env::var_os(PLACE) {
        return fill(&PathBuf::from(place));
    }
    if std::env::var_os("YIZHAN_NO_MOUNTS").is_some_and(|value| value == "1") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let outcome = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(PLACE, place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    let (warned, mounted) = (String::from_utf8_lossy(&outcome.stderr), said.contains("1 passed"));
    assert!(outcome.status.success() && mounted, "{said}\n{warned}\n(see the top of this file)");
}

fn entries(journal: &Journal) -> usize {
    let page = journal.log(DeviceId(1), LogKind::Event, TimeRange::ALL, Order::Ascending, 100_000, None);
    page.unwrap().items.len()
}

fn fill(place: &std::path::Path) {
    let ballast = place.join("ballast");
    std::fs::write(&ballast, vec![1; 5 << 20]).unwrap();
    let clock = HandClock::at(NOON);
    let config = JournalConfig { min_free_bytes: 0, ..small_config(&place.join("journal")) };
    let mut opened = open(&config, &clock);
    let mut accepted = 0;
    let refused = loop {
        opened.push_log(1, LogKind::Event, NOON + accepted as i64, &noise(accepted as u64, 8_000));
        match opened.try_commit(Duration::from_secs(2)) {
            Ok(()) => accepted += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Refused::DiskFull | Refused::Backlog), "{refused}");
    assert!(accepted > 20, "only {accepted} were accepted");
    assert_eq!(entries(&opened.journal), accepted);
    // As after a power cut in this state.
    let copy = scratch();
    copy_dir(&config.dir, copy.path());
    let found = open(&JournalConfig { dir: copy.path().to_owned(), ..config.clone() }, &clock);
    assert_eq!(entries(&found.journal), accepted);
    drop(found);
    std::fs::remove_file(&ballast).unwrap();
    wait_until("there is room again", || opened.lane.submit(&mut opened.batch).is_ok());
    opened.push_log(1, LogKind::Event, NOON, b"after it");
    opened.commit();
    opened.journal.shutdown();
    drop(opened);
    assert_eq!(entries(&open(&config, &clock).journal), accepted + 2);
}
