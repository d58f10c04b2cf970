//! Applications and the people who use them. What one request changes here touches many tables (a user, a family, a
//! binding), so these statements come as steps of one transaction: [`Store::change_apps`] hands out [`AppRows`], whoever
//! knows the rules takes the steps, and an error leaves nothing behind.

mod applications;
mod bindings;
mod families;
mod users;

use rusqlite::{Connection, Row, TransactionBehavior};
use yizhan_vocabulary::{AppUserId, ApplicationId, FamilyId, RoomId};

use super::parsed;
use crate::access::Store;
use crate::error::StoreError;
use crate::seal::Sealer;

/// The rows of applications inside one transaction.
pub struct AppRows<'a> {
    connection: &'a Connection,
    sealer: &'a Sealer,
}

impl Store {
    /// Takes `steps` in one transaction that writes; nothing of them stays when they fail.
    pub fn change_apps<T, E: From<StoreError>>(
        &self,
        steps: impl FnOnce(&AppRows<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer();
        let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(StoreError::from)?;
        let value = steps(&AppRows { connection: &transaction, sealer: &self.sealer })?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    /// Takes `steps` that only look, all at the same state of the registry.
    pub fn read_apps<T, E: From<StoreError>>(
        &self,
        steps: impl FnOnce(&AppRows<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut reader = self.reader();
        let transaction = reader.transaction().map_err(StoreError::from)?;
        steps(&AppRows { connection: &transaction, sealer: &self.sealer })
    }
}

impl AppRows<'_> {
    fn count(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, StoreError> {
        let count: i64 =
            self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get::<_, i64>(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

fn application_id(row: &Row<'_>, column: usize) -> rusqlite::Result<ApplicationId> {
    parsed(row, column, |text| ApplicationId::parse(text).ok())
}

fn family_id(row: &Row<'_>, column: usize) -> rusqlite::Result<FamilyId> {
    parsed(row, column, |text| FamilyId::parse(text).ok())
}

fn room_id(row: &Row<'_>, column: usize) -> rusqlite::Result<RoomId> {
    parsed(row, column, |text| RoomId::parse(text).ok())
}

fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<AppUserId> {
    row.get(column).map(AppUserId)
}
