//! A product's model against the standard functions of its category.
//!
//! Decided from the vendor's documents: the console lets a developer use standard functions or not ("用户可以根据需要选择使用或不使用
//! 这些功能") and edit them, and refuses a required one that "does not match the template". So a model is refused only when
//! it *has* a required standard identifier with another meaning: as another kind of feature, or with another type.
//! Everything else is the developer's and only noted: leaving a required function out, another access mode, an optional
//! function of another type. Ranges, labels and names are not even noted.

use crate::Bilingual;
use crate::model::compatibility::Feature;
use crate::model::{DataType, Mode, ThingModel};

/// One way in which a model and its category's template disagree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Deviation {
    /// The standard identifier.
    pub identifier: String,
    /// Whether the model is refused for it, with [`TEMPLATE_CODE`].
    pub refused: bool,
    /// What the template says, and what the model says.
    pub text: Bilingual,
}

/// The vendor's code for a model that is refused because of its template.
pub const TEMPLATE_CODE: &str = "InvalidParameterValue.ModelDefineDontMatchTemplate";

/// Compares a model with a template, in the order of the template.
pub fn deviations(template: &ThingModel, model: &ThingModel) -> Vec<Deviation> {
    let properties = template.properties().iter().map(|it| (Feature::Property, &*it.identifier, it.required));
    let events = template.events().iter().map(|it| (Feature::Event, &*it.identifier, it.required));
    let actions = template.actions().iter().map(|it| (Feature::Action, &*it.identifier, it.required));
    let standard = properties.chain(events).chain(actions);
    standard
        .filter_map(|(feature, identifier, required)| {
            let (refused, text) = match feature_of(model, identifier) {
                // An optional function that is not used is no deviation.
                None if !required => return None,
                None => {
                    (false, Bilingual::of("a required standard function is left out", "未使用必选的标准功能"))
                }
                Some(found) if found != feature => (required, other_feature(feature, found)),
                Some(_) => {
                    difference(template, model, identifier).map(|(grave, text)| (grave && required, text))?
                }
            };
            Some(Deviation { identifier: identifier.to_owned(), refused, text })
        })
        .collect()
}

fn feature_of(model: &ThingModel, identifier: &str) -> Option<Feature> {
    if model.property(identifier).is_some() {
        return Some(Feature::Property);
    }
    if model.event(identifier).is_some() {
        return Some(Feature::Event);
    }
    model.action(identifier).map(|_| Feature::Action)
}

fn other_feature(wanted: Feature, got: Feature) -> Bilingual {
    let chinese = |feature| match feature {
        Feature::Property => "属性",
        Feature::Event => "事件",
        Feature::Action => "行为",
    };
    Bilingual::of(
        format!("the standard function is of the kind {wanted}, here it is of the kind {got}"),
        format!("标准功能为{}，此处为{}", chinese(wanted), chinese(got)),
    )
}

/// How two features of the same kind and identifier differ, and whether that gives the identifier another meaning.
fn difference(template: &ThingModel, model: &ThingModel, identifier: &str) -> Option<(bool, Bilingual)> {
    if let (Some(wanted), Some(got)) = (template.event(identifier), model.event(identifier)) {
        let (wanted, got) = (wanted.kind.as_str(), got.kind.as_str());
        return (wanted != got).then(|| (true, said("type", "事件类型", wanted, got)));
    }
    let (wanted, got) = (template.property(identifier)?, model.property(identifier)?);
    if !same_type(&wanted.kind, &got.kind) {
        return Some((true, said("type", "数据类型", wanted.kind.type_name(), got.kind.type_name())));
    }
    let closed = !opens(got.mode, wanted.mode);
    closed.then(|| (false, said("mode", "读写类型", wanted.mode.as_str(), got.mode.as_str())))
}

fn said(english: &str, chinese: &str, wanted: &str, got: &str) -> Bilingual {
    Bilingual::of(
        format!("the {english} of the standard function is {wanted}, here it is {got}"),
        format!("标准功能的{chinese}为 {wanted}，此处为 {got}"),
    )
}

/// Whether two types are of the same name; for arrays, their elements too. Members of structs are the developer's ("其他参数
/// 可以根据实际情况进行添加或删除").
fn same_type(wanted: &DataType, got: &DataType) -> bool {
    match (wanted, got) {
        (DataType::Array(wanted), DataType::Array(got)) => same_type(wanted, got),
        _ => wanted.type_name() == got.type_name(),
    }
}

/// Whether a mode opens every direction that another opens.
const fn opens(mode: Mode, wanted: Mode) -> bool {
    (mode.may_report() || !wanted.may_report()) && (mode.may_control() || !wanted.may_control())
}
