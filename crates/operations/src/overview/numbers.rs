//! The numbers of the overview. Each stands for a list that another operation gives.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{CommandEnds, Product};
use yizhan_vocabulary::UnixMillis;

use super::attention::{self, AttentionNumbers};
use super::sees_installation;
use crate::call::Call;
use crate::failure::Outcome;
use crate::platform::Platform;
use crate::statistics::{products, text_of};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Which products.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeOverview {
    /// Only products of this project; all of the account if it is not given.
    project_id: Option<String>,
    /// Only this product.
    product_id: Option<String>,
}

/// The numbers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Overview {
    /// The day that statistics count for now, in the installation's time zone, such as `2022-06-11`.
    today: String,
    /// Products; `GetStudioProductList` lists them.
    products: u64,
    devices: DeviceNumbers,
    messages: MessageNumbers,
    commands: CommandNumbers,
    /// How much should be looked at; `DescribeAttention` lists it. Not there for who may not ask that.
    attention: Option<AttentionNumbers>,
    /// The machine; for the operator of the installation only.
    host: Option<HostNumbers>,
}

/// Devices; `GetDeviceList` lists them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct DeviceNumbers {
    total: u64,
    /// Devices that have connected at least once.
    activated: u64,
    /// Devices online now.
    online: u64,
    /// Devices activated yesterday.
    activated_yesterday: u64,
    /// Devices active yesterday.
    active_yesterday: u64,
    /// Devices activated in the seven days that ended yesterday.
    activated_week: u64,
    /// Different devices active in these days.
    active_week: u64,
    /// Devices activated in the seven days before.
    activated_week_before: u64,
    /// Different devices active in those days.
    active_week_before: u64,
}

/// Messages of the last seconds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct MessageNumbers {
    up_per_second: f64,
    down_per_second: f64,
    /// Refused or not delivered.
    failed_per_second: f64,
}

/// Commands by how they ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CommandNumbers {
    last_hour: EndedCommands,
    last_day: EndedCommands,
    /// Since when they are counted, in milliseconds: a day, or since the server started.
    since: i64,
}

/// Commands that ended within a time.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct EndedCommands {
    done: u64,
    /// The device said that it failed.
    failed: u64,
    /// No answer came in time.
    expired: u64,
}

impl From<CommandEnds> for EndedCommands {
    fn from(ends: CommandEnds) -> Self {
        Self { done: ends.done, failed: ends.failed, expired: ends.expired }
    }
}

/// The machine and what the server takes of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct HostNumbers {
    /// Bytes that the log, history and logs take; `DescribeStorage` says more.
    journal_bytes: u64,
    /// Free bytes of the file system.
    disk_free_bytes: u64,
    /// Whether new messages are taken.
    accepting: bool,
    /// Bytes of memory that the server takes.
    memory_bytes: u64,
    /// Connections open now.
    connections: u64,
    /// When the server started, in milliseconds.
    started_at: i64,
}

pub(crate) async fn describe(call: Call, request: DescribeOverview) -> Outcome<Overview> {
    let products = products(&call, request.project_id.as_deref(), &Vec::from_iter(request.product_id))?;
    let look = attention::Look::of(&call).ok();
    let (operator, now) = (sees_installation(&call), call.now());
    call.blocking(move |platform| {
        Ok::<_, crate::Failure>(Overview {
            today: text_of(platform.devices.today()),
            products: products.len() as u64,
            devices: devices(platform, &products),
            messages: messages(&products),
            commands: commands(platform, &products, now),
            attention: look.map(|look| AttentionNumbers::of(&look, platform)).transpose()?,
            host: operator.then(|| host(platform)),
        })
    })
    .await
}

fn devices(platform: &Platform, products: &[Arc<Product>]) -> DeviceNumbers {
    let totals = platform.devices.device_totals(products);
    DeviceNumbers {
        total: totals.registered,
        activated: totals.activated,
        online: totals.online,
        activated_yesterday: totals.activated_yesterday,
        active_yesterday: totals.active_yesterday,
        activated_week: totals.activated_week,
        active_week: totals.active_week,
        activated_week_before: totals.activated_week_before,
        active_week_before: totals.active_week_before,
    }
}

fn messages(products: &[Arc<Product>]) -> MessageNumbers {
    let mut rates = [0.0_f64; 3];
    for recent in products.iter().map(|product| product.recent_messages()) {
        if recent.span_ms > 0 {
            let each = [recent.up, recent.down, recent.failed];
            for (rate, count) in rates.iter_mut().zip(each) {
                *rate += count as f64 * 1000.0 / recent.span_ms as f64;
            }
        }
    }
    let [up_per_second, down_per_second, failed_per_second] = rates.map(|rate| (rate * 10.0).round() / 10.0);
    MessageNumbers { up_per_second, down_per_second, failed_per_second }
}

fn commands(platform: &Platform, products: &[Arc<Product>], now: UnixMillis) -> CommandNumbers {
    let ended = |since: i64| {
        let each = products.iter().map(|product| product.command_ends_since(UnixMillis(since)));
        each.fold(CommandEnds::default(), CommandEnds::and).into()
    };
    CommandNumbers {
        last_hour: ended(now.0 - HOUR_MS),
        last_day: ended(now.0 - DAY_MS),
        since: platform.system.started_at().0.max(now.0 - DAY_MS),
    }
}

fn host(platform: &Platform) -> HostNumbers {
    let system = &platform.system;
    let journal = system.journal();
    let stats = journal.stats();
    HostNumbers {
        journal_bytes: stats.disk_bytes,
        disk_free_bytes: stats.free_bytes,
        accepting: journal.accepting().is_ok(),
        memory_bytes: system.measured("process_resident_memory_bytes") as u64,
        connections: system.measured("yizhan_connections") as u64,
        started_at: system.started_at().0,
    }
}
