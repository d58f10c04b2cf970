//! Devices whose part the server plays: how each behaves, and whether it runs.

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::{DeviceId, UnixMillis};

use super::{device_id, id_column, millis};
use crate::access::Store;
use crate::error::StoreError;

/// A device whose part the server plays, or played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualDeviceRow {
    /// The device.
    pub device: DeviceId,
    /// How it behaves, as JSON.
    pub behaviour: String,
    /// Whether it runs, also after a restart.
    pub running: bool,
    /// The account that changed it last.
    pub changed_by: i64,
    /// When it was last changed.
    pub updated_at: UnixMillis,
}

const COLUMNS: &str = "SELECT device, behaviour, running, changed_by, updated_at FROM virtual_devices";

fn virtual_device(row: &Row<'_>) -> rusqlite::Result<VirtualDeviceRow> {
    Ok(VirtualDeviceRow {
        device: device_id(row, 0)?,
        behaviour: row.get(1)?,
        running: row.get(2)?,
        changed_by: row.get(3)?,
        updated_at: millis(row, 4)?,
    })
}

impl Store {
    /// All of them, the last changed first.
    pub fn virtual_devices(&self) -> Result<Vec<VirtualDeviceRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("{COLUMNS} ORDER BY updated_at DESC, device"))?;
        let rows = statement.query_map([], virtual_device)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// That of one device.
    pub fn virtual_device(&self, device: DeviceId) -> Result<Option<VirtualDeviceRow>, StoreError> {
        let id = id_column(device)?;
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("{COLUMNS} WHERE device = ?1"))?;
        Ok(statement.query_row([id], virtual_device).optional()?)
    }

    /// Notes one, in place of what is known of the same device. The device must exist.
    pub fn put_virtual_device(&self, row: &VirtualDeviceRow) -> Result<(), StoreError> {
        let id = id_column(row.device)?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO virtual_devices (device, behaviour, running, changed_by, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (device) DO UPDATE SET behaviour = excluded.behaviour, \
                 running = excluded.running, changed_by = excluded.changed_by, updated_at = excluded.updated_at",
                params![id, row.behaviour, row.running, row.changed_by, row.updated_at.0],
            )?;
            Ok(())
        })
    }

    /// Forgets those that do not run, but the `kept` that were changed last.
    pub fn forget_stopped_virtual_devices(&self, kept: usize) -> Result<(), StoreError> {
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM virtual_devices WHERE running = 0 AND device NOT IN (SELECT device FROM \
                 virtual_devices WHERE running = 0 ORDER BY updated_at DESC, device LIMIT ?1)",
                [kept],
            )?;
            Ok(())
        })
    }
}
