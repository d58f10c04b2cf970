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
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: include_str!("../migrations/0001_initial.sql") }];

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

    const SECOND: Migration = Migration {
        version: 2,
        sql: "ALTER TABLE settings ADD COLUMN note TEXT; UPDATE settings SET note = 'x';",
    };
    const BROKEN: Migration =
        Migration { version: 3, sql: "DELETE FROM settings; ALTER TABLE nothing ADD COLUMN y" };

    fn steps(more: &[Migration]) -> Vec<Migration> {
        let all = MIGRATIONS.iter().chain(more);
        all.map(|step| Migration { version: step.version, sql: step.sql }).collect()
    }

    fn first_version_with_a_setting(dir: &Path) {
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
        first_version_with_a_setting(dir.path());
        let opened = open(dir.path(), &steps(&[SECOND])).unwrap();
        let note: String =
            opened.writer.query_row("SELECT note FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!((version(&opened.writer).unwrap(), note.as_str()), (2, "x"));
        drop(opened);
        let copy = Connection::open(dir.path().join("registry-before-upgrade-v1.sqlite")).unwrap();
        assert_eq!(version(&copy).unwrap(), 1);
        let setting: String = copy.query_row("SELECT value FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!(setting, "1");
        assert!(matches!(
            open(dir.path(), MIGRATIONS).err(),
            Some(OpenError::NewerSchema { found: 2, supported: 1 })
        ));
    }

    #[test]
    fn looking_at_a_registry_of_an_older_schema_does_not_bring_it_forward() {
        let dir = tempfile::tempdir().unwrap();
        first_version_with_a_setting(dir.path());
        let before = std::fs::read(dir.path().join(DATABASE_FILE)).unwrap();
        let error = open_read_only(dir.path(), &steps(&[SECOND])).err().unwrap();
        assert!(matches!(error, OpenError::OlderSchema { found: 1, current: 2 }), "{error}");
        assert_eq!(std::fs::read(dir.path().join(DATABASE_FILE)).unwrap(), before);
        assert!(open_read_only(dir.path(), MIGRATIONS).is_ok());
    }

    #[test]
    fn a_step_that_fails_is_undone_and_the_steps_before_it_stay() {
        let dir = tempfile::tempdir().unwrap();
        first_version_with_a_setting(dir.path());
        let error = open(dir.path(), &steps(&[SECOND, BROKEN])).err().unwrap();
        assert!(matches!(error, OpenError::Migration { version: 3, .. }), "{error}");
        let connection = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        let settings: i64 =
            connection.query_row("SELECT count(*) FROM settings", [], |row| row.get(0)).unwrap();
        assert_eq!((version(&connection).unwrap(), settings), (2, 1));
        drop(connection);
        assert!(open(dir.path(), &steps(&[SECOND])).is_ok());
    }

    #[test]
    fn an_upgrade_does_not_start_with_the_wrong_key() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        first_version_with_a_setting(dir.path());
        first_version_with_a_setting(other.path());
        std::fs::copy(other.path().join(crate::KEY_FILE), dir.path().join(crate::KEY_FILE)).unwrap();
        assert!(matches!(open(dir.path(), &steps(&[SECOND])).err(), Some(OpenError::KeyWrong { .. })));
        let connection = Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
        assert_eq!(version(&connection).unwrap(), 1);
    }
}
