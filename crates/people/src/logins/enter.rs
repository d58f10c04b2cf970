//! Logging in, using a session, ending it.

use std::sync::Arc;

use yizhan_identity::password::SlowHash;
use yizhan_identity::totp;
use yizhan_identity::users::{generate_token, hash_token};
use yizhan_store::{LoginNote, SessionRow};
use yizhan_vocabulary::{Uin, UnixMillis};
use zeroize::Zeroizing;

use super::attempts::{Try, Who};
use super::sessions::{Session, shown_address, shown_agent};
use super::{Entered, Login, LoginOrigin, LoginRefusal, OpenSession};
use crate::directory::{Account, People};

/// The longest password that is looked at; a longer one is wrong.
const MAX_PASSWORD: usize = yizhan_identity::password::MAX_BYTES;
/// The longest name of an account that is remembered as tried, in characters.
const MAX_NAME: usize = 130;

/// What proves a password, at the time of the proof.
pub(super) struct Proved {
    hash: SlowHash,
    tried: Try,
}

impl People {
    /// Logs in with a name, a password and perhaps a code; blocks for the time of a slow hash.
    pub fn log_in(
        &self,
        name: &str,
        password: &str,
        code: Option<&str>,
        origin: &LoginOrigin,
    ) -> Result<Entered, LoginRefusal> {
        let account = self.account_for_login(name.trim());
        let proved = self.prove(account.as_deref(), name.trim(), password, origin)?;
        let account = account.ok_or(LoginRefusal::UnknownAccount)?;
        let note = match self.second_proof(account.uin, code) {
            Ok(note) => note,
            Err(refusal) => {
                if refusal == LoginRefusal::CodeNeeded {
                    self.logins().attempts.lock().taken_back(&proved.tried);
                }
                return Err(refusal);
            }
        };
        let entered = self.enter(&account, &proved.hash, note, origin)?;
        self.logins().attempts.lock().succeeded(&proved.tried);
        Ok(entered)
    }

    /// Checks an account's own password, with everything that keeps guessers away.
    pub(super) fn prove(
        &self,
        account: Option<&Account>,
        name: &str,
        password: &str,
        origin: &LoginOrigin,
    ) -> Result<Proved, LoginRefusal> {
        let logins = self.logins();
        let login = account.and_then(|account| logins.known.read().get(&account.uin).cloned());
        let who = account.map_or_else(
            || Who::Name(name.chars().take(MAX_NAME).collect::<String>().into()),
            |account| Who::Account(account.uin),
        );
        let familiar = login.as_ref().is_some_and(|login| is_familiar(login, origin));
        let now = self.clock().monotonic();
        let tried = logins.attempts.lock().begin(who, origin.address, familiar, now);
        let tried = tried.map_err(|wait_ms| LoginRefusal::LockedOut(wait_ms.div_ceil(1_000)))?;
        let hash = login.as_ref().map_or_else(SlowHash::of_nobody, |login| login.hash.clone());
        let bounded = password.len() <= MAX_PASSWORD;
        let checked = logins.turns.run(|| hash.verify(if bounded { password } else { "" }));
        let right = match checked {
            Ok(right) => right && bounded,
            Err(no_turn) => {
                logins.attempts.lock().taken_back(&tried);
                return Err(no_turn.into());
            }
        };
        match (account, login) {
            (None, _) => Err(LoginRefusal::UnknownAccount),
            (Some(_), None) => Err(LoginRefusal::NoPassword),
            (Some(_), Some(_)) if !right => Err(LoginRefusal::WrongPassword),
            (Some(account), Some(_)) if !account.is_usable() => Err(LoginRefusal::AccountDisabled),
            (Some(_), Some(_)) => Ok(Proved { hash, tried }),
        }
    }

    /// The proof of whoever is logged in already, for changes of the login; forgets failures when it is right.
    pub(super) fn prove_own(
        &self,
        account: &Account,
        password: &str,
        origin: &LoginOrigin,
    ) -> Result<SlowHash, LoginRefusal> {
        let proved = self.prove(Some(account), &account.name, password, origin)?;
        self.logins().attempts.lock().succeeded(&proved.tried);
        Ok(proved.hash)
    }

    /// Checks the second factor, if there is one. A code is used up here, before anything is opened with it.
    fn second_proof(&self, account: Uin, code: Option<&str>) -> Result<LoginNote, LoginRefusal> {
        let mut known = self.logins().known.write();
        let login = known.get_mut(&account).ok_or(LoginRefusal::NoPassword)?;
        let Some(totp) = &mut login.totp else { return Ok(LoginNote::default()) };
        let code = code.filter(|code| !code.trim().is_empty()).ok_or(LoginRefusal::CodeNeeded)?;
        let now = self.clock().now();
        if let Some(step) = totp::accept(totp.secret.expose(), code, now, totp.last_step) {
            totp.last_step = step;
            return Ok(LoginNote { totp_step: Some(step), recovery_code: None });
        }
        // The codes are random and long: nothing is learnt from the time of this comparison of hashes.
        let hash = totp::hash_recovery_code(code);
        let place = login.recovery.iter().position(|known| *known == hash);
        let place = place.ok_or(LoginRefusal::WrongCode)?;
        login.recovery.remove(place);
        Ok(LoginNote { totp_step: None, recovery_code: Some(hash) })
    }

    /// Opens a session of an account whose password is still the proved one.
    pub(super) fn enter(
        &self,
        account: &Account,
        proved: &SlowHash,
        note: LoginNote,
        origin: &LoginOrigin,
    ) -> Result<Entered, LoginRefusal> {
        let logins = self.logins();
        let (secret, hash) = generate_token();
        let now = self.clock().now();
        let address = shown_address(origin.address);
        let row = SessionRow {
            hash,
            account: account.uin,
            created_at: now,
            last_used_at: now,
            address: address.clone(),
            agent: shown_agent(&origin.agent),
        };
        // Whoever disables the account or changes the password meanwhile does so before this or ends this session.
        let changing = self.change();
        let account = self.account(account.uin).filter(|account| account.is_usable());
        let account = account.ok_or(LoginRefusal::AccountDisabled)?;
        if logins.known.read().get(&account.uin).is_none_or(|login| login.hash != *proved) {
            return Err(LoginRefusal::WrongPassword);
        }
        let ended = logins.sessions.making_room(account.uin, &logins.limits, now);
        if let Err(error) = self.store().open_session(&row, &note, &ended) {
            // On a full disk somebody must still be able to get in and repair it; the session ends with this process.
            tracing::warn!(account = %account.uin, %error, "a session could not be written down");
        }
        logins.sessions.end(&ended);
        if let Some(login) = logins.known.write().get_mut(&account.uin) {
            (login.last_login_at, login.last_login_from) = (Some(now), Some(address));
        }
        let session = logins.sessions.insert(Session::of(row));
        drop(changing);
        Ok(Entered { session, secret, account })
    }

    /// The open session behind what a browser sent.
    pub fn session(&self, secret: &str, origin: &LoginOrigin) -> Option<OpenSession> {
        let logins = self.logins();
        let now = self.clock().now();
        let session = logins.sessions.find(&hash_token(secret), &logins.limits, now)?;
        let account = self.account(session.account()).filter(|account| account.is_usable())?;
        let must_change = logins.known.read().get(&account.uin)?.must_change;
        let to_note = session.used(now, origin.address);
        Some(OpenSession { session, account, must_change, to_note })
    }

    /// Writes a use of a session down. The note is for people and for the next start: where it fails, the request goes on.
    pub fn note_session(&self, session: &Session) {
        let noted = self.store().touch_session(session.hash(), session.last_used_at(), &session.address());
        if let Err(error) = noted {
            tracing::warn!(session = %session.id(), %error, "the last use of a session could not be noted");
        }
    }

    /// Whether a session is still open and its account usable; for connections that stay.
    pub fn is_open(&self, session: &Session) -> bool {
        let logins = self.logins();
        self.account(session.account()).is_some_and(|account| account.is_usable())
            && logins.sessions.is_open(session, &logins.limits, self.clock().now())
    }

    /// An account's open sessions, the one that was used last first.
    pub fn sessions_of(&self, account: Uin) -> Vec<Arc<Session>> {
        let logins = self.logins();
        logins.sessions.of_account(account, &logins.limits, self.clock().now())
    }

    /// How long an account's sessions last: idle, and in all, in milliseconds.
    pub fn session_ends_at(&self, session: &Session) -> UnixMillis {
        let limits = &self.logins().limits;
        let after =
            |since: UnixMillis, time: std::time::Duration| since.0.saturating_add(time.as_millis() as i64);
        UnixMillis(after(session.created_at(), limits.age).min(after(session.last_used_at(), limits.idle)))
    }

    /// Ends a session.
    pub fn end_session(&self, session: &Session) -> Result<(), LoginRefusal> {
        let hashes = [*session.hash()];
        self.logins().sessions.end(&hashes);
        Ok(self.store().end_sessions(&hashes)?)
    }
}

/// Whether the account's owner was there before: what others try elsewhere does not keep the owner waiting.
fn is_familiar(login: &Login, origin: &LoginOrigin) -> bool {
    login.last_login_from.as_ref().is_some_and(|from| *from == shown_address(origin.address))
}

/// A secret that is compared with one that is known, in constant time.
pub(super) fn same(one: &str, other: &str) -> bool {
    // Hashes of equal length, so that nothing about the known one shows in the time.
    let (one, other) = (Zeroizing::new(hash_token(one)), Zeroizing::new(hash_token(other)));
    one.iter().zip(other.iter()).fold(0, |different, (one, other)| different | (one ^ other)) == 0
}
