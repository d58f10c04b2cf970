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
