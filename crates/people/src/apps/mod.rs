//! Applications and the people who use them: an application of a root account serves products; its users live in
//! families; a device is bound in at most one family and may be shared with users outside of it.
//!
//! What must stay true: everything that one request changes is one transaction, so a refused request leaves no half-made
//! user or family behind; nobody binds a device of a product that the application does not serve; whatever somebody can
//! make has a limit. Nothing is kept in memory here but how many users there are: the registry is asked, because neither
//! devices nor their messages wait for it.
//!
//! Whoever calls has found the device and knows that the application and the device are of the same root account.

mod applications;
mod binding;
mod error;
mod families;
mod sharing;
mod users;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use yizhan_identity::secret::letters_and_digits;
use yizhan_store::{AppRows, NodeKind, Store};
use yizhan_vocabulary::{AppUserId, ApplicationId, Clock, ProductId};

pub use applications::{Application, ApplicationChange, NewApplication, PushChange};
pub use binding::{Bound, OpenIdBinding};
pub use error::AppsError;
pub use sharing::Shared;
use users::UserCounts;

/// How many of everything there may be. The vendor publishes none of these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppsLimits {
    /// Applications of a root account.
    pub applications: usize,
    /// Products that an application serves.
    pub products: usize,
    /// Users of an application.
    pub users: usize,
    /// Families that a user is in.
    pub families: usize,
    /// Rooms of a family.
    pub rooms: usize,
    /// Devices of a family.
    pub devices: usize,
    /// Users with whom a device is shared.
    pub shares: usize,
    /// Devices that others share with a user.
    pub shared_devices: usize,
}

impl Default for AppsLimits {
    fn default() -> Self {
        Self {
            applications: 100,
            products: 200,
            users: 1_000_000,
            families: 20,
            rooms: 100,
            devices: 500,
            shares: 50,
            shared_devices: 500,
        }
    }
}

/// What of a device's product decides about binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductRules {
    /// The product.
    pub product: ProductId,
    /// What its devices are: sub-devices are bound through their gateway.
    pub node: NodeKind,
    /// Whether a new owner evicts the old one; otherwise a bound device is refused (facts §4.3, BindStrategy 1 and 2).
    pub new_owner_evicts: bool,
}

/// A user as an application's owner names one; made if there is none yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The owner's name for the user.
    pub open_id: String,
    /// Shown to others; only taken when the user is made.
    pub nick_name: String,
}

/// Applications, their users and what these may use. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Apps {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    limits: AppsLimits,
    user_counts: Arc<UserCounts>,
}

impl Apps {
    /// Over the registry.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>, limits: AppsLimits) -> Self {
        Self { store, clock, limits, user_counts: Arc::default() }
    }
}

/// Refuses the devices of products that the application does not serve, and sub-devices.
fn check_product(
    apps: &AppRows<'_>,
    application: &ApplicationId,
    rules: &ProductRules,
) -> Result<(), AppsError> {
    if !apps.serves(application, &rules.product)? {
        return Err(AppsError::NotServed(rules.product));
    }
    if rules.node == NodeKind::SubDevice {
        return Err(AppsError::SubDevice);
    }
    Ok(())
}

/// The longest name of a user, a family or a room.
const MAX_NAME_CHARS: usize = 64;
/// The longest name that an application's owner has for a user.
const MAX_OPEN_ID_BYTES: usize = 128;

fn check_open_id(open_id: &str) -> Result<(), AppsError> {
    let fits = (1..=MAX_OPEN_ID_BYTES).contains(&open_id.len()) && !open_id.chars().any(char::is_control);
    fits.then_some(())
        .ok_or_else(|| AppsError::Invalid(format!("an OpenID has 1 to {MAX_OPEN_ID_BYTES} bytes")))
}

fn check_text(what: &str, text: &str, least: usize, most: usize) -> Result<(), AppsError> {
    let fits = (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| {
        AppsError::Invalid(format!("{what} has {least} to {most} characters and no control characters"))
    })
}

/// Refuses when there are as many as there may be.
fn below(what: &'static str, present: usize, limit: usize) -> Result<(), AppsError> {
    if present < limit { Ok(()) } else { Err(AppsError::LimitReached { what, limit }) }
}

/// A user's number: 18 digits, as at the vendor's, and not to be guessed.
fn fresh_user_id() -> AppUserId {
    const LOWEST: u64 = 100_000_000_000_000_000;
    const RANGE: u64 = 9 * LOWEST;
    let number = LOWEST + random::<u64, 8>(u64::from_le_bytes) % RANGE;
    AppUserId(i64::try_from(number).expect("18 digits fit"))
}

/// `prefix` and 30 hexadecimal digits.
fn fresh_id(prefix: &str) -> String {
    let number = random::<u128, 16>(u128::from_le_bytes) >> 8;
    format!("{prefix}{number:030x}")
}

fn random<T, const N: usize>(read: impl FnOnce([u8; N]) -> T) -> T {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes once it is up");
    read(bytes)
}

/// Random letters and digits that are no secret.
fn letters(length: usize) -> String {
    letters_and_digits(length).to_string()
}
