//! The totals of the overview.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scope::products;
use crate::call::Call;
use crate::failure::{Failure, Outcome};

/// Which products.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetDeviceSumStatistics {
    project_id: String,
    /// Only these products; all of the project if there are none.
    product_ids: Option<Vec<String>>,
}

/// The totals.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceSum {
    /// Devices that have connected at least once.
    activation_count: u64,
    /// Devices online now.
    online_count: u64,
    /// Devices activated yesterday.
    activation_before_day: u64,
    /// Devices active yesterday.
    active_before_day: u64,
    /// Devices activated in the seven days that ended yesterday.
    activation_week_day_count: u64,
    /// Different devices active in these days.
    active_week_day_count: u64,
    /// Devices activated in the seven days before.
    activation_before_week_day_count: u64,
    /// Different devices active in those days.
    active_before_week_day_count: u64,
}

pub(crate) async fn sum(call: Call, request: GetDeviceSumStatistics) -> Outcome<DeviceSum> {
    let project = call.project(&request.project_id)?;
    let products = products(&call, Some(project.id.as_str()), &request.product_ids.unwrap_or_default())?;
    let totals =
        call.blocking(move |platform| Ok::<_, Failure>(platform.devices.device_totals(&products))).await?;
    Ok(DeviceSum {
        activation_count: totals.activated,
        online_count: totals.online,
        activation_before_day: totals.activated_yesterday,
        active_before_day: totals.active_yesterday,
        activation_week_day_count: totals.activated_week,
        active_week_day_count: totals.active_week,
        activation_before_week_day_count: totals.activated_week_before,
        active_before_week_day_count: totals.active_week_before,
    })
}
