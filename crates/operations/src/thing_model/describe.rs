//! A product's thing model as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_vocabulary::categories::{EMPTY_TEMPLATE, empty_model, template_text};

use crate::call::Call;
use crate::failure::Outcome;

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeModelDefinition {
    product_id: String,
}

/// A thing model.
// Management API facts §6, ProductModelDefinition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModelDefinition {
    product_id: String,
    /// The model's JSON as text; a model without functions if there is none.
    model_define: String,
    /// Seconds; when the model was last changed.
    update_time: i64,
    /// Seconds; when the product was made.
    create_time: i64,
    /// The standard functions of the product's category as JSON text; `{}` if there are none.
    category_model: &'static str,
    /// Functions that come with the way to the network: there are none.
    net_type_model: &'static str,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedModel {
    model: ModelDefinition,
}

pub(crate) async fn describe(call: Call, request: DescribeModelDefinition) -> Outcome<DescribedModel> {
    let product = call.product(&request.product_id)?;
    let id = product.id;
    let saved_at = call.blocking(move |platform| platform.store.model_saved_at(&id)).await?;
    let category = product.settings().profile.category_id;
    let model_define = match product.model() {
        Some(model) => model.source().to_owned(),
        None => empty_model(product.id.as_str(), category),
    };
    let model = ModelDefinition {
        product_id: product.id.to_string(),
        model_define,
        update_time: saved_at.unwrap_or(product.created_at).seconds(),
        create_time: product.created_at.seconds(),
        category_model: template_text(category),
        net_type_model: EMPTY_TEMPLATE,
    };
    Ok(DescribedModel { model })
}
