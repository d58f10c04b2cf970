//! What was counted of a product on one day. Rows are added to, never replaced: the counters in memory start at zero each
//! time they were stored.

use rusqlite::{Row, params};
use yizhan_vocabulary::ProductId;

use super::product_id;
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::ProductDay;

impl Store {
    /// Adds counts to those of their days; the peak becomes the higher one. A product that is gone is passed over.
    pub fn add_product_days(&self, rows: &[ProductDay]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO product_days (product, day, messages_up, messages_down, failed_up, failed_down, \
                 time_requests, registered, activated, active, online_peak) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM products WHERE id = ?1 \
                 ON CONFLICT (product, day) DO UPDATE SET \
                 messages_up = messages_up + excluded.messages_up, \
                 messages_down = messages_down + excluded.messages_down, \
                 failed_up = failed_up + excluded.failed_up, failed_down = failed_down + excluded.failed_down, \
                 time_requests = time_requests + excluded.time_requests, \
                 registered = registered + excluded.registered, activated = activated + excluded.activated, \
                 active = active + excluded.active, online_peak = max(online_peak, excluded.online_peak)",
            )?;
            for row in rows {
                statement.execute(params![
                    row.product.as_str(),
                    row.day,
                    column(row.messages_up),
                    column(row.messages_down),
                    column(row.failed_up),
                    column(row.failed_down),
                    column(row.time_requests),
                    column(row.registered),
                    column(row.activated),
                    column(row.active),
                    column(row.online_peak),
                ])?;
            }
            Ok(())
        })
    }

    /// What was counted of these products from the first day to the last.
    pub fn product_days(
        &self,
        products: &[ProductId],
        first: u32,
        last: u32,
    ) -> Result<Vec<ProductDay>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT product, day, messages_up, messages_down, failed_up, failed_down, time_requests, registered, \
             activated, active, online_peak FROM product_days \
             WHERE product = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day",
        )?;
        let mut found = Vec::new();
        for product in products {
            let rows = statement.query_map(params![product.as_str(), first, last], read)?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }

    /// The newest day of which anything was counted.
    pub fn last_statistics_day(&self) -> Result<Option<u32>, StoreError> {
        let reader = self.reader();
        Ok(reader.query_row("SELECT max(day) FROM product_days", [], |row| row.get(0))?)
    }

    /// Removes what was counted before a day.
    pub fn drop_product_days(&self, before: u32) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM product_days WHERE day < ?1", [before])?;
            Ok(())
        })
    }
}

/// A count as SQLite keeps it.
fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ProductDay> {
    let count = |column: usize| row.get::<_, i64>(column).map(|count| count.max(0).unsigned_abs());
    Ok(ProductDay {
        product: product_id(row, 0)?,
        day: row.get(1)?,
        messages_up: count(2)?,
        messages_down: count(3)?,
        failed_up: count(4)?,
        failed_down: count(5)?,
        time_requests: count(6)?,
        registered: count(7)?,
        activated: count(8)?,
        active: count(9)?,
        online_peak: count(10)?,
    })
}
