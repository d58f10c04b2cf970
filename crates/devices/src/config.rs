//! The limits and waits of this crate. Every queue and table here has a bound, and each bound has its name in
//! this file; the composition root fills the struct from the server's configuration.

use std::path::PathBuf;
use std::time::Duration;

/// Limits and waits of products, devices and commands.
#[derive(Debug, Clone)]
pub struct DevicesConfig {
    /// Instances one installation may hold.
    pub max_instances: usize,
    /// Projects one installation may hold.
    pub max_projects: usize,
    /// Instances one root account may have.
    pub max_instances_per_account: usize,
    /// Projects one root account may have, in all of its instances.
    pub max_projects_per_account: usize,
    /// Products one installation may hold.
    pub max_products: usize,
    /// Devices one installation may hold.
    pub max_devices: usize,
    /// Devices one batch creation may make.
    pub max_batch_creation: usize,
    /// The largest payload taken from a device (MQTT packet limit of the compatible platform: 64 KB).
    pub max_payload_bytes: usize,
    /// The largest `params` of a control or an action call.
    pub max_params_bytes: usize,
    /// The largest `params` of `report_info` that is kept.
    pub max_info_bytes: usize,
    /// Commands without a final state one device may have.
    pub max_commands_per_device: usize,
    /// Commands without a final state in total.
    pub max_commands: usize,
    /// How long a synchronous caller waits for the device unless it asks for something else.
    pub answer_wait: Duration,
    /// The longest wait a caller may ask for.
    pub max_answer_wait: Duration,
    /// After this time without `action_reply` an action has expired.
    pub action_timeout: Duration,
    /// A control that the device has not answered is kept this long, so that it finds it in `get_status_reply`.
    pub control_kept: Duration,
    /// After `clear_control` the device has this long to send the matching `control_reply`; then silence counts as done.
    pub clear_grace: Duration,
    /// How long a management operation waits for the journal before it answers "unavailable".
    pub durability_wait: Duration,
    /// Devices that one batch of messages may name.
    pub max_batch_publish: usize,
    /// After this time a batch of messages stops: the devices whose turn has not come get nothing.
    pub batch_publish_wait: Duration,
    /// Callers that may wait for devices' answers to calls at once.
    pub max_waiting_calls: usize,
    /// Most points, entries or buckets one query returns.
    pub max_query_limit: usize,
    /// How statistics are made.
    pub statistics: StatisticsConfig,
}

/// How statistics are made.
#[derive(Debug, Clone)]
pub struct StatisticsConfig {
    /// How far the time zone of their days is ahead of UTC, in minutes.
    pub utc_offset_minutes: i32,
    /// Days that are kept.
    pub keep_days: u32,
    /// A database in MaxMind's format that knows where addresses are.
    pub geo_database: Option<PathBuf>,
}

impl Default for StatisticsConfig {
    fn default() -> Self {
        // The vendor counts by the days of China.
        Self { utc_offset_minutes: 8 * 60, keep_days: 400, geo_database: None }
    }
}

impl Default for DevicesConfig {
    fn default() -> Self {
        Self {
            max_instances: 1_000,
            max_projects: 10_000,
            max_instances_per_account: 20,
            max_projects_per_account: 500,
            max_products: 10_000,
            max_devices: 1_000_000,
            max_batch_creation: 10_000,
            max_payload_bytes: 64 * 1024,
            max_params_bytes: 32 * 1024,
            max_info_bytes: 8 * 1024,
            max_commands_per_device: 64,
            max_commands: 100_000,
            answer_wait: Duration::from_secs(5),
            max_answer_wait: Duration::from_secs(60),
            action_timeout: Duration::from_secs(10),
            control_kept: Duration::from_secs(24 * 3600),
            clear_grace: Duration::from_secs(10),
            durability_wait: Duration::from_secs(5),
            max_batch_publish: 200,
            batch_publish_wait: Duration::from_secs(10),
            max_waiting_calls: 10_000,
            max_query_limit: 1_000,
            statistics: StatisticsConfig::default(),
        }
    }
}
