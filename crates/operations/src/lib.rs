//! Management operations: everything that people and programs can ask of the platform, each once. A group is a folder
//! that declares its operations in one list; [`table`] is all of them. The vendor-compatible API, the console's API and
//! the generated descriptions are made from the table and hold no rules of their own.
//!
//! Followed by a request: a surface finds the [`Operation`] and makes a [`Call`]; [`dispatch`] reads the request
//! (`lenient`), runs the handler and records what it did; the handler's first line asks the call for the object that is
//! meant (`call`), which is where permission is checked.
//!
//! What must stay true: no handler reaches an object except through its call; another account's object is answered
//! exactly like one that does not exist; and a name means the same on every surface.

#[macro_use]
mod operation;
mod access;
mod app_users;
mod audit;
mod batches;
mod call;
mod certificates;
mod data;
mod devices;
mod dispatch;
mod evidence;
mod failure;
mod filter;
mod fleet;
mod instances;
mod jobs;
mod lenient;
mod licences;
pub mod live;
mod logs;
mod messages;
mod openapi;
mod opened;
mod overview;
mod own_account;
mod page;
mod platform;
mod products;
mod projects;
mod range;
mod reference;
mod resource;
mod statistics;
mod system;
mod table;
mod tags;
mod text;
mod thing_model;
mod topics;
mod undo;
mod vendor;
mod video_products;
mod virtual_devices;

pub use audit::AuditEntry;
pub use call::{Call, Caller, Means, Rights};
pub use dispatch::dispatch;
pub use failure::{Class, Code, Failure};
pub use jobs::{Job, JobEnd, JobEntry, JobKind, JobNews, Jobs, NewJob};
pub use openapi::{BASE_PATH, openapi, request_schema};
pub use opened::{is_operator, opened_operations};
pub use operation::{Audit, Operation, Version};
pub use platform::{Authorities, DevicePorts, Platform};
pub use reference::generated;
pub use resource::Resource;
pub use system::{
    ArchiveFacts, Archives, BackupLimits, Setting, SettingSource, System, SystemParts, copy_server,
    diagnostics,
};
pub use table::{console_operations, find, find_in_console, operations};
pub use text::{Language, Text};
pub use vendor::{VendorAction, is_vendor_action, vendor_actions};
