//! Certificate authorities that accounts bring with them, and which product trusts which.

use rusqlite::{ErrorCode, params};
use yizhan_vocabulary::{ProductId, Uin, UnixMillis};

use super::{millis, must_change, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::Fingerprint;

/// An authority of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateAuthorityRow {
    /// Its number; 0 for one that is to be stored.
    pub id: i64,
    /// The root account that it belongs to.
    pub owner: Uin,
    /// Its name, unique in the account.
    pub name: String,
    /// SHA-256 of the certificate, unique in the account.
    pub fingerprint: Fingerprint,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// When it was brought, or replaced.
    pub created_at: UnixMillis,
}

impl Store {
    /// Stores an authority; gives its number.
    pub fn add_private_authority(&self, row: &PrivateAuthorityRow) -> Result<i64, StoreError> {
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO private_authorities (owner, name, fingerprint, certificate, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![row.owner.0, row.name, row.fingerprint, row.certificate, row.created_at.0],
            );
            inserted.map_err(taken)?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Puts another certificate in the place of an authority's.
    pub fn replace_private_authority(&self, row: &PrivateAuthorityRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE private_authorities SET fingerprint = ?2, certificate = ?3, created_at = ?4 WHERE id = ?1",
                params![row.id, row.fingerprint, row.certificate, row.created_at.0],
            );
            must_change(changed.map_err(taken)?, || format!("authority {}", row.name))
        })
    }

    /// Deletes an authority that no product trusts.
    pub fn delete_private_authority(&self, id: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute("DELETE FROM private_authorities WHERE id = ?1", [id]);
            let changed = changed.map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => {
                    StoreError::Conflict("products still trust this authority".into())
                }
                _ => error.into(),
            })?;
            must_change(changed, || format!("authority number {id}"))
        })
    }

    /// Every authority, by number.
    pub fn private_authorities(&self) -> Result<Vec<PrivateAuthorityRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, owner, name, fingerprint, certificate, created_at FROM private_authorities ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(PrivateAuthorityRow {
                id: row.get(0)?,
                owner: Uin(row.get(1)?),
                name: row.get(2)?,
                fingerprint: row.get(3)?,
                certificate: row.get(4)?,
                created_at: millis(row, 5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which product trusts which authority, by number.
    pub fn product_authorities(&self) -> Result<Vec<(ProductId, i64)>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT product, authority FROM product_authorities ORDER BY product")?;
        let rows = statement.query_map([], |row| Ok((product_id(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes a product trust an authority in place of another one, or none.
    pub fn set_product_authority(
        &self,
        product: &ProductId,
        authority: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            match authority {
                None => transaction
                    .execute("DELETE FROM product_authorities WHERE product = ?1", [product.as_str()])?,
                Some(authority) => transaction.execute(
                    "INSERT INTO product_authorities (product, authority) VALUES (?1, ?2) \
                     ON CONFLICT (product) DO UPDATE SET authority = excluded.authority",
                    params![product.as_str(), authority],
                )?,
            };
            Ok(())
        })
    }
}

fn taken(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            StoreError::Conflict("an authority with this name or certificate is there already".into())
        }
        _ => error.into(),
    }
}
