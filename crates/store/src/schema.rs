//! The schema's history. Each version is one numbered SQL file; a registry is brought forward one version at a
//! time, each step in its own transaction with the version number, so that an interrupted upgrade leaves a
//! registry of a known version. A released file is never changed: a new one follows it.

use rusqlite::{Connection, TransactionBehavior};

/// One step of the schema.
pub(crate) struct Migration {
    /// The version this step leads to.
    pub version: u32,
    /// Its statements.
    pub sql: &'static str,
}

/// Every step, in order, without a gap.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../migrations/0001_initial.sql") },
    Migration { version: 2, sql: include_str!("../migrations/0002_second_server_certificate.sql") },
    Migration { version: 3, sql: include_str!("../migrations/0003_management.sql") },
    Migration { version: 4, sql: include_str!("../migrations/0004_batches.sql") },
    Migration { version: 5, sql: include_str!("../migrations/0005_applications.sql") },
    Migration { version: 6, sql: include_str!("../migrations/0006_model_versions.sql") },
    Migration { version: 7, sql: include_str!("../migrations/0007_private_authorities_and_licences.sql") },
    Migration { version: 8, sql: include_str!("../migrations/0008_statistics.sql") },
    Migration { version: 9, sql: include_str!("../migrations/0009_jobs.sql") },
    Migration { version: 10, sql: include_str!("../migrations/0010_virtual_devices.sql") },
    Migration { version: 11, sql: include_str!("../migrations/0011_logins.sql") },
    Migration { version: 12, sql: include_str!("../migrations/0012_attention.sql") },
];

/// Marks the file as ours: "YZHN".
pub(crate) const APPLICATION_ID: i32 = 0x595A_484E;

/// The newest version among `steps`; 0 is a file without a schema.
pub(crate) fn newest(steps: &[Migration]) -> u32 {
    steps.last().map_or(0, |step| step.version)
}

/// The version of the open file.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the file to the newest version. On an error, names the step that failed.
pub(crate) fn migrate(
    connection: &mut Connection,
    steps: &[Migration],
) -> Result<(), (u32, rusqlite::Error)> {
    for step in steps {
        apply(connection, step).map_err(|error| (step.version, error))?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, step: &Migration) -> rusqlite::Result<()> {
    // The version is read inside the transaction: another process may have taken the step meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? >= step.version {
        return Ok(());
    }
    transaction.execute_batch(step.sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", step.version)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::DATABASE_FILE;
    use crate::error::OpenError;
    use crate::open::{open, open_read_only};

    /// The version of this release.
    const PRESENT: u32 = MIGRATIONS.len() as u32;
    const NEXT: Migration = Migration {
        version: PRESENT + 1,
        sql: "ALTER TABLE settings ADD COLUMN note TEXT; UPDATE settings SET note = 'x';",
    };
    const BROKEN: Migration =
        Migration { version: PRESENT + 2, sql: "DELETE FROM settings; ALTER TABLE nothing ADD COLUMN y" };

    fn steps(more: &[Migration]) -> Vec<Migration> {
        let all = MIGRATIONS.iter().chain(more);
        all.map(|step| Migration { version: step.version, sql: step.sql }).collect()
    }

    fn present_version_with_a_setting(dir: &Path) {
        let opened = open(dir, MIGRATIONS).unwrap();
        opened.writer.execute("INSERT INTO settings (key, value) VALUES ('a', '1')", []).unwrap();
    }

    #[test]
    fn versions_follow_each_other_without_a_gap() {
        for (place, step) in MIGRATIONS.iter().enumerate() {
            assert_eq!(step.version as usize, place + 1);
        }
    }

    #[test]
    fn an_upgrade_keeps_the_rows_and_a_copy_of_the_former_registry() {
        let dir = tempfile::tempdir().unwrap();
        present_version_with_a_setting(dir.path());
        let opened = open(dir.path(), &steps(&[NEXT])).unwrap();
        let note: String =
            opened.writer.query_row("SELECT note FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!((version(&opened.writer).unwrap(), note.as_str()), (NEXT.version, "x"));
        drop(opened);
        let copy =
            Connection::open(dir.path().join(format!("registry-before-upgrade-v{PRESENT}.sqlite"))).unwrap();
        assert_eq!(version(&copy).unwrap(), PRESENT);
        let setting: String = copy.query_row("SELECT value FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!(setting, "1");
        assert!(matches!(
            open(dir.path(), MIGRATIONS).err(),
            Some(OpenError::NewerSchema { found, supported: PRESENT }) if found == NEXT.version
        ));
    }

    #[test]
    fn looking_at_a_registry_of_an_older_schema_does_not_bring_it_forward() {
        let dir = tempfile::tempdir().unwrap();
        present_version_with_a_setting(dir.path());
        let before = std::fs::read(dir.path().join(DATABASE_FILE)).unwrap();
        let error = open_read_only(dir.path(), &steps(&[NEXT])).err().unwrap();
        assert!(
            matches!(error, OpenError::OlderSchema { found: PRESENT, current } if current == NEXT.version),
            "{error}"
        );
        assert_eq!(std::fs::read(dir.path().join(DATABASE_FILE)).unwrap(), before);
        assert!(open_read_only(dir.path(), MIGRATIONS).is_ok());
    }

    #[test]
    fn a_step_that_fails_is_undone_and_the_steps_before_it_stay() {
        let dir = tempfile::tempdir().unwrap();
        present_version_with_a_setting(dir.path());
        let error = open(dir.path(), &steps(&[NEXT, BROKEN])).err().unwrap();
        assert!(
            matches!(error, OpenError::Migration { version, .. } if version == BROKEN.version),
            "{error}"
        );
        let connection = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        let settings: i64 =
            connection.query_row("SELECT count(*) FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!((version(&connection).unwrap(), settings), (NEXT.version, 1));
        drop(connection);
        assert!(open(dir.path(), &steps(&[NEXT])).is_ok());
    }

    #[test]
    fn an_upgrade_does_not_start_with_the_wrong_key() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        present_version_with_a_setting(dir.path());
        present_version_with_a_setting(other.path());
        std::fs::copy(other.path().join(crate::KEY_FILE), dir.path().join(crate::KEY_FILE)).unwrap();
        assert!(matches!(open(dir.path(), &steps(&[NEXT])).err(), Some(OpenError::KeyWrong { .. })));
        let connection = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        assert_eq!(version(&connection).unwrap(), PRESENT);
    }
}
