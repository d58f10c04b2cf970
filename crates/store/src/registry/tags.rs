//! Tags of products and devices: texts that people search by. Most devices have none, so they are read once at start
//! and apart from the devices; a subject's tags are always replaced as a whole.

use rusqlite::{Transaction, params};
use yizhan_vocabulary::{DeviceId, ProductId};

use super::{device_id, id_column, must_change, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::Tag;

impl Store {
    /// Calls `visit` with every tag of every device.
    pub fn each_device_tag(&self, mut visit: impl FnMut(DeviceId, Tag)) -> Result<(), StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT device, key, value FROM device_tags ORDER BY device, key")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(device_id(row, 0)?, Tag { key: row.get(1)?, value: row.get(2)? });
        }
        Ok(())
    }

    /// Every tag of every product.
    pub fn product_tags(&self) -> Result<Vec<(ProductId, Tag)>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT product, key, value FROM product_tags ORDER BY product, key")?;
        let rows = statement
            .query_map([], |row| Ok((product_id(row, 0)?, Tag { key: row.get(1)?, value: row.get(2)? })))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Replaces a device's tags.
    pub fn set_device_tags(&self, device: DeviceId, tags: &[Tag]) -> Result<(), StoreError> {
        let id = id_column(device)?;
        self.write(|transaction| {
            let known: i64 =
                transaction
                    .query_row("SELECT count(*) FROM devices WHERE id = ?1", [id], |row| row.get(0))?;
            must_change(usize::from(known > 0), || format!("device number {}", device.0))?;
            transaction.execute("DELETE FROM device_tags WHERE device = ?1", [id])?;
            insert(transaction, "INSERT INTO device_tags (device, key, value) VALUES (?1, ?2, ?3)", id, tags)
        })
    }

    /// Replaces a product's tags.
    pub fn set_product_tags(&self, product: &ProductId, tags: &[Tag]) -> Result<(), StoreError> {
        let id = product.as_str();
        self.write(|transaction| {
            let sql = "SELECT count(*) FROM products WHERE id = ?1";
            let known: i64 = transaction.query_row(sql, [id], |row| row.get(0))?;
            must_change(usize::from(known > 0), || format!("product {product}"))?;
            transaction.execute("DELETE FROM product_tags WHERE product = ?1", [id])?;
            insert(
                transaction,
                "INSERT INTO product_tags (product, key, value) VALUES (?1, ?2, ?3)",
                id,
                tags,
            )
        })
    }

    /// Devices whose log level is not 0.
    pub fn device_log_levels(&self) -> Result<Vec<(DeviceId, u8)>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT id, log_level FROM devices WHERE log_level <> 0")?;
        let rows = statement.query_map([], |row| Ok((device_id(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Sets how much a device is to log.
    pub fn set_device_log_level(&self, device: DeviceId, level: u8) -> Result<(), StoreError> {
        let id = id_column(device)?;
        self.write(|transaction| {
            let sql = "UPDATE devices SET log_level = ?2 WHERE id = ?1";
            let changed = transaction.execute(sql, params![id, level])?;
            must_change(changed, || format!("device number {}", device.0))
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    sql: &str,
    subject: impl rusqlite::ToSql,
    tags: &[Tag],
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(sql)?;
    for tag in tags {
        statement.execute(params![subject, tag.key, tag.value])?;
    }
    Ok(())
}
