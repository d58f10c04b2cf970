//! Products and devices as people and programs see them. Secrets are in a view only where one product or device was
//! asked for or has just been made, and never in what is printed for debugging.

use std::fmt;

use serde::Serialize;
use yizhan_store::{AuthMode, DynamicRegistration, NodeKind, Secret};
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::{DeviceId, DeviceName, ProductId, UnixMillis};

use super::{Device, Product};

/// A secret that is meant to be shown to whoever asked for it, and to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownSecret(Secret);

impl ShownSecret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Serialize for ShownSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl fmt::Debug for ShownSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A product.
#[derive(Debug, Clone, Serialize)]
pub struct ProductView {
    /// Its id.
    pub id: ProductId,
    /// Its display name.
    pub name: String,
    /// What its devices are.
    pub node: NodeKind,
    /// How they authenticate.
    pub auth: AuthMode,
    /// The product secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_secret: Option<ShownSecret>,
    /// Whether devices may register themselves: `off`, `known`, `auto`.
    pub dynamic_registration: &'static str,
    /// How many devices registration may create.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_quota: Option<u32>,
    /// How many it has created.
    pub auto_created: u32,
    /// Whether devices may connect.
    pub enabled: bool,
    /// Whether there is a thing model.
    pub has_model: bool,
    /// How many devices there are.
    pub devices: usize,
    /// When it was created.
    pub created_at: UnixMillis,
}

impl ProductView {
    /// A product as people see it, without its secret.
    pub fn of(product: &Product) -> Self {
        let settings = product.settings();
        let (dynamic_registration, auto_create_quota) = match settings.dynamic_registration {
            DynamicRegistration::Off => ("off", None),
            DynamicRegistration::Known => ("known", None),
            DynamicRegistration::AutoCreate { quota } => ("auto", Some(quota)),
        };
        Self {
            id: product.id,
            name: settings.name.clone(),
            node: product.node,
            auth: product.auth,
            product_secret: None,
            dynamic_registration,
            auto_create_quota,
            auto_created: settings.auto_created,
            enabled: product.enabled(),
            has_model: product.model_now().is_some(),
            devices: product.device_count(),
            created_at: product.created_at,
        }
    }

    pub(crate) fn with_secret(product: &Product) -> Self {
        let secret = product.settings().secret.clone();
        Self { product_secret: Some(ShownSecret(secret)), ..Self::of(product) }
    }
}

/// Whether a device is there (console guide, 设备状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has never connected (未激活).
    Inactive,
    /// It is connected (在线).
    Online,
    /// It is not (离线).
    Offline,
}

/// A device's status with the evidence for it.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceStatus {
    /// The status.
    pub status: Status,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMillis>,
    /// When it last came online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_online_at: Option<UnixMillis>,
    /// Where it is, or was, connected from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// By which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Box<str>>,
    /// With which MQTT version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt_version: Option<Box<str>>,
    /// Why the last connection ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_cause: Option<DisconnectCause>,
    /// The same in the words of the online/offline log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_cause_text: Option<&'static str>,
}

/// A device.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceView {
    /// Its number.
    pub id: DeviceId,
    /// Its product.
    pub product_id: ProductId,
    /// Its name.
    pub name: DeviceName,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<ShownSecret>,
    /// Its own switch.
    pub enabled: bool,
    /// Status and evidence.
    #[serde(flatten)]
    pub presence: DeviceStatus,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it connected for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<UnixMillis>,
    /// What it said about itself with `report_info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<serde_json::value::RawValue>>,
}

impl Device {
    /// Whether the device is there, and how we know.
    pub fn status(&self) -> DeviceStatus {
        let presence = self.state.lock().presence.as_deref().cloned();
        let Some(presence) = presence else {
            let status = if self.activated_at().is_some() { Status::Offline } else { Status::Inactive };
            return DeviceStatus {
                status,
                since: None,
                last_online_at: self.activated_at(),
                address: None,
                transport: None,
                mqtt_version: None,
                last_cause: None,
                last_cause_text: None,
            };
        };
        DeviceStatus {
            status: if presence.online { Status::Online } else { Status::Offline },
            since: Some(presence.since),
            last_online_at: Some(presence.online_at),
            address: Some(presence.address.to_string()),
            transport: Some(presence.transport),
            mqtt_version: Some(presence.version),
            last_cause: presence.cause,
            last_cause_text: presence.cause.map(DisconnectCause::as_str),
        }
    }

    /// All of the device but its secret and its last values.
    pub fn view(&self) -> DeviceView {
        let info = self.state.lock().info.clone();
        DeviceView {
            id: self.id,
            product_id: *self.product_id(),
            name: self.name.clone(),
            secret: None,
            enabled: self.switched_on(),
            presence: self.status(),
            created_at: self.created_at,
            activated_at: self.activated_at(),
            info: info.and_then(|info| serde_json::value::RawValue::from_string(info.into()).ok()),
        }
    }

    /// The same with its secret.
    pub fn view_with_secret(&self) -> DeviceView {
        let secret = self.secret().map(|secret| ShownSecret(Secret::new(secret.as_text())));
        DeviceView { secret, ..self.view() }
    }
}
