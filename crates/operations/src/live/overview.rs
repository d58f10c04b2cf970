//! Rates and totals, once a second.

use serde::Serialize;
use yizhan_devices::LiveCounts;
use yizhan_vocabulary::UnixMillis;

/// What goes on in the products that somebody may see.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OverviewRow {
    time: UnixMillis,
    what: &'static str,
    /// All devices.
    devices: u64,
    /// Devices online now.
    online: u64,
    /// Messages from devices a second.
    up_per_second: f64,
    /// Messages to devices a second.
    down_per_second: f64,
    /// Messages a second that were refused or not delivered.
    failed_per_second: f64,
}

impl OverviewRow {
    /// The row of what happened within `elapsed_ms` before `time`.
    pub fn of(counts: &LiveCounts, time: UnixMillis, elapsed_ms: u64) -> Self {
        let rate = |count: u64| (count as f64 * 10_000.0 / elapsed_ms.max(1) as f64).round() / 10.0;
        Self {
            time,
            what: "Overview",
            devices: counts.devices,
            online: counts.online,
            up_per_second: rate(counts.messages_up),
            down_per_second: rate(counts.messages_down),
            failed_per_second: rate(counts.failed),
        }
    }
}
