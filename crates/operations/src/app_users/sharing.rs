//! Sharing a device with another user, and ending that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_people::Person;

use super::binding::rules_of;
use super::refusal::refuse_virtual;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// A device that its owner shares. The other user is made if there is none yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShareDeviceToUser {
    /// One of the application's keys.
    app_key: String,
    product_id: String,
    device_name: String,
    /// Who owns the device.
    #[serde(rename = "OwnerOpenID")]
    owner_open_id: String,
    /// With whom it is shared.
    #[serde(rename = "ToOpenID")]
    to_open_id: String,
    /// Only taken when the other user is made.
    to_nick_name: Option<String>,
}

/// Between whom the device is shared.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SharedDevice {
    #[serde(rename = "OwnerUserID")]
    owner_user_id: String,
    #[serde(rename = "ToUserID")]
    to_user_id: String,
}

pub(crate) async fn share(call: Call, request: ShareDeviceToUser) -> Outcome<SharedDevice> {
    refuse_virtual(&request.device_name)?;
    let device = call.device(&request.product_id, &request.device_name)?;
    let application = call.beside_application_of_key(request.app_key).await?;
    let shared = call
        .blocking(move |platform| {
            let rules = rules_of(device.product());
            let to =
                Person { open_id: request.to_open_id, nick_name: request.to_nick_name.unwrap_or_default() };
            let shared = platform.apps.share_device(
                &application.id,
                &rules,
                device.id,
                &request.owner_open_id,
                &to,
            )?;
            Ok::<_, Failure>(shared)
        })
        .await?;
    let answer =
        SharedDevice { owner_user_id: shared.owner.to_string(), to_user_id: shared.with.to_string() };
    call.changed(None, serde_json::to_value(&answer).ok());
    Ok(answer)
}

/// A device that its owner shares no more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RevokeShareDeviceFromUser {
    /// One of the application's keys.
    app_key: String,
    product_id: String,
    device_name: String,
    /// Who owns the device.
    #[serde(rename = "OwnerOpenID")]
    owner_open_id: String,
    /// With whom it is shared; need not exist.
    #[serde(rename = "ToOpenID")]
    to_open_id: String,
}

pub(crate) async fn revoke(call: Call, request: RevokeShareDeviceFromUser) -> Outcome<Nothing> {
    refuse_virtual(&request.device_name)?;
    let device = call.device(&request.product_id, &request.device_name)?;
    let application = call.beside_application_of_key(request.app_key).await?;
    let ended = call
        .blocking(move |platform| {
            let rules = rules_of(device.product());
            let ended = platform.apps.unshare_device(
                &application.id,
                &rules,
                device.id,
                &request.owner_open_id,
                &request.to_open_id,
            );
            // A device that nobody owns has no code of its own here.
            ended.map_err(|error| {
                Failure::from(error).under(Code::DeviceNotBound, Code::NoPermissionToShareDevice)
            })
        })
        .await?;
    call.changed(ended.map(|user| json!({ "ToUserID": user.to_string() })), None);
    Ok(Nothing {})
}
