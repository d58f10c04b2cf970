//! Activation codes (console guide, 激活码概览): how many devices of which kind an instance may have made. The vendor sells
//! them; here the operator hands them out in pools, to share an installation among tenants and projects.
//!
//! What must stay true: an account without a pool of a kind is not limited in that kind, which is how every account
//! starts; with any pool of it, the account is limited in all of its instances together, because it can make instances and
//! move products among them itself; no device is made beyond the pools; and a pool that ends or is removed takes no device
//! away.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard, RwLock};
use yizhan_store::{LicencePoolRow, Store};
use yizhan_vocabulary::categories::Category;
use yizhan_vocabulary::{InstanceId, Uin, UnixMillis};

use super::Product;
use crate::{Devices, DevicesError};

/// Pools in one installation.
const MAX_POOLS: usize = 1_000;
/// The largest pool.
const MAX_CODES: u64 = 1_000_000_000;
/// The longest name of a kind or of a period.
const MAX_WORD_CHARS: usize = 32;

/// The kinds that devices use up. Any other kind is one of an added service, which nothing here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenceKind {
    /// Of every device that is not one of the others.
    Normal,
    /// Of devices that talk Bluetooth to an app or a gateway.
    Bluetooth,
    /// In place of the two above, where those are used up.
    Free,
    /// Of devices with video, beside one of the others.
    Video,
}

impl LicenceKind {
    const ALL: [Self; 4] = [Self::Normal, Self::Bluetooth, Self::Free, Self::Video];

    /// Its word in pools.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Bluetooth => "bluetooth",
            Self::Free => "free",
            Self::Video => "video",
        }
    }

    /// What a batch says when codes of this kind are used up (console guide, 错误提示).
    const fn used_up(self) -> &'static str {
        match self {
            Self::Normal | Self::Free => "normal device license limit",
            Self::Bluetooth => "bluetooth device license limit",
            Self::Video => "video device license limit",
        }
    }

    /// The kind of a product's devices.
    pub fn of(product: &Product) -> Self {
        let settings = product.settings();
        // facts §4.3, NetType: what a phone or a gateway reaches over Bluetooth alone.
        match settings.profile.net_type.as_str() {
            "ble" | "sub_ble" | "sub_blemesh" => Self::Bluetooth,
            _ => Self::Normal,
        }
    }
}

/// How many activation codes of a kind there are and are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LicenceUse {
    /// Whether there are pools at all; if not, there is no limit and `total` is 0.
    pub limited: bool,
    /// Codes in pools that have not ended.
    pub total: u64,
    /// Devices that there are, or codes of the free kind that they took.
    pub used: u64,
}

/// Every kind of one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountLicences {
    /// Of ordinary devices.
    pub normal: LicenceUse,
    /// Of Bluetooth devices.
    pub bluetooth: LicenceUse,
    /// In place of the two above.
    pub free: LicenceUse,
    /// Of devices with video.
    pub video: LicenceUse,
}

impl AccountLicences {
    /// Works out what is used from how many devices there are: what goes beyond a limited kind takes free codes.
    fn of(totals: impl Fn(LicenceKind) -> Option<u64>, devices: (u64, u64, u64)) -> Self {
        let (normal, bluetooth, video) = devices;
        let of = |kind, used| {
            let total = totals(kind);
            LicenceUse { limited: total.is_some(), total: total.unwrap_or(0), used }
        };
        let beyond = |it: LicenceUse| if it.limited { it.used.saturating_sub(it.total) } else { 0 };
        let (normal, bluetooth) = (of(LicenceKind::Normal, normal), of(LicenceKind::Bluetooth, bluetooth));
        let free = of(LicenceKind::Free, beyond(normal) + beyond(bluetooth));
        Self { normal, bluetooth, free, video: of(LicenceKind::Video, video) }
    }

    /// The first kind whose codes do not suffice.
    fn exceeded(&self) -> Option<LicenceKind> {
        let short = |it: LicenceUse| it.limited && it.used > it.total;
        if self.free.used > self.free.total {
            return Some(if short(self.bluetooth) && !short(self.normal) {
                LicenceKind::Bluetooth
            } else {
                LicenceKind::Normal
            });
        }
        short(self.video).then_some(LicenceKind::Video)
    }
}

/// The pools in memory.
#[derive(Debug, Default)]
pub(crate) struct Licences {
    pools: RwLock<BTreeMap<i64, Arc<LicencePoolRow>>>,
    /// Held from counting to creating, so that two who create at once do not share a code or the last place.
    counting: Mutex<()>,
}

impl Licences {
    pub fn load(&self, store: &Store) -> Result<(), DevicesError> {
        let pools = store.licence_pools()?;
        *self.pools.write() = pools.into_iter().map(|pool| (pool.id, Arc::new(pool))).collect();
        Ok(())
    }

    /// Forgets the pools of an instance that was deleted; the store has dropped them with it.
    pub fn forget(&self, instance: &InstanceId) {
        self.pools.write().retain(|_, pool| pool.instance != *instance);
    }

    /// Nobody else makes devices, or changes how many there may be, while this is held.
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        self.counting.lock()
    }

    /// The codes of a kind in these instances together; none if there is no pool.
    fn total(&self, instances: &[InstanceId], kind: LicenceKind, now: UnixMillis) -> Option<u64> {
        let pools = self.pools.read();
        let mut of_kind = pools
            .values()
            .filter(|pool| pool.kind == kind.as_str() && instances.contains(&pool.instance))
            .peekable();
        of_kind.peek()?;
        Some(of_kind.filter(|pool| is_current(pool, now)).map(|pool| pool.total).sum())
    }

    /// Whether there is a pool of a kind that devices use up.
    fn limits(&self, instances: &[InstanceId]) -> bool {
        let kinds = LicenceKind::ALL.map(LicenceKind::as_str);
        let pools = self.pools.read();
        pools.values().any(|pool| kinds.contains(&pool.kind.as_str()) && instances.contains(&pool.instance))
    }
}

/// Whether a pool still counts.
pub(crate) fn is_current(pool: &LicencePoolRow, now: UnixMillis) -> bool {
    pool.expires_at.is_none_or(|end| now < end)
}

impl Devices {
    /// The activation codes of a root account.
    pub fn licences(&self, owner: Uin) -> Result<AccountLicences, DevicesError> {
        self.licences_with(&self.instances_of(owner), None)
    }

    fn instances_of(&self, owner: Uin) -> Vec<InstanceId> {
        self.instances(owner).iter().map(|instance| instance.id.clone()).collect()
    }

    fn licences_with(
        &self,
        instances: &[InstanceId],
        more: Option<(&Product, usize)>,
    ) -> Result<AccountLicences, DevicesError> {
        let now = self.0.clock.now();
        let mut counts = (0, 0, 0);
        let mut count = |product: &Product, devices: u64| -> Result<(), DevicesError> {
            match LicenceKind::of(product) {
                LicenceKind::Bluetooth => counts.1 += devices,
                _ => counts.0 += devices,
            }
            if devices > 0 && self.has_video(product)? {
                counts.2 += devices;
            }
            Ok(())
        };
        for product in self.products() {
            let project = self.project(&product.settings().profile.project);
            if project.is_some_and(|project| instances.contains(&project.instance)) {
                count(&product, product.device_count() as u64)?;
            }
        }
        if let Some((product, devices)) = more {
            count(product, devices as u64)?;
        }
        Ok(AccountLicences::of(|kind| self.0.licences.total(instances, kind, now), counts))
    }

    /// Whether the product's devices use video: it is of a category with pictures, or was made with video particulars.
    pub fn has_video(&self, product: &Product) -> Result<bool, DevicesError> {
        let category = Category::find(product.settings().profile.category_id);
        if category.is_some_and(Category::is_video) {
            return Ok(true);
        }
        Ok(self.0.store.video_product(&product.id)?.is_some())
    }

    /// Checks that a root account has activation codes for more devices of a product. The licences are held until they are
    /// made.
    pub(crate) fn check_licences(
        &self,
        owner: Uin,
        product: &Product,
        more: usize,
    ) -> Result<(), DevicesError> {
        let instances = self.instances_of(owner);
        if !self.0.licences.limits(&instances) {
            return Ok(());
        }
        let before = self.licences_with(&instances, None)?;
        let after = self.licences_with(&instances, Some((product, more)))?;
        // What was short before, because a pool ended, is no reason to refuse a device of another kind.
        match after.exceeded() {
            Some(kind) if before.exceeded() != Some(kind) || uses(product, kind, self)? => {
                Err(DevicesError::LicencesUsedUp(kind.used_up()))
            }
            _ => Ok(()),
        }
    }

    /// Adds activation codes.
    pub fn add_licence_pool(&self, pool: LicencePoolRow) -> Result<Arc<LicencePoolRow>, DevicesError> {
        let word = |text: &str, least: usize| {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
            (least..=MAX_WORD_CHARS).contains(&text.len()) && text.chars().all(fits)
        };
        if !word(&pool.kind, 1) || !word(&pool.period, 0) {
            return Err(DevicesError::Invalid(format!(
                "kinds and periods are words of at most {MAX_WORD_CHARS} letters, digits, '_', '-' and '.'"
            )));
        }
        if !(1..=MAX_CODES).contains(&pool.total) {
            return Err(DevicesError::Invalid(format!("a pool has 1 to {MAX_CODES} activation codes")));
        }
        let _held = self.0.licences.counting.lock();
        if self.0.licences.pools.read().len() >= MAX_POOLS {
            return Err(DevicesError::LimitReached(format!("there may be {MAX_POOLS} pools")));
        }
        let id = self.0.store.add_licence_pool(&pool)?;
        let pool = Arc::new(LicencePoolRow { id, ..pool });
        self.0.licences.pools.write().insert(id, Arc::clone(&pool));
        Ok(pool)
    }

    /// Removes a pool; gives it back. Devices stay.
    pub fn remove_licence_pool(&self, id: i64) -> Result<Arc<LicencePoolRow>, DevicesError> {
        let _held = self.0.licences.counting.lock();
        self.0.store.remove_licence_pool(id)?;
        let removed = self.0.licences.pools.write().remove(&id);
        removed.ok_or_else(|| DevicesError::NotFound(format!("there is no pool {id}")))
    }

    /// Whether an instance has pools of a kind that devices use up.
    pub fn has_licences(&self, instance: &InstanceId) -> bool {
        self.0.licences.limits(std::slice::from_ref(instance))
    }

    /// The pools of an instance, oldest first.
    pub fn licence_pools(&self, instance: &InstanceId) -> Vec<Arc<LicencePoolRow>> {
        let pools = self.0.licences.pools.read();
        pools.values().filter(|pool| pool.instance == *instance).cloned().collect()
    }
}

/// Whether a device of the product takes a code of this kind, or a free one in its place.
fn uses(product: &Product, kind: LicenceKind, devices: &Devices) -> Result<bool, DevicesError> {
    match kind {
        LicenceKind::Video => devices.has_video(product),
        kind => Ok(LicenceKind::of(product) == kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licences(totals: [Option<u64>; 4], devices: (u64, u64, u64)) -> AccountLicences {
        let total = move |kind: LicenceKind| {
            LicenceKind::ALL.iter().position(|it| *it == kind).and_then(|at| totals[at])
        };
        AccountLicences::of(total, devices)
    }

    #[test]
    fn a_kind_without_a_pool_has_no_limit() {
        assert_eq!(licences([None; 4], (1_000_000, 5, 7)).exceeded(), None);
        assert_eq!(licences([None, Some(5), None, None], (1_000_000, 5, 7)).exceeded(), None);
        assert_eq!(licences([None, Some(5), None, None], (0, 6, 0)).exceeded(), Some(LicenceKind::Bluetooth));
    }

    #[test]
    fn what_goes_beyond_a_kind_takes_free_codes_while_there_are_some() {
        let with = |devices| licences([Some(10), Some(5), Some(3), None], devices);
        assert_eq!(with((11, 7, 0)).free, LicenceUse { limited: true, total: 3, used: 3 });
        assert_eq!(with((11, 7, 0)).exceeded(), None);
        assert_eq!(with((12, 7, 0)).exceeded(), Some(LicenceKind::Normal));
        assert_eq!(with((1, 9, 0)).exceeded(), Some(LicenceKind::Bluetooth));
    }

    #[test]
    fn a_video_device_takes_a_code_of_its_own_beside_the_other() {
        let with = |video| licences([Some(10), None, None, Some(1)], (10, 0, video));
        assert_eq!(with(1).exceeded(), None);
        assert_eq!(with(2).exceeded(), Some(LicenceKind::Video));
    }
}
