//! Binding a device for a user, and taking it back. The device is told (device protocol facts §2.5), which changes nothing
//! about the outcome: it may be offline.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{Device, Product, RawMessage};
use yizhan_people::{Bound, OpenIdBinding, Person, ProductRules};
use yizhan_store::BindingRow;

use super::refusal::refuse_virtual;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::platform::Platform;

/// A device that is to be bound for a user. The user and the family are made if there are none yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BindUserDevice {
    /// One of the application's keys.
    app_key: String,
    product_id: String,
    device_name: String,
    /// The application owner's name for the user; 1 to 128 bytes.
    #[serde(rename = "OpenID")]
    open_id: String,
    /// Which of the user's own families; `default` if it is not given.
    family_name: Option<String>,
    /// Which room of it; `0` if it is not given.
    room_id: Option<String>,
    /// Only taken when the user is made.
    nick_name: Option<String>,
}

/// For whom and where the device is bound.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BoundUser {
    #[serde(rename = "UserID")]
    user_id: String,
    #[serde(rename = "FamilyId")]
    family_id: String,
}

pub(crate) async fn bind(call: Call, request: BindUserDevice) -> Outcome<BoundUser> {
    refuse_virtual(&request.device_name)?;
    let device = call.device(&request.product_id, &request.device_name)?;
    let application = call.beside_application_of_key(request.app_key).await?;
    let wanted = OpenIdBinding {
        person: Person { open_id: request.open_id, nick_name: request.nick_name.unwrap_or_default() },
        family_name: request.family_name,
        room: request.room_id,
    };
    let bound = call
        .blocking(move |platform| {
            let rules = rules_of(device.product());
            let bound = platform.apps.bind_for_open_id(&application.id, &rules, device.id, &wanted)?;
            tell(platform, &device, "bind_device");
            Ok::<_, Failure>(bound)
        })
        .await?;
    note(&call, &bound);
    Ok(BoundUser { user_id: bound.user.to_string(), family_id: bound.binding.family.to_string() })
}

/// A device that a user is to have no more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RevokeBindUserDevice {
    /// One of the application's keys.
    app_key: String,
    product_id: String,
    /// Need not exist any more.
    device_name: String,
    #[serde(rename = "OpenID")]
    open_id: String,
    /// Which of the user's own families; `default` if it is not given.
    family_name: Option<String>,
}

pub(crate) async fn revoke(call: Call, request: RevokeBindUserDevice) -> Outcome<Nothing> {
    refuse_virtual(&request.device_name)?;
    let (product, device) = match call.device(&request.product_id, &request.device_name) {
        Ok(device) => (Arc::clone(device.product()), Some(device)),
        // Its binding went with it: there is nothing left to do, but the request must still be right.
        Err(failure) if failure.code() == Code::DeviceNotExist => (call.product(&request.product_id)?, None),
        Err(failure) => return Err(failure),
    };
    let application = call.beside_application_of_key(request.app_key).await?;
    let undone = call
        .blocking(move |platform| {
            let undone = platform.apps.unbind_for_open_id(
                &application.id,
                &rules_of(&product),
                device.as_ref().map(|device| device.id),
                &request.open_id,
                request.family_name.as_deref(),
            )?;
            if let (Some(device), Some(_)) = (&device, &undone) {
                tell(platform, device, "unbind_device");
            }
            Ok::<_, Failure>(undone)
        })
        .await?;
    call.changed(undone.as_ref().map(seen), None);
    Ok(Nothing {})
}

/// A device that is to be bound in a family by its id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DirectBindDeviceInFamily {
    #[serde(rename = "IotAppID")]
    iot_app_id: String,
    /// A user who is in the family.
    #[serde(rename = "UserID")]
    user_id: String,
    family_id: String,
    product_id: String,
    device_name: String,
    /// Which room of it; `0` if it is not given.
    room_id: Option<String>,
}

/// A device in a family.
// Management API facts §6, AppDeviceInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AppDeviceInfo {
    /// `ProductId/DeviceName`.
    device_id: String,
    product_id: String,
    device_name: String,
    alias_name: String,
    icon_url: String,
    family_id: String,
    room_id: String,
    device_type: i64,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
}

/// The device as it is bound.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BoundDevice {
    app_device_info: AppDeviceInfo,
}

pub(crate) async fn bind_directly(call: Call, request: DirectBindDeviceInFamily) -> Outcome<BoundDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let application = call.beside_application(request.iot_app_id.trim()).await.map_err(as_direct)?;
    let bound_device = Arc::clone(&device);
    let bound = call
        .blocking(move |platform| {
            let rules = rules_of(bound_device.product());
            // The vendor's own sample has a blank before the family's id.
            let place = (request.user_id.trim(), request.family_id.trim());
            let room = request.room_id.as_deref();
            let bound = platform
                .apps
                .bind_in_family(&application.row.id, &rules, bound_device.id, place, room)
                .map_err(directly)?;
            tell(platform, &bound_device, "bind_device");
            Ok::<_, Failure>(bound)
        })
        .await?;
    note(&call, &bound);
    let product = device.product_id();
    let BindingRow { family, room, alias, created_at, updated_at, .. } = bound.binding;
    Ok(BoundDevice {
        app_device_info: AppDeviceInfo {
            device_id: format!("{product}/{}", device.name),
            product_id: product.to_string(),
            device_name: device.name.to_string(),
            alias_name: if alias.is_empty() { device.name.to_string() } else { alias },
            icon_url: String::new(),
            family_id: family.to_string(),
            room_id: room.to_string(),
            device_type: 0,
            create_time: created_at.seconds(),
            update_time: updated_at.seconds(),
        },
    })
}

/// The codes that DirectBindDeviceInFamily has in place of its neighbours'.
fn directly(error: yizhan_people::AppsError) -> Failure {
    as_direct(error.into())
}

fn as_direct(failure: Failure) -> Failure {
    failure
        .under(Code::AppNotExists, Code::AppNoPermission)
        .under(Code::NoPermissionToStudioProduct, Code::AppNoPermissionToStudioProduct)
        .under(Code::ProductIsSubProduct, Code::DeviceType)
        .under(Code::InvalidParameterValue, Code::InvalidParameter)
}

/// What of a product decides about binding.
pub(super) fn rules_of(product: &Product) -> ProductRules {
    ProductRules {
        product: product.id,
        node: product.node,
        new_owner_evicts: product.settings().profile.bind_strategy != 2,
    }
}

/// Tells a device that it was bound or unbound.
fn tell(platform: &Platform, device: &Arc<Device>, method: &str) {
    let now = platform.clock.now();
    let token = format!("{method}-{}", now.0);
    let payload = json!({ "method": method, "clientToken": token, "timestamp": now.seconds() });
    let message = RawMessage {
        topic: format!("$thing/down/service/{}/{}", device.product_id(), device.name),
        payload: payload.to_string().into_bytes(),
        qos: 1,
        source: "binding".to_owned(),
    };
    if let Err(error) = platform.devices.publish(device, message) {
        tracing::debug!(%error, device = device.id.0, method, "a device was not told about its binding");
    }
}

fn note(call: &Call, bound: &Bound) {
    let before = bound.evicted.as_ref().or(bound.already.then_some(&bound.binding)).map(seen);
    call.changed(before, Some(seen(&bound.binding)));
}

/// A binding for the audit log.
fn seen(binding: &BindingRow) -> serde_json::Value {
    json!({
        "FamilyId": binding.family,
        "RoomId": binding.room,
        "UserID": binding.user.map(|user| user.to_string()),
    })
}
