//! What an instance has of each kind, and what is used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{DevicesError, InstanceKind, LicenceKind, LicenceUse, NodeKind};

use crate::call::Call;
use crate::failure::Outcome;

/// Which instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedInstance {
    pub instance_id: String,
}

/// Activation codes of one kind that hold for the same time.
// Management API facts §6, ActivationLicense.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActivationLicense {
    service_type: String,
    total_license_num: u64,
    used_license_num: u64,
    /// How long each holds, such as `5_year`.
    period: String,
}

/// Activation codes of one kind.
// Management API facts §6, LicenseOverview.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LicenseOverview {
    activation_license: Vec<ActivationLicense>,
    /// `basic` for ordinary devices; `bluetooth`, `free`, `video`, or the name of an added service.
    license_type: String,
}

/// Every kind of which the instance has a pool.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Overview {
    data: Vec<LicenseOverview>,
}

/// What the vendor calls a kind.
fn shown_kind(kind: &str) -> &str {
    if kind == LicenceKind::Normal.as_str() { "basic" } else { kind }
}

pub(crate) async fn overview(call: Call, request: NamedInstance) -> Outcome<Overview> {
    let instance = call.instance(Some(&request.instance_id))?;
    let now = call.now();
    call.blocking(move |platform| {
        let devices = &platform.devices;
        let licences = devices.licences(instance.owner)?;
        let mut kinds: BTreeMap<String, Vec<ActivationLicense>> = BTreeMap::new();
        let mut left: BTreeMap<&str, u64> = [
            (LicenceKind::Normal, licences.normal),
            (LicenceKind::Bluetooth, licences.bluetooth),
            (LicenceKind::Free, licences.free),
            (LicenceKind::Video, licences.video),
        ]
        .map(|(kind, it)| (kind.as_str(), it.used))
        .into();
        // Devices do not say out of which of the account's pools their code is: the oldest pool counts first.
        let instances = devices.instances(instance.owner);
        let mut pools: Vec<_> = instances.iter().flat_map(|it| devices.licence_pools(&it.id)).collect();
        pools.sort_unstable_by_key(|pool| pool.id);
        for pool in pools {
            if pool.expires_at.is_some_and(|end| end <= now) {
                continue;
            }
            let left = left.entry(kind_of(&pool.kind)).or_default();
            let used = (*left).min(pool.total);
            *left -= used;
            if pool.instance != instance.id {
                continue;
            }
            let shown = shown_kind(&pool.kind).to_owned();
            kinds.entry(shown.clone()).or_default().push(ActivationLicense {
                service_type: shown,
                total_license_num: pool.total,
                used_license_num: used,
                period: pool.period.clone(),
            });
        }
        let entry = |(license_type, activation_license)| LicenseOverview { activation_license, license_type };
        Ok::<_, DevicesError>(Overview { data: kinds.into_iter().map(entry).collect() })
    })
    .await
}

/// The kind that devices use up; any other is one of an added service, of which nothing is used so far.
fn kind_of(kind: &str) -> &'static str {
    let counted = [LicenceKind::Normal, LicenceKind::Bluetooth, LicenceKind::Free, LicenceKind::Video];
    counted.iter().map(|it| it.as_str()).find(|it| *it == kind).unwrap_or("")
}

/// Devices of the instance, and the account's activation codes. A total of 0 where nothing is limited.
// Management API facts §6, DeviceActivationDetail.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceActivationDetail {
    total_device_num: u64,
    used_device_num: u64,
    total_normal_license: u64,
    used_normal_license: u64,
    total_bluetooth_license: u64,
    used_bluetooth_license: u64,
    total_free_license: u64,
    used_free_license: u64,
}

/// Registered devices by what they are.
// Management API facts §6, RegisteredDeviceTypeInfo.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegisteredDeviceTypeInfo {
    normal_device_num: u64,
    gateway_device_num: u64,
    sub_device_num: u64,
    video_device_num: u64,
}

/// Registered devices by how they reach the network.
// Management API facts §6, RegisteredDeviceNetTypeInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegisteredDeviceNetTypeInfo {
    normal_device_num: u64,
    bluetooth_device_num: u64,
}

/// An instance's devices and activation codes.
// Management API facts §6, ActivateDeviceInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActivateDeviceInfo {
    instance_id: String,
    /// 0 public, 1 enterprise.
    instance_type: i64,
    device_activation_details: DeviceActivationDetail,
    registered_device_type: RegisteredDeviceTypeInfo,
    registered_device_net_type: RegisteredDeviceNetTypeInfo,
}

/// An instance's devices and activation codes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActivatedDevices {
    data: ActivateDeviceInfo,
}

pub(crate) async fn devices(call: Call, request: NamedInstance) -> Outcome<ActivatedDevices> {
    let instance = call.instance(Some(&request.instance_id))?;
    call.blocking(move |platform| {
        let devices = &platform.devices;
        let licences = devices.licences(instance.owner)?;
        let mut by_type = RegisteredDeviceTypeInfo::default();
        let (mut by_net, mut all) = ((0, 0), 0);
        for product in devices.products_in(&instance.id) {
            let count = product.device_count() as u64;
            all += count;
            let of_type = match product.node {
                _ if devices.has_video(&product)? => &mut by_type.video_device_num,
                NodeKind::Device => &mut by_type.normal_device_num,
                NodeKind::Gateway => &mut by_type.gateway_device_num,
                NodeKind::SubDevice => &mut by_type.sub_device_num,
            };
            *of_type += count;
            match LicenceKind::of(&product) {
                LicenceKind::Bluetooth => by_net.1 += count,
                _ => by_net.0 += count,
            }
        }
        // Codes that are used stand for devices; where there are none, free ones may stand in.
        let own = |it: LicenceUse| if it.limited { it.used.min(it.total) } else { it.used };
        let codes = licences.normal.total + licences.bluetooth.total + licences.free.total;
        let data = ActivateDeviceInfo {
            instance_id: instance.id.to_string(),
            instance_type: i64::from(instance.kind == InstanceKind::Enterprise),
            device_activation_details: DeviceActivationDetail {
                total_device_num: codes,
                used_device_num: all,
                total_normal_license: licences.normal.total,
                used_normal_license: own(licences.normal),
                total_bluetooth_license: licences.bluetooth.total,
                used_bluetooth_license: own(licences.bluetooth),
                total_free_license: licences.free.total,
                used_free_license: own(licences.free),
            },
            registered_device_type: by_type,
            registered_device_net_type: RegisteredDeviceNetTypeInfo {
                normal_device_num: by_net.0,
                bluetooth_device_num: by_net.1,
            },
        };
        Ok::<_, DevicesError>(ActivatedDevices { data })
    })
    .await
}

/// Which services.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeServices {
    instance_id: String,
    /// Only this service.
    license_type: Option<String>,
}

/// Activation codes of an added service.
// Management API facts §6, LicenseServiceNumInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LicenseServiceNumInfo {
    license_type: String,
    total_num: u64,
    used_num: u64,
}

/// The added services of which the instance has a pool.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Services {
    data: Vec<LicenseServiceNumInfo>,
}

pub(crate) async fn services(call: Call, request: DescribeServices) -> Outcome<Services> {
    let instance = call.instance(Some(&request.instance_id))?;
    let wanted = request.license_type.filter(|kind| !kind.is_empty());
    let now = call.now();
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    for pool in call.platform().devices.licence_pools(&instance.id) {
        let asked = wanted.as_ref().is_none_or(|wanted| *wanted == pool.kind);
        let current = pool.expires_at.is_none_or(|end| now < end);
        if kind_of(&pool.kind).is_empty() && asked && current {
            *totals.entry(pool.kind.clone()).or_default() += pool.total;
        }
    }
    let entry = |(license_type, total_num)| LicenseServiceNumInfo { license_type, total_num, used_num: 0 };
    Ok(Services { data: totals.into_iter().map(entry).collect() })
}
