//! What the video API keeps about a product beyond what every product has (management API facts §8.1, VideoProduct).

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::ProductId;

use crate::access::Store;
use crate::error::StoreError;

/// A product's video particulars. They describe the hardware for people; no message depends on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoProductRow {
    /// 1 device, 2 network video recorder.
    pub device_type: i64,
    /// Codes of what it can do.
    pub features: Vec<String>,
    /// Its operating system.
    pub chip_os: String,
    /// Who makes its chip.
    pub chip_maker: String,
    /// Its chip.
    pub chip: String,
    /// For how many years it is meant to be used.
    pub valid_years: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<VideoProductRow> {
    let features: String = row.get(1)?;
    Ok(VideoProductRow {
        device_type: row.get(0)?,
        // What was written below; damage shows as no features, and nothing depends on them.
        features: serde_json::from_str(&features).unwrap_or_default(),
        chip_os: row.get(2)?,
        chip_maker: row.get(3)?,
        chip: row.get(4)?,
        valid_years: row.get(5)?,
    })
}

impl Store {
    /// Keeps the video particulars of a product that is there.
    pub fn set_video_product(&self, product: &ProductId, row: &VideoProductRow) -> Result<(), StoreError> {
        let features = serde_json::Value::from(row.features.clone()).to_string();
        self.write(|transaction| {
            let known: Option<i64> = transaction
                .query_row("SELECT 1 FROM products WHERE id = ?1", [product.as_str()], |row| row.get(0))
                .optional()?;
            super::must_change(known.map_or(0, |_| 1), || format!("product {product}"))?;
            transaction.execute(
                "INSERT OR REPLACE INTO video_products \
                 (product, device_type, features, chip_os, chip_maker, chip, valid_years) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    product.as_str(),
                    row.device_type,
                    features,
                    row.chip_os,
                    row.chip_maker,
                    row.chip,
                    row.valid_years
                ],
            )?;
            Ok(())
        })
    }

    /// The video particulars of a product; none if it was not made as a video product.
    pub fn video_product(&self, product: &ProductId) -> Result<Option<VideoProductRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT device_type, features, chip_os, chip_maker, chip, valid_years \
             FROM video_products WHERE product = ?1",
        )?;
        Ok(statement.query_row([product.as_str()], read).optional()?)
    }
}
