//! Who may use a device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_people::AppsError;
use yizhan_store::{FamilyRole, HolderRow, Holding};
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetFamilyDeviceUserList {
    product_id: String,
    device_name: String,
}

/// A user who may use the device.
// Management API facts §6, DeviceUser.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceUser {
    user_id: String,
    /// 1 owns it; 0 is in the owner's family or has it shared.
    role: i64,
    /// Only with the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    family_id: Option<String>,
    /// Only with the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
}

/// Everyone who may use the device, the owner first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceUsers {
    user_list: Vec<DeviceUser>,
}

pub(crate) async fn list(call: Call, request: GetFamilyDeviceUserList) -> Outcome<DeviceUsers> {
    ProductId::parse(&request.product_id)
        .map_err(|error| Failure::new(Code::ProductIdInvalid).because(error.to_string()))?;
    DeviceName::parse(&request.device_name)
        .map_err(|error| Failure::new(Code::DeviceNameInvalid).because(error.to_string()))?;
    let device = call
        .device(&request.product_id, &request.device_name)
        .map_err(|failure| failure.under(Code::DeviceNotExist, Code::NoSuchDeviceName))?;
    let holders = call
        .blocking(move |platform| {
            platform.apps.holders(device.id).map_err(|error| match error {
                AppsError::NotBound => Failure::new(Code::DeviceNotBind),
                other => other.into(),
            })
        })
        .await?;
    Ok(DeviceUsers { user_list: holders.into_iter().map(shown).collect() })
}

fn shown(holder: HolderRow) -> DeviceUser {
    let user_id = holder.user.to_string();
    match holder.holding {
        Holding::Family(family, name, FamilyRole::Owner) => {
            DeviceUser { user_id, role: 1, family_id: Some(family.to_string()), family_name: Some(name) }
        }
        Holding::Family(_, _, FamilyRole::Member) | Holding::Shared => {
            DeviceUser { user_id, role: 0, family_id: None, family_name: None }
        }
    }
}
