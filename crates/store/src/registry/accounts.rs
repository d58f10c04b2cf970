//! Accounts and the keys with which they call the cloud API. A key's secret half is sealed: signatures are checked with
//! it, so a hash would not do.

use rusqlite::{Row, Transaction, params};
use yizhan_vocabulary::{Uin, UnixMillis};

use super::users::unless_taken;
use super::{millis, must_change, optional_millis};
use crate::access::Store;
use crate::error::StoreError;
use crate::people_rows::{AccountRow, ApiKeyRow};
use crate::seal::Place;

fn key_place(secret_id: &str) -> Place<'_> {
    Place { column: "api_keys.secret_key", row: (secret_id, "") }
}

impl Store {
    /// Stores a new account under the next free number and returns it.
    pub fn create_account(&self, account: &AccountRow) -> Result<Uin, StoreError> {
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO accounts (owner, name, remark, enabled, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    account.owner.map(|owner| owner.0),
                    account.name,
                    account.remark,
                    account.enabled,
                    account.created_at.0
                ],
            );
            unless_taken(inserted, || format!("an account named {} exists already", account.name))?;
            Ok(Uin(transaction.last_insert_rowid()))
        })
    }

    /// Every account, by number.
    pub fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT uin, owner, name, remark, enabled, created_at FROM accounts ORDER BY uin",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(AccountRow {
                uin: Uin(row.get(0)?),
                owner: row.get::<_, Option<i64>>(1)?.map(Uin),
                name: row.get(2)?,
                remark: row.get(3)?,
                enabled: row.get(4)?,
                created_at: millis(row, 5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes an account's name, remark and whether it is enabled.
    pub fn change_account(&self, account: &AccountRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE accounts SET name = ?2, remark = ?3, enabled = ?4 WHERE uin = ?1",
                params![account.uin.0, account.name, account.remark, account.enabled],
            );
            if let Ok(changed) = changed {
                return must_change(changed, || format!("account {}", account.uin));
            }
            unless_taken(changed, || format!("an account named {} exists already", account.name))
        })
    }

    /// Deletes an account with its keys and attachments. A root account that owns sub-accounts, instances or policies
    /// stays.
    pub fn delete_account(&self, uin: Uin) -> Result<(), StoreError> {
        self.write(|transaction| {
            refuse_while_owning(transaction, uin)?;
            let changed = transaction.execute("DELETE FROM accounts WHERE uin = ?1", [uin.0])?;
            must_change(changed, || format!("account {uin}"))
        })
    }

    /// Stores a new key.
    pub fn create_api_key(&self, key: &ApiKeyRow) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(key_place(&key.secret_id), key.secret_key.expose())?;
        self.write(|transaction| {
            let known: i64 = transaction.query_row(
                "SELECT count(*) FROM accounts WHERE uin = ?1",
                [key.account.0],
                |row| row.get(0),
            )?;
            must_change(usize::from(known > 0), || format!("account {}", key.account))?;
            let inserted = transaction.execute(
                "INSERT INTO api_keys (secret_id, account, secret_key_sealed, remark, enabled, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![key.secret_id, key.account.0, sealed, key.remark, key.enabled, key.created_at.0],
            );
            unless_taken(inserted, || format!("key {} exists already", key.secret_id))
        })
    }

    /// Every key, by account and time of creation.
    pub fn api_keys(&self) -> Result<Vec<ApiKeyRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT secret_id, account, secret_key_sealed, remark, enabled, created_at, last_used_at, \
             last_used_from FROM api_keys ORDER BY account, created_at, secret_id",
        )?;
        let mut rows = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(self.api_key(row)?);
        }
        Ok(keys)
    }

    fn api_key(&self, row: &Row<'_>) -> Result<ApiKeyRow, StoreError> {
        let secret_id: String = row.get(0)?;
        let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let secret_key = self.sealer.unseal(key_place(&secret_id), sealed)?;
        Ok(ApiKeyRow {
            account: Uin(row.get(1)?),
            secret_key,
            remark: row.get(3)?,
            enabled: row.get(4)?,
            created_at: millis(row, 5)?,
            last_used_at: optional_millis(row, 6)?,
            last_used_from: row.get(7)?,
            secret_id,
        })
    }

    /// Enables or disables a key.
    pub fn enable_api_key(&self, secret_id: &str, enabled: bool) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE api_keys SET enabled = ?2 WHERE secret_id = ?1",
                params![secret_id, enabled],
            )?;
            must_change(changed, || format!("key {secret_id}"))
        })
    }

    /// Notes that a key was used; call it rarely (once a minute and key is enough).
    pub fn touch_api_key(&self, secret_id: &str, at: UnixMillis, from: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE api_keys SET last_used_at = ?2, last_used_from = ?3 WHERE secret_id = ?1",
                params![secret_id, at.0, from],
            )?;
            must_change(changed, || format!("key {secret_id}"))
        })
    }

    /// Deletes a key; it stops working at once.
    pub fn delete_api_key(&self, secret_id: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute("DELETE FROM api_keys WHERE secret_id = ?1", [secret_id])?;
            must_change(changed, || format!("key {secret_id}"))
        })
    }
}

fn refuse_while_owning(transaction: &Transaction<'_>, uin: Uin) -> Result<(), StoreError> {
    let owned = [
        ("sub-accounts", "SELECT count(*) FROM accounts WHERE owner = ?1"),
        ("instances", "SELECT count(*) FROM instances WHERE owner = ?1"),
        ("policies", "SELECT count(*) FROM policies WHERE owner = ?1"),
    ];
    for (what, sql) in owned {
        let count: i64 = transaction.query_row(sql, [uin.0], |row| row.get(0))?;
        if count > 0 {
            return Err(StoreError::Conflict(format!("account {uin} still owns {count} {what}")));
        }
    }
    Ok(())
}
