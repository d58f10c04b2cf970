//! Devices. They are created and deleted in batches, each batch one transaction, and streamed once at start-up.

use rusqlite::{ErrorCode, OptionalExtension, Row, Transaction, params};
use yizhan_vocabulary::{DeviceId, DeviceName, ProductId, UnixMillis};

use super::{device_id, id_column, millis, must_change, optional_millis, parsed, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{DeviceRow, NewDevice, Secret};
use crate::seal::Place;

const COLUMNS: &str = "id, product, name, secret_sealed, enabled, auto_created, nickname, created_at, \
                       activated_at, (SELECT fingerprint FROM device_certificates AS c WHERE c.device = \
                       devices.id AND c.revoked_at IS NULL ORDER BY c.not_after DESC LIMIT 1)";

fn secret_place<'a>(product: &'a ProductId, name: &'a DeviceName) -> Place<'a> {
    Place { column: "devices.secret", row: (product.as_str(), name.as_str()) }
}

impl Store {
    /// Creates devices, all or none; their numbers come back in the same order.
    pub fn create_devices(&self, devices: &[NewDevice]) -> Result<Vec<DeviceId>, StoreError> {
        // Sealed before the writer is taken, so that a large batch holds it only for the inserts.
        let mut sealed = Vec::with_capacity(devices.len());
        for device in devices {
            sealed.push(self.sealed_device_secret(device)?);
        }
        self.write(|transaction| {
            let pairs = devices.iter().zip(&sealed);
            pairs.map(|(device, sealed)| insert_device(transaction, device, sealed)).collect()
        })
    }

    /// A new device's secret as it goes into its row.
    pub(super) fn sealed_device_secret(&self, device: &NewDevice) -> Result<Vec<u8>, StoreError> {
        self.sealer.seal(secret_place(&device.product, &device.name), device.secret.expose())
    }

    /// Calls `visit` with every device, in the order of their numbers.
    pub fn each_device(&self, mut visit: impl FnMut(DeviceRow)) -> Result<(), StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM devices ORDER BY id"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(self.read_device(row)?);
        }
        Ok(())
    }

    /// One device, by its names.
    pub fn device(&self, product: &ProductId, name: &DeviceName) -> Result<Option<DeviceRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached(&format!("SELECT {COLUMNS} FROM devices WHERE product = ?1 AND name = ?2"))?;
        let mut rows = statement.query([product.as_str(), name.as_str()])?;
        rows.next()?.map(|row| self.read_device(row)).transpose()
    }

    /// Lets a device connect, or not.
    pub fn set_device_enabled(&self, device: DeviceId, enabled: bool) -> Result<(), StoreError> {
        let id = id_column(device)?;
        self.write(|transaction| {
            let mut statement =
                transaction.prepare_cached("UPDATE devices SET enabled = ?2 WHERE id = ?1")?;
            must_change(statement.execute(params![id, enabled])?, || device_text(device))
        })
    }

    /// Sees to it that no new device gets a number up to `through`; true when that was not so before.
    pub fn skip_device_numbers(&self, through: DeviceId) -> Result<bool, StoreError> {
        let through = id_column(through)?;
        self.write(|transaction| {
            // SQLite's own table for AUTOINCREMENT; it has a row once there was a device.
            let highest: Option<i64> = transaction
                .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'devices'", [], |row| row.get(0))
                .optional()?;
            if highest.unwrap_or(0) >= through {
                return Ok(false);
            }
            let statement = match highest {
                Some(_) => "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'devices'",
                None => "INSERT INTO sqlite_sequence (name, seq) VALUES ('devices', ?1)",
            };
            transaction.execute(statement, [through])?;
            Ok(true)
        })
    }

    /// Gives a device a new secret.
    pub fn set_device_secret(&self, device: DeviceId, secret: &Secret) -> Result<(), StoreError> {
        let id = id_column(device)?;
        self.write(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT product, name FROM devices WHERE id = ?1")?;
            let mut rows = statement.query([id])?;
            let row = rows.next()?.ok_or_else(|| missing(device))?;
            let (product, name) = (product_id(row, 0)?, device_name(row, 1)?);
            let sealed = self.sealer.seal(secret_place(&product, &name), secret.expose())?;
            transaction
                .execute("UPDATE devices SET secret_sealed = ?2 WHERE id = ?1", params![id, sealed])?;
            Ok(())
        })
    }

    /// Notes the first connection of devices. A device that is gone, or was active before, is passed over.
    pub fn mark_activated(&self, devices: &[(DeviceId, UnixMillis)]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE devices SET activated_at = ?2 WHERE id = ?1 AND activated_at IS NULL",
            )?;
            for (device, at) in devices {
                statement.execute(params![id_column(*device)?, at.0])?;
            }
            Ok(())
        })
    }

    /// Deletes devices with their certificates, all or none.
    pub fn delete_devices(&self, devices: &[DeviceId]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("DELETE FROM devices WHERE id = ?1")?;
            for device in devices {
                let changed = statement.execute([id_column(*device)?])?;
                must_change(changed, || device_text(*device))?;
            }
            Ok(())
        })
    }

    fn read_device(&self, row: &Row<'_>) -> Result<DeviceRow, StoreError> {
        let product = product_id(row, 1)?;
        let name = device_name(row, 2)?;
        let secret = self.unseal(secret_place(&product, &name), row, 3)?;
        Ok(DeviceRow {
            id: device_id(row, 0)?,
            product,
            name,
            secret,
            enabled: row.get(4)?,
            auto_created: row.get(5)?,
            nickname: row.get(6)?,
            created_at: millis(row, 7)?,
            activated_at: optional_millis(row, 8)?,
            certificate: row.get(9)?,
        })
    }
}

/// Writes one new device; its secret is sealed already.
pub(super) fn insert_device(
    transaction: &Transaction<'_>,
    device: &NewDevice,
    sealed: &[u8],
) -> Result<DeviceId, StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO devices (product, name, secret_sealed, enabled, auto_created, nickname, created_at) \
         VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)",
    )?;
    let inserted = statement.execute(params![
        device.product.as_str(),
        device.name.as_str(),
        sealed,
        device.auto_created,
        device.nickname,
        device.created_at.0
    ]);
    inserted.map_err(|error| refused_insert(error, device))?;
    Ok(DeviceId(transaction.last_insert_rowid().unsigned_abs()))
}

fn device_name(row: &Row<'_>, column: usize) -> rusqlite::Result<DeviceName> {
    parsed(row, column, |text| DeviceName::parse(text).ok())
}

fn device_text(device: DeviceId) -> String {
    format!("device number {}", device.0)
}

fn missing(device: DeviceId) -> StoreError {
    StoreError::NotFound(device_text(device))
}

fn refused_insert(error: rusqlite::Error, device: &NewDevice) -> StoreError {
    const SQLITE_CONSTRAINT_FOREIGNKEY: i32 = 787;
    match &error {
        rusqlite::Error::SqliteFailure(code, _) if code.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY => {
            StoreError::NotFound(format!("product {}", device.product))
        }
        _ if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => StoreError::Conflict(
            format!("device {} of product {} exists already", device.name, device.product),
        ),
        _ => error.into(),
    }
}
