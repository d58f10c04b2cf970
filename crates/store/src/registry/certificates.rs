//! Device certificates: which certificate speaks for which device. A withdrawn one stays, so that it can be told
//! from an unknown one.

use rusqlite::{ErrorCode, Transaction, params};
use yizhan_vocabulary::{DeviceId, UnixMillis};

use super::{device_id, id_column, millis, must_change, optional_millis};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::CertificateRow;

impl Store {
    /// Registers a certificate for its device.
    pub fn add_certificate(&self, certificate: &CertificateRow) -> Result<(), StoreError> {
        self.write(|transaction| insert(transaction, certificate))
    }

    /// Registers a certificate for its device and forgets all that the device had, the withdrawn ones too; for devices
    /// that have used none of them.
    pub fn replace_certificates(&self, certificate: &CertificateRow) -> Result<(), StoreError> {
        let device = id_column(certificate.device)?;
        self.write(|transaction| {
            transaction.execute("DELETE FROM device_certificates WHERE device = ?1", [device])?;
            insert(transaction, certificate)
        })
    }

    /// Calls `visit` with every certificate, the withdrawn ones too.
    pub fn each_certificate(&self, mut visit: impl FnMut(CertificateRow)) -> Result<(), StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT fingerprint, device, serial, certificate, not_before, not_after, revoked_at \
             FROM device_certificates ORDER BY device, not_before, fingerprint",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(CertificateRow {
                fingerprint: row.get(0)?,
                device: device_id(row, 1)?,
                serial: row.get(2)?,
                certificate: row.get(3)?,
                not_before: millis(row, 4)?,
                not_after: millis(row, 5)?,
                revoked_at: optional_millis(row, 6)?,
            });
        }
        Ok(())
    }

    /// Withdraws every certificate of a device; says how many were valid until now.
    pub fn revoke_certificates_of(&self, device: DeviceId, at: UnixMillis) -> Result<usize, StoreError> {
        let id = id_column(device)?;
        self.write(|transaction| {
            Ok(transaction.execute(
                "UPDATE device_certificates SET revoked_at = ?2 WHERE device = ?1 AND revoked_at IS NULL",
                params![id, at.0],
            )?)
        })
    }
}

pub(super) fn insert(transaction: &Transaction<'_>, certificate: &CertificateRow) -> Result<(), StoreError> {
    let device = id_column(certificate.device)?;
    let known: i64 =
        transaction.query_row("SELECT count(*) FROM devices WHERE id = ?1", [device], |row| row.get(0))?;
    must_change(usize::from(known > 0), || format!("device number {device}"))?;
    let inserted = transaction.execute(
        "INSERT INTO device_certificates (fingerprint, device, serial, certificate, not_before, not_after, \
         revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            certificate.fingerprint,
            device,
            certificate.serial,
            certificate.certificate,
            certificate.not_before.0,
            certificate.not_after.0,
            certificate.revoked_at.map(|at| at.0)
        ],
    );
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(StoreError::Conflict("this certificate is registered already".into()))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}
