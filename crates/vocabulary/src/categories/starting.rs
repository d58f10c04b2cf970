//! The thing model a new product starts with: the required standard functions of its category.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Category;

/// The template of a category without standard functions.
pub const EMPTY_TEMPLATE: &str = "{}";

/// A template as text, feature by feature: a product's model holds the features word for word.
#[derive(Deserialize)]
pub(super) struct Template<'t> {
    #[serde(borrow)]
    pub properties: Vec<&'t RawValue>,
    #[serde(borrow)]
    pub events: Vec<&'t RawValue>,
    #[serde(borrow)]
    pub actions: Vec<&'t RawValue>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    required: bool,
}

/// The model of a new product. The profile names product and category as the vendor's exports do, with the category as
/// a text; a category without a template gives a model without features.
pub fn starting_model(product: &str, category: i64) -> String {
    let Some(text) = Category::find(category).and_then(|category| category.template) else {
        return empty_model(product, category);
    };
    let template: Template<'_> = serde_json::from_str(text).expect("a test compiles every template");
    let (properties, events, actions) =
        (required(&template.properties), required(&template.events), required(&template.actions));
    written(product, category, [&properties, &events, &actions])
}

/// A model without features.
pub fn empty_model(product: &str, category: i64) -> String {
    written(product, category, ["", "", ""])
}

fn written(product: &str, category: i64, [properties, events, actions]: [&str; 3]) -> String {
    let profile = serde_json::json!({ "ProductId": product, "CategoryId": category.to_string() });
    format!(
        "{{\"version\":\"1.0\",\"profile\":{profile},\"properties\":[{properties}],\"events\":[{events}],\"actions\":[{actions}]}}"
    )
}

fn required(features: &[&RawValue]) -> String {
    let is_required = |feature: &&&RawValue| {
        serde_json::from_str::<Feature>(feature.get()).is_ok_and(|feature| feature.required)
    };
    let texts: Vec<String> =
        features.iter().filter(is_required).map(|feature| compact(feature.get())).collect();
    texts.join(",")
}

/// The text without line breaks between its parts. Strings in templates hold none, so dropping each break with the blanks
/// that indent the next line changes nothing else.
pub(super) fn compact(json: &str) -> String {
    json.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
