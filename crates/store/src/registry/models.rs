//! The thing models that products had. Each change adds a version in the same transaction that puts the model in use, so
//! the newest version always is the model in use; the oldest go when there are too many.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use yizhan_vocabulary::{ProductId, Uin, UnixMillis};

use super::{millis, parsed};
use crate::access::Store;
use crate::error::StoreError;

/// How many versions of a product's model are kept.
pub const MODEL_VERSIONS_KEPT: u32 = 20;

/// How a model came into use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelOrigin {
    /// The product was made with it.
    Created,
    /// Somebody wrote it.
    Changed,
    /// It was another product's.
    Imported,
    /// It is an earlier version again.
    Restored,
}

impl ModelOrigin {
    /// Every origin.
    pub const ALL: &[Self] = &[Self::Created, Self::Changed, Self::Imported, Self::Restored];

    /// The name in the registry and for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Imported => "imported",
            Self::Restored => "restored",
        }
    }

    fn from_column(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|origin| origin.as_str() == text)
    }
}

/// Who puts a model in use, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelSaving {
    /// How it came into use.
    pub origin: ModelOrigin,
    /// The account that did it; none on the machine itself.
    pub account: Option<Uin>,
    /// When.
    pub at: UnixMillis,
}

/// A version of a product's thing model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersionRow {
    /// Its number, counting from 1.
    pub version: u32,
    /// The model's JSON; none if the model was removed.
    pub model_json: Option<String>,
    /// Who put it in use, and how.
    pub saving: ModelSaving,
}

const COLUMNS: &str = "version, model, origin, account, saved_at";

fn read(row: &Row<'_>) -> rusqlite::Result<ModelVersionRow> {
    Ok(ModelVersionRow {
        version: row.get(0)?,
        model_json: row.get(1)?,
        saving: ModelSaving {
            origin: parsed(row, 2, ModelOrigin::from_column)?,
            account: row.get::<_, Option<i64>>(3)?.map(Uin),
            at: millis(row, 4)?,
        },
    })
}

impl Store {
    /// The versions of a product's model that are kept, newest first, the present one included.
    pub fn model_versions(&self, product: &ProductId) -> Result<Vec<ModelVersionRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM model_versions WHERE product = ?1 ORDER BY version DESC"
        ))?;
        let rows = statement.query_map([product.as_str()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One version of a product's model.
    pub fn model_version(
        &self,
        product: &ProductId,
        version: u32,
    ) -> Result<Option<ModelVersionRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM model_versions WHERE product = ?1 AND version = ?2"
        ))?;
        Ok(statement.query_row(params![product.as_str(), version], read).optional()?)
    }

    /// When the model in use was put in use; none if there never was one.
    pub fn model_saved_at(&self, product: &ProductId) -> Result<Option<UnixMillis>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT saved_at FROM model_versions WHERE product = ?1 ORDER BY version DESC LIMIT 1",
        )?;
        Ok(statement.query_row([product.as_str()], |row| millis(row, 0)).optional()?)
    }
}

/// Adds the model that is put in use to the versions. The same text again is no new version.
pub(super) fn add_version(
    transaction: &Transaction<'_>,
    product: &ProductId,
    model_json: Option<&str>,
    saving: &ModelSaving,
) -> Result<(), StoreError> {
    let newest: Option<(u32, Option<String>)> = transaction
        .query_row(
            "SELECT version, model FROM model_versions WHERE product = ?1 ORDER BY version DESC LIMIT 1",
            [product.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let version = match &newest {
        None if model_json.is_none() => return Ok(()),
        None => 1,
        Some((_, known)) if known.as_deref() == model_json => return Ok(()),
        Some((version, _)) => version + 1,
    };
    transaction.execute(
        "INSERT INTO model_versions (product, version, model, origin, account, saved_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            product.as_str(),
            version,
            model_json,
            saving.origin.as_str(),
            saving.account.map(|account| account.0),
            saving.at.0
        ],
    )?;
    transaction.execute(
        "DELETE FROM model_versions WHERE product = ?1 AND version <= ?2",
        params![product.as_str(), i64::from(version) - i64::from(MODEL_VERSIONS_KEPT)],
    )?;
    Ok(())
}
