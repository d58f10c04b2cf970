//! Counts by day. A day is one of the time zone that the installation counts in.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Day, DayCounts, Product};

use super::dates::{span, text_of};
use super::scope::products;
use crate::call::Call;
use crate::failure::Outcome;

/// Which days of which products.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatisticsSpan {
    /// The first day, such as `2022-06-11`.
    start_date: String,
    /// The last day; less than 400 days later.
    end_date: String,
    /// Only this product; all of the account if it is not given.
    product_id: Option<String>,
    /// Only products of this project.
    project_id: Option<String>,
}

/// The counts of the span, and the products they are of.
async fn counted(
    call: &Call,
    request: StatisticsSpan,
) -> Outcome<(BTreeMap<Day, DayCounts>, Vec<Arc<Product>>)> {
    let products = products(call, request.project_id.as_deref(), &Vec::from_iter(request.product_id))?;
    let (first, last) = span(&request.start_date, &request.end_date)?;
    let asked = products.clone();
    let days = call.blocking(move |platform| platform.devices.day_counts(&asked, first, last)).await?;
    Ok((days, products))
}

/// Devices by day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceStats {
    /// All devices there are.
    register_cnt: u64,
    data: Vec<DeviceCntStats>,
    /// How many days there are.
    total: u64,
}

/// One day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceCntStats {
    date: String,
    new_register_cnt: u64,
    new_activate_cnt: u64,
    active_cnt: u64,
}

pub(crate) async fn devices(call: Call, request: StatisticsSpan) -> Outcome<DeviceStats> {
    let (days, products) = counted(&call, request).await?;
    let item = |(day, counts): (Day, DayCounts)| DeviceCntStats {
        date: text_of(day),
        new_register_cnt: counts.registered,
        new_activate_cnt: counts.activated,
        active_cnt: counts.active,
    };
    let data: Vec<_> = days.into_iter().map(item).collect();
    let register_cnt = products.iter().map(|product| product.device_count() as u64).sum();
    Ok(DeviceStats { register_cnt, total: data.len() as u64, data })
}

/// Messages by day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageStats {
    data: Vec<MessageCntStats>,
    /// How many days there are.
    total: u64,
}

/// One day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageCntStats {
    date: String,
    up_msg_cnt: u64,
    down_msg_cnt: u64,
    /// Questions for the time.
    ntp_msg_cnt: u64,
}

pub(crate) async fn messages(call: Call, request: StatisticsSpan) -> Outcome<MessageStats> {
    let (days, _) = counted(&call, request).await?;
    let item = |(day, counts): (Day, DayCounts)| MessageCntStats {
        date: text_of(day),
        up_msg_cnt: counts.messages_up,
        down_msg_cnt: counts.messages_down,
        ntp_msg_cnt: counts.time_requests,
    };
    let data: Vec<_> = days.into_iter().map(item).collect();
    Ok(MessageStats { total: data.len() as u64, data })
}

/// Messages by day, with those that failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageOverview {
    data: Vec<MessageOverviewItem>,
}

/// One day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MessageOverviewItem {
    date: String,
    up_msg_cnt: u64,
    down_msg_cnt: u64,
    /// Messages of devices that were refused.
    up_failed_cnt: u64,
    /// Messages for devices that were not delivered.
    down_failed_cnt: u64,
}

pub(crate) async fn overview(call: Call, request: StatisticsSpan) -> Outcome<MessageOverview> {
    let (days, _) = counted(&call, request).await?;
    let item = |(day, counts): (Day, DayCounts)| MessageOverviewItem {
        date: text_of(day),
        up_msg_cnt: counts.messages_up,
        down_msg_cnt: counts.messages_down,
        up_failed_cnt: counts.failed_up,
        down_failed_cnt: counts.failed_down,
    };
    Ok(MessageOverview { data: days.into_iter().map(item).collect() })
}

/// Devices online.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OnlineStats {
    /// Devices online now.
    online_count: u64,
    data: Vec<OnlineItem>,
}

/// One day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OnlineItem {
    date: String,
    /// The most devices online at once; of several products, the sum of theirs.
    online_peak: u64,
}

pub(crate) async fn online(call: Call, request: StatisticsSpan) -> Outcome<OnlineStats> {
    let (days, products) = counted(&call, request).await?;
    let item =
        |(day, counts): (Day, DayCounts)| OnlineItem { date: text_of(day), online_peak: counts.online_peak };
    let online_count = products.iter().map(|product| product.online_count()).sum();
    Ok(OnlineStats { online_count, data: days.into_iter().map(item).collect() })
}
