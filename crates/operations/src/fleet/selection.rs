//! Which devices a request concerns: those that it names, or all that fit a filter.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{Condition, Device, DeviceQuery, FirmwareQuery, Product, each_found};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::tags::TagItem;

/// Devices one request may name.
const MAX_NAMED: usize = 1_000;
/// Devices one change may concern.
const MAX_SELECTED: usize = 200_000;
/// Tags a filter may have.
const MAX_TAGS: usize = 10;

/// A device, by its names.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SelectedDevice {
    product_id: String,
    device_name: String,
}

/// How devices stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Connected.
    Online,
    /// Not connected now.
    Offline,
    /// Never connected.
    Inactive,
    /// Kept from connecting: the device or its product is disabled.
    Disabled,
}

impl From<Condition> for Standing {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Online => Self::Online,
            Condition::Offline => Self::Offline,
            Condition::Inactive => Self::Inactive,
            Condition::Disabled => Self::Disabled,
        }
    }
}

impl From<Standing> for Condition {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Online => Self::Online,
            Standing::Offline => Self::Offline,
            Standing::Inactive => Self::Inactive,
            Standing::Disabled => Self::Disabled,
        }
    }
}

/// Which devices: those named, or those of a product, a project or the account that fit. What is left out lets all pass.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Selection {
    /// Up to 1,000 devices by their names; nothing else counts then.
    devices: Option<Vec<SelectedDevice>>,
    /// Those of this product.
    product_id: Option<String>,
    /// Without a product: those of this project.
    project_id: Option<String>,
    /// A part of the name.
    name_part: Option<String>,
    /// What the name begins with.
    name_start: Option<String>,
    /// How they stand; one of these.
    states: Option<Vec<Standing>>,
    /// All of these tags, each with this text somewhere in its value; an empty value lets any pass.
    tags: Option<Vec<TagItem>>,
    /// How they are connected, or were last: `tcp`, `tls`, `psk`, `ws` or `wss`.
    transport: Option<String>,
    /// The firmware that they said they have; `None-FirmwareVersion` finds those that never said.
    firmware_version: Option<String>,
}

/// Devices that a request concerns, looked up and authorised.
pub(super) enum Selected {
    /// By their names.
    Named(Vec<Arc<Device>>),
    /// All that fit.
    Fitting(Vec<Arc<Product>>, Box<DeviceQuery>),
}

impl Selection {
    /// Finds what it means; the first thing every handler does.
    pub fn resolve(&self, call: &Call) -> Outcome<Selected> {
        if let Some(named) = self.devices.as_ref().filter(|named| !named.is_empty()) {
            if named.len() > MAX_NAMED {
                return Err(invalid(format!("Devices has at most {MAX_NAMED} devices")));
            }
            let find = |item: &SelectedDevice| call.device(&item.product_id, &item.device_name);
            return Ok(Selected::Named(named.iter().map(find).collect::<Outcome<_>>()?));
        }
        let products = self.products(call)?;
        Ok(Selected::Fitting(products, Box::new(self.query()?)))
    }

    fn products(&self, call: &Call) -> Outcome<Vec<Arc<Product>>> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        match (given(&self.product_id), given(&self.project_id)) {
            (Some(product), _) => Ok(vec![call.product(&product)?]),
            (None, Some(project)) => {
                let project = call.project(&project)?;
                Ok(call.products_of(&project.id))
            }
            (None, None) => Ok(call.every_product()),
        }
    }

    fn query(&self) -> Outcome<DeviceQuery> {
        let tags = self.tags.clone().unwrap_or_default();
        if tags.len() > MAX_TAGS {
            return Err(invalid(format!("a filter has at most {MAX_TAGS} tags")));
        }
        let firmware = self.firmware_version.clone().filter(|version| !version.is_empty());
        let conditions = self.states.iter().flatten().map(|standing| Condition::from(*standing)).collect();
        Ok(DeviceQuery {
            name: self.name_part.clone(),
            name_start: self.name_start.clone(),
            tags: tags.into_iter().map(TagItem::into_pair).collect(),
            firmware: firmware.map(|version| match version.as_str() {
                "None-FirmwareVersion" => FirmwareQuery::None,
                _ => FirmwareQuery::Version(version),
            }),
            conditions,
            transport: self.transport.clone(),
            ..DeviceQuery::default()
        })
    }

    /// The selection for the audit log.
    pub fn seen(&self) -> serde_json::Value {
        let named = self.devices.iter().flatten().map(|it| format!("{}/{}", it.product_id, it.device_name));
        let tags = self.tags.iter().flatten().map(TagItem::shown);
        let filter = json!({
            "Devices": named.collect::<Vec<_>>(),
            "ProductId": self.product_id,
            "ProjectId": self.project_id,
            "NamePart": self.name_part,
            "NameStart": self.name_start,
            "States": self.states,
            "Tags": tags.collect::<Vec<_>>(),
            "Transport": self.transport,
            "FirmwareVersion": self.firmware_version,
        });
        let said =
            |value: &serde_json::Value| !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty());
        filter.as_object().into_iter().flatten().filter(|(_, value)| said(value)).fold(
            json!({}),
            |mut all, (name, value)| {
                all[name] = value.clone();
                all
            },
        )
    }
}

impl Selected {
    /// Every device of it, in the order of making within a product.
    pub fn all(&self) -> Outcome<Vec<Arc<Device>>> {
        let found = match self {
            Self::Named(devices) => devices.clone(),
            Self::Fitting(products, query) => {
                let mut found = Vec::new();
                each_found(products, query, |device| {
                    if found.len() <= MAX_SELECTED {
                        found.push(Arc::clone(device));
                    }
                });
                found
            }
        };
        if found.len() > MAX_SELECTED {
            let why = format!("more than {MAX_SELECTED} devices fit; change them in several parts");
            return Err(Failure::new(Code::LimitExceeded).because(why));
        }
        Ok(found)
    }
}

pub(super) fn invalid(why: String) -> Failure {
    Failure::new(Code::InvalidParameterValue).because(why)
}
