//! What is counted day by day, and where devices are.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::StatisticsConfig;

/// What is counted day by day.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Statistics {
    /// How far the time zone of the days is ahead of UTC, in minutes; 480 is China.
    pub utc_offset_minutes: i32,
    /// Days that are kept.
    pub keep_days: u32,
    /// A database in MaxMind's format that knows where addresses are, such as GeoLite2-City.mmdb; none if it is empty.
    pub geo_database: PathBuf,
}

impl Default for Statistics {
    fn default() -> Self {
        let StatisticsConfig { utc_offset_minutes, keep_days, geo_database } = StatisticsConfig::default();
        Self { utc_offset_minutes, keep_days, geo_database: geo_database.unwrap_or_default() }
    }
}

impl Statistics {
    /// As the devices take them.
    pub(super) fn settings(&self) -> StatisticsConfig {
        StatisticsConfig {
            // No time zone is further from UTC than this.
            utc_offset_minutes: self.utc_offset_minutes.clamp(-14 * 60, 14 * 60),
            keep_days: self.keep_days.max(31),
            geo_database: Some(self.geo_database.clone()).filter(|path| !path.as_os_str().is_empty()),
        }
    }
}
