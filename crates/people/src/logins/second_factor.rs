//! Setting up a second factor and taking it away. A secret counts from the moment when a code of it was shown: whoever
//! made a mistake with the telephone is not locked out.

use yizhan_identity::totp;
use yizhan_store::{Secret, TotpRow};
use yizhan_vocabulary::{Monotonic, Uin};
use zeroize::Zeroizing;

use super::{LoginOrigin, LoginRefusal};
use crate::directory::{Account, People};
use crate::error::PeopleError;

/// An offer that was not taken is void after so long, in milliseconds.
const OFFER_LASTS_MS: u64 = 10 * 60_000;
/// Wrong codes that an offer survives: after them, a new secret is needed.
const MAX_WRONG: u8 = 5;
/// How authenticators name this platform.
const ISSUER: &str = "Yizhan";

/// A second factor that can be confirmed.
pub struct TotpOffer {
    /// The secret, for typing; shown once.
    pub secret: Zeroizing<String>,
    /// The same for a QR code.
    pub uri: Zeroizing<String>,
}

/// An offer that waits for its first code.
pub(super) struct Offered {
    secret: Zeroizing<String>,
    until: Monotonic,
    wrong: u8,
}

impl People {
    /// Offers a new secret to whoever is logged in and knows the password. The present second factor stays until the new
    /// one is confirmed.
    pub fn begin_totp(
        &self,
        account: &Account,
        password: &str,
        origin: &LoginOrigin,
    ) -> Result<TotpOffer, LoginRefusal> {
        self.prove_own(account, password, origin)?;
        let secret = totp::generate_secret();
        let now = self.clock().monotonic();
        let until = Monotonic(now.0 + OFFER_LASTS_MS);
        let mut offered = self.logins().offered.lock();
        offered.retain(|_, offer| offer.until > now);
        offered.insert(account.uin, Offered { secret: secret.clone(), until, wrong: 0 });
        let uri = totp::uri(&secret, ISSUER, &self.login_name(account));
        Ok(TotpOffer { secret, uri })
    }

    /// Confirms the offered secret with its first code; the recovery codes come back to be shown once.
    pub fn confirm_totp(&self, account: Uin, code: &str) -> Result<Vec<Zeroizing<String>>, LoginRefusal> {
        let logins = self.logins();
        let mut offered = logins.offered.lock();
        let now = self.clock().monotonic();
        let offer = offered.get_mut(&account).filter(|offer| offer.until > now && offer.wrong < MAX_WRONG);
        let no_offer =
            || PeopleError::Conflict("there is no second factor to confirm; begin again".to_owned());
        let offer = offer.ok_or_else(no_offer)?;
        let step = totp::accept(&offer.secret, code, self.clock().now(), i64::MIN);
        let Some(step) = step else {
            offer.wrong += 1;
            return Err(LoginRefusal::WrongCode);
        };
        let row = TotpRow { secret: Secret::new(offer.secret.as_str()), last_step: step };
        let (codes, hashes) = totp::generate_recovery_codes();
        self.store().set_totp(account, &row, &hashes)?;
        offered.remove(&account);
        drop(offered);
        if let Some(login) = logins.known.write().get_mut(&account) {
            (login.totp, login.recovery) = (Some(row), hashes);
        }
        Ok(codes)
    }

    /// Takes the second factor away from whoever is logged in and knows the password.
    pub fn remove_own_totp(
        &self,
        account: &Account,
        password: &str,
        origin: &LoginOrigin,
    ) -> Result<(), LoginRefusal> {
        self.prove_own(account, password, origin)?;
        self.remove_totp(account.uin)
    }

    /// Takes an account's second factor away: for those who administer it.
    pub fn remove_totp(&self, account: Uin) -> Result<(), LoginRefusal> {
        self.store().remove_totp(account)?;
        if let Some(login) = self.logins().known.write().get_mut(&account) {
            (login.totp, login.recovery) = (None, Vec::new());
        }
        Ok(())
    }
}
