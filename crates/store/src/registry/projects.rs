//! What products sit in: instances, each of one root account, and projects, each in one instance.

use rusqlite::{ErrorCode, Row, Transaction, params};
use yizhan_vocabulary::{InstanceId, ProjectId, Uin, UnixMillis};

use super::products::set_profile;
use super::{millis, must_change, parsed, product_id};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{InstanceKind, InstanceRow, ProductMove, ProductProfile, ProjectRow};

impl Store {
    /// Stores a new instance.
    pub fn create_instance(&self, instance: &InstanceRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO instances (id, owner, kind, description, device_limit, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    instance.id.as_str(),
                    instance.owner.0,
                    instance.kind.as_str(),
                    instance.description,
                    instance.device_limit,
                    instance.created_at.0,
                    instance.updated_at.0
                ],
            )?;
            Ok(())
        })
    }

    /// Every instance, by id.
    pub fn instances(&self) -> Result<Vec<InstanceRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, owner, kind, description, device_limit, created_at, updated_at FROM instances ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(InstanceRow {
                id: instance_id(row, 0)?,
                owner: Uin(row.get(1)?),
                kind: parsed(row, 2, InstanceKind::from_column)?,
                description: row.get(3)?,
                device_limit: row.get(4)?,
                created_at: millis(row, 5)?,
                updated_at: millis(row, 6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes an instance's remark and limit.
    pub fn change_instance(&self, instance: &InstanceRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE instances SET description = ?2, device_limit = ?3, updated_at = ?4 WHERE id = ?1",
                params![
                    instance.id.as_str(),
                    instance.description,
                    instance.device_limit,
                    instance.updated_at.0
                ],
            )?;
            must_change(changed, || format!("instance {}", instance.id))
        })
    }

    /// Deletes an instance that holds no projects any more.
    pub fn delete_instance(&self, id: &InstanceId) -> Result<(), StoreError> {
        self.write(|transaction| {
            refuse_while_filled(
                transaction,
                "SELECT count(*) FROM projects WHERE instance = ?1",
                (id.as_str(), "projects"),
            )?;
            let changed = transaction.execute("DELETE FROM instances WHERE id = ?1", [id.as_str()])?;
            must_change(changed, || format!("instance {id}"))
        })
    }

    /// Stores a new project. A name that its instance has already is a conflict.
    pub fn create_project(&self, project: &ProjectRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO projects (id, instance, name, description, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    project.id.as_str(),
                    project.instance.as_str(),
                    project.name,
                    project.description,
                    project.created_at.0,
                    project.updated_at.0
                ],
            );
            unless_name_taken(inserted, project).map(drop)
        })
    }

    /// Every project, by id.
    pub fn projects(&self) -> Result<Vec<ProjectRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, instance, name, description, created_at, updated_at FROM projects ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(ProjectRow {
                id: parsed(row, 0, |text| ProjectId::parse(text).ok())?,
                instance: instance_id(row, 1)?,
                name: row.get(2)?,
                description: row.get(3)?,
                created_at: millis(row, 4)?,
                updated_at: millis(row, 5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes a project's name and remark.
    pub fn change_project(&self, project: &ProjectRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE projects SET name = ?2, description = ?3, updated_at = ?4 WHERE id = ?1",
                params![project.id.as_str(), project.name, project.description, project.updated_at.0],
            );
            let changed = unless_name_taken(changed, project)?;
            must_change(changed, || format!("project {}", project.id))
        })
    }

    /// Deletes a project that holds neither products nor applications any more.
    pub fn delete_project(&self, id: &ProjectId) -> Result<(), StoreError> {
        self.write(|transaction| {
            refuse_while_filled(
                transaction,
                "SELECT count(*) FROM applications WHERE project = ?1",
                (id.as_str(), "applications"),
            )?;
            refuse_while_filled(
                transaction,
                "SELECT count(*) FROM products WHERE project = ?1",
                (id.as_str(), "products"),
            )?;
            let changed = transaction.execute("DELETE FROM projects WHERE id = ?1", [id.as_str()])?;
            must_change(changed, || format!("project {id}"))
        })
    }

    /// Takes a product to another project and notes the move, together.
    pub fn move_product(&self, moved: &ProductMove, profile: &ProductProfile) -> Result<(), StoreError> {
        self.write(|transaction| {
            set_profile(transaction, &moved.product, profile)?;
            transaction.execute(
                "INSERT INTO product_moves (at, owner, product, from_instance, to_instance, devices) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    moved.at.0,
                    moved.owner.0,
                    moved.product.as_str(),
                    moved.from.as_str(),
                    moved.to.as_str(),
                    i64::try_from(moved.devices).unwrap_or(i64::MAX)
                ],
            )?;
            Ok(())
        })
    }

    /// The newest moves of a root account's products, newest first.
    pub fn product_moves(&self, owner: Uin, limit: u32) -> Result<Vec<ProductMove>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT at, owner, product, from_instance, to_instance, devices FROM product_moves \
             WHERE owner = ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![owner.0, limit], |row| {
            Ok(ProductMove {
                at: UnixMillis(row.get(0)?),
                owner: Uin(row.get(1)?),
                product: product_id(row, 2)?,
                from: instance_id(row, 3)?,
                to: instance_id(row, 4)?,
                devices: row.get::<_, i64>(5)?.unsigned_abs(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn instance_id(row: &Row<'_>, column: usize) -> rusqlite::Result<InstanceId> {
    parsed(row, column, |text| InstanceId::parse(text).ok())
}

fn refuse_while_filled(
    transaction: &Transaction<'_>,
    count: &str,
    (id, what): (&str, &str),
) -> Result<(), StoreError> {
    let inside: i64 = transaction.query_row(count, [id], |row| row.get(0))?;
    if inside > 0 {
        return Err(StoreError::Conflict(format!(
            "{id} is not empty: {inside} {what} inside; remove them first"
        )));
    }
    Ok(())
}

fn unless_name_taken(written: rusqlite::Result<usize>, project: &ProjectRow) -> Result<usize, StoreError> {
    match written {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(StoreError::Conflict(format!("a project named {} exists already", project.name)))
        }
        other => Ok(other?),
    }
}
