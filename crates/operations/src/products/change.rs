//! Changing, publishing and deleting products.

use schemars::JsonSchema;
use serde::Deserialize;
use yizhan_devices::{DevicesError, ProductChange, ProductProfile, ReleaseStatus};

use super::create::failure;
use super::entry::{OneProduct, ProductEntry};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// What a product is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyStudioProduct {
    product_id: String,
    /// Its name, unique in the project; 1 to 128 characters.
    product_name: String,
    /// A remark for people.
    product_desc: String,
    /// The module it is built on; 0 is none.
    module_id: i64,
    /// `true` or `false`: whether pass-through data goes through the product's script.
    enable_product_script: Option<bool>,
    /// 1 a new owner evicts the old one, 2 a bound device is refused; others leave it as it is.
    bind_strategy: Option<u8>,
}

pub(crate) async fn modify(call: Call, request: ModifyStudioProduct) -> Outcome<OneProduct> {
    let product = call.product(&request.product_id)?;
    let before = ProductEntry::seen(&product);
    let changed = product.clone();
    call.blocking(move |platform| {
        let decide = |settings: &yizhan_devices::ProductSettings| {
            let profile = ProductProfile {
                description: request.product_desc,
                module_id: request.module_id,
                script_enabled: request.enable_product_script.unwrap_or(settings.profile.script_enabled),
                bind_strategy: match request.bind_strategy {
                    Some(strategy @ 1..=2) => strategy,
                    _ => settings.profile.bind_strategy,
                },
                ..settings.profile.clone()
            };
            Ok(ProductChange {
                name: Some(request.product_name),
                profile: Some(profile),
                ..ProductChange::default()
            })
        };
        platform.devices.change_product(&changed.id, decide).map_err(failure)
    })
    .await?;
    call.changed(before, ProductEntry::seen(&product));
    Ok(OneProduct { product: ProductEntry::of(&product) })
}

/// How far a product is to have come.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReleaseStudioProduct {
    product_id: String,
    /// `released` publishes it, `dev` withdraws it, `audit` marks it as waiting for an approval.
    dev_status: String,
}

pub(crate) async fn release(call: Call, request: ReleaseStudioProduct) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let status = match request.dev_status.as_str() {
        "dev" => ReleaseStatus::Developing,
        "audit" => ReleaseStatus::Audited,
        "released" => ReleaseStatus::Released,
        _ => {
            let why = "DevStatus is dev, audit or released";
            return Err(Failure::new(Code::ProductParmsError).because(why));
        }
    };
    let before = ProductEntry::seen(&product);
    let changed = product.clone();
    call.blocking(move |platform| {
        let decide = |settings: &yizhan_devices::ProductSettings| {
            let profile = ProductProfile { status, ..settings.profile.clone() };
            Ok(ProductChange { profile: Some(profile), ..ProductChange::default() })
        };
        platform.devices.change_product(&changed.id, decide).map_err(failure)
    })
    .await?;
    call.changed(before, ProductEntry::seen(&product));
    Ok(Nothing {})
}

/// A product that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteStudioProduct {
    product_id: String,
}

pub(crate) async fn delete(call: Call, request: DeleteStudioProduct) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let before = ProductEntry::seen(&product);
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
