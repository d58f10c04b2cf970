//! How people log in: passwords (as sealed slow hashes), second factors, recovery codes and sessions of the console.
//!
//! What must stay true: whatever changes a password or takes a login away ends the account's sessions in the same
//! transaction; a code or recovery code that was taken is written down with the session that it opened.

use rusqlite::{Row, Transaction, params};
use yizhan_vocabulary::{Uin, UnixMillis};

use super::{millis, must_change, optional_millis};
use crate::access::Store;
use crate::error::StoreError;
use crate::people_rows::{LoginNote, LoginRow, SessionRow, TotpRow};
use crate::rows::Secret;
use crate::seal::Place;

const PASSWORD: &str = "logins.password_sealed";
const TOTP: &str = "logins.totp_sealed";

fn place<'a>(column: &'static str, account: &'a str) -> Place<'a> {
    Place { column, row: (account, "") }
}

impl Store {
    /// Every account that has a password.
    pub fn logins(&self) -> Result<Vec<LoginRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT account, password_sealed, must_change, changed_at, last_login_at, last_login_from, totp_sealed, \
             totp_step FROM logins ORDER BY account",
        )?;
        let mut rows = statement.query([])?;
        let mut logins = Vec::new();
        while let Some(row) = rows.next()? {
            logins.push(self.login(row)?);
        }
        let mut codes = reader.prepare_cached("SELECT hash FROM recovery_codes WHERE account = ?1")?;
        for login in &mut logins {
            let hashes = codes.query_map([login.account.0], |row| row.get(0))?;
            login.recovery = hashes.collect::<Result<_, _>>()?;
        }
        Ok(logins)
    }

    fn login(&self, row: &Row<'_>) -> Result<LoginRow, StoreError> {
        let account: i64 = row.get(0)?;
        let named = account.to_string();
        let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let password = self.sealer.unseal(place(PASSWORD, &named), sealed)?;
        let totp = row.get_ref(6)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        let secret = totp.map(|sealed| self.sealer.unseal(place(TOTP, &named), sealed)).transpose()?;
        let last_step = row.get(7)?;
        Ok(LoginRow {
            account: Uin(account),
            password,
            must_change: row.get(2)?,
            changed_at: millis(row, 3)?,
            last_login_at: optional_millis(row, 4)?,
            last_login_from: row.get(5)?,
            totp: secret.map(|secret| TotpRow { secret, last_step }),
            recovery: Vec::new(),
        })
    }

    /// Gives an account a password, or another one, and ends its sessions but the one to keep. A second factor stays.
    pub fn set_password(
        &self,
        account: Uin,
        password: &Secret,
        must_change: bool,
        at: UnixMillis,
        keep: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(place(PASSWORD, &account.to_string()), password.expose())?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO logins (account, password_sealed, must_change, changed_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (account) DO UPDATE SET password_sealed = excluded.password_sealed, \
                 must_change = excluded.must_change, changed_at = excluded.changed_at",
                params![account.0, sealed, must_change, at.0],
            )?;
            end_all_but(transaction, account, keep)
        })
    }

    /// Takes an account's password away, with its second factor and its sessions.
    pub fn remove_login(&self, account: Uin) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM logins WHERE account = ?1", [account.0])?;
            Ok(())
        })
    }

    /// Sets up a second factor: its secret, the step of the code that proved it, and the recovery codes' hashes.
    pub fn set_totp(&self, account: Uin, totp: &TotpRow, recovery: &[[u8; 32]]) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(place(TOTP, &account.to_string()), totp.secret.expose())?;
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE logins SET totp_sealed = ?2, totp_step = ?3 WHERE account = ?1",
                params![account.0, sealed, totp.last_step],
            )?;
            must_change(changed, || format!("a password of account {account}"))?;
            transaction.execute("DELETE FROM recovery_codes WHERE account = ?1", [account.0])?;
            for hash in recovery {
                transaction.execute(
                    "INSERT INTO recovery_codes (account, hash) VALUES (?1, ?2)",
                    params![account.0, hash],
                )?;
            }
            Ok(())
        })
    }

    /// Takes a second factor away.
    pub fn remove_totp(&self, account: Uin) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM recovery_codes WHERE account = ?1", [account.0])?;
            transaction.execute("UPDATE logins SET totp_sealed = NULL WHERE account = ?1", [account.0])?;
            Ok(())
        })
    }

    /// Writes down a session that was opened, what the login used up, and the sessions that make room for it.
    pub fn open_session(
        &self,
        session: &SessionRow,
        note: &LoginNote,
        ended: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE logins SET last_login_at = ?2, last_login_from = ?3, totp_step = max(totp_step, ?4) \
                 WHERE account = ?1",
                params![
                    session.account.0,
                    session.created_at.0,
                    session.address,
                    note.totp_step.unwrap_or_default()
                ],
            )?;
            must_change(changed, || format!("a password of account {}", session.account))?;
            if let Some(hash) = &note.recovery_code {
                transaction.execute(
                    "DELETE FROM recovery_codes WHERE account = ?1 AND hash = ?2",
                    params![session.account.0, hash],
                )?;
            }
            delete_sessions(transaction, ended)?;
            transaction.execute(
                "INSERT INTO console_sessions (hash, account, created_at, last_used_at, address, agent) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    session.hash,
                    session.account.0,
                    session.created_at.0,
                    session.last_used_at.0,
                    session.address,
                    session.agent
                ],
            )?;
            Ok(())
        })
    }

    /// Every session of the console.
    pub fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT hash, account, created_at, last_used_at, address, agent FROM console_sessions",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(SessionRow {
                hash: row.get(0)?,
                account: Uin(row.get(1)?),
                created_at: millis(row, 2)?,
                last_used_at: millis(row, 3)?,
                address: row.get(4)?,
                agent: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a session was used; call it rarely (once a minute and session is enough).
    pub fn touch_session(&self, hash: &[u8; 32], at: UnixMillis, address: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE console_sessions SET last_used_at = ?2, address = ?3 WHERE hash = ?1",
                params![hash, at.0, address],
            )?;
            Ok(())
        })
    }

    /// Forgets sessions; one that is not there is no mistake.
    pub fn end_sessions(&self, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        self.write(|transaction| delete_sessions(transaction, hashes))
    }

    /// Every attachment of a preset policy: the account and the preset's name.
    pub fn preset_attachments(&self) -> Result<Vec<(Uin, String)>, StoreError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT account, preset FROM preset_attachments ORDER BY account, preset")?;
        let rows = statement.query_map([], |row| Ok((Uin(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Attaches a preset policy to an account; attaching it again changes nothing.
    pub fn attach_preset(&self, account: Uin, preset: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO preset_attachments (account, preset) VALUES (?1, ?2)",
                params![account.0, preset],
            )?;
            Ok(())
        })
    }

    /// Takes a preset policy away from an account.
    pub fn detach_preset(&self, account: Uin, preset: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "DELETE FROM preset_attachments WHERE account = ?1 AND preset = ?2",
                params![account.0, preset],
            )?;
            must_change(changed, || format!("policy {preset} attached to account {account}"))
        })
    }
}

fn delete_sessions(transaction: &Transaction<'_>, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
    let mut delete = transaction.prepare_cached("DELETE FROM console_sessions WHERE hash = ?1")?;
    for hash in hashes {
        delete.execute([hash])?;
    }
    Ok(())
}

fn end_all_but(
    transaction: &Transaction<'_>,
    account: Uin,
    keep: Option<&[u8; 32]>,
) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM console_sessions WHERE account = ?1 AND hash IS NOT ?2",
        params![account.0, keep],
    )?;
    Ok(())
}
