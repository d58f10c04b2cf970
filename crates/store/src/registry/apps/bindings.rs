//! Which device is in which family, and with whom its owner shares it.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::{AppUserId, DeviceId, DeviceName, FamilyId, RoomId, UnixMillis};

use super::super::users::unless_taken;
use super::super::{device_id, id_column, millis, must_change, parsed, product_id};
use super::{AppRows, family_id, room_id, user_id};
use crate::app_rows::{BindingRow, FamilyDeviceRow, FamilyRole, HolderRow, Holding};
use crate::error::StoreError;

const COLUMNS: &str = "device_bindings.device, device_bindings.family, device_bindings.room, \
                       device_bindings.user, device_bindings.alias, device_bindings.created_at, \
                       device_bindings.updated_at";

fn binding(row: &Row<'_>) -> rusqlite::Result<BindingRow> {
    Ok(BindingRow {
        device: device_id(row, 0)?,
        family: family_id(row, 1)?,
        room: room_id(row, 2)?,
        user: row.get::<_, Option<i64>>(3)?.map(AppUserId),
        alias: row.get(4)?,
        created_at: millis(row, 5)?,
        updated_at: millis(row, 6)?,
    })
}

impl AppRows<'_> {
    /// Where a device is bound.
    pub fn binding(&self, device: DeviceId) -> Result<Option<BindingRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_bindings WHERE device = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id_column(device)?], binding).optional()?)
    }

    /// Binds a device that is bound nowhere. The device must exist.
    pub fn bind(&self, binding: &BindingRow) -> Result<(), StoreError> {
        let inserted = self.connection.execute(
            "INSERT INTO device_bindings (device, family, room, user, alias, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id_column(binding.device)?,
                binding.family.as_str(),
                binding.room.as_str(),
                binding.user.map(|user| user.0),
                binding.alias,
                binding.created_at.0,
                binding.updated_at.0
            ],
        );
        unless_taken(inserted, || "the device is bound already, or it was deleted".to_owned())
    }

    /// Takes a device out of its family, with everything that was shared of it; `false` if it was in none.
    pub fn unbind(&self, device: DeviceId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM device_bindings WHERE device = ?1";
        Ok(self.connection.execute(sql, [id_column(device)?])? > 0)
    }

    /// Puts a bound device into another room of its family.
    pub fn move_to_room(&self, device: DeviceId, room: &RoomId, at: UnixMillis) -> Result<(), StoreError> {
        let changed = self.connection.execute(
            "UPDATE device_bindings SET room = ?2, updated_at = ?3 WHERE device = ?1",
            params![id_column(device)?, room.as_str(), at.0],
        )?;
        must_change(changed, || "the device's binding".to_owned())
    }

    /// How many devices a family has.
    pub fn device_count(&self, family: &FamilyId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM device_bindings WHERE family = ?1", [family.as_str()])
    }

    /// The devices of a family, the first bound first.
    pub fn devices_of(&self, family: &FamilyId) -> Result<Vec<FamilyDeviceRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, devices.product, devices.name FROM device_bindings \
             JOIN devices ON devices.id = device_bindings.device WHERE device_bindings.family = ?1 \
             ORDER BY device_bindings.created_at, device_bindings.device"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([family.as_str()], |row| {
            Ok(FamilyDeviceRow {
                product: product_id(row, 7)?,
                name: parsed(row, 8, |text| DeviceName::parse(text).ok())?,
                binding: binding(row)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Shares a bound device with a user. Sharing it again changes nothing, not even the time.
    pub fn share(&self, device: DeviceId, user: AppUserId, at: UnixMillis) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO device_shares (device, user, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![id_column(device)?, user.0, at.0],
        )?;
        Ok(())
    }

    /// Ends the sharing of a device with a user; `false` if it was not shared.
    pub fn unshare(&self, device: DeviceId, user: AppUserId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM device_shares WHERE device = ?1 AND user = ?2";
        Ok(self.connection.execute(sql, params![id_column(device)?, user.0])? > 0)
    }

    /// Whether a device is shared with a user.
    pub fn shared_with(&self, device: DeviceId, user: AppUserId) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM device_shares WHERE device = ?1 AND user = ?2";
        Ok(self.count(sql, params![id_column(device)?, user.0])? > 0)
    }

    /// Every device that is bound.
    pub fn bound_devices(&self) -> Result<HashSet<DeviceId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT device FROM device_bindings")?;
        let found = statement.query_map([], |row| device_id(row, 0))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// With how many users a device is shared.
    pub fn share_count(&self, device: DeviceId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM device_shares WHERE device = ?1", [id_column(device)?])
    }

    /// How many devices others share with a user.
    pub fn shared_count(&self, user: AppUserId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM device_shares WHERE user = ?1", [user.0])
    }

    /// Everyone who may use a device: the family's owner first, its other members, then those with whom it is shared.
    /// Nobody is named twice.
    pub fn holders(&self, device: DeviceId) -> Result<Vec<HolderRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT family_members.user, families.id, families.name, family_members.role FROM device_bindings \
             JOIN families ON families.id = device_bindings.family \
             JOIN family_members ON family_members.family = families.id \
             WHERE device_bindings.device = ?1 \
             ORDER BY family_members.role = 'owner' DESC, family_members.joined_at, family_members.user",
        )?;
        let number = id_column(device)?;
        let members = statement.query_map([number], |row| {
            let role = parsed(row, 3, FamilyRole::from_column)?;
            Ok(HolderRow {
                user: user_id(row, 0)?,
                holding: Holding::Family(family_id(row, 1)?, row.get(2)?, role),
            })
        })?;
        let mut holders = members.collect::<Result<Vec<_>, _>>()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT user FROM device_shares WHERE device = ?1 ORDER BY created_at, user")?;
        for user in statement.query_map([number], |row| user_id(row, 0))? {
            let user = user?;
            if holders.iter().all(|holder| holder.user != user) {
                holders.push(HolderRow { user, holding: Holding::Shared });
            }
        }
        Ok(holders)
    }
}
