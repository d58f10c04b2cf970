//! Giving, changing and taking away passwords.

use yizhan_identity::password::{self, SlowHash};
use yizhan_store::Secret;
use yizhan_vocabulary::Uin;
use zeroize::Zeroizing;

use super::{Login, LoginOrigin, LoginRefusal, Session};
use crate::directory::{Account, People};
use crate::error::PeopleError;

impl People {
    /// Gives an account a password, the given one or a generated one that comes back to be shown once. Its sessions end,
    /// and what failed before is forgiven.
    pub fn set_password(
        &self,
        account: Uin,
        given: Option<&str>,
        must_change: bool,
    ) -> Result<Option<Zeroizing<String>>, LoginRefusal> {
        let generated = given.is_none().then(password::generated);
        let chosen = given.or(generated.as_ref().map(|text| text.as_str())).unwrap_or_default();
        self.keep_password(account, chosen, must_change, None, |_| true)?;
        self.logins().attempts.lock().pardon(account);
        Ok(generated)
    }

    /// Changes the password of whoever is logged in. The other sessions end.
    pub fn change_password(
        &self,
        account: &Account,
        session: &Session,
        (old, new): (&str, &str),
        origin: &LoginOrigin,
    ) -> Result<(), LoginRefusal> {
        let proved = self.prove_own(account, old, origin)?;
        self.keep_password(account.uin, new, false, Some(session.hash()), |login| {
            login.is_some_and(|login| login.hash == proved)
        })
    }

    /// Keeps a password if the login is still what it must be.
    pub(super) fn keep_password(
        &self,
        account: Uin,
        chosen: &str,
        must_change: bool,
        keep: Option<&[u8; 32]>,
        still: impl FnOnce(Option<&Login>) -> bool,
    ) -> Result<(), LoginRefusal> {
        let known = self.account(account).ok_or_else(|| no_account(account))?;
        password::check(chosen, &known.name)?;
        let logins = self.logins();
        let hash = logins.turns.run(|| SlowHash::of(chosen))?;
        let changing = self.change();
        // It may have been deleted, or got another password, while the hash was made.
        self.account(account).ok_or_else(|| no_account(account))?;
        if !still(logins.known.read().get(&account)) {
            return Err(LoginRefusal::WrongPassword);
        }
        let now = self.clock().now();
        self.store().set_password(account, &Secret::new(hash.to_text()), must_change, now, keep)?;
        let mut known = logins.known.write();
        let login = known.entry(account).or_insert_with(|| Login {
            hash: SlowHash::of_nobody(),
            must_change,
            changed_at: now,
            last_login_at: None,
            last_login_from: None,
            totp: None,
            recovery: Vec::new(),
        });
        (login.hash, login.must_change, login.changed_at) = (hash, must_change, now);
        drop(known);
        logins.sessions.end_all_but(account, keep);
        drop(changing);
        Ok(())
    }

    /// Takes an account's password away, with its second factor: nobody logs in with it any more.
    pub fn remove_login(&self, account: Uin) -> Result<(), LoginRefusal> {
        let _changing = self.change();
        self.store().remove_login(account)?;
        self.logins().forget(account);
        Ok(())
    }

    /// Ends all sessions of an account that was disabled.
    pub(crate) fn end_sessions_of(&self, account: Uin) {
        let ended = self.logins().sessions.end_all_but(account, None);
        if let Err(error) = self.store().end_sessions(&ended) {
            // In memory they are over; after a restart the account is still disabled.
            tracing::warn!(%account, %error, "the end of sessions could not be written down");
        }
    }
}

fn no_account(account: Uin) -> LoginRefusal {
    PeopleError::NotFound(format!("account {account}")).into()
}
