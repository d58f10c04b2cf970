//! Directories in good and in bad order.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use tempfile::TempDir;
use yizhan_journal::Journal;
use yizhan_store::Store;
use yizhan_vocabulary::clock::SystemClock;

use super::report::Severity;
use super::*;
use crate::config::Config;

/// A directory as a server leaves it, without a journal.
fn healthy() -> (TempDir, DataDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    drop(Store::open(folder.path()).unwrap());
    let data = DataDir::at(folder.path().to_owned());
    (folder, data)
}

fn severities(report: &Report, subject: &str) -> Vec<Severity> {
    let of_subject = report.findings.iter().filter(|finding| finding.subject == subject);
    of_subject.map(|finding| finding.severity).collect()
}

#[test]
fn a_healthy_directory_has_no_problems() {
    let (_folder, data) = healthy();
    let report = examine(&data, None);
    assert!(!report.has_problems(), "{}", report.text());
    assert_eq!(severities(&report, "registry"), [Severity::Ok], "{}", report.text());
    assert_eq!(severities(&report, "server"), [Severity::Ok]);
    assert_eq!(severities(&report, "data directory"), [Severity::Ok]);
}

#[test]
fn a_directory_that_does_not_exist_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere");
    let report = examine(&DataDir::at(path.clone()), None);
    assert!(report.has_problems() && report.text().contains("does not exist"));
    assert!(!path.exists());
}

#[test]
fn an_empty_directory_stays_empty() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let report = examine(&DataDir::at(folder.path().to_owned()), None);
    assert!(!report.has_problems(), "{}", report.text());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_key_file_that_others_read_or_that_is_lost_is_told_with_what_to_do() {
    let (folder, data) = healthy();
    let key = folder.path().join("secret.key");
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let report = examine(&data, None);
    assert!(report.has_problems() && report.text().contains("chmod 600"), "{}", report.text());
    std::fs::remove_file(&key).unwrap();
    let report = examine(&data, None);
    assert!(report.has_problems() && report.text().contains("backup"), "{}", report.text());
    assert!(!key.exists());
}

#[test]
fn a_damaged_registry_is_a_problem() {
    let (folder, data) = healthy();
    let file = folder.path().join("registry.sqlite");
    std::fs::write(&file, [b'x'; 8192]).unwrap();
    let report = examine(&data, None);
    assert_eq!(severities(&report, "registry"), [Severity::Problem], "{}", report.text());
}

#[test]
fn a_lost_registry_beside_a_journal_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::at(folder.path().to_owned());
    let journal = folder.path().join("journal");
    std::fs::create_dir(&journal).unwrap();
    let report = examine(&data, None);
    assert_eq!(severities(&report, "registry"), [Severity::Warning], "{}", report.text());
    assert!(report.text().contains("nothing is lost"), "{}", report.text());
    std::fs::write(journal.join("state"), "").unwrap();
    let report = examine(&data, None);
    assert_eq!(severities(&report, "registry"), [Severity::Problem], "{}", report.text());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_journal_is_a_problem_and_a_sound_one_is_not() {
    let (folder, data) = healthy();
    let config = Config::default().journal_config(folder.path()).unwrap();
    let clock = Arc::new(SystemClock::start());
    let recovered = Journal::recover(config.clone()).unwrap();
    recovered.start(Vec::new(), clock, Box::new(|fatal| panic!("{fatal}"))).unwrap().shutdown();
    let before = listing(folder.path());
    let report = examine(&data, None);
    assert_eq!(severities(&report, "journal"), [Severity::Ok], "{}", report.text());
    assert_eq!(listing(folder.path()), before);
    let segment = std::fs::read_dir(&config.dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "log"))
        .unwrap();
    let mut file = File::options().write(true).open(segment).unwrap();
    file.write_all(b"not a header").unwrap();
    let report = examine(&data, None);
    assert!(severities(&report, "journal").contains(&Severity::Problem), "{}", report.text());
    assert!(report.has_problems() && report.text().contains("header is damaged"));
}

/// Names, lengths and times of change of all files.
fn listing(dir: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let (path, facts) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        if facts.is_dir() {
            found.extend(listing(&path));
        }
        found.push((path, facts.len(), facts.modified().unwrap()));
    }
    found.sort();
    found
}

#[test]
fn an_interrupted_restore_is_a_problem() {
    let (folder, data) = healthy();
    std::fs::create_dir(folder.path().join(".restoring")).unwrap();
    let report = examine(&data, None);
    assert!(report.has_problems() && report.text().contains("interrupted"), "{}", report.text());
}

#[test]
fn an_open_directory_is_a_warning() {
    let (folder, data) = healthy();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let report = examine(&data, None);
    assert!(!report.has_problems());
    assert_eq!(severities(&report, "data directory"), [Severity::Warning]);
    assert!(report.text().contains("chmod 700"));
}

#[test]
fn a_configuration_that_does_not_parse_is_named() {
    let (folder, data) = healthy();
    std::fs::write(folder.path().join("yizhan.toml"), "[listen]\nmqqt = \"127.0.0.1:1\"\n").unwrap();
    let report = examine(&data, None);
    assert!(report.has_problems() && report.text().contains("mqqt"), "{}", report.text());
    let fine = folder.path().join("other.toml");
    std::fs::write(&fine, "[journal]\nlog_days = 7\n").unwrap();
    assert_eq!(severities(&examine(&data, Some(&fine)), "configuration"), [Severity::Ok]);
}

#[test]
fn what_a_killed_server_left_is_no_problem() {
    let (folder, data) = healthy();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    // No process has this number: the kernel's highest is 2^22.
    std::fs::write(data.listeners_file(), r#"{"pid":4194305,"mqtt":"127.0.0.1:1"}"#).unwrap();
    let report = examine(&data, None);
    assert_eq!(severities(&report, "server"), [Severity::Ok], "{}", report.text());
}

#[test]
fn the_report_reads_as_text_and_as_json() {
    let mut report = Report::default();
    report.ok("disk", "5 GiB free");
    report.problem("registry", "broken", "restore it");
    assert_eq!(
        report.text(),
        "ok       disk      5 GiB free\n\
         PROBLEM  registry  broken\n                   -> restore it\n\
         problems: 1, warnings: 0"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"][1]["severity"], "problem");
    assert_eq!(json["findings"][1]["advice"], "restore it");
}

#[test]
fn what_a_failed_first_start_left_is_not_taken_for_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::default().journal_config(folder.path()).unwrap();
    drop(Journal::recover(config).unwrap());
    let report = examine(&DataDir::at(folder.path().to_owned()), None);
    assert_eq!(severities(&report, "registry"), [Severity::Warning], "{}", report.text());
    assert!(report.text().contains("nothing is lost"), "{}", report.text());
}
