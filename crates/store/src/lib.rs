//! The registry: who and what this installation knows. Products, devices, certificates, users, tokens and the
//! certificate authority live in one SQLite file (`registry.sqlite`), beside the key file (`secret.key`) that
//! seals every secret in it.
//!
//! What must stay true: a call that returned `Ok` is durable; a device's id is never given out twice; no secret
//! is ever in the file in clear; and any registry written by a released version opens in every later one.
//!
//! The API is synchronous. It serves management work and start-up; nothing on the path of a device's message
//! calls it.

mod access;
mod app_rows;
mod error;
mod open;
mod people_rows;
mod registry;
mod rows;
mod schema;
mod seal;

pub use access::{IntegrityReport, Store};
pub use app_rows::{
    AppKeyRow, AppPlatform, AppUserRow, ApplicationRow, BindingRow, FamilyDeviceRow, FamilyRole, FamilyRow,
    HolderRow, Holding, PushChannelRow, PushService, RoomRow,
};
pub use error::{OpenError, StoreError};
pub use people_rows::{
    AccountRow, ApiKeyRow, AuditQuery, AuditRow, LoginNote, LoginRow, PolicyRow, SessionRow, TotpRow,
};
pub use registry::apps::AppRows;
pub use registry::attention::{EndingCertificates, IgnoredAttention};
pub use registry::batches::BatchStep;
pub use registry::jobs::{JobRow, JobState};
pub use registry::licences::LicencePoolRow;
pub use registry::models::{MODEL_VERSIONS_KEPT, ModelOrigin, ModelSaving, ModelVersionRow};
pub use registry::private_authorities::PrivateAuthorityRow;
pub use registry::video_products::VideoProductRow;
pub use registry::virtual_devices::VirtualDeviceRow;
pub use rows::{
    ApiToken, AuthMode, AuthorityRow, BatchBurn, BatchDeviceRow, BatchNaming, BatchRow, BatchState,
    CertificateRow, CertifiedKey, CustomTopic, DeviceRow, DynamicRegistration, Fingerprint, InstanceKind,
    InstanceRow, MqttUser, NewBatch, NewDevice, NodeKind, PlannedDevice, ProductChange, ProductDay,
    ProductMove, ProductProfile, ProductRow, ProjectRow, ReleaseStatus, Secret, Tag,
};

/// The registry's file in the data directory.
pub const DATABASE_FILE: &str = "registry.sqlite";
/// The key file in the data directory.
pub const KEY_FILE: &str = "secret.key";
