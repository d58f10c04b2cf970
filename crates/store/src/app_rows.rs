//! The rows about applications and the people who use them: an application with its keys and push services, its users,
//! their families and rooms, and the devices that they bound and shared. Kept apart from the rows of things and accounts.

use serde::{Deserialize, Serialize};
use yizhan_vocabulary::{
    AppUserId, ApplicationId, DeviceId, DeviceName, FamilyId, ProductId, ProjectId, RoomId, UnixMillis,
};

use crate::rows::{Secret, stored_words};

stored_words! {
    /// On what an application runs; each kind has a key pair of its own (console guide, 应用开发).
    AppPlatform {
        /// iOS.
        Ios = "ios",
        /// Android.
        Android = "android",
        /// A mini program.
        MiniProgram = "mini_program",
    }
}

impl AppPlatform {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Ios, Self::Android, Self::MiniProgram];
}

stored_words! {
    /// A push service that an application's owner may have set up (management API facts §4.2.14, ModifyApplication).
    PushService {
        /// 信鸽.
        Xinge = "xinge",
        /// TPNS for iOS.
        TpnsIos = "tpns_ios",
        /// TPNS for Android.
        TpnsAndroid = "tpns_android",
    }
}

stored_words! {
    /// What a user is in a family.
    FamilyRole {
        /// Whose family it is; each has one.
        Owner = "owner",
        /// One who joined.
        Member = "member",
    }
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Its id.
    pub id: ApplicationId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Its name, unique in the project.
    pub name: String,
    /// A remark for people.
    pub description: String,
    /// Whether the ready-made mini program is hosted for it.
    pub turn_key: bool,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// The key pair of an application on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKeyRow {
    /// On what the application runs there.
    pub platform: AppPlatform,
    /// The public half.
    pub app_key: String,
    /// The secret half.
    pub app_secret: Secret,
}

/// An application's account at a push service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushChannelRow {
    /// Which service.
    pub service: PushService,
    /// The account there.
    pub access_id: String,
    /// Its secret.
    pub secret: Secret,
    /// `dev` or `product`; may be empty.
    pub environment: String,
    /// Where the service is; may be empty.
    pub region: String,
}

/// A user of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppUserRow {
    /// Its number.
    pub id: AppUserId,
    /// Whose user it is.
    pub application: ApplicationId,
    /// How the application's owner names the user, unique in the application.
    pub open_id: Option<String>,
    /// Shown to others.
    pub nick_name: String,
    /// The address of a picture.
    pub avatar: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// A family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyRow {
    /// Its id.
    pub id: FamilyId,
    /// The application whose users are in it.
    pub application: ApplicationId,
    /// Its name; need not be unique.
    pub name: String,
    /// Where it lives.
    pub address: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// A room of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// Its id.
    pub id: RoomId,
    /// The family.
    pub family: FamilyId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// That a device is in a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRow {
    /// The device.
    pub device: DeviceId,
    /// The family.
    pub family: FamilyId,
    /// The room.
    pub room: RoomId,
    /// Who bound it; `None` when that user is gone.
    pub user: Option<AppUserId>,
    /// Its name in the family; empty is the device's own.
    pub alias: String,
    /// When it was bound.
    pub created_at: UnixMillis,
    /// When the binding last changed.
    pub updated_at: UnixMillis,
}

/// A device of a family's list, with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyDeviceRow {
    /// Its product.
    pub product: ProductId,
    /// Its name.
    pub name: DeviceName,
    /// How it is bound.
    pub binding: BindingRow,
}

/// How a user comes to use a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// As a member of the family that it is in.
    Family(FamilyId, String, FamilyRole),
    /// Because its owner shares it.
    Shared,
}

/// A user who may use a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderRow {
    /// The user.
    pub user: AppUserId,
    /// How.
    pub holding: Holding,
}
