//! Users of the plain MQTT broker and tokens of the HTTP API. Both keep hashes only.

use rusqlite::{ErrorCode, Row, params};
use yizhan_vocabulary::UnixMillis;

use super::{millis, must_change, optional_millis};
use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{ApiToken, MqttUser};

impl Store {
    /// Stores a new MQTT user.
    pub fn create_mqtt_user(&self, user: &MqttUser) -> Result<(), StoreError> {
        let (publish, subscribe) = (filters_column(&user.publish)?, filters_column(&user.subscribe)?);
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO mqtt_users (name, salt, password_hash, publish, subscribe, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![user.name, user.salt, user.password_hash, publish, subscribe, user.created_at.0],
            );
            unless_taken(inserted, || format!("MQTT user {} exists already", user.name))
        })
    }

    /// Every MQTT user, by name.
    pub fn mqtt_users(&self) -> Result<Vec<MqttUser>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT name, salt, password_hash, publish, subscribe, created_at FROM mqtt_users ORDER BY name",
        )?;
        let mut rows = statement.query([])?;
        let mut users = Vec::new();
        while let Some(row) = rows.next()? {
            users.push(MqttUser {
                name: row.get(0)?,
                salt: row.get(1)?,
                password_hash: row.get(2)?,
                publish: filters(row, 3)?,
                subscribe: filters(row, 4)?,
                created_at: millis(row, 5)?,
            });
        }
        Ok(users)
    }

    /// Deletes an MQTT user.
    pub fn delete_mqtt_user(&self, name: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute("DELETE FROM mqtt_users WHERE name = ?1", [name])?;
            must_change(changed, || format!("MQTT user {name}"))
        })
    }

    /// Stores a new API token.
    pub fn create_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO api_tokens (name, hash, created_at, last_used_at) VALUES (?1, ?2, ?3, ?4)",
                params![token.name, token.hash, token.created_at.0, token.last_used_at.map(|at| at.0)],
            );
            unless_taken(inserted, || format!("token {} exists already", token.name))
        })
    }

    /// Every API token, by name.
    pub fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT name, hash, created_at, last_used_at FROM api_tokens ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            Ok(ApiToken {
                name: row.get(0)?,
                hash: row.get(1)?,
                created_at: millis(row, 2)?,
                last_used_at: optional_millis(row, 3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a token was used; call it rarely (once a minute and token is enough).
    pub fn touch_token(&self, name: &str, at: UnixMillis) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction
                .execute("UPDATE api_tokens SET last_used_at = ?2 WHERE name = ?1", params![name, at.0])?;
            must_change(changed, || format!("token {name}"))
        })
    }

    /// Deletes a token; it stops working at once.
    pub fn delete_token(&self, name: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute("DELETE FROM api_tokens WHERE name = ?1", [name])?;
            must_change(changed, || format!("token {name}"))
        })
    }
}

fn filters_column(filters: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(filters).map_err(|error| StoreError::Internal(error.to_string()))
}

fn filters(row: &Row<'_>, column: usize) -> Result<Vec<String>, StoreError> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|error| StoreError::Internal(format!("a list of filters: {error}")))
}

/// Turns a violated rule of the tables into a conflict that says what is taken.
pub(super) fn unless_taken(
    inserted: rusqlite::Result<usize>,
    taken: impl FnOnce() -> String,
) -> Result<(), StoreError> {
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(StoreError::Conflict(taken()))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}
