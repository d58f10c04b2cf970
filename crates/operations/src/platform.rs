//! What operations work on.

use std::sync::Arc;

use yizhan_devices::Devices;
use yizhan_store::Store;
use yizhan_vocabulary::Clock;

use crate::dispatch::AuditLog;

/// The services that operations may use. One value for the whole server.
pub struct Platform {
    /// Instances, projects, products, devices, their data and commands.
    pub devices: Devices,
    /// The registry.
    pub store: Arc<Store>,
    /// Where writes are recorded.
    pub audit: Arc<dyn AuditLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}
