//! Families, who is in them, and their rooms.

use rusqlite::{OptionalExtension, Row, params};
use yizhan_vocabulary::{AppUserId, ApplicationId, FamilyId, RoomId, UnixMillis};

use super::super::users::unless_taken;
use super::super::{millis, must_change, parsed};
use super::{AppRows, application_id, family_id, room_id};
use crate::app_rows::{FamilyRole, FamilyRow, RoomRow};
use crate::error::StoreError;

const COLUMNS: &str = "families.id, families.application, families.name, families.address, \
                       families.created_at, families.updated_at";

fn family(row: &Row<'_>) -> rusqlite::Result<FamilyRow> {
    Ok(FamilyRow {
        id: family_id(row, 0)?,
        application: application_id(row, 1)?,
        name: row.get(2)?,
        address: row.get(3)?,
        created_at: millis(row, 4)?,
        updated_at: millis(row, 5)?,
    })
}

fn room(row: &Row<'_>) -> rusqlite::Result<RoomRow> {
    Ok(RoomRow {
        id: room_id(row, 0)?,
        family: family_id(row, 1)?,
        name: row.get(2)?,
        created_at: millis(row, 3)?,
        updated_at: millis(row, 4)?,
    })
}

impl AppRows<'_> {
    /// Stores a new family of `owner`.
    pub fn create_family(&self, family: &FamilyRow, owner: AppUserId) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO families (id, application, name, address, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                family.id.as_str(),
                family.application.as_str(),
                family.name,
                family.address,
                family.created_at.0,
                family.updated_at.0
            ],
        )?;
        self.add_member(&family.id, owner, FamilyRole::Owner, family.created_at)
    }

    /// Puts a user into a family.
    pub fn add_member(
        &self,
        family: &FamilyId,
        user: AppUserId,
        role: FamilyRole,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let inserted = self.connection.execute(
            "INSERT INTO family_members (family, user, role, joined_at) VALUES (?1, ?2, ?3, ?4)",
            params![family.as_str(), user.0, role.as_str(), at.0],
        );
        unless_taken(inserted, || {
            format!("user {user} is in family {family} already, or one of them is gone")
        })
    }

    /// A family of an application.
    pub fn family(&self, application: &ApplicationId, id: &str) -> Result<Option<FamilyRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM families WHERE id = ?1 AND application = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![id, application.as_str()], family).optional()?)
    }

    /// The family of this name that is a user's own; the oldest if there are several.
    pub fn own_family_named(&self, user: AppUserId, name: &str) -> Result<Option<FamilyRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM family_members JOIN families ON families.id = family_members.family \
             WHERE family_members.user = ?1 AND family_members.role = 'owner' AND families.name = ?2 \
             ORDER BY families.created_at, families.id LIMIT 1"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![user.0, name], family).optional()?)
    }

    /// The families that a user is in, the oldest first, with what the user is there.
    pub fn families_of(&self, user: AppUserId) -> Result<Vec<(FamilyRow, FamilyRole)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, family_members.role FROM family_members \
             JOIN families ON families.id = family_members.family \
             WHERE family_members.user = ?1 ORDER BY families.created_at, families.id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement
            .query_map([user.0], |row| Ok((family(row)?, parsed(row, 6, FamilyRole::from_column)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many families a user is in.
    pub fn family_count(&self, user: AppUserId) -> Result<usize, StoreError> {
        self.count("SELECT count(*) FROM family_members WHERE user = ?1", [user.0])
    }

    /// What a user is in a family.
    pub fn role_in(&self, family: &FamilyId, user: AppUserId) -> Result<Option<FamilyRole>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT role FROM family_members WHERE family = ?1 AND user = ?2")?;
        let role = statement
            .query_row(params![family.as_str(), user.0], |row| parsed(row, 0, FamilyRole::from_column));
        Ok(role.optional()?)
    }

    /// Stores a new room.
    pub fn create_room(&self, room: &RoomRow) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO rooms (id, family, name, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![room.id.as_str(), room.family.as_str(), room.name, room.created_at.0, room.updated_at.0],
        )?;
        Ok(())
    }

    /// The rooms of a family, the oldest first; without the one that every family has.
    pub fn rooms(&self, family: &FamilyId) -> Result<Vec<RoomRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, family, name, created_at, updated_at FROM rooms WHERE family = ?1 \
             ORDER BY created_at, id",
        )?;
        let rows = statement.query_map([family.as_str()], room)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a family has a room; `0` is in every family.
    pub fn has_room(&self, family: &FamilyId, room: &RoomId) -> Result<bool, StoreError> {
        if room.is_default() {
            return Ok(true);
        }
        let sql = "SELECT count(*) FROM rooms WHERE id = ?1 AND family = ?2";
        Ok(self.count(sql, params![room.as_str(), family.as_str()])? > 0)
    }

    /// Deletes a room of a family; its devices go to the room that every family has.
    pub fn delete_room(&self, family: &FamilyId, room: &RoomId) -> Result<(), StoreError> {
        let changed = self.connection.execute(
            "DELETE FROM rooms WHERE id = ?1 AND family = ?2",
            params![room.as_str(), family.as_str()],
        )?;
        must_change(changed, || format!("room {room}"))?;
        self.connection.execute(
            "UPDATE device_bindings SET room = '0' WHERE family = ?2 AND room = ?1",
            params![room.as_str(), family.as_str()],
        )?;
        Ok(())
    }
}
