//! Applications, their key pairs, their push services and the products that they serve. Secrets are sealed: requests are
//! signed with them, so a hash would not do.

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::{ApplicationId, ProductId, ProjectId, Uin};

use super::super::users::unless_taken;
use super::super::{millis, must_change, parsed, product_id};
use super::{AppRows, application_id};
use crate::app_rows::{AppKeyRow, AppPlatform, ApplicationRow, PushChannelRow, PushService};
use crate::error::StoreError;
use crate::seal::Place;

const COLUMNS: &str = "applications.id, applications.project, applications.name, applications.description, \
                       applications.turn_key, applications.created_at, applications.updated_at";
/// From an application to the root account that its project belongs to.
const OWNED: &str = "FROM applications JOIN projects ON projects.id = applications.project \
                     JOIN instances ON instances.id = projects.instance";

fn key_place(app_key: &str) -> Place<'_> {
    Place { column: "application_keys.app_secret", row: (app_key, "") }
}

fn push_place(application: &ApplicationId, service: PushService) -> Place<'_> {
    Place { column: "application_push.secret", row: (application.as_str(), service.as_str()) }
}

fn application(row: &Row<'_>) -> rusqlite::Result<ApplicationRow> {
    Ok(ApplicationRow {
        id: application_id(row, 0)?,
        project: parsed(row, 1, |text| ProjectId::parse(text).ok())?,
        name: row.get(2)?,
        description: row.get(3)?,
        turn_key: row.get(4)?,
        created_at: millis(row, 5)?,
        updated_at: millis(row, 6)?,
    })
}

impl AppRows<'_> {
    /// Stores a new application with its key pairs.
    pub fn create_application(
        &self,
        application: &ApplicationRow,
        keys: &[AppKeyRow],
    ) -> Result<(), StoreError> {
        let inserted = self.connection.execute(
            "INSERT INTO applications (id, project, name, description, turn_key, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                application.id.as_str(),
                application.project.as_str(),
                application.name,
                application.description,
                application.turn_key,
                application.created_at.0,
                application.updated_at.0
            ],
        );
        unless_taken(inserted, || format!("an application named {} exists already", application.name))?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO application_keys (app_key, application, platform, app_secret_sealed) \
             VALUES (?1, ?2, ?3, ?4)",
        )?;
        for key in keys {
            let sealed = self.sealer.seal(key_place(&key.app_key), key.app_secret.expose())?;
            insert.execute(params![key.app_key, application.id.as_str(), key.platform.as_str(), sealed])?;
        }
        Ok(())
    }

    /// Changes an application's name, remark and switch.
    pub fn change_application(&self, application: &ApplicationRow) -> Result<(), StoreError> {
        let changed = self.connection.execute(
            "UPDATE applications SET name = ?2, description = ?3, turn_key = ?4, updated_at = ?5 WHERE id = ?1",
            params![
                application.id.as_str(),
                application.name,
                application.description,
                application.turn_key,
                application.updated_at.0
            ],
        );
        if let Ok(changed) = changed {
            return must_change(changed, || format!("application {}", application.id));
        }
        unless_taken(changed, || format!("an application named {} exists already", application.name))
    }

    /// Deletes an application with its users, their families, and what they bound and shared.
    pub fn delete_application(&self, id: &ApplicationId) -> Result<(), StoreError> {
        let changed = self.connection.execute("DELETE FROM applications WHERE id = ?1", [id.as_str()])?;
        must_change(changed, || format!("application {id}"))
    }

    /// An application of a root account.
    pub fn application(&self, owner: Uin, id: &str) -> Result<Option<ApplicationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} {OWNED} WHERE instances.owner = ?1 AND applications.id = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![owner.0, id], application).optional()?)
    }

    /// The application of a root account that one of its keys names.
    pub fn application_of_key(
        &self,
        owner: Uin,
        app_key: &str,
    ) -> Result<Option<ApplicationRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} {OWNED} WHERE instances.owner = ?1 AND applications.id = \
             (SELECT application FROM application_keys WHERE app_key = ?2)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![owner.0, app_key], application).optional()?)
    }

    /// Every application of a root account, the oldest first.
    pub fn applications(&self, owner: Uin) -> Result<Vec<ApplicationRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} {OWNED} WHERE instances.owner = ?1 \
             ORDER BY applications.created_at, applications.id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([owner.0], application)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many applications a project has.
    pub fn applications_in(&self, project: &ProjectId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM applications WHERE project = ?1", [project.as_str()])
    }

    /// The key pairs of an application.
    pub fn application_keys(&self, id: &ApplicationId) -> Result<Vec<AppKeyRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT app_key, platform, app_secret_sealed FROM application_keys WHERE application = ?1 \
             ORDER BY platform",
        )?;
        let mut rows = statement.query([id.as_str()])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let app_key: String = row.get(0)?;
            let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            keys.push(AppKeyRow {
                platform: parsed(row, 1, AppPlatform::from_column)?,
                app_secret: self.sealer.unseal(key_place(&app_key), sealed)?,
                app_key,
            });
        }
        Ok(keys)
    }

    /// The push services of an application.
    pub fn push_channels(&self, id: &ApplicationId) -> Result<Vec<PushChannelRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT service, access_id, secret_sealed, environment, region FROM application_push \
             WHERE application = ?1 ORDER BY service",
        )?;
        let mut rows = statement.query([id.as_str()])?;
        let mut channels = Vec::new();
        while let Some(row) = rows.next()? {
            let service = parsed(row, 0, PushService::from_column)?;
            let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            channels.push(PushChannelRow {
                service,
                access_id: row.get(1)?,
                secret: self.sealer.unseal(push_place(id, service), sealed)?,
                environment: row.get(3)?,
                region: row.get(4)?,
            });
        }
        Ok(channels)
    }

    /// Sets up a push service for an application, in place of what was there.
    pub fn set_push_channel(&self, id: &ApplicationId, channel: &PushChannelRow) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(push_place(id, channel.service), channel.secret.expose())?;
        self.connection.execute(
            "INSERT INTO application_push (application, service, access_id, secret_sealed, environment, region) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (application, service) DO UPDATE SET \
             access_id = ?3, secret_sealed = ?4, environment = ?5, region = ?6",
            params![
                id.as_str(),
                channel.service.as_str(),
                channel.access_id,
                sealed,
                channel.environment,
                channel.region
            ],
        )?;
        Ok(())
    }

    /// The products that an application serves, by id.
    pub fn application_products(&self, id: &ApplicationId) -> Result<Vec<ProductId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT product FROM application_products WHERE application = ?1 ORDER BY product",
        )?;
        let rows = statement.query_map([id.as_str()], |row| product_id(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether an application serves a product.
    pub fn serves(&self, id: &ApplicationId, product: &ProductId) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM application_products WHERE application = ?1 AND product = ?2";
        Ok(self.count(sql, params![id.as_str(), product.as_str()])? > 0)
    }

    /// Says which products an application serves, in place of those it served.
    pub fn set_application_products(
        &self,
        id: &ApplicationId,
        products: &[ProductId],
    ) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM application_products WHERE application = ?1", [id.as_str()])?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO application_products (application, product) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        for product in products {
            let inserted = insert.execute(params![id.as_str(), product.as_str()]);
            // A product that was deleted a moment ago cannot be referred to.
            unless_taken(inserted, || format!("product {product} does not exist"))?;
        }
        Ok(())
    }

    /// Opens every secret, for the check of the whole registry.
    pub(crate) fn every_secret_opens(&self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare("SELECT id FROM applications")?;
        let ids = statement.query_map([], |row| application_id(row, 0))?;
        for id in ids.collect::<Result<Vec<_>, _>>()? {
            self.application_keys(&id)?;
            self.push_channels(&id)?;
        }
        Ok(())
    }
}
