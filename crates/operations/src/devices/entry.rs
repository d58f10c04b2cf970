//! A device as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{Device, NodeKind, Status};

/// A device. The members of LoRa devices are there and empty, as in the vendor's samples.
// Management API facts §6, DeviceInfo.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceInfo {
    device_name: String,
    /// 0 offline, 1 online, 3 never activated.
    status: i64,
    /// The key; empty for a device with a certificate.
    device_psk: String,
    /// Seconds; 0 before the first connection.
    first_online_time: i64,
    /// Seconds; 0 before the first connection.
    login_time: i64,
    /// Seconds.
    create_time: i64,
    version: String,
    device_cert: String,
    log_level: i64,
    dev_addr: &'static str,
    app_key: &'static str,
    #[serde(rename = "DevEUI")]
    dev_eui: &'static str,
    #[serde(rename = "AppSKey")]
    app_s_key: &'static str,
    #[serde(rename = "NwkSKey")]
    nwk_s_key: &'static str,
    create_user_id: i64,
    creator_nick_name: &'static str,
    /// 1 enabled, 0 disabled.
    enable_state: i64,
    product_id: String,
    product_name: String,
    /// 设备, 网关 or 子设备.
    device_type: &'static str,
    is_lora: bool,
}

impl DeviceInfo {
    pub fn of(device: &Device) -> Self {
        let product = device.product();
        let presence = device.status();
        let seconds = |at: Option<yizhan_vocabulary::UnixMillis>| at.map_or(0, |at| at.seconds());
        Self {
            device_name: device.name.to_string(),
            status: status_number(presence.status),
            device_psk: device.secret().map(|secret| secret.as_text().to_owned()).unwrap_or_default(),
            first_online_time: seconds(device.activated_at()),
            login_time: seconds(presence.last_online_at),
            create_time: device.created_at.seconds(),
            version: device.firmware().unwrap_or_default(),
            device_cert: String::new(),
            log_level: i64::from(device.log_level()),
            dev_addr: "",
            app_key: "",
            dev_eui: "",
            app_s_key: "",
            nwk_s_key: "",
            create_user_id: product.settings().profile.creator.0,
            creator_nick_name: "",
            enable_state: i64::from(device.switched_on()),
            product_id: product.id.to_string(),
            product_name: product.settings().name.clone(),
            device_type: match product.node {
                NodeKind::Device => "设备",
                NodeKind::Gateway => "网关",
                NodeKind::SubDevice => "子设备",
            },
            is_lora: false,
        }
    }
}

/// The number of a status (facts §4.3, DeviceInfo.Status).
pub(crate) const fn status_number(status: Status) -> i64 {
    match status {
        Status::Offline => 0,
        Status::Online => 1,
        Status::Inactive => 3,
    }
}
