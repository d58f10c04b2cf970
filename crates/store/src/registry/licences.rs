//! Pools of activation codes.

use rusqlite::params;
use yizhan_vocabulary::{InstanceId, UnixMillis};

use super::{millis, must_change, optional_millis, parsed};
use crate::access::Store;
use crate::error::StoreError;

/// Activation codes of one kind for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicencePoolRow {
    /// Its number; 0 for one that is to be stored.
    pub id: i64,
    /// The instance that they are for.
    pub instance: InstanceId,
    /// `normal`, `bluetooth`, `free`, `video`, or the name of an added service.
    pub kind: String,
    /// How long each holds, as the vendor words it.
    pub period: String,
    /// How many.
    pub total: u64,
    /// When they were added.
    pub created_at: UnixMillis,
    /// When they end.
    pub expires_at: Option<UnixMillis>,
}

impl Store {
    /// Adds a pool; gives its number.
    pub fn add_licence_pool(&self, pool: &LicencePoolRow) -> Result<i64, StoreError> {
        let total = i64::try_from(pool.total)
            .map_err(|_| StoreError::Invalid("a pool has too many activation codes".into()))?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO licence_pools (instance, kind, period, total, created_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    pool.instance.as_str(),
                    pool.kind,
                    pool.period,
                    total,
                    pool.created_at.0,
                    pool.expires_at.map(|at| at.0)
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Removes a pool. Devices that were made with it stay.
    pub fn remove_licence_pool(&self, id: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute("DELETE FROM licence_pools WHERE id = ?1", [id])?;
            must_change(changed, || format!("pool number {id}"))
        })
    }

    /// Every pool, by number.
    pub fn licence_pools(&self) -> Result<Vec<LicencePoolRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, instance, kind, period, total, created_at, expires_at FROM licence_pools ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(LicencePoolRow {
                id: row.get(0)?,
                instance: parsed(row, 1, |text| InstanceId::parse(text).ok())?,
                kind: row.get(2)?,
                period: row.get(3)?,
                total: row.get::<_, i64>(4)?.unsigned_abs(),
                created_at: millis(row, 5)?,
                expires_at: optional_millis(row, 6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
