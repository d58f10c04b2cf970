//! Tags of products and devices (console guide, 设备搜索): texts by which lists find them. The vendor's API only filters
//! by them, so these operations are the console's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::Tag;

use crate::call::Call;
use crate::failure::Outcome;
use crate::operation::{Audit, CONSOLE, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeDeviceTags",
        CONSOLE,
        Audit::Read,
        text!("A device's tags", "查询设备标签"),
        handler!(of_device: NamedDevice => Tags),
    ),
    Operation::new(
        "ModifyDeviceTags",
        CONSOLE,
        Audit::Write,
        text!("Replace a device's tags", "修改设备标签"),
        handler!(put_device: ModifyDeviceTags => Nothing),
    ),
    Operation::new(
        "DescribeProductTags",
        CONSOLE,
        Audit::Read,
        text!("A product's tags", "查询产品标签"),
        handler!(of_product: NamedProduct => Tags),
    ),
    Operation::new(
        "ModifyProductTags",
        CONSOLE,
        Audit::Write,
        text!("Replace a product's tags", "修改产品标签"),
        handler!(put_product: ModifyProductTags => Nothing),
    ),
];

/// A text by which people find something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagItem {
    /// What it is about; once for each product or device.
    key: String,
    /// What it says.
    value: String,
}

impl TagItem {
    /// Key and value.
    pub(crate) fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }

    /// As people write it.
    pub(crate) fn shown(&self) -> String {
        format!("{}={}", self.key, self.value)
    }
}

/// Tags as answers show them.
pub(crate) fn items(tags: &[Tag]) -> Vec<TagItem> {
    tags.iter().map(|tag| TagItem { key: tag.key.clone(), value: tag.value.clone() }).collect()
}

/// Tags as requests give them.
pub(crate) fn tags(items: Vec<TagItem>) -> Vec<Tag> {
    items.into_iter().map(|item| Tag { key: item.key, value: item.value }).collect()
}

/// Tags, by key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tags {
    tags: Vec<TagItem>,
}

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedDevice {
    product_id: String,
    device_name: String,
}

async fn of_device(call: Call, request: NamedDevice) -> Outcome<Tags> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let tags = device.tags().as_ref().map(|tags| items(tags)).unwrap_or_default();
    Ok(Tags { tags })
}

/// The tags that a device is to have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyDeviceTags {
    product_id: String,
    device_name: String,
    /// At most 20.
    tags: Vec<TagItem>,
}

async fn put_device(call: Call, request: ModifyDeviceTags) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let before = device.tags().as_ref().map(|tags| items(tags)).unwrap_or_default();
    let after = request.tags.clone();
    call.blocking(move |platform| platform.devices.put_device_tags(&device, tags(request.tags))).await?;
    call.changed(Some(json!({ "Tags": before })), Some(json!({ "Tags": after })));
    Ok(Nothing {})
}

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedProduct {
    product_id: String,
}

async fn of_product(call: Call, request: NamedProduct) -> Outcome<Tags> {
    let product = call.product(&request.product_id)?;
    Ok(Tags { tags: items(&product.tags()) })
}

/// The tags that a product is to have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyProductTags {
    product_id: String,
    /// At most 20.
    tags: Vec<TagItem>,
}

async fn put_product(call: Call, request: ModifyProductTags) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let before = items(&product.tags());
    let after = request.tags.clone();
    call.blocking(move |platform| platform.devices.put_product_tags(&product.id, tags(request.tags))).await?;
    call.changed(Some(json!({ "Tags": before })), Some(json!({ "Tags": after })));
    Ok(Nothing {})
}
