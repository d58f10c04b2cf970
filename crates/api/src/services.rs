//! What the surfaces call.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use yizhan_console::Console;
use yizhan_devices::{CertificateDirectory, Devices};
use yizhan_identity::signed_request::HostList;
use yizhan_journal::Journal;
use yizhan_link::Admission;
use yizhan_observe::Metrics;
use yizhan_operations::{Authorities, Platform};
use yizhan_router::{Router, UserDirectory};
use yizhan_store::Store;
use yizhan_vocabulary::Clock;

use crate::registration::CertificateHandOuts;

/// Everything a surface may call. One value for the whole server.
pub struct Services {
    /// What management operations work on.
    pub platform: Arc<Platform>,
    /// Products, devices, their data and commands.
    pub devices: Devices,
    /// Device certificates.
    pub certificates: Arc<CertificateDirectory>,
    /// Sessions and messages.
    pub router: Router,
    /// Ordinary MQTT users.
    pub users: Arc<UserDirectory>,
    /// Held while a user changes in the registry and in the directory, so that the two agree.
    pub user_changes: Mutex<()>,
    /// The registry; for tokens, users and backups.
    pub store: Arc<Store>,
    /// The log; for its state and for backups.
    pub journal: Journal,
    /// The private authority.
    pub authorities: Arc<Authorities>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Connections.
    pub admission: Arc<Admission>,
    /// Bounds the certificates that registration hands out.
    pub hand_outs: CertificateHandOuts,
    /// Host names under which devices may have signed registration requests.
    pub hosts: HostList,
    /// The web console's files.
    pub console: Console,
    /// What URLs of this server begin with.
    pub base_url: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The data directory; backups copy what is in it.
    pub data_dir: PathBuf,
}
