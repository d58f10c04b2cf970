//! Products, the numbers of their properties, and their custom topics.

use rusqlite::{ErrorCode, OptionalExtension, Row, Transaction, params};
use yizhan_vocabulary::topics::Rights;
use yizhan_vocabulary::{ProductId, ProjectId, Uin};

use super::models::{ModelOrigin, ModelSaving, add_version};
use super::{must_change, parsed, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{
    AuthMode, CustomTopic, DynamicRegistration, NodeKind, ProductChange, ProductProfile, ProductRow,
    ReleaseStatus, Secret,
};
use crate::seal::Place;

const COLUMNS: &str = "id, name, node, auth, secret_sealed, dynamic_registration, auto_create_quota, enabled, \
                       model, created_at, project, description, category_id, net_type, data_protocol, module_id, \
                       script_enabled, bind_strategy, status, creator, updated_at";

/// The topics every new product has (device guide, 和标准 MQTT 区别).
const DEFAULT_TOPICS: [(&str, Rights); 3] =
    [("control", Rights::Subscribe), ("event", Rights::Publish), ("data", Rights::Both)];

fn secret_place(id: &str) -> Place<'_> {
    Place { column: "products.secret", row: (id, "") }
}

fn missing(id: &ProductId) -> String {
    format!("product {id}")
}

impl Store {
    /// Stores a new product with its model, the numbers of the model's properties and the three topics every product
    /// starts with, all or nothing.
    pub fn create_product(&self, product: &ProductRow, numbers: &[(&str, u16)]) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(secret_place(product.id.as_str()), product.product_secret.expose())?;
        let (mode, quota) = registration_columns(product.dynamic_registration);
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO products (id, name, node, auth, secret_sealed, dynamic_registration, \
                 auto_create_quota, enabled, model, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    product.id.as_str(),
                    product.name,
                    product.node.as_str(),
                    product.auth.as_str(),
                    sealed,
                    mode,
                    quota,
                    product.enabled,
                    product.model_json,
                    product.created_at.0
                ],
            );
            match inserted {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    return Err(StoreError::Conflict(format!("product {} exists already", product.id)));
                }
                other => other?,
            };
            set_profile(transaction, &product.id, &product.profile)?;
            for (suffix, rights) in DEFAULT_TOPICS {
                insert_topic(transaction, &product.id, suffix, rights)?;
            }
            let saving = ModelSaving {
                origin: ModelOrigin::Created,
                account: Some(product.profile.creator),
                at: product.created_at,
            };
            add_version(transaction, &product.id, product.model_json.as_deref(), &saving)?;
            assign_numbers(transaction, &product.id, numbers)
        })
    }

    /// Every product, by id.
    pub fn products(&self) -> Result<Vec<ProductRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM products ORDER BY id"))?;
        let mut rows = statement.query([])?;
        let mut products = Vec::new();
        while let Some(row) = rows.next()? {
            products.push(self.read_product(row)?);
        }
        Ok(products)
    }

    /// One product.
    pub fn product(&self, id: &ProductId) -> Result<Option<ProductRow>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached(&format!("SELECT {COLUMNS} FROM products WHERE id = ?1"))?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.read_product(row)).transpose()
    }

    /// Changes a product.
    pub fn change_product(&self, id: &ProductId, change: &ProductChange) -> Result<(), StoreError> {
        let place = secret_place(id.as_str());
        let sealed = match &change.product_secret {
            Some(secret) => Some(self.sealer.seal(place, secret.expose())?),
            None => None,
        };
        let (mode, quota) = change.dynamic_registration.map(registration_columns).unzip();
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE products SET name = coalesce(?2, name), secret_sealed = coalesce(?3, secret_sealed), \
                 dynamic_registration = coalesce(?4, dynamic_registration), \
                 auto_create_quota = coalesce(?5, auto_create_quota), enabled = coalesce(?6, enabled) \
                 WHERE id = ?1",
                params![id.as_str(), change.name, sealed, mode, quota, change.enabled],
            )?;
            must_change(changed, || missing(id))?;
            change.profile.as_ref().map_or(Ok(()), |profile| set_profile(transaction, id, profile))
        })
    }

    /// Deletes a product that has no devices any more, with its topics and property numbers.
    pub fn delete_product(&self, id: &ProductId) -> Result<(), StoreError> {
        self.write(|transaction| {
            let devices: i64 = transaction.query_row(
                "SELECT count(*) FROM devices WHERE product = ?1",
                [id.as_str()],
                |row| row.get(0),
            )?;
            if devices > 0 {
                let text = format!("product {id} still has {devices} devices; delete them first");
                return Err(StoreError::Conflict(text));
            }
            let changed = transaction.execute("DELETE FROM products WHERE id = ?1", [id.as_str()])?;
            must_change(changed, || missing(id))
        })
    }

    /// The numbers given to the product's properties so far, those of removed properties included.
    pub fn property_numbers(&self, product: &ProductId) -> Result<Vec<(String, u16)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT identifier, number FROM property_numbers WHERE product = ?1 ORDER BY number",
        )?;
        let rows = statement.query_map([product.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stores the product's thing model (or removes it), as its newest version, and the numbers of its properties,
    /// together. A pair that is known already may be given again; a number or identifier in another pair is a conflict.
    pub fn set_model(
        &self,
        product: &ProductId,
        model_json: Option<&str>,
        numbers: &[(&str, u16)],
        saving: &ModelSaving,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE products SET model = ?2 WHERE id = ?1",
                params![product.as_str(), model_json],
            )?;
            must_change(changed, || missing(product))?;
            add_version(transaction, product, model_json, saving)?;
            assign_numbers(transaction, product, numbers)
        })
    }

    /// The product's custom topics, by suffix.
    pub fn custom_topics(&self, product: &ProductId) -> Result<Vec<CustomTopic>, StoreError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT suffix, rights FROM custom_topics WHERE product = ?1 ORDER BY suffix")?;
        let rows = statement.query_map([product.as_str()], |row| {
            Ok(CustomTopic { suffix: row.get(0)?, rights: parsed(row, 1, rights_from_column)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Replaces the product's custom topics.
    pub fn set_custom_topics(&self, product: &ProductId, topics: &[CustomTopic]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let known: Option<i64> = transaction
                .query_row("SELECT 1 FROM products WHERE id = ?1", [product.as_str()], |row| row.get(0))
                .optional()?;
            must_change(known.map_or(0, |_| 1), || missing(product))?;
            transaction.execute("DELETE FROM custom_topics WHERE product = ?1", [product.as_str()])?;
            for topic in topics {
                insert_topic(transaction, product, &topic.suffix, topic.rights)?;
            }
            Ok(())
        })
    }

    fn read_product(&self, row: &Row<'_>) -> Result<ProductRow, StoreError> {
        let id = product_id(row, 0)?;
        let quota = row.get(6)?;
        let registration = |word: &str| match word {
            "off" => Some(DynamicRegistration::Off),
            "known" => Some(DynamicRegistration::Known),
            "auto_create" => Some(DynamicRegistration::AutoCreate { quota }),
            _ => None,
        };
        Ok(ProductRow {
            id,
            name: row.get(1)?,
            node: parsed(row, 2, NodeKind::from_column)?,
            auth: parsed(row, 3, AuthMode::from_column)?,
            product_secret: self.unseal(secret_place(id.as_str()), row, 4)?,
            dynamic_registration: parsed(row, 5, registration)?,
            enabled: row.get(7)?,
            model_json: row.get(8)?,
            created_at: super::millis(row, 9)?,
            profile: ProductProfile {
                project: parsed(row, 10, |text| ProjectId::parse(text).ok())?,
                description: row.get(11)?,
                category_id: row.get(12)?,
                net_type: row.get(13)?,
                data_protocol: row.get(14)?,
                module_id: row.get(15)?,
                script_enabled: row.get(16)?,
                bind_strategy: row.get(17)?,
                status: parsed(row, 18, ReleaseStatus::from_column)?,
                creator: Uin(row.get(19)?),
                updated_at: super::millis(row, 20)?,
            },
        })
    }

    /// Reads a sealed column.
    pub(super) fn unseal(
        &self,
        place: Place<'_>,
        row: &Row<'_>,
        column: usize,
    ) -> Result<Secret, StoreError> {
        let sealed = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
        self.sealer.unseal(place, sealed)
    }
}

/// Writes the whole profile of a product that is there.
pub(super) fn set_profile(
    transaction: &Transaction<'_>,
    product: &ProductId,
    profile: &ProductProfile,
) -> Result<(), StoreError> {
    let project: Option<i64> = transaction
        .query_row("SELECT 1 FROM projects WHERE id = ?1", [profile.project.as_str()], |row| row.get(0))
        .optional()?;
    must_change(project.map_or(0, |_| 1), || format!("project {}", profile.project))?;
    transaction.execute(
        "UPDATE products SET project = ?2, description = ?3, category_id = ?4, net_type = ?5, data_protocol = ?6, \
         module_id = ?7, script_enabled = ?8, bind_strategy = ?9, status = ?10, creator = ?11, updated_at = ?12 \
         WHERE id = ?1",
        params![
            product.as_str(),
            profile.project.as_str(),
            profile.description,
            profile.category_id,
            profile.net_type,
            profile.data_protocol,
            profile.module_id,
            profile.script_enabled,
            profile.bind_strategy,
            profile.status.as_str(),
            profile.creator.0,
            profile.updated_at.0
        ],
    )?;
    Ok(())
}

fn assign_numbers(
    transaction: &Transaction<'_>,
    product: &ProductId,
    numbers: &[(&str, u16)],
) -> Result<(), StoreError> {
    numbers
        .iter()
        .try_for_each(|(identifier, number)| assign_number(transaction, product, identifier, *number))
}

fn assign_number(
    transaction: &Transaction<'_>,
    product: &ProductId,
    identifier: &str,
    number: u16,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO property_numbers (product, identifier, number) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![product.as_str(), identifier, number])?;
    let kept: Option<u16> = transaction
        .prepare_cached("SELECT number FROM property_numbers WHERE product = ?1 AND identifier = ?2")?
        .query_row(params![product.as_str(), identifier], |row| row.get(0))
        .optional()?;
    if kept == Some(number) {
        return Ok(());
    }
    Err(StoreError::Conflict(match kept {
        Some(kept) => format!("property {identifier} of product {product} already has number {kept}"),
        None => format!("number {number} of product {product} belongs to another property"),
    }))
}

fn insert_topic(
    transaction: &Transaction<'_>,
    product: &ProductId,
    suffix: &str,
    rights: Rights,
) -> Result<(), StoreError> {
    let inserted = transaction
        .prepare_cached("INSERT INTO custom_topics (product, suffix, rights) VALUES (?1, ?2, ?3)")?
        .execute(params![product.as_str(), suffix, rights_column(rights)]);
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(StoreError::Conflict(format!("topic {suffix} is given twice")))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn registration_columns(rule: DynamicRegistration) -> (&'static str, u32) {
    match rule {
        DynamicRegistration::Off => ("off", 0),
        DynamicRegistration::Known => ("known", 0),
        DynamicRegistration::AutoCreate { quota } => ("auto_create", quota),
    }
}

const fn rights_column(rights: Rights) -> &'static str {
    match rights {
        Rights::Publish => "publish",
        Rights::Subscribe => "subscribe",
        Rights::Both => "both",
    }
}

fn rights_from_column(word: &str) -> Option<Rights> {
    match word {
        "publish" => Some(Rights::Publish),
        "subscribe" => Some(Rights::Subscribe),
        "both" => Some(Rights::Both),
        _ => None,
    }
}
