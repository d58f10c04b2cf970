//! The library of categories. It belongs to nobody; whoever may use the account's operations may read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_vocabulary::categories::{CATEGORIES, Category, ProductKind, template_text};
use yizhan_vocabulary::model::ThingModel;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::text::Language;

/// Which category.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeCategory {
    id: i64,
}

/// A category.
// Management API facts §8.1, ProductTemplate.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProductTemplate {
    id: i64,
    category_key: &'static str,
    category_name: &'static str,
    /// The group it is in; 0 for the top.
    parent_id: i64,
    /// The standard functions as JSON text; `{}` if there are none.
    model_template: &'static str,
    list_order: i64,
    icon_url: &'static str,
    icon_url_grid: &'static str,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedCategory {
    data: ProductTemplate,
}

pub(crate) async fn describe(call: Call, request: DescribeCategory) -> Outcome<DescribedCategory> {
    call.account()?;
    let place = CATEGORIES.iter().position(|category| category.id == request.id);
    let place = place.ok_or(const { Failure::new(Code::CategoryNotExist) })?;
    let category = &CATEGORIES[place];
    let data = ProductTemplate {
        id: category.id,
        category_key: category.key,
        category_name: name(category, call.caller().language),
        parent_id: category.parent,
        model_template: template_text(category.id),
        list_order: place as i64 + 1,
        icon_url: "",
        icon_url_grid: "",
    };
    Ok(DescribedCategory { data })
}

fn name(category: &Category, language: Language) -> &'static str {
    match language {
        Language::Chinese => category.chinese,
        Language::English => category.english,
    }
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct GetCategoryList {}

/// A standard function.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StandardFunction {
    /// `property`, `event` or `action`.
    feature: &'static str,
    identifier: String,
    name: String,
    /// Whether a new product has it from the start.
    required: bool,
}

/// A group of categories, or a category.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CategoryEntry {
    id: i64,
    category_key: &'static str,
    category_name: &'static str,
    parent_id: i64,
    /// Whether it only holds others.
    is_group: bool,
    /// What its devices usually are: 0 device, 5 gateway.
    product_type: i64,
    functions: Vec<StandardFunction>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CategoryList {
    /// Groups come before what they hold.
    categories: Vec<CategoryEntry>,
    total: i64,
}

pub(crate) async fn list(call: Call, _: GetCategoryList) -> Outcome<CategoryList> {
    call.account()?;
    let language = call.caller().language;
    let entry = |category: &Category| CategoryEntry {
        id: category.id,
        category_key: category.key,
        category_name: name(category, language),
        parent_id: category.parent,
        is_group: category.is_group(),
        product_type: if category.kind == Some(ProductKind::Gateway) { 5 } else { 0 },
        functions: category.model().map_or_else(Vec::new, functions),
    };
    Ok(CategoryList { categories: CATEGORIES.iter().map(entry).collect(), total: CATEGORIES.len() as i64 })
}

fn functions(model: &ThingModel) -> Vec<StandardFunction> {
    let function = |feature, identifier: &str, name: &str, required| StandardFunction {
        feature,
        identifier: identifier.to_owned(),
        name: name.to_owned(),
        required,
    };
    let properties =
        model.properties().iter().map(|it| function("property", &it.identifier, &it.name, it.required));
    let events = model.events().iter().map(|it| function("event", &it.identifier, &it.name, it.required));
    let actions = model.actions().iter().map(|it| function("action", &it.identifier, &it.name, it.required));
    properties.chain(events).chain(actions).collect()
}
