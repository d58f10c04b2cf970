//! The audit log: what was done, by whom, with which outcome. Entries are only ever added, and the oldest make room
//! when there are more than the operator keeps.

use rusqlite::params;
use yizhan_vocabulary::Uin;

use super::millis;
use crate::access::Store;
use crate::error::StoreError;
use crate::people_rows::{AuditQuery, AuditRow};

impl Store {
    /// Adds entries in one transaction, numbered in their order. Those beyond the newest `keep` make room.
    pub fn add_audit_entries(&self, entries: &[AuditRow], keep: u64) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO audit_entries (at, owner, actor, means, address, operation, resource, outcome, \
                 request, before, after, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            for entry in entries {
                insert.execute(params![
                    entry.at.0,
                    entry.owner.0,
                    entry.actor.0,
                    entry.means,
                    entry.address,
                    entry.operation,
                    entry.resource,
                    entry.outcome,
                    entry.request,
                    entry.before,
                    entry.after,
                    entry.request_id
                ])?;
            }
            // Numbers have no gaps: the only deletion is this one, at the old end.
            let keep = i64::try_from(keep).unwrap_or(i64::MAX);
            let last_gone = transaction.last_insert_rowid().saturating_sub(keep);
            transaction
                .prepare_cached("DELETE FROM audit_entries WHERE id <= ?1")?
                .execute([last_gone])?;
            Ok(())
        })
    }

    /// The entries that a query asks for, the newest first.
    pub fn audit_entries(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT id, at, owner, actor, means, address, operation, resource, outcome, request, before, after, \
             request_id FROM audit_entries \
             WHERE owner = ?1 AND at >= ?2 AND at < ?3 AND (?4 IS NULL OR actor = ?4) \
             AND (?5 IS NULL OR operation = ?5) AND (at, id) < (?6, ?7) \
             ORDER BY at DESC, id DESC LIMIT ?8",
        )?;
        let (before_at, before_id) = query.older_than.map_or((i64::MAX, i64::MAX), |(at, id)| (at.0, id));
        let rows = statement.query_map(
            params![
                query.owner.0,
                query.from.0,
                query.until.0,
                query.actor.map(|actor| actor.0),
                query.operation,
                before_at,
                before_id,
                query.limit
            ],
            |row| {
                Ok(AuditRow {
                    id: row.get(0)?,
                    at: millis(row, 1)?,
                    owner: Uin(row.get(2)?),
                    actor: Uin(row.get(3)?),
                    means: row.get(4)?,
                    address: row.get(5)?,
                    operation: row.get(6)?,
                    resource: row.get(7)?,
                    outcome: row.get(8)?,
                    request: row.get(9)?,
                    before: row.get(10)?,
                    after: row.get(11)?,
                    request_id: row.get(12)?,
                })
            },
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
