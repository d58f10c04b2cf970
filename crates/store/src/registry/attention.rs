//! What people are asked to look at: which of it an account does not want to be told again, and what only the registry can
//! tell.

use rusqlite::params;
use yizhan_vocabulary::{ProductId, Uin, UnixMillis};

use super::{millis, product_id};
use crate::access::Store;
use crate::error::StoreError;

/// Something that an account does not want to be told again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredAttention {
    /// Its name.
    pub id: String,
    /// The account that said so.
    pub by: Uin,
    /// When.
    pub at: UnixMillis,
}

/// Certificates of a product's devices that end soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingCertificates {
    /// The product.
    pub product: ProductId,
    /// Devices without a certificate that holds longer.
    pub devices: u64,
    /// When the first of them ends.
    pub first: UnixMillis,
}

impl Store {
    /// What a root account ignores.
    pub fn ignored_attention(&self, owner: Uin) -> Result<Vec<IgnoredAttention>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, ignored_by, ignored_at FROM ignored_attention WHERE owner = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([owner.0], |row| {
            Ok(IgnoredAttention { id: row.get(0)?, by: Uin(row.get(1)?), at: millis(row, 2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A root account ignores this from now on. Beside it, only `present` stays ignored: what is over and comes back is told
    /// again, and the rows are never more than there are things to tell.
    pub fn ignore_attention(
        &self,
        owner: Uin,
        ignored: &IgnoredAttention,
        present: &[&str],
    ) -> Result<(), StoreError> {
        let present =
            serde_json::to_string(present).map_err(|error| StoreError::Internal(error.to_string()))?;
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM ignored_attention WHERE owner = ?1 AND id NOT IN (SELECT value FROM json_each(?2))",
                params![owner.0, present],
            )?;
            transaction.execute(
                "INSERT INTO ignored_attention (owner, id, ignored_by, ignored_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (owner, id) DO UPDATE SET ignored_by = excluded.ignored_by, \
                 ignored_at = excluded.ignored_at",
                params![owner.0, ignored.id, ignored.by.0, ignored.at.0],
            )?;
            Ok(())
        })
    }

    /// A root account wants to be told again; false if it was not ignored.
    pub fn unignore_attention(&self, owner: Uin, id: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "DELETE FROM ignored_attention WHERE owner = ?1 AND id = ?2",
                params![owner.0, id],
            )?;
            Ok(changed > 0)
        })
    }

    /// Products with devices all of whose certificates end before `end`.
    pub fn certificates_ending_before(&self, end: UnixMillis) -> Result<Vec<EndingCertificates>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT product, count(*), min(last) FROM ( \
                 SELECT d.product AS product, max(c.not_after) AS last \
                 FROM device_certificates AS c JOIN devices AS d ON d.id = c.device \
                 WHERE c.revoked_at IS NULL \
                 AND c.device IN (SELECT device FROM device_certificates WHERE revoked_at IS NULL AND not_after < ?1) \
                 GROUP BY c.device HAVING max(c.not_after) < ?1) \
             GROUP BY product ORDER BY product",
        )?;
        let rows = statement.query_map([end.0], |row| {
            let devices: i64 = row.get(1)?;
            Ok(EndingCertificates {
                product: product_id(row, 0)?,
                devices: devices.unsigned_abs(),
                first: millis(row, 2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
