//! Making, changing and deleting products with the video API.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use yizhan_devices::{
    AuthMode, DevicesError, DynamicRegistration, InstanceKind, NewProduct, NewProject, NodeKind, Product,
    ProductChange, ProductProfile, ProjectRow, ReleaseStatus, generate_product_id,
};
use yizhan_store::VideoProductRow;
use yizhan_vocabulary::{InstanceId, UnixMillis};

use super::entry::{OneProduct, VideoProduct};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::thing_model::starting_model_of;
use crate::undo::or_undo;

const CAMERA: i64 = 113;
const WATCH: i64 = 567;
/// The feature that only watches have: both sides send pictures (facts §8.1, CreateProduct).
const VIDEO_BOTH_WAYS: &str = "sxysp";
/// The project that is made for an account that has none.
const FIRST_PROJECT: &str = "default";
/// The most features of a product.
const MAX_FEATURES: usize = 32;
/// The most characters of a feature or of a chip's name.
const MAX_WORD_CHARS: usize = 64;

/// A product that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateProduct {
    /// Its name, unique in the project; 1 to 128 characters.
    product_name: String,
    /// 1 device, 2 network video recorder.
    device_type: i64,
    /// For how many years it is meant to be used.
    #[serde(rename = "ProductVaildYears")]
    product_valid_years: i64,
    /// Codes of what it can do: `ypsxth` sound both ways, `spdxth` pictures from the device, `sxysp` pictures both ways.
    features: Vec<String>,
    chip_manufacture_id: String,
    chip_id: String,
    /// A remark for people.
    product_description: String,
    chip_os: String,
    /// 2, keys; also if it is not given.
    encryption_type: Option<i64>,
    /// 113 camera, 567 watch, 595 lock; from the features if it is not given.
    category_id: Option<i64>,
    /// `wifi` or `cellular`; `wifi` if it is not given.
    net_type: Option<String>,
}

pub(crate) async fn create(call: Call, request: CreateProduct) -> Outcome<OneProduct> {
    let place = first_place(&call)?;
    check(&request)?;
    let project = made(&call, place).await?;
    let category = request.category_id.unwrap_or_else(|| category_of(&request.features));
    let id = generate_product_id();
    let new = NewProduct {
        id: Some(id),
        name: request.product_name,
        node: NodeKind::Device,
        auth: AuthMode::Key,
        dynamic_registration: DynamicRegistration::Off,
        model_json: starting_model_of(&id, category, 1),
        profile: ProductProfile {
            project: project.id.clone(),
            description: request.product_description,
            category_id: category,
            net_type: request.net_type.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "wifi".to_owned()),
            data_protocol: 1,
            module_id: 0,
            script_enabled: false,
            bind_strategy: 1,
            status: ReleaseStatus::Developing,
            creator: call.caller().account,
            updated_at: UnixMillis(0),
        },
    };
    let video = VideoProductRow {
        device_type: request.device_type,
        features: request.features,
        chip_os: request.chip_os,
        chip_maker: request.chip_manufacture_id,
        chip: request.chip_id,
        valid_years: request.product_valid_years,
    };
    let kept = video.clone();
    let product = call
        .blocking(move |platform| {
            platform.devices.create_product(new).map_err(failure)?;
            let particulars = platform.store.set_video_product(&id, &kept).map_err(Failure::from);
            or_undo(particulars, || platform.devices.delete_product(&id))?;
            platform.devices.known_product(&id).map_err(failure)
        })
        .await?;
    call.changed(None, seen(&product, Some(video.clone())));
    Ok(OneProduct { data: VideoProduct::of(&product, Some(video)) })
}

fn check(request: &CreateProduct) -> Outcome<()> {
    if !(1..=2).contains(&request.device_type) {
        return Err(refused("DeviceType is 1 or 2"));
    }
    if !(0..=100).contains(&request.product_valid_years) {
        return Err(refused("ProductVaildYears is between 0 and 100"));
    }
    if request.encryption_type.is_some_and(|kind| kind != 2) {
        return Err(refused("EncryptionType is 2"));
    }
    if request.category_id.is_some_and(|category| category < 1) {
        return Err(refused("CategoryId is positive"));
    }
    let kinds = ["", "wifi", "cellular", "wifi-ble", "ethernet", "wifi-ethernet", "5g", "else"];
    if request.net_type.as_deref().is_some_and(|kind| !kinds.contains(&kind)) {
        return Err(refused("NetType is wifi or cellular"));
    }
    let words = [&request.chip_manufacture_id, &request.chip_id, &request.chip_os];
    let mut words = words.into_iter().chain(&request.features);
    if request.features.len() > MAX_FEATURES || words.any(|word| word.chars().count() > MAX_WORD_CHARS) {
        return Err(refused(format!(
            "there are at most {MAX_FEATURES} features; features and names of chips have at most {MAX_WORD_CHARS} characters"
        )));
    }
    Ok(())
}

fn category_of(features: &[String]) -> i64 {
    if features.iter().any(|feature| feature == VIDEO_BOTH_WAYS) { WATCH } else { CAMERA }
}

/// Where a product of the video API is put.
enum Place {
    /// A project that there is.
    Project(Arc<ProjectRow>),
    /// A new project in this instance.
    NewProject(InstanceId),
}

/// The video API has no projects: its products are in the oldest project of the account's public instance, which is made
/// if there is none.
fn first_place(call: &Call) -> Outcome<Place> {
    let devices = &call.platform().devices;
    let is_public = |project: &Arc<ProjectRow>| {
        devices.instance(&project.instance).is_some_and(|instance| instance.kind == InstanceKind::Public)
    };
    // Newest first.
    let projects = devices.projects(call.caller().owner);
    match projects.iter().rev().find(|project| is_public(project)) {
        Some(project) => call.project(project.id.as_str()).map(Place::Project),
        None => call.instance(None).map(|instance| Place::NewProject(instance.id.clone())),
    }
}

async fn made(call: &Call, place: Place) -> Outcome<Arc<ProjectRow>> {
    let instance = match place {
        Place::Project(project) => return Ok(project),
        Place::NewProject(instance) => instance,
    };
    let new = NewProject { instance, name: FIRST_PROJECT.to_owned(), description: String::new() };
    call.blocking(move |platform| platform.devices.create_project(new)).await
}

/// What a product is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyProduct {
    product_id: String,
    /// Its name; as it is if it is not given.
    product_name: Option<String>,
    /// A remark for people; as it is if it is not given.
    product_description: Option<String>,
}

pub(crate) async fn modify(call: Call, request: ModifyProduct) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let before = seen(&product, None);
    let id = product.id;
    call.blocking(move |platform| {
        let decide = |settings: &yizhan_devices::ProductSettings| {
            let profile = request
                .product_description
                .map(|description| ProductProfile { description, ..settings.profile.clone() });
            Ok(ProductChange { name: request.product_name, profile, ..ProductChange::default() })
        };
        platform.devices.change_product(&id, decide).map_err(failure)
    })
    .await?;
    call.changed(before, seen(&product, None));
    Ok(Nothing {})
}

/// A product that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteProduct {
    product_id: String,
}

pub(crate) async fn delete(call: Call, request: DeleteProduct) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let before = seen(&product, None);
    call.blocking(move |platform| {
        platform.devices.delete_product(&product.id).map_err(|error| match error {
            DevicesError::Conflict(why) => Failure::new(Code::DevicesExistUnderProduct).because(why),
            other => failure(other),
        })
    })
    .await?;
    call.changed(before, None);
    Ok(Nothing {})
}

/// The product for the audit log.
fn seen(product: &Product, video: Option<VideoProductRow>) -> Option<serde_json::Value> {
    serde_json::to_value(VideoProduct::of(product, video)).ok()
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(Code::InvalidParameter).because(why)
}

/// The video API publishes families of codes only.
fn failure(error: DevicesError) -> Failure {
    match error {
        DevicesError::Conflict(why) => Failure::new(Code::ProductDupKeyExist).because(why),
        DevicesError::Invalid(why) => refused(why),
        DevicesError::NotFound(_) => Failure::new(Code::StudioProductNotExist),
        other => other.into(),
    }
}
