//! Looking at instances.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{InstanceKind, InstanceRow};

use crate::call::Call;
use crate::failure::Outcome;
use crate::platform::Platform;
use crate::resource::Resource;
use crate::text::iso;

/// How an instance that never expires says so.
// Management API facts §4.3, InstanceDetail.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Which instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstance {
    /// The public instance if it is empty.
    instance_id: String,
    /// Count only what is in this project.
    project_id: Option<String>,
    /// Count only this product; `-1` means all.
    product_id: Option<String>,
}

/// One instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedInstance {
    pub data: InstanceDetail,
}

/// An instance with its quotas.
// Management API facts §6, InstanceDetail.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstanceDetail {
    #[serde(rename = "InstanceId")]
    instance_id: String,
    /// 0 public, 1 enterprise.
    #[serde(rename = "InstanceType")]
    instance_type: i64,
    #[serde(rename = "Region")]
    region: &'static str,
    #[serde(rename = "ZoneId")]
    zone_id: &'static str,
    /// Devices that it may hold; 0 means as many as the installation.
    #[serde(rename = "TotalDeviceNum")]
    total_device_num: i64,
    /// Devices that it holds.
    #[serde(rename = "UsedDeviceNum")]
    used_device_num: i64,
    #[serde(rename = "ProjectNum")]
    project_num: i64,
    #[serde(rename = "ProductNum")]
    product_num: i64,
    #[serde(rename = "CreateTime")]
    create_time: String,
    #[serde(rename = "UpdateTime")]
    update_time: String,
    #[serde(rename = "ExpireTime")]
    expire_time: &'static str,
    /// Devices among what was asked for.
    #[serde(rename = "TotalDevice")]
    total_device: i64,
    /// Those of them that have connected once.
    #[serde(rename = "ActivateDevice")]
    activate_device: i64,
    #[serde(rename = "Description")]
    description: String,
    /// 0 means in order.
    #[serde(rename = "Status")]
    status: i64,
}

pub(crate) async fn describe(call: Call, request: DescribeInstance) -> Outcome<DescribedInstance> {
    let instance = call.instance(Some(&request.instance_id))?;
    let wanted = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "-1");
    let project = wanted(request.project_id).map(|id| call.project(&id)).transpose()?;
    let product = wanted(request.product_id).map(|id| call.product(&id)).transpose()?;
    let among = move |candidate: &yizhan_devices::Product| {
        product.as_ref().is_none_or(|product| product.id == candidate.id)
            && project.as_ref().is_none_or(|project| project.id == candidate.settings().profile.project)
    };
    let detail =
        move |platform: &Platform| Ok::<_, crate::Failure>(InstanceDetail::of(platform, &instance, among));
    Ok(DescribedInstance { data: call.blocking(detail).await? })
}

/// All of them.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeInstances {}

/// An account's instances, the public one first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceList {
    instances: Vec<InstanceDetail>,
}

pub(crate) async fn list(call: Call, _request: DescribeInstances) -> Outcome<InstanceList> {
    let owner = call.caller().owner;
    let mut instances = call.platform().devices.instances(owner);
    instances.retain(|instance| call.may(&Resource::Instance(owner, &instance.id)));
    let details = move |platform: &Platform| {
        let detail =
            |instance: &std::sync::Arc<InstanceRow>| InstanceDetail::of(platform, instance, |_| true);
        Ok::<_, crate::Failure>(instances.iter().map(detail).collect())
    };
    Ok(InstanceList { instances: call.blocking(details).await? })
}

impl InstanceDetail {
    /// An instance; counters of devices are those of the products that `among` picks.
    pub fn of(
        platform: &Platform,
        instance: &InstanceRow,
        among: impl Fn(&yizhan_devices::Product) -> bool,
    ) -> Self {
        let products = platform.devices.products_in(&instance.id);
        let projects = platform.devices.projects(instance.owner);
        let held: usize = products.iter().map(|product| product.device_count()).sum();
        let (mut total, mut activated) = (0, 0);
        for device in products.iter().filter(|product| among(product)).flat_map(|product| product.devices()) {
            total += 1;
            activated += i64::from(device.activated_at().is_some());
        }
        Self {
            instance_id: instance.id.to_string(),
            instance_type: match instance.kind {
                InstanceKind::Public => 0,
                InstanceKind::Enterprise => 1,
            },
            region: "ap-guangzhou",
            zone_id: "",
            total_device_num: instance.device_limit.map_or(0, i64::from),
            used_device_num: held as i64,
            project_num: projects.iter().filter(|project| project.instance == instance.id).count() as i64,
            product_num: products.len() as i64,
            create_time: iso(instance.created_at),
            update_time: iso(instance.updated_at),
            expire_time: NEVER,
            total_device: total,
            activate_device: activated,
            description: instance.description.clone(),
            status: 0,
        }
    }
}
