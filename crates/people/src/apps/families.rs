//! Families and rooms as their owners arrange them.

use yizhan_store::{AppRows, FamilyDeviceRow, FamilyRole, FamilyRow, RoomRow};
use yizhan_vocabulary::{AppUserId, ApplicationId, FamilyId, RoomId};

use super::{Apps, AppsError, MAX_NAME_CHARS, below, check_text, fresh_id};

/// The longest address of a family.
const MAX_ADDRESS_CHARS: usize = 512;

impl Apps {
    /// Makes a family of a user's own.
    pub fn create_family(
        &self,
        application: &ApplicationId,
        user: AppUserId,
        name: &str,
        address: &str,
    ) -> Result<FamilyId, AppsError> {
        check_text("the family's name", name, 1, MAX_NAME_CHARS)?;
        check_text("the family's address", address, 0, MAX_ADDRESS_CHARS)?;
        let now = self.clock.now();
        self.store.change_apps(|apps| {
            apps.user(application, user)?.ok_or(AppsError::NotInFamily)?;
            self.make_family(apps, application, user, name, address, now)
        })
    }

    /// The families that a user is in, the oldest first, with what the user is there.
    pub fn families_of(&self, user: AppUserId) -> Result<Vec<(FamilyRow, FamilyRole)>, AppsError> {
        self.store.read_apps(|apps| Ok(apps.families_of(user)?))
    }

    /// Makes a room in a family that a user owns.
    pub fn create_room(&self, user: AppUserId, family: &FamilyId, name: &str) -> Result<RoomId, AppsError> {
        check_text("the room's name", name, 1, MAX_NAME_CHARS)?;
        let now = self.clock.now();
        self.store.change_apps(|apps| {
            must_own(apps, user, family)?;
            below("rooms of the family", apps.rooms(family)?.len(), self.limits.rooms)?;
            let room = RoomRow {
                id: RoomId::parse(&fresh_id("r_")).expect("a made id is well formed"),
                family: family.clone(),
                name: name.to_owned(),
                created_at: now,
                updated_at: now,
            };
            apps.create_room(&room)?;
            Ok(room.id)
        })
    }

    /// Deletes a room of a family that a user owns; its devices go to the room that every family has.
    pub fn delete_room(&self, user: AppUserId, family: &FamilyId, room: &RoomId) -> Result<(), AppsError> {
        self.store.change_apps(|apps| {
            must_own(apps, user, family)?;
            if room.is_default() || !apps.has_room(family, room)? {
                return Err(AppsError::NoSuchRoom(room.to_string()));
            }
            Ok(apps.delete_room(family, room)?)
        })
    }

    /// The rooms of a family that a user is in, without the one that every family has.
    pub fn rooms(&self, user: AppUserId, family: &FamilyId) -> Result<Vec<RoomRow>, AppsError> {
        self.store.read_apps(|apps| {
            apps.role_in(family, user)?.ok_or(AppsError::NotInFamily)?;
            Ok(apps.rooms(family)?)
        })
    }

    /// The devices of a family that a user is in, the first bound first.
    pub fn devices_of(&self, user: AppUserId, family: &FamilyId) -> Result<Vec<FamilyDeviceRow>, AppsError> {
        self.store.read_apps(|apps| {
            apps.role_in(family, user)?.ok_or(AppsError::NotInFamily)?;
            Ok(apps.devices_of(family)?)
        })
    }
}

fn must_own(apps: &AppRows<'_>, user: AppUserId, family: &FamilyId) -> Result<(), AppsError> {
    match apps.role_in(family, user)? {
        Some(FamilyRole::Owner) => Ok(()),
        _ => Err(AppsError::NotInFamily),
    }
}
