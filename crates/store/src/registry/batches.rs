//! Batch production. A batch and all of its rows are written at once; then each step of the work is one transaction
//! that makes devices and says so, so that the rows tell at any moment, and after any crash, what is left to do.

use rusqlite::{ErrorCode, OptionalExtension, Row, params};
use yizhan_vocabulary::{DeviceId, ProductId, UnixMillis};

use super::devices::insert_device;
use super::{id_column, millis, must_change, parsed, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{
    BatchBurn, BatchDeviceRow, BatchNaming, BatchRow, BatchState, CertificateRow, NewBatch, NewDevice,
    PlannedDevice, Secret,
};
use crate::seal::Place;

const COLUMNS: &str = "number, id, product, creator, burn, naming, upload_url, prefix, qr_codes, wanted, \
     (SELECT count(*) FROM batch_rows AS r WHERE r.batch = number AND r.state = 'made'), \
     (SELECT count(*) FROM batch_rows AS r WHERE r.batch = number AND r.state = 'refused'), \
     state, failure, created_at, updated_at";

fn key_place<'a>(batch: &'a str, name: &'a str) -> Place<'a> {
    Place { column: "batch_rows.key", row: (batch, name) }
}

/// What one step of a batch makes: devices by their places, and places that come to nothing.
#[derive(Debug, Default)]
pub struct BatchStep {
    /// Devices to be made.
    pub devices: Vec<(u32, NewDevice)>,
    /// Places where none is made, and why.
    pub refused: Vec<(u32, String)>,
}

impl Store {
    /// Writes a batch with all it is to make. A conflict while another one of the product is unfinished.
    pub fn create_batch(&self, batch: &NewBatch, planned: &[PlannedDevice]) -> Result<i64, StoreError> {
        let wanted = u32::try_from(planned.len())
            .map_err(|_| StoreError::Invalid("a batch has too many devices".into()))?;
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO batches (id, product, creator, burn, naming, upload_url, prefix, qr_codes, wanted, \
                 state, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'created', ?10, ?10)",
                params![
                    batch.id,
                    batch.product.as_str(),
                    batch.creator,
                    batch.burn.as_str(),
                    batch.naming.as_str(),
                    batch.upload_url,
                    batch.prefix,
                    batch.qr_codes,
                    wanted,
                    batch.created_at.0
                ],
            );
            inserted.map_err(|error| refused_batch(error, batch))?;
            let number = transaction.last_insert_rowid();
            let mut statement = transaction.prepare_cached(
                "INSERT INTO batch_rows (batch, position, name, state, problem) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (position, device) in (0..wanted).zip(planned) {
                let state = if device.problem.is_some() { "refused" } else { "waiting" };
                let problem = device.problem.as_deref().unwrap_or_default();
                statement.execute(params![number, position, device.name, state, problem])?;
            }
            Ok(number)
        })
    }

    /// The batch with this id.
    pub fn batch(&self, id: &str) -> Result<Option<BatchRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM batches WHERE id = ?1"))?;
        Ok(statement.query_row([id], read_batch).optional()?)
    }

    /// The batch with this number.
    pub fn batch_numbered(&self, number: i64) -> Result<Option<BatchRow>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached(&format!("SELECT {COLUMNS} FROM batches WHERE number = ?1"))?;
        Ok(statement.query_row([number], read_batch).optional()?)
    }

    /// The batches of some products, newest first: a page, and how many there are in all.
    pub fn batches(
        &self,
        products: &[ProductId],
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<BatchRow>, u64), StoreError> {
        let wanted: Vec<&str> = products.iter().map(ProductId::as_str).collect();
        let wanted =
            serde_json::to_string(&wanted).map_err(|error| StoreError::Internal(error.to_string()))?;
        let among = "FROM batches WHERE product IN (SELECT value FROM json_each(?1))";
        let reader = self.reader();
        let total: i64 = reader
            .prepare_cached(&format!("SELECT count(*) {among}"))?
            .query_row([&wanted], |row| row.get(0))?;
        let mut statement = reader
            .prepare_cached(&format!("SELECT {COLUMNS} {among} ORDER BY number DESC LIMIT ?2 OFFSET ?3"))?;
        let clamp = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![wanted, clamp(limit), clamp(offset)], read_batch)?;
        Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
    }

    /// The unfinished batch that has waited longest for its next step.
    pub fn next_batch(&self) -> Result<Option<BatchRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM batches WHERE state <> 'done' ORDER BY updated_at, number LIMIT 1"
        ))?;
        Ok(statement.query_row([], read_batch).optional()?)
    }

    /// The next places of a batch where a device is still to be made.
    pub fn waiting_batch_rows(&self, batch: i64, limit: u32) -> Result<Vec<(u32, String)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT position, name FROM batch_rows WHERE batch = ?1 AND state = 'waiting' ORDER BY position LIMIT ?2",
        )?;
        let rows = statement.query_map(params![batch, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes the devices of one step, and notes what became of its places; all or nothing. The numbers come back in the
    /// order of the devices.
    pub fn make_batch_devices(
        &self,
        batch: i64,
        step: &BatchStep,
        now: UnixMillis,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut sealed = Vec::with_capacity(step.devices.len());
        for (_, device) in &step.devices {
            sealed.push(self.sealed_device_secret(device)?);
        }
        self.write(|transaction| {
            go_on(transaction, batch, BatchState::Running, now)?;
            let mut note = transaction.prepare_cached(
                "UPDATE batch_rows SET state = ?3, problem = ?4, device = ?5 \
                 WHERE batch = ?1 AND position = ?2 AND state = 'waiting'",
            )?;
            for (position, problem) in &step.refused {
                note.execute(params![batch, position, "refused", problem, None::<i64>])?;
            }
            let mut numbers = Vec::with_capacity(step.devices.len());
            for ((position, device), sealed) in step.devices.iter().zip(&sealed) {
                let number = insert_device(transaction, device, sealed)?;
                let column = id_column(number)?;
                must_change(note.execute(params![batch, position, "made", "", column])?, || {
                    format!("place {position} of batch number {batch}")
                })?;
                numbers.push(number);
            }
            Ok(numbers)
        })
    }

    /// Notes that all devices of a batch are made, and that their certificates are next.
    pub fn begin_certificates(&self, batch: i64, now: UnixMillis) -> Result<(), StoreError> {
        self.write(|transaction| go_on(transaction, batch, BatchState::Finishing, now))
    }

    /// Devices of a batch that were made and have no certificate of it yet.
    pub fn batch_rows_without_certificate(
        &self,
        batch: i64,
        limit: u32,
    ) -> Result<Vec<(u32, DeviceId)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT position, device FROM batch_rows WHERE batch = ?1 AND state = 'made' AND device IS NOT NULL \
             AND fingerprint IS NULL ORDER BY position LIMIT ?2",
        )?;
        let rows =
            statement.query_map(params![batch, limit], |row| Ok((row.get(0)?, super::device_id(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Registers a certificate that was made for a device of a batch, and keeps its private key, sealed, until the batch
    /// or the device is deleted.
    pub fn add_batch_certificate(
        &self,
        batch: &BatchRow,
        position: u32,
        name: &str,
        certificate: &CertificateRow,
        key: &Secret,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(key_place(&batch.id, name), key.expose())?;
        self.write(|transaction| {
            go_on(transaction, batch.number, BatchState::Finishing, now)?;
            super::certificates::insert(transaction, certificate)?;
            let changed = transaction.execute(
                "UPDATE batch_rows SET fingerprint = ?3, key_sealed = ?4 WHERE batch = ?1 AND position = ?2",
                params![batch.number, position, certificate.fingerprint, sealed],
            )?;
            must_change(changed, || format!("place {position} of batch {}", batch.id))
        })
    }

    /// Notes that nothing more will be made, and why if that is so before the end: then what was not made is refused.
    pub fn finish_batch(&self, batch: i64, failure: &str, now: UnixMillis) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE batch_rows SET state = 'refused', problem = ?2 WHERE batch = ?1 AND state = 'waiting'",
                params![batch, failure],
            )?;
            let changed = transaction.execute(
                "UPDATE batches SET state = 'done', failure = ?2, updated_at = ?3 WHERE number = ?1",
                params![batch, failure, now.0],
            )?;
            must_change(changed, || format!("batch number {batch}"))
        })
    }

    /// Notes that a batch was looked at and could not go on, so that the next one is looked at first.
    pub fn defer_batch(&self, batch: i64, now: UnixMillis) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE batches SET updated_at = ?2 WHERE number = ?1", params![batch, now.0])?;
            Ok(())
        })
    }

    /// Every place of a batch, in order.
    pub fn batch_devices(&self, batch: i64) -> Result<Vec<BatchDeviceRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT position, name, state, problem, device, fingerprint FROM batch_rows WHERE batch = ?1 \
             ORDER BY position",
        )?;
        let rows = statement.query_map([batch], |row| {
            let device: Option<i64> = row.get(4)?;
            Ok(BatchDeviceRow {
                position: row.get(0)?,
                name: row.get(1)?,
                made: row.get_ref(2)?.as_str()? == "made",
                problem: row.get(3)?,
                device: device.map(|number| DeviceId(number.unsigned_abs())),
                fingerprint: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The certificate (DER) and the private key that a batch made for a device, while the certificate counts.
    pub fn batch_credentials(&self, device: DeviceId) -> Result<Option<(Vec<u8>, Secret)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT c.certificate, b.id, r.name, r.key_sealed FROM batch_rows AS r \
             JOIN batches AS b ON b.number = r.batch \
             JOIN device_certificates AS c ON c.fingerprint = r.fingerprint AND c.revoked_at IS NULL \
             WHERE r.device = ?1 AND r.key_sealed IS NOT NULL",
        )?;
        let mut rows = statement.query([id_column(device)?])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (batch, name): (String, String) = (row.get(1)?, row.get(2)?);
        Ok(Some((row.get(0)?, self.unseal(key_place(&batch, &name), row, 3)?)))
    }

    /// Whether every private key of a batch opens.
    pub(crate) fn batch_keys_open(&self) -> Result<(), StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT b.id, r.name, r.key_sealed FROM batch_rows AS r JOIN batches AS b ON b.number = r.batch \
             WHERE r.key_sealed IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (batch, name): (String, String) = (row.get(0)?, row.get(1)?);
            self.unseal(key_place(&batch, &name), row, 2)?;
        }
        Ok(())
    }

    /// How many batches a product has had.
    pub fn batch_count(&self, product: &ProductId) -> Result<u64, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT count(*) FROM batches WHERE product = ?1")?;
        let count: i64 = statement.query_row([product.as_str()], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

fn go_on(
    transaction: &rusqlite::Transaction<'_>,
    batch: i64,
    state: BatchState,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE batches SET state = ?2, updated_at = ?3 WHERE number = ?1 AND state <> 'done'",
    )?;
    must_change(statement.execute(params![batch, state.as_str(), now.0])?, || {
        format!("unfinished batch number {batch}")
    })
}

fn read_batch(row: &Row<'_>) -> rusqlite::Result<BatchRow> {
    Ok(BatchRow {
        number: row.get(0)?,
        id: row.get(1)?,
        product: product_id(row, 2)?,
        creator: row.get(3)?,
        burn: parsed(row, 4, BatchBurn::from_column)?,
        naming: parsed(row, 5, BatchNaming::from_column)?,
        upload_url: row.get(6)?,
        prefix: row.get(7)?,
        qr_codes: row.get(8)?,
        wanted: row.get(9)?,
        made: row.get(10)?,
        refused: row.get(11)?,
        state: parsed(row, 12, BatchState::from_column)?,
        failure: row.get(13)?,
        created_at: millis(row, 14)?,
        updated_at: millis(row, 15)?,
    })
}

fn refused_batch(error: rusqlite::Error, batch: &NewBatch) -> StoreError {
    const SQLITE_CONSTRAINT_FOREIGNKEY: i32 = 787;
    match &error {
        rusqlite::Error::SqliteFailure(code, _) if code.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY => {
            StoreError::NotFound(format!("product {}", batch.product))
        }
        _ if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            StoreError::Conflict(format!("a batch of product {} is still running", batch.product))
        }
        _ => error.into(),
    }
}
