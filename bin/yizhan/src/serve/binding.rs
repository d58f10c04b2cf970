//! Registry and journal belong together: the journal names devices by the numbers that the registry gave out. With the
//! registry of another installation, or an older copy of its own, a new device would get the number, and so the history,
//! of another one.
//!
//! So the registry remembers which journal it was started with, and never gives out a number that the journal knows.

use anyhow::bail;
use yizhan_journal::Recovered;
use yizhan_store::Store;
use yizhan_vocabulary::DeviceId;

/// The setting that holds the number drawn when the journal was made.
const JOURNAL: &str = "journal.instance";

/// Binds the registry to the journal at their first start together; later refuses another one.
///
/// A journal in which nothing was ever written can be bound to any registry: it knows no device. One that has records can
/// be bound to a registry that was in use before releases kept the number, but not to a new one.
pub fn check(store: &Store, journal: &Recovered) -> anyhow::Result<()> {
    let instance = format!("{:016x}", journal.instance());
    let known = store.setting(JOURNAL)?;
    if known.as_deref() == Some(instance.as_str()) {
        return Ok(());
    }
    if !journal.is_new() {
        match known {
            Some(_) => bail!(
                "registry.sqlite and the folder journal are not from the same server: devices would get the history of \
                 others. Restore both from one backup, or move the folder journal away to begin without history"
            ),
            None if was_never_used(store)? => bail!(
                "registry.sqlite is new, but the folder journal holds data of devices that it does not know: new devices \
                 would get their history. Restore the registry from a backup, or move the folder journal away to begin \
                 anew"
            ),
            None => {}
        }
    } else if known.is_some() {
        tracing::warn!("the journal is new; history, logs and sessions of before are not there");
    }
    store.set_setting(JOURNAL, &instance)?;
    Ok(())
}

/// Every server that ever started completely has left its authority.
fn was_never_used(store: &Store) -> anyhow::Result<bool> {
    Ok(store.authority()?.is_none() && store.products()?.is_empty())
}

/// Keeps new devices from the numbers of streams that an older copy of the registry does not know.
pub fn skip_known_streams(store: &Store, highest: DeviceId) -> anyhow::Result<()> {
    if store.skip_device_numbers(highest)? {
        tracing::warn!(
            highest = highest.0,
            "the journal knows devices that the registry does not; it may be an older copy. Their numbers are skipped"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use yizhan_journal::{Journal, JournalConfig, LogKind, Record, RecordKind};
    use yizhan_store::{AuthorityRow, CertifiedKey, Secret};
    use yizhan_vocabulary::UnixMillis;
    use yizhan_vocabulary::clock::SystemClock;

    use super::*;

    fn recovered(dir: &Path) -> Recovered {
        let sizes = (64 << 10, 16 << 10, 1 << 20);
        let config = JournalConfig {
            segment_bytes: sizes.0,
            max_record_bytes: sizes.1,
            min_free_bytes: sizes.2,
            ..JournalConfig::new(dir.join("journal"))
        };
        Journal::recover(config).unwrap()
    }

    /// One life of a journal in which a device with this number reported.
    fn write(dir: &Path, stream: u64) {
        let clock = Arc::new(SystemClock::start());
        let journal = recovered(dir).start(Vec::new(), clock, Box::new(|fatal| panic!("{fatal}"))).unwrap();
        let lane = journal.lane(Arc::new(|| {}));
        let mut batch = lane.batch();
        let record = Record {
            seq: journal.next_seq(),
            time: UnixMillis(1_750_000_000_000),
            stream: DeviceId(stream),
            kind: RecordKind::Log(LogKind::Event),
            points: &[],
            body: b"an event",
        };
        batch.push(&record).unwrap();
        let ticket = lane.submit(&mut batch).unwrap();
        lane.wait(ticket, Duration::from_secs(20)).unwrap();
        journal.shutdown();
    }

    fn use_registry(store: &Store) {
        let authority = AuthorityRow {
            ca_certificate: String::new(),
            ca_key: Secret::new("key"),
            server_rsa: CertifiedKey { certificate: String::new(), key: Secret::new("key") },
            server_ec: None,
            server_names: Vec::new(),
        };
        store.set_authority(&authority).unwrap();
    }

    #[test]
    fn a_first_start_binds_and_later_ones_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        check(&store, &recovered(dir.path())).unwrap();
        write(dir.path(), 1);
        check(&store, &recovered(dir.path())).unwrap();
    }

    #[test]
    fn a_registry_of_another_server_and_a_new_one_are_refused() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (store, foreign) = (Store::open(dir.path()).unwrap(), Store::open(other.path()).unwrap());
        check(&foreign, &recovered(other.path())).unwrap();
        write(dir.path(), 1);
        let error = check(&foreign, &recovered(dir.path())).unwrap_err().to_string();
        assert!(error.contains("not from the same server") && error.contains("backup"), "{error}");
        let error = check(&store, &recovered(dir.path())).unwrap_err().to_string();
        assert!(error.contains("is new") && error.contains("backup"), "{error}");
        // One that was in use before the number was kept is bound now.
        use_registry(&store);
        check(&store, &recovered(dir.path())).unwrap();
        // A journal that was moved away is begun anew.
        std::fs::remove_dir_all(dir.path().join("journal")).unwrap();
        check(&store, &recovered(dir.path())).unwrap();
    }

    #[test]
    fn an_older_registry_does_not_give_out_what_the_journal_knows() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        write(dir.path(), 7);
        skip_known_streams(&store, recovered(dir.path()).highest_stream()).unwrap();
        assert!(!store.skip_device_numbers(DeviceId(7)).unwrap());
        assert!(store.skip_device_numbers(DeviceId(8)).unwrap());
    }
}
