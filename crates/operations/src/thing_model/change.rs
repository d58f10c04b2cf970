//! Replacing a product's thing model: with a text, or with another product's.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use yizhan_devices::{ModelOrigin, Product};
use yizhan_vocabulary::ThingModel;
use yizhan_vocabulary::categories::{AddError, add_functions, empty_model};

use super::refusal::{acceptable, must_be_in_development};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::{Nothing, Version};

/// A new model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyModelDefinition {
    product_id: String,
    /// The model's JSON as text.
    model_schema: String,
}

pub(crate) async fn modify(call: Call, request: ModifyModelDefinition) -> Outcome<Nothing> {
    replace(call, request, ModelOrigin::Changed).await
}

pub(crate) async fn import(call: Call, request: ModifyModelDefinition) -> Outcome<Nothing> {
    replace(call, request, ModelOrigin::Imported).await
}

async fn replace(call: Call, request: ModifyModelDefinition, origin: ModelOrigin) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let schema = match call.version() {
        // The video API's samples empty a model so.
        Some(Version::Video20211125 | Version::Video20201215) if request.model_schema.trim() == "{}" => {
            empty_model(product.id.as_str(), product.settings().profile.category_id)
        }
        _ => request.model_schema,
    };
    save(&call, product, Some(schema), origin).await
}

/// Whose model to take over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CopyModelDefinition {
    /// The product that gets the model.
    product_id: String,
    /// The product that has it.
    from_product_id: String,
}

pub(crate) async fn copy(call: Call, request: CopyModelDefinition) -> Outcome<Nothing> {
    let from = call.product(&request.from_product_id)?;
    let product = call.product(&request.product_id)?;
    let Some(model) = from.model() else {
        let why = format!("product {} has no thing model", from.id);
        return Err(Failure::new(Code::ModelDefineInvalid).because(why));
    };
    save(&call, product, Some(model.source().to_owned()), ModelOrigin::Imported).await
}

/// Which standard functions a product is to have as well.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddStandardFunctions {
    product_id: String,
    /// Identifiers of properties, events and actions in the category's template.
    identifiers: Vec<String>,
    /// The category they are from; the product's own if it is not given.
    category_id: Option<i64>,
}

pub(crate) async fn add_standard(call: Call, request: AddStandardFunctions) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    if request.identifiers.is_empty() {
        return Err(Failure::new(Code::InvalidParameterValue).because("Identifiers names no function"));
    }
    let own = product.settings().profile.category_id;
    let model = match product.model() {
        Some(model) => model.source().to_owned(),
        None => empty_model(product.id.as_str(), own),
    };
    let added = add_functions(&model, request.category_id.unwrap_or(own), &request.identifiers);
    let json = added.map_err(|error| {
        let code = match &error {
            AddError::AlreadyThere(_) => Code::ModelDefineDupId,
            AddError::Unknown(_) => Code::InvalidParameterValue,
            AddError::NotAModel(_) => Code::ModelDefineInvalid,
        };
        Failure::new(code).because(error.to_string())
    })?;
    save(&call, product, Some(json), ModelOrigin::Changed).await
}

/// Puts a model in use, if it is acceptable, or none.
pub(super) async fn save(
    call: &Call,
    product: Arc<Product>,
    json: Option<String>,
    origin: ModelOrigin,
) -> Outcome<Nothing> {
    let before = seen(product.model().as_deref());
    let account = call.caller().account;
    let changed = Arc::clone(&product);
    call.blocking(move |platform| {
        if let Some(json) = &json {
            acceptable(json, changed.settings().profile.category_id)?;
        }
        let saved = platform.devices.save_model(
            &changed.id,
            json.as_deref(),
            origin,
            Some(account),
            must_be_in_development,
        );
        saved.map(|_| ())
    })
    .await?;
    call.changed(before, seen(product.model().as_deref()));
    Ok(Nothing {})
}

/// A model for the audit log.
fn seen(model: Option<&ThingModel>) -> Option<Value> {
    serde_json::from_str(model?.source()).ok()
}
