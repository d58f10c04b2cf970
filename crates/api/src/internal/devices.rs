//! Devices of a product.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{DeviceCreation, DeviceView};

use super::audited::{Done, Operator, Wanted};
use super::{blocking, find_device, find_product_id};
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path, Query};
use crate::services::Services;

/// Devices in one page of a list.
const MAX_PAGE: usize = 1_000;

/// Devices to create: by name, or numbered behind a prefix.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Creation {
    names: Option<Vec<String>>,
    prefix: Option<String>,
    count: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct Devices {
    devices: Vec<DeviceView>,
    total: usize,
}

pub(crate) async fn create(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(product): Path<String>,
    Json(body): Json<Creation>,
) -> Answer<(StatusCode, Json<Devices>)> {
    let create = move |services: &Services| {
        let wanted = Wanted::of_product(services, "CreateDevices", &product, &body);
        operator.does(services, wanted, || {
            let made = services.devices.create_devices(&find_product_id(&product)?, creation_of(body)?)?;
            let names: Vec<_> = made.iter().map(|device| &device.name).collect();
            Ok(Done::new(None, Some(json!({ "names": names })), made))
        })
    };
    let devices = blocking(&services, create).await?;
    let total = devices.len();
    Ok((StatusCode::CREATED, Json(Devices { devices, total })))
}

fn creation_of(body: Creation) -> Answer<DeviceCreation> {
    match body {
        Creation { names: Some(names), prefix: None, count: None } => Ok(DeviceCreation::Named(names)),
        Creation { names: None, prefix: Some(prefix), count: Some(count) } => {
            Ok(DeviceCreation::Numbered { prefix, count })
        }
        _ => Err(ApiError::invalid("give either names, or prefix and count")),
    }
}

#[derive(Deserialize)]
pub(crate) struct Page {
    offset: Option<usize>,
    limit: Option<usize>,
}

pub(crate) async fn list(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
    Query(page): Query<Page>,
) -> Answer<Json<Devices>> {
    let id = find_product_id(&product)?;
    let list = move |services: &Services| {
        let mut devices = services.devices.known_product(&id)?.devices();
        devices.sort_by(|one, other| one.name.cmp(&other.name));
        let total = devices.len();
        let limit = page.limit.unwrap_or(100).min(MAX_PAGE);
        let shown = devices.iter().skip(page.offset.unwrap_or(0)).take(limit);
        Ok(Devices { devices: shown.map(|device| device.view()).collect(), total })
    };
    Ok(Json(blocking(&services, list).await?))
}

pub(crate) async fn show(
    State(services): State<Arc<Services>>,
    Path((product, device)): Path<(String, String)>,
) -> Answer<Json<DeviceView>> {
    let show = move |services: &Services| Ok(find_device(services, &product, &device)?.view_with_secret());
    Ok(Json(blocking(&services, show).await?))
}

/// What to change of a device.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    enabled: bool,
}

pub(crate) async fn change(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((product, device)): Path<(String, String)>,
    Json(body): Json<Change>,
) -> Answer<Json<DeviceView>> {
    let change = move |services: &Services| {
        let wanted = Wanted::of_device(services, "UpdateDevice", (&product, &device), &body);
        operator.does(services, wanted, || {
            let device = find_device(services, &product, &device)?;
            let before = json!(device.view());
            services.devices.enable_device(&device, body.enabled)?;
            Ok(Done::new(Some(before), Some(json!(device.view())), device.view()))
        })
    };
    Ok(Json(blocking(&services, change).await?))
}

pub(crate) async fn reset_secret(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((product, device)): Path<(String, String)>,
) -> Answer<Json<DeviceView>> {
    let reset = move |services: &Services| {
        let wanted = Wanted::of_device(services, "ResetDeviceSecret", (&product, &device), ());
        operator.does(services, wanted, || {
            let device = find_device(services, &product, &device)?;
            Ok(Done::new(None, None, services.devices.reset_device_secret(&device)?))
        })
    };
    Ok(Json(blocking(&services, reset).await?))
}

pub(crate) async fn remove(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((product, device)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let wanted = Wanted::of_device(services, "DeleteDevice", (&product, &device), ());
        operator.does(services, wanted, || {
            let device = find_device(services, &product, &device)?;
            let before = json!(device.view());
            services.devices.delete_device(&device)?;
            services.certificates.forget(&device);
            Ok(Done::new(Some(before), None, ()))
        })
    };
    blocking(&services, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
