//! What is answered when a thing model is not acceptable, and the model a new product starts with.

use yizhan_devices::{ProductSettings, ReleaseStatus};
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::categories::standard::{TEMPLATE_CODE, deviations};
use yizhan_vocabulary::categories::{starting_model, template};
use yizhan_vocabulary::model::{ModelError, ThingModel};

use crate::failure::{Code, Failure, Outcome};

/// How many errors a message lists; `ValidateModelDefinition` lists all.
const LISTED: usize = 5;

/// The failure of a model with errors. The code is that of the first error, as far as the vendor publishes one.
pub(crate) fn model_refused(errors: &[ModelError]) -> Failure {
    let code = errors.first().and_then(|error| Code::of_text(error.code.vendor_code()));
    Failure::new(code.unwrap_or(Code::ModelDefineInvalid))
        .because(list(errors.iter().map(ModelError::to_string)))
}

/// The first lines, and how many more there are.
fn list(lines: impl ExactSizeIterator<Item = String>) -> String {
    let more = lines.len().saturating_sub(LISTED);
    let mut text = lines.take(LISTED).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Compiles a model that is to become a product's, and compares it with the product's category.
pub(super) fn acceptable(json: &str, category: i64) -> Outcome<ThingModel> {
    let model = ThingModel::draft(json).map_err(|errors| model_refused(&errors))?;
    let Some(template) = template(category) else { return Ok(model) };
    let mut refused = deviations(template, &model);
    refused.retain(|deviation| deviation.refused);
    if refused.is_empty() {
        return Ok(model);
    }
    let lines =
        refused.iter().map(|deviation| format!("{}: {}", deviation.identifier, deviation.text.english));
    let code = Code::of_text(TEMPLATE_CODE).expect("the table has the code");
    Err(Failure::new(code).because(list(lines)))
}

/// Refuses a change of the model of a product that is published or waits for it (console guide, 批量投产: "当申请发布后，该产品的数据模板
/// 将不允许再修改").
pub(super) fn must_be_in_development(settings: &ProductSettings) -> Outcome<()> {
    match settings.profile.status {
        ReleaseStatus::Developing => Ok(()),
        ReleaseStatus::Audited | ReleaseStatus::Released => {
            Err(Failure::new(Code::NoPermissionToReleasedProduct))
        }
    }
}

/// The model that a new product starts with: the required standard functions of its category. A product with a model of its
/// own (category 1, or one that is not in the library) or with pass-through data starts without.
pub(crate) fn starting_model_of(product: &ProductId, category: i64, data_protocol: i64) -> Option<String> {
    (data_protocol == 1 && template(category).is_some()).then(|| starting_model(product.as_str(), category))
}
