//! Everything that can be said about a thing model's text, before anybody uses it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_vocabulary::categories::standard::{Deviation, deviations};
use yizhan_vocabulary::categories::template;
use yizhan_vocabulary::model::{ModelError, ModelNote, ThingModel};

use crate::call::Call;
use crate::failure::Outcome;
use crate::text::Language;

/// What to check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ValidateModelDefinition {
    /// The model's JSON as text.
    model_schema: String,
    /// The product whose category it is compared with.
    product_id: Option<String>,
    /// The category it is compared with if no product is named.
    category_id: Option<i64>,
}

/// An error: the model is refused for it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorEntry {
    /// The code with which saving the model would be refused.
    code: &'static str,
    /// The kind of error.
    kind: &'static str,
    /// The kind in words.
    text: String,
    /// Where it is, such as `properties[3].define.max`; `$` is the whole model.
    path: String,
    /// What exactly is wrong, and what is allowed.
    message: String,
}

/// Something that is allowed and probably not meant.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NoteEntry {
    /// The kind of note.
    kind: &'static str,
    path: String,
    text: String,
}

/// Where the model and its category's standard functions disagree.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviationEntry {
    /// The standard function.
    identifier: String,
    /// Whether the model is refused for it.
    refused: bool,
    text: String,
}

impl DeviationEntry {
    pub(super) fn of(deviation: Deviation, language: Language) -> Self {
        let text = language.of(deviation.text);
        Self { identifier: deviation.identifier, refused: deviation.refused, text }
    }
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Validation {
    /// Whether the model could be saved.
    valid: bool,
    errors: Vec<ErrorEntry>,
    notes: Vec<NoteEntry>,
    deviations: Vec<DeviationEntry>,
}

pub(crate) async fn validate(call: Call, request: ValidateModelDefinition) -> Outcome<Validation> {
    let category = match request.product_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(call.product(id)?.settings().profile.category_id),
        None => {
            call.account()?;
            request.category_id
        }
    };
    let language = call.caller().language;
    call.blocking(move |_| Outcome::Ok(judged(&request.model_schema, category, language))).await
}

fn judged(json: &str, category: Option<i64>, language: Language) -> Validation {
    let (errors, notes) = ThingModel::check(json);
    let model = ThingModel::draft(json).ok();
    let deviations = match (category.and_then(template), &model) {
        (Some(template), Some(model)) => deviations(template, model),
        _ => Vec::new(),
    };
    Validation {
        valid: model.is_some() && !deviations.iter().any(|deviation| deviation.refused),
        errors: errors.into_iter().map(|error| error_entry(error, language)).collect(),
        notes: notes.into_iter().map(|note| note_entry(note, language)).collect(),
        deviations: deviations.into_iter().map(|it| DeviationEntry::of(it, language)).collect(),
    }
}

fn error_entry(error: ModelError, language: Language) -> ErrorEntry {
    ErrorEntry {
        code: error.code.vendor_code(),
        kind: error.code.as_str(),
        text: language.of(error.code.words()),
        path: error.path,
        message: error.message,
    }
}

fn note_entry(note: ModelNote, language: Language) -> NoteEntry {
    NoteEntry { kind: note.code.as_str(), path: note.path, text: language.of(note.text) }
}
