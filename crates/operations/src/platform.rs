//! What operations work on.

use std::sync::Arc;

use tokio_util::task::TaskTracker;
use yizhan_devices::batches::Batches;
use yizhan_devices::{CertificateDirectory, Devices};
use yizhan_files::Files;
use yizhan_identity::BindingSigner;
use yizhan_identity::authority::Authority;
use yizhan_observe::Metrics;
use yizhan_people::{Apps, People};
use yizhan_store::Store;
use yizhan_virtual_devices::VirtualDevices;
use yizhan_vocabulary::Clock;

use crate::jobs::Jobs;
use crate::system::System;

/// The private authority of this installation.
pub struct Authorities {
    /// Issues certificates.
    pub authority: Authority,
    /// Its own certificate, PEM.
    pub certificate: String,
}

/// The ports on which devices connect.
#[derive(Debug, Clone, Copy)]
pub struct DevicePorts {
    /// MQTT over TCP.
    pub mqtt: u16,
    /// MQTT over TLS.
    pub mqtts: u16,
    /// MQTT over WebSocket, and HTTP.
    pub http: u16,
    /// The same inside TLS.
    pub https: u16,
}

/// The services that operations may use. One value for the whole server.
pub struct Platform {
    /// Instances, projects, products, devices, their data and commands.
    pub devices: Devices,
    /// Device certificates.
    pub certificates: Arc<CertificateDirectory>,
    /// The private authority.
    pub authorities: Arc<Authorities>,
    /// Accounts, keys and policies.
    pub people: People,
    /// Applications and the people who use them.
    pub apps: Apps,
    /// Batch production.
    pub batches: Batches,
    /// Devices whose part the server plays.
    pub virtual_devices: VirtualDevices,
    /// Makes and opens the codes that bind devices.
    pub bindings: Arc<BindingSigner>,
    /// Uploads and signed URLs.
    pub files: Arc<Files>,
    /// Work in the background.
    pub jobs: Jobs,
    /// The running server itself.
    pub system: System,
    /// Where devices connect.
    pub ports: DevicePorts,
    /// What is counted, and who was refused.
    pub metrics: Arc<Metrics>,
    /// The registry.
    pub store: Arc<Store>,
    /// Entries that the audit log keeps.
    pub audit_kept: u64,
    /// Operations that change something and run now; the server's stop waits for them.
    pub writes: TaskTracker,
    /// Time.
    pub clock: Arc<dyn Clock>,
}
