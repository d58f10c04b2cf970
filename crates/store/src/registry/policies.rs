//! Policies of root accounts, and which sub-accounts they are attached to.

use rusqlite::{OptionalExtension, params};
use yizhan_vocabulary::Uin;

use super::users::unless_taken;
use super::{millis, must_change};
use crate::access::Store;
use crate::error::StoreError;
use crate::people_rows::PolicyRow;

impl Store {
    /// Stores a new policy under the next free number and returns it.
    pub fn create_policy(&self, policy: &PolicyRow) -> Result<i64, StoreError> {
        self.write(|transaction| {
            let inserted = transaction.execute(
                "INSERT INTO policies (owner, name, description, document, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    policy.owner.0,
                    policy.name,
                    policy.description,
                    policy.document,
                    policy.created_at.0,
                    policy.updated_at.0
                ],
            );
            unless_taken(inserted, || format!("a policy named {} exists already", policy.name))?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Every policy, by number.
    pub fn policies(&self) -> Result<Vec<PolicyRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, owner, name, description, document, created_at, updated_at FROM policies ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(PolicyRow {
                id: row.get(0)?,
                owner: Uin(row.get(1)?),
                name: row.get(2)?,
                description: row.get(3)?,
                document: row.get(4)?,
                created_at: millis(row, 5)?,
                updated_at: millis(row, 6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Changes a policy's description and document.
    pub fn change_policy(&self, policy: &PolicyRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE policies SET description = ?2, document = ?3, updated_at = ?4 WHERE id = ?1",
                params![policy.id, policy.description, policy.document, policy.updated_at.0],
            )?;
            must_change(changed, || format!("policy {}", policy.id))
        })
    }

    /// Deletes policies with their attachments: all of them or none.
    pub fn delete_policies(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for id in ids {
                let changed = transaction.execute("DELETE FROM policies WHERE id = ?1", [id])?;
                must_change(changed, || format!("policy {id}"))?;
            }
            Ok(())
        })
    }

    /// Attaches a policy to a sub-account of the policy's owner; attaching it again changes nothing.
    pub fn attach_policy(&self, account: Uin, policy: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let same_owner: Option<bool> = transaction
                .query_row(
                    "SELECT accounts.owner IS policies.owner FROM accounts, policies WHERE uin = ?1 AND id = ?2",
                    params![account.0, policy],
                    |row| row.get(0),
                )
                .optional()?;
            must_change(usize::from(same_owner == Some(true)), || {
                format!("a sub-account {account} beside policy {policy}")
            })?;
            transaction.execute(
                "INSERT OR IGNORE INTO policy_attachments (account, policy) VALUES (?1, ?2)",
                params![account.0, policy],
            )?;
            Ok(())
        })
    }

    /// Takes a policy away from a sub-account.
    pub fn detach_policy(&self, account: Uin, policy: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "DELETE FROM policy_attachments WHERE account = ?1 AND policy = ?2",
                params![account.0, policy],
            )?;
            must_change(changed, || format!("policy {policy} attached to account {account}"))
        })
    }

    /// Every attachment: the account and its policy.
    pub fn policy_attachments(&self) -> Result<Vec<(Uin, i64)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT account, policy FROM policy_attachments ORDER BY account, policy")?;
        let rows = statement.query_map([], |row| Ok((Uin(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
