//! The users of applications.

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::{AppUserId, ApplicationId};

use super::super::millis;
use super::super::users::unless_taken;
use super::{AppRows, application_id, user_id};
use crate::app_rows::AppUserRow;
use crate::error::StoreError;

const COLUMNS: &str = "id, application, open_id, nick_name, avatar, created_at, updated_at";

fn app_user(row: &Row<'_>) -> rusqlite::Result<AppUserRow> {
    Ok(AppUserRow {
        id: user_id(row, 0)?,
        application: application_id(row, 1)?,
        open_id: row.get(2)?,
        nick_name: row.get(3)?,
        avatar: row.get(4)?,
        created_at: millis(row, 5)?,
        updated_at: millis(row, 6)?,
    })
}

impl AppRows<'_> {
    /// Stores a new user.
    pub fn create_user(&self, user: &AppUserRow) -> Result<(), StoreError> {
        let inserted = self.connection.execute(
            "INSERT INTO app_users (id, application, open_id, nick_name, avatar, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                user.id.0,
                user.application.as_str(),
                user.open_id,
                user.nick_name,
                user.avatar,
                user.created_at.0,
                user.updated_at.0
            ],
        );
        unless_taken(inserted, || format!("user {} exists already", user.id))
    }

    /// A user of an application.
    pub fn user(&self, application: &ApplicationId, id: AppUserId) -> Result<Option<AppUserRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM app_users WHERE id = ?1 AND application = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![id.0, application.as_str()], app_user).optional()?)
    }

    /// The user whom an application's owner names so.
    pub fn user_by_open_id(
        &self,
        application: &ApplicationId,
        open_id: &str,
    ) -> Result<Option<AppUserRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM app_users WHERE application = ?1 AND open_id = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![application.as_str(), open_id], app_user).optional()?)
    }

    /// How many users an application has.
    pub fn user_count(&self, application: &ApplicationId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM app_users WHERE application = ?1", [application.as_str()])
    }
}
