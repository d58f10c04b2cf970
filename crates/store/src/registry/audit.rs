//! The audit log: what was done, by whom, with which outcome. Entries are only ever added, and old ones make room when
//! there are more than the operator keeps.
//!
//! What must stay true: the log as a whole stays within its bound, and nobody pushes out what others did. So those root
//! accounts make room that have the most entries, each its own oldest; one with no more than an even share loses none.

use std::collections::HashMap;

use rusqlite::{Transaction, params};
use yizhan_vocabulary::Uin;

use super::millis;
use crate::access::Store;
use crate::error::StoreError;
use crate::people_rows::{AuditQuery, AuditRow};

impl Store {
    /// Adds entries in one transaction, numbered in their order. When there are more than `keep`, the oldest ones of those
    /// root accounts go that have the most.
    pub fn add_audit_entries(&self, entries: &[AuditRow], keep: u64) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut known = self.audit_counts.lock();
        // Where the transaction fails, what is known goes with it and is counted again.
        let mut counts = known.take();
        self.write(|transaction| {
            if counts.is_none() {
                counts = Some(counted(transaction)?);
            }
            let counts = counts.get_or_insert_default();
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
            for entry in entries {
                *counts.entry(entry.owner).or_default() += 1;
            }
            for (owner, surplus) in surplus(counts, keep) {
                drop_oldest(transaction, owner, surplus)?;
                counts.entry(owner).and_modify(|count| *count -= surplus);
            }
            Ok(())
        })?;
        *known = counts;
        Ok(())
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

/// How many entries each root account has.
pub(crate) type AuditCounts = HashMap<Uin, u64>;

fn counted(transaction: &Transaction<'_>) -> Result<AuditCounts, StoreError> {
    let mut count = transaction.prepare("SELECT owner, count(*) FROM audit_entries GROUP BY owner")?;
    let rows = count.query_map([], |row| Ok((Uin(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn drop_oldest(transaction: &Transaction<'_>, owner: Uin, how_many: u64) -> Result<(), StoreError> {
    let how_many = i64::try_from(how_many).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "DELETE FROM audit_entries WHERE id IN \
             (SELECT id FROM audit_entries WHERE owner = ?1 ORDER BY at, id LIMIT ?2)",
        )?
        .execute(params![owner.0, how_many])?;
    Ok(())
}

/// How many entries which accounts must give so that `keep` are left: the fewest possible, out of the largest counts.
fn surplus(counts: &AuditCounts, keep: u64) -> Vec<(Uin, u64)> {
    let cut_to = |level: u64| counts.values().map(|count| (*count).min(level)).sum::<u64>();
    let most = counts.values().copied().max().unwrap_or(0);
    if cut_to(most) <= keep {
        return Vec::new();
    }
    // The highest level to which all can be cut; one above it would be too many.
    let (mut fits, mut too_many) = (0, most);
    while too_many - fits > 1 {
        let level = fits.midpoint(too_many);
        *if cut_to(level) <= keep { &mut fits } else { &mut too_many } = level;
    }
    // What is left over gives some of them one more.
    let mut spare = keep.saturating_sub(cut_to(fits));
    let mut cut: Vec<_> = counts.iter().filter(|(_, count)| **count > fits).collect();
    cut.sort_unstable();
    cut.into_iter()
        .map(|(owner, count)| {
            let one_more = u64::from(spare > 0);
            spare -= one_more;
            (*owner, count - fits - one_more)
        })
        .filter(|(_, surplus)| *surplus > 0)
        .collect()
}
