//! The server's configuration: a TOML file, every entry optional, every default written here. A single entry can also be
//! given on the command line as `--set section.key=value`, which wins over the file.

mod backups;
mod chinese;
mod cloud;
mod console;
mod show;
mod sources;
mod statistics;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_api::HttpSettings;
use yizhan_devices::DevicesConfig;
use yizhan_journal::JournalConfig;
use yizhan_link::LinkSettings;
use yizhan_people::{PeopleSettings, RateLimits, SessionLimits};
use yizhan_router::RouterSettings;
use yizhan_virtual_devices::VirtualDevicesLimits;

pub use backups::Backups;
pub use cloud::Cloud;
pub use console::Console;
pub use show::Show;
pub use sources::Configured;
pub use statistics::Statistics;

use crate::data_dir::DataDir;

/// Where a command takes the settings from.
#[derive(clap::Args)]
pub struct ConfigSource {
    /// The configuration file; yizhan.toml in the data directory if it exists.
    #[arg(long, env = "YIZHAN_CONFIG")]
    config: Option<PathBuf>,
    /// One configuration entry, such as journal.log_days=7; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    overrides: Vec<String>,
}

impl ConfigSource {
    /// The settings in force for this data directory.
    pub fn load(&self, data: &DataDir) -> anyhow::Result<Config> {
        let file = self.config.clone().or_else(|| default_file(data.path()));
        Config::load(file.as_deref(), &self.overrides)
    }

    /// The same, with where each of them comes from.
    pub fn load_with_sources(&self, data: &DataDir) -> anyhow::Result<Configured> {
        let file = self.config.clone().or_else(|| default_file(data.path()));
        Configured::load(file.as_deref(), &self.overrides)
    }
}

/// Everything an operator can set.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses, cores and names.
    pub listen: Listen,
    /// Limits of connections.
    pub connections: Connections,
    /// Limits of sessions and messages.
    pub sessions: Sessions,
    /// Limits of devices and commands.
    pub devices: Devices,
    /// What is counted day by day.
    pub statistics: Statistics,
    /// Accounts and what is recorded of their doing.
    pub access: Access,
    /// Signed requests of the vendor-compatible API.
    pub cloud: Cloud,
    /// The web console.
    pub console: Console,
    /// The log, history and what is kept how long.
    pub journal: Storage,
    /// Files that requests name by URL.
    pub files: Files,
    /// Backups that the server makes in its data directory.
    pub backups: Backups,
    /// What the server writes to standard error.
    pub log: Log,
}

/// Addresses, cores and names. The defaults are reachable from this machine only.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// MQTT over TCP.
    pub mqtt: SocketAddr,
    /// MQTT over TLS.
    pub mqtts: SocketAddr,
    /// HTTP and MQTT over WebSocket.
    pub http: SocketAddr,
    /// The same inside TLS.
    pub https: SocketAddr,
    /// Threads that serve device connections; 0 means one for each processor.
    pub cores: usize,
    /// Names and addresses in the server's certificate, beside `localhost` and the vendor's.
    pub names: Vec<String>,
    /// Host names under which devices may have signed HTTP requests, beside the vendor's.
    pub signed_hosts: Vec<String>,
    /// What the URLs of uploads and downloads begin with, such as `https://iot.example.com`: the address under which people
    /// reach HTTP. If it is empty, it is made of `names` and the listeners' addresses.
    pub public_url: String,
}

impl Default for Listen {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            mqtt: local(1883),
            mqtts: local(8883),
            http: local(8080),
            https: local(8443),
            cores: 0,
            names: Vec::new(),
            signed_hosts: Vec::new(),
            public_url: String::new(),
        }
    }
}

impl Listen {
    /// What URLs of this server begin with. Where nothing says more, HTTPS under the first of the names, because what is
    /// downloaded may hold keys; without names, nobody can check a certificate and HTTP is as good.
    pub fn base_url(&self, http: SocketAddr, https: SocketAddr) -> String {
        if !self.public_url.is_empty() {
            return self.public_url.clone();
        }
        match self.names.first() {
            Some(name) => format!("https://{name}:{}", https.port()),
            None if http.ip().is_unspecified() => format!("http://localhost:{}", http.port()),
            None => format!("http://{http}"),
        }
    }
}

/// Limits of connections.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Connections held at most.
    pub max: usize,
    /// Connections of one address that have not finished CONNECT, at most.
    pub max_handshakes_per_address: u32,
    /// New connections a second from one address; 0 means no limit.
    pub max_rate_per_address: u32,
    /// Seconds for the TLS handshake, and again for CONNECT.
    pub handshake_deadline_s: u64,
    /// Seconds in which a peer must take what was written for it.
    pub write_deadline_s: u64,
    /// Largest MQTT packet, in bytes.
    pub max_packet_bytes: u32,
    /// Largest CONNECT, in bytes; what a client that nobody knows yet may make the server hold.
    pub max_connect_bytes: u32,
    /// HTTP connections held at most.
    pub max_http: usize,
    /// HTTP connections of one address held at most.
    pub max_http_per_address: u32,
    /// MQTT connections over WebSocket inside TLS held at most.
    pub max_websocket_tls: usize,
}

impl Default for Connections {
    fn default() -> Self {
        let link = LinkSettings::default();
        let http = HttpSettings::default();
        Self {
            max: link.max_connections,
            max_handshakes_per_address: link.max_handshakes_per_address,
            max_rate_per_address: link.max_rate_per_address,
            handshake_deadline_s: link.connect_deadline.as_secs(),
            write_deadline_s: link.write_deadline.as_secs(),
            max_packet_bytes: link.max_packet_bytes,
            max_connect_bytes: link.max_connect_bytes,
            max_http: http.max_connections,
            max_http_per_address: http.max_connections_per_address,
            max_websocket_tls: http.max_bridges,
        }
    }
}

/// Limits of sessions and messages.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Messages a compatible device may publish a second; 0 means no limit.
    pub device_publish_rate: u32,
    /// QoS 1 messages stored for one compatible device.
    pub device_max_queued: u32,
    /// Seconds a compatible device's kept session survives its connection.
    pub device_expiry_s: u64,
    /// Messages stored for one ordinary client.
    pub user_max_queued: u32,
    /// Seconds an ordinary client's session survives its connection, at most.
    pub user_max_expiry_s: u64,
    /// Sessions of ordinary clients that survive their connection, in all.
    pub max_kept: usize,
    /// Sessions that survive their connection, of one MQTT user.
    pub user_max_kept: usize,
    /// Bytes of messages stored for one client.
    pub max_queued_bytes: u32,
    /// Subscriptions of one client.
    pub max_subscriptions: u32,
    /// Retained messages in all.
    pub max_retained: usize,
    /// Bytes of retained messages in all.
    pub max_retained_bytes: usize,
}

impl Default for Sessions {
    fn default() -> Self {
        let router = RouterSettings::default();
        Self {
            device_publish_rate: router.device_publish_rate,
            device_max_queued: router.device_max_queued,
            device_expiry_s: router.device_session_expiry.as_secs(),
            user_max_queued: router.user_max_queued,
            user_max_expiry_s: router.user_max_session_expiry.as_secs(),
            max_kept: router.max_kept_sessions,
            user_max_kept: router.user_max_kept_sessions,
            max_queued_bytes: router.max_queued_bytes,
            max_subscriptions: router.max_subscriptions,
            max_retained: router.max_retained,
            max_retained_bytes: router.max_retained_bytes,
        }
    }
}

/// Accounts and what is recorded of their doing.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Accounts in all, sub-accounts included.
    pub max_accounts: usize,
    /// Sub-accounts of one root account.
    pub max_sub_accounts: usize,
    /// API keys of one account.
    pub max_keys_per_account: usize,
    /// Requests that one API key, or one session of the console, may make a second; 0 means no limit.
    pub key_requests: u32,
    /// Of these, requests that change something or reach a device; 0 means no limit.
    pub key_changes: u32,
    /// Seconds without a request after which a session of the console ends.
    pub session_idle_s: u64,
    /// Seconds after which a session of the console ends, however much it is used.
    pub session_max_s: u64,
    /// Sessions of the console of one account; the one that was not used for longest makes room for another.
    pub max_sessions_per_account: usize,
    /// Entries that the audit log keeps; beyond that, the oldest ones of the root account with the most entries go.
    pub audit_kept: u64,
}

impl Default for Access {
    fn default() -> Self {
        let people = PeopleSettings::default();
        Self {
            max_accounts: people.max_accounts,
            max_sub_accounts: people.max_sub_accounts,
            max_keys_per_account: people.max_keys_per_account,
            key_requests: people.rate.requests,
            key_changes: people.rate.changes,
            session_idle_s: people.sessions.idle.as_secs(),
            session_max_s: people.sessions.age.as_secs(),
            max_sessions_per_account: people.sessions.per_account,
            audit_kept: 1_000_000,
        }
    }
}

/// Limits of devices and commands.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Devices {
    /// Instances of one root account.
    pub max_instances_per_account: usize,
    /// Projects of one root account, in all of its instances.
    pub max_projects_per_account: usize,
    /// Products in all.
    pub max_products: usize,
    /// Devices in all.
    pub max_devices: usize,
    /// Commands of one device that have not ended, at most.
    pub max_commands_per_device: usize,
    /// Seconds a caller waits for a device's answer where it does not say how long.
    pub answer_wait_s: u64,
    /// Seconds a device has to answer an action.
    pub action_timeout_s: u64,
    /// Seconds a control waits for a device that is offline.
    pub control_kept_s: u64,
    /// Virtual devices that may run in the server at once, in all.
    pub max_virtual_devices: usize,
    /// Virtual devices of one root account that may run in the server at once.
    pub max_virtual_devices_per_account: usize,
}

impl Default for Devices {
    fn default() -> Self {
        let devices = DevicesConfig::default();
        let virtual_devices = VirtualDevicesLimits::default();
        Self {
            max_instances_per_account: devices.max_instances_per_account,
            max_projects_per_account: devices.max_projects_per_account,
            max_products: devices.max_products,
            max_devices: devices.max_devices,
            max_commands_per_device: devices.max_commands_per_device,
            answer_wait_s: devices.answer_wait.as_secs(),
            action_timeout_s: devices.action_timeout.as_secs(),
            control_kept_s: devices.control_kept.as_secs(),
            max_virtual_devices: virtual_devices.max,
            max_virtual_devices_per_account: virtual_devices.max_per_account,
        }
    }
}

/// The log, history and what is kept how long.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Days of property history, today included; 0 keeps it for ever.
    pub history_days: u32,
    /// Days of logs, today included; 0 keeps them for ever.
    pub log_days: u32,
    /// Bytes the journal may take on disk; the oldest days go first. 0 means no limit.
    pub disk_budget_bytes: u64,
    /// Free bytes of the file system below which new messages are refused.
    pub min_free_bytes: u64,
    /// Size of one log segment.
    pub segment_bytes: u64,
    /// Go on without the records behind a damaged place of the log instead of refusing to start.
    pub accept_damage: bool,
}

impl Default for Storage {
    fn default() -> Self {
        let journal = JournalConfig::new("");
        Self {
            history_days: journal.history_days,
            log_days: journal.log_days,
            disk_budget_bytes: 0,
            min_free_bytes: journal.min_free_bytes,
            segment_bytes: journal.segment_bytes,
            accept_damage: false,
        }
    }
}

/// Files that requests name by URL, such as the names of a batch.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Hosts, as `name` or `name:port`, from which files may be fetched beside those uploaded here. The server reaches what its
    /// users may not: list only what everybody who manages products may read.
    pub fetch_hosts: Vec<String>,
}

/// What the server writes to standard error.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level or a filter, such as `info` or `warn,yizhan_link=debug`.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), json: false }
    }
}

impl Config {
    /// Reads `file`, if there is one, and applies the `section.key=value` entries of `overrides`.
    pub fn load(file: Option<&Path>, overrides: &[String]) -> anyhow::Result<Self> {
        let mut table = read(file)?;
        for entry in overrides {
            apply_override(&mut table, entry)?;
        }
        table.try_into().context("the configuration is not valid")
    }

    /// Limits for the link layer.
    pub fn link(&self) -> LinkSettings {
        let deadline = Duration::from_secs(self.connections.handshake_deadline_s);
        LinkSettings {
            max_connections: self.connections.max,
            max_handshakes_per_address: self.connections.max_handshakes_per_address,
            max_rate_per_address: self.connections.max_rate_per_address,
            tls_deadline: deadline,
            connect_deadline: deadline,
            write_deadline: Duration::from_secs(self.connections.write_deadline_s),
            max_packet_bytes: self.connections.max_packet_bytes,
            max_connect_bytes: self.connections.max_connect_bytes,
            ..LinkSettings::default()
        }
    }

    /// Limits for the router.
    pub fn router(&self) -> RouterSettings {
        RouterSettings {
            device_publish_rate: self.sessions.device_publish_rate,
            device_max_queued: self.sessions.device_max_queued,
            device_session_expiry: Duration::from_secs(self.sessions.device_expiry_s),
            user_max_queued: self.sessions.user_max_queued,
            user_max_session_expiry: Duration::from_secs(self.sessions.user_max_expiry_s),
            max_kept_sessions: self.sessions.max_kept,
            user_max_kept_sessions: self.sessions.user_max_kept,
            max_queued_bytes: self.sessions.max_queued_bytes,
            max_subscriptions: self.sessions.max_subscriptions,
            max_retained: self.sessions.max_retained,
            max_retained_bytes: self.sessions.max_retained_bytes,
            max_packet_bytes: self.connections.max_packet_bytes,
            ..RouterSettings::default()
        }
    }

    /// The limits of accounts.
    pub fn people(&self) -> PeopleSettings {
        PeopleSettings {
            max_accounts: self.access.max_accounts,
            max_sub_accounts: self.access.max_sub_accounts,
            max_keys_per_account: self.access.max_keys_per_account,
            rate: RateLimits { requests: self.access.key_requests, changes: self.access.key_changes },
            sessions: SessionLimits {
                idle: Duration::from_secs(self.access.session_idle_s),
                age: Duration::from_secs(self.access.session_max_s),
                per_account: self.access.max_sessions_per_account,
            },
            ..PeopleSettings::default()
        }
    }

    /// Limits for devices.
    pub fn devices(&self) -> DevicesConfig {
        DevicesConfig {
            max_instances_per_account: self.devices.max_instances_per_account,
            max_projects_per_account: self.devices.max_projects_per_account,
            max_products: self.devices.max_products,
            max_devices: self.devices.max_devices,
            max_commands_per_device: self.devices.max_commands_per_device,
            answer_wait: Duration::from_secs(self.devices.answer_wait_s),
            action_timeout: Duration::from_secs(self.devices.action_timeout_s),
            control_kept: Duration::from_secs(self.devices.control_kept_s),
            statistics: self.statistics.settings(),
            ..DevicesConfig::default()
        }
    }

    /// Limits for virtual devices.
    pub fn virtual_devices(&self) -> VirtualDevicesLimits {
        VirtualDevicesLimits {
            max: self.devices.max_virtual_devices,
            max_per_account: self.devices.max_virtual_devices_per_account,
        }
    }

    /// Settings of the journal in the data directory.
    pub fn journal_config(&self, data: &Path) -> anyhow::Result<JournalConfig> {
        let defaults = JournalConfig::new(data.join("journal"));
        // A message and the sessions it is stored for must fit into one record (see the router's changes).
        let needed = self.connections.max_packet_bytes as usize * 2 + 256 * 1024;
        if needed > self.journal.segment_bytes as usize / 4 {
            bail!("journal.segment_bytes must be at least {} for packets of this size", needed * 4);
        }
        let config = JournalConfig {
            segment_bytes: self.journal.segment_bytes,
            history_days: self.journal.history_days,
            log_days: self.journal.log_days,
            disk_budget_bytes: (self.journal.disk_budget_bytes > 0).then_some(self.journal.disk_budget_bytes),
            min_free_bytes: self.journal.min_free_bytes,
            max_record_bytes: defaults.max_record_bytes.max(needed),
            accept_damage: self.journal.accept_damage,
            ..defaults
        };
        config.check()?;
        Ok(config)
    }

    /// Limits of the HTTP side.
    pub fn http(&self) -> HttpSettings {
        HttpSettings {
            max_connections: self.connections.max_http,
            max_connections_per_address: self.connections.max_http_per_address,
            max_bridges: self.connections.max_websocket_tls,
            head_deadline: Duration::from_secs(self.connections.handshake_deadline_s),
            tls_deadline: Duration::from_secs(self.connections.handshake_deadline_s),
            write_deadline: Duration::from_secs(self.connections.write_deadline_s),
            cloud: self.cloud.settings(),
            ..HttpSettings::default()
        }
    }

    /// Threads for device connections.
    pub fn cores(&self) -> usize {
        match self.listen.cores {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cores => cores,
        }
    }
}

/// The configuration file beside the data, where it is found without being named.
pub fn default_file(data: &Path) -> Option<PathBuf> {
    let file = data.join("yizhan.toml");
    file.exists().then_some(file)
}

fn read(file: Option<&Path>) -> anyhow::Result<toml::Table> {
    let Some(path) = file else { return Ok(toml::Table::new()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not valid TOML", path.display()))
}

fn apply_override(table: &mut toml::Table, entry: &str) -> anyhow::Result<()> {
    let (path, text) =
        entry.split_once('=').with_context(|| format!("--set {entry}: write section.key=value"))?;
    let (section, key) =
        path.split_once('.').with_context(|| format!("--set {entry}: write section.key=value"))?;
    // What is not a TOML value as it stands is text.
    let parsed =
        format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(text.to_owned()));
    let section = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let toml::Value::Table(section) = section else { bail!("--set {entry}: the section is not a table") };
    section.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_command_line_win_and_may_be_bare_text() {
        let overrides = ["listen.mqtt=0.0.0.0:1884", "listen.cores=3", "log.filter=debug"].map(String::from);
        let config = Config::load(None, &overrides).unwrap();
        assert_eq!(config.listen.mqtt.to_string(), "0.0.0.0:1884");
        assert_eq!((config.cores(), config.log.filter.as_str()), (3, "debug"));
    }

    #[test]
    fn a_disk_budget_that_cannot_work_is_refused_with_the_least_that_can() {
        let with = |bytes: u64| {
            let config = Config::load(None, &[format!("journal.disk_budget_bytes={bytes}")]).unwrap();
            config.journal_config(Path::new("data"))
        };
        let error = with(64 << 20).unwrap_err().to_string();
        assert!(error.contains("disk_budget_bytes must be at least 272629760"), "{error}");
        assert!(with(272_629_760).is_ok() && with(0).is_ok());
    }

    #[test]
    fn an_unknown_entry_is_named() {
        let error = Config::load(None, &["listen.mqqt=1".to_owned()]).unwrap_err();
        assert!(format!("{error:#}").contains("mqqt"), "{error:#}");
    }
}
