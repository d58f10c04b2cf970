//! The first password: whoever started the server sees a code, and with it chooses the password of the first root
//! account. From then on the code opens nothing.

use yizhan_store::LoginNote;
use yizhan_vocabulary::Uin;

use super::attempts::Who;
use super::enter::same;
use super::{Entered, LoginOrigin, LoginRefusal};
use crate::directory::People;
use crate::error::PeopleError;

/// Letters and digits of the code: 119 random bits.
pub(super) const CODE_LENGTH: usize = 20;

impl People {
    /// Whether the first root account has no password yet.
    pub fn needs_setup(&self) -> bool {
        !self.logins().known.read().contains_key(&Uin::FIRST)
    }

    /// The code for the first password; `None` once there is one.
    pub fn setup_code(&self) -> Option<&str> {
        self.needs_setup().then(|| self.logins().setup_code.as_str())
    }

    /// Sets the first password and logs in.
    pub fn set_up(&self, code: &str, password: &str, origin: &LoginOrigin) -> Result<Entered, LoginRefusal> {
        let logins = self.logins();
        if !self.needs_setup() {
            return Err(LoginRefusal::AlreadySetUp);
        }
        let (now, who) = (self.clock().monotonic(), Who::Account(Uin::FIRST));
        let tried = logins.attempts.lock().begin(who, origin.address, false, now);
        let tried = tried.map_err(|wait_ms| LoginRefusal::LockedOut(wait_ms.div_ceil(1_000)))?;
        if !same(code.trim(), &logins.setup_code) {
            return Err(LoginRefusal::WrongSetupCode);
        }
        logins.attempts.lock().succeeded(&tried);
        self.keep_password(Uin::FIRST, password, false, None, |login| login.is_none()).map_err(
            |refusal| match refusal {
                // Somebody else with the code was faster.
                LoginRefusal::WrongPassword => LoginRefusal::AlreadySetUp,
                other => other,
            },
        )?;
        let account = self.account(Uin::FIRST);
        let account =
            account.ok_or_else(|| PeopleError::Internal("the first account is missing".to_owned()))?;
        let hash = logins.known.read().get(&Uin::FIRST).map(|login| login.hash.clone());
        let hash = hash.ok_or(LoginRefusal::NoPassword)?;
        self.enter(&account, &hash, LoginNote::default(), origin)
    }
}
