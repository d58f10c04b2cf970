//! The subjects of the registry, one file each: statements, their rows and the rules that the tables alone
//! cannot express.

mod accounts;
pub(crate) mod apps;
pub(crate) mod attention;
pub(crate) mod audit;
mod authority;
pub(crate) mod batches;
mod certificates;
mod devices;
pub(crate) mod jobs;
pub(crate) mod licences;
mod logins;
pub(crate) mod models;
mod policies;
pub(crate) mod private_authorities;
mod products;
mod projects;
mod secrets;
mod settings;
mod statistics;
mod tags;
mod users;
pub(crate) mod video_products;
pub(crate) mod virtual_devices;

use rusqlite::types::Type;
use rusqlite::{Row, RowIndex};
use yizhan_vocabulary::{DeviceId, ProductId, UnixMillis};

use crate::error::StoreError;

/// Reads a column whose text must have a certain form; another form is damage.
fn parsed<T>(row: &Row<'_>, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            Type::Text,
            format!("unexpected text {text:?}").into(),
        )
    })
}

fn product_id(row: &Row<'_>, column: usize) -> rusqlite::Result<ProductId> {
    parsed(row, column, |text| ProductId::parse(text).ok())
}

fn millis(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<UnixMillis> {
    row.get(column).map(UnixMillis)
}

fn optional_millis(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<UnixMillis>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UnixMillis))
}

fn device_id(row: &Row<'_>, column: usize) -> rusqlite::Result<DeviceId> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map(DeviceId).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A device's number as SQLite keeps it. A number that SQLite cannot hold names no device.
fn id_column(device: DeviceId) -> Result<i64, StoreError> {
    i64::try_from(device.0).map_err(|_| StoreError::NotFound(format!("device number {}", device.0)))
}

/// Turns "no row was changed" into an error that names what is missing.
fn must_change(changed: usize, what: impl FnOnce() -> String) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::NotFound(what())) } else { Ok(()) }
}
