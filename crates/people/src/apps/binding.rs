//! Binding devices to families on behalf of users, and the way back.

use std::collections::HashSet;

use yizhan_store::{AppRows, BindingRow, FamilyRow, HolderRow};
use yizhan_vocabulary::{AppUserId, ApplicationId, DeviceId, FamilyId, RoomId, UnixMillis};

use super::{
    Apps, AppsError, MAX_NAME_CHARS, Person, ProductRules, below, check_open_id, check_product, check_text,
    fresh_id,
};

/// The family of users who name none (facts §4.2.14, BindUserDevice).
const DEFAULT_FAMILY: &str = "default";

/// A device that is to be bound for a user whom the application's owner names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdBinding {
    /// Whose it becomes.
    pub person: Person,
    /// In which of the user's own families; made if there is none. `default` if it is not given.
    pub family_name: Option<String>,
    /// In which room; the one that every family has if it is not given.
    pub room: Option<String>,
}

/// What became of a device that was to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// For whom.
    pub user: AppUserId,
    /// How it is bound now.
    pub binding: BindingRow,
    /// Where it was bound until now, if that was elsewhere.
    pub evicted: Option<BindingRow>,
    /// Whether it was in this family already.
    pub already: bool,
}

impl Apps {
    /// Binds a device for a user by the owner's name for the user. The user and the family are made if they are missing;
    /// binding again in the same family is well.
    pub fn bind_for_open_id(
        &self,
        application: &ApplicationId,
        rules: &ProductRules,
        device: DeviceId,
        request: &OpenIdBinding,
    ) -> Result<Bound, AppsError> {
        let now = self.clock.now();
        let name = family_name(request.family_name.as_deref())?;
        self.store.change_apps(|apps| {
            check_product(apps, application, rules)?;
            let user = self.find_or_make_user(apps, application, &request.person, now)?;
            let family = match apps.own_family_named(user, name)? {
                Some(family) => family.id,
                None => self.make_family(apps, application, user, name, "", now)?,
            };
            self.place(apps, rules, Place { device, family, user, room: request.room.as_deref(), now })
        })
    }

    /// Undoes [`Apps::bind_for_open_id`]; gives what was undone. Whatever is missing, the user, the family, the device
    /// or the binding, is as good as undone.
    pub fn unbind_for_open_id(
        &self,
        application: &ApplicationId,
        rules: &ProductRules,
        device: Option<DeviceId>,
        open_id: &str,
        family: Option<&str>,
    ) -> Result<Option<BindingRow>, AppsError> {
        let name = family_name(family)?;
        check_open_id(open_id)?;
        self.store.change_apps(|apps| {
            check_product(apps, application, rules)?;
            let Some(user) = apps.user_by_open_id(application, open_id)? else { return Ok(None) };
            let Some(family) = apps.own_family_named(user.id, name)? else { return Ok(None) };
            let Some(device) = device else { return Ok(None) };
            let bound = apps.binding(device)?.filter(|binding| binding.family == family.id);
            if bound.is_some() {
                apps.unbind(device)?;
            }
            Ok(bound)
        })
    }

    /// Binds a device in a family that a user is in.
    pub fn bind_in_family(
        &self,
        application: &ApplicationId,
        rules: &ProductRules,
        device: DeviceId,
        (user, family): (&str, &str),
        room: Option<&str>,
    ) -> Result<Bound, AppsError> {
        let now = self.clock.now();
        self.store.change_apps(|apps| {
            check_product(apps, application, rules)?;
            let user = AppUserId::parse(user).ok_or(AppsError::NotInFamily)?;
            let family = apps.family(application, family)?.ok_or(AppsError::NotInFamily)?.id;
            apps.role_in(&family, user)?.ok_or(AppsError::NotInFamily)?;
            self.place(apps, rules, Place { device, family, user, room, now })
        })
    }

    /// Everyone who may use a device, its owner first.
    pub fn holders(&self, device: DeviceId) -> Result<Vec<HolderRow>, AppsError> {
        self.store.read_apps(|apps| {
            apps.binding(device)?.ok_or(AppsError::NotBound)?;
            Ok(apps.holders(device)?)
        })
    }

    /// Whether a device is bound in a family.
    pub fn bound(&self, device: DeviceId) -> Result<bool, AppsError> {
        self.store.read_apps(|apps| Ok(apps.binding(device)?.is_some()))
    }

    /// Every device that a user has bound.
    pub fn bound_devices(&self) -> Result<HashSet<DeviceId>, AppsError> {
        self.store.read_apps(|apps| Ok(apps.bound_devices()?))
    }

    fn place(&self, apps: &AppRows<'_>, rules: &ProductRules, place: Place<'_>) -> Result<Bound, AppsError> {
        let Place { device, family, user, room, now } = place;
        let wanted =
            room.filter(|room| !room.is_empty()).map(|room| known_room(apps, &family, room)).transpose()?;
        let present = apps.binding(device)?;
        if let Some(mut binding) = present.clone().filter(|binding| binding.family == family) {
            if let Some(room) = wanted.filter(|room| *room != binding.room) {
                apps.move_to_room(device, &room, now)?;
                binding = BindingRow { room, updated_at: now, ..binding };
            }
            return Ok(Bound { user, binding, evicted: None, already: true });
        }
        if present.is_some() {
            if !rules.new_owner_evicts {
                return Err(AppsError::BoundElsewhere);
            }
            apps.unbind(device)?;
        }
        below("devices of the family", apps.device_count(&family)?, self.limits.devices)?;
        let binding = BindingRow {
            device,
            family,
            room: wanted.unwrap_or_else(RoomId::default_room),
            user: Some(user),
            alias: String::new(),
            created_at: now,
            updated_at: now,
        };
        apps.bind(&binding)?;
        Ok(Bound { user, binding, evicted: present, already: false })
    }

    pub(super) fn make_family(
        &self,
        apps: &AppRows<'_>,
        application: &ApplicationId,
        owner: AppUserId,
        name: &str,
        address: &str,
        now: UnixMillis,
    ) -> Result<FamilyId, AppsError> {
        below("families of the user", apps.family_count(owner)?, self.limits.families)?;
        let family = FamilyRow {
            id: FamilyId::parse(&fresh_id("f_")).expect("a made id is well formed"),
            application: application.clone(),
            name: name.to_owned(),
            address: address.to_owned(),
            created_at: now,
            updated_at: now,
        };
        apps.create_family(&family, owner)?;
        Ok(family.id)
    }
}

/// Where a device is to go.
struct Place<'a> {
    device: DeviceId,
    family: FamilyId,
    user: AppUserId,
    room: Option<&'a str>,
    now: UnixMillis,
}

fn family_name(name: Option<&str>) -> Result<&str, AppsError> {
    let name = name.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_FAMILY);
    check_text("FamilyName", name, 1, MAX_NAME_CHARS)?;
    Ok(name)
}

fn known_room(apps: &AppRows<'_>, family: &FamilyId, room: &str) -> Result<RoomId, AppsError> {
    let unknown = || AppsError::NoSuchRoom(room.chars().take(RoomId::MAX_LENGTH).collect());
    let id = RoomId::parse(room).map_err(|_| unknown())?;
    if apps.has_room(family, &id)? { Ok(id) } else { Err(unknown()) }
}
