//! Sharing a bound device with users outside of its family.

use yizhan_store::{AppRows, FamilyRole};
use yizhan_vocabulary::{AppUserId, ApplicationId, DeviceId};

use super::{Apps, AppsError, Person, ProductRules, below, check_open_id, check_product};

/// A device that is shared now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// Whose it is.
    pub owner: AppUserId,
    /// With whom.
    pub with: AppUserId,
}

impl Apps {
    /// Shares a device with a user, who is made if there is none of this name yet. Sharing again changes nothing.
    pub fn share_device(
        &self,
        application: &ApplicationId,
        rules: &ProductRules,
        device: DeviceId,
        owner: &str,
        to: &Person,
    ) -> Result<Shared, AppsError> {
        let now = self.clock.now();
        check_parties(owner, &to.open_id)?;
        self.store.change_apps(|apps| {
            check_product(apps, application, rules)?;
            let owner = owner_of(apps, application, device, owner)?;
            let with = self.find_or_make_user(apps, application, to, now)?;
            if !apps.shared_with(device, with)? {
                below("users who share the device", apps.share_count(device)?, self.limits.shares)?;
                let shared = apps.shared_count(with)?;
                below("devices that are shared with the user", shared, self.limits.shared_devices)?;
                apps.share(device, with, now)?;
            }
            Ok(Shared { owner, with })
        })
    }

    /// Ends the sharing of a device with a user; gives that user if it was shared. A user or a sharing that does not
    /// exist is as good as ended.
    pub fn unshare_device(
        &self,
        application: &ApplicationId,
        rules: &ProductRules,
        device: DeviceId,
        owner: &str,
        from: &str,
    ) -> Result<Option<AppUserId>, AppsError> {
        check_parties(owner, from)?;
        self.store.change_apps(|apps| {
            check_product(apps, application, rules)?;
            owner_of(apps, application, device, owner)?;
            let Some(user) = apps.user_by_open_id(application, from)? else { return Ok(None) };
            Ok(apps.unshare(device, user.id)?.then_some(user.id))
        })
    }
}

fn check_parties(owner: &str, other: &str) -> Result<(), AppsError> {
    check_open_id(owner)?;
    check_open_id(other)?;
    if owner == other { Err(AppsError::ToSelf) } else { Ok(()) }
}

/// The user of this name, who must own the device: whose family it is in.
fn owner_of(
    apps: &AppRows<'_>,
    application: &ApplicationId,
    device: DeviceId,
    open_id: &str,
) -> Result<AppUserId, AppsError> {
    let binding = apps.binding(device)?.ok_or(AppsError::NotBound)?;
    let user = apps.user_by_open_id(application, open_id)?.ok_or(AppsError::NotOwner)?.id;
    match apps.role_in(&binding.family, user)? {
        Some(FamilyRole::Owner) => Ok(user),
        Some(FamilyRole::Member) | None => Err(AppsError::NotOwner),
    }
}
