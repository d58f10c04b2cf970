//! The library of categories: what is in it, and that nothing in it ever changes its meaning.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use yizhan_vocabulary::categories::standard::deviations;
use yizhan_vocabulary::categories::{
    AddError, CATEGORIES, Category, add_functions, empty_model, starting_model, template, template_text,
};
use yizhan_vocabulary::model::{LAMP_MODEL, ThingModel};

#[test]
fn every_template_is_a_model_without_errors_and_notes() {
    for category in CATEGORIES {
        let Some(text) = category.template else { continue };
        let (errors, notes) = ThingModel::check(text);
        assert!(errors.is_empty() && notes.is_empty(), "{}: {errors:?} {notes:?}", category.key);
        let model = category.model().expect("a template");
        let required = model.properties().iter().filter(|property| property.required).count();
        assert!(required > 0, "{} has no required property", category.key);
        assert!(model.properties().len() > required, "{} has no optional property", category.key);
        assert!(!model.events().is_empty(), "{} tells nothing", category.key);
        assert!(!text.contains("profile"), "{}: a template belongs to no product", category.key);
    }
}

#[test]
fn the_categories_that_the_vendor_documents_are_there() {
    let keys: BTreeSet<&str> = CATEGORIES.iter().map(|category| category.key).collect();
    for key in [
        "lamp",
        "switch_panel",
        "socket",
        "curtain",
        "aroma_diffuser",
        "sweeper",
        "air_purifier",
        "air_conditioner",
        "fan",
        "television",
        "camera",
        "lock",
        "gateway",
        "locator",
        "metering_socket",
        "watch",
    ] {
        assert!(keys.contains(key), "{key}");
    }
    for (id, key) in [(1, "custom"), (3, "lamp"), (113, "camera"), (567, "watch"), (595, "lock")] {
        assert_eq!(Category::find(id).map(|category| category.key), Some(key));
    }
}

#[test]
fn numbers_and_names_are_unique_and_every_parent_is_a_group() {
    let ids: BTreeSet<i64> = CATEGORIES.iter().map(|category| category.id).collect();
    let keys: BTreeSet<&str> = CATEGORIES.iter().map(|category| category.key).collect();
    assert_eq!((ids.len(), keys.len()), (CATEGORIES.len(), CATEGORIES.len()));
    for category in CATEGORIES {
        let parent = Category::find(category.parent);
        assert!(category.parent == 0 || parent.is_some_and(Category::is_group), "{}", category.key);
        assert!(category.is_group() <= category.template.is_none(), "{}", category.key);
    }
}

/// Products are checked against the templates, so an identifier keeps its meaning. Lines may be added to this list;
/// none may change or go.
#[test]
fn published_identifiers_keep_their_types() {
    let mut lines = String::new();
    for category in CATEGORIES {
        let Some(model) = category.model() else { continue };
        writeln!(lines, "{} {}", category.id, category.key).unwrap();
        for property in model.properties() {
            let mark = if property.required { "!" } else { "" };
            let (id, mode) = (&property.identifier, property.mode.as_str());
            writeln!(lines, "  {id}{mark} {mode} {}", property.kind).unwrap();
        }
        for event in model.events() {
            writeln!(lines, "  {} event {}", event.identifier, event.kind.as_str()).unwrap();
        }
        for action in model.actions() {
            writeln!(lines, "  {} action", action.identifier).unwrap();
        }
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn a_new_product_has_the_required_functions_word_for_word() {
    let json = starting_model("ABCDEFGHIJ", 595);
    let model = ThingModel::draft(&json).unwrap();
    let identifiers: Vec<&str> = model.properties().iter().map(|property| &*property.identifier).collect();
    assert_eq!(identifiers, ["_sys_xp2p_info", "_sys_cs_days", "_sys_cs_status", "_sys_cs_type"]);
    assert!(model.events().is_empty() && model.actions().is_empty());
    assert!(json.contains(r#""profile":{"CategoryId":"595","ProductId":"ABCDEFGHIJ"}"#), "{json}");
    assert!(json.contains(r#""define": { "type": "bool", "mapping": { "0": "关", "1": "开" } }"#), "{json}");
    assert_eq!(deviations(template(595).unwrap(), &model), []);
    for category in CATEGORIES.iter().filter(|category| !category.is_group()) {
        assert_eq!(
            ThingModel::check(&starting_model("P", category.id)),
            (vec![], vec![]),
            "{}",
            category.key
        );
    }
}

#[test]
fn a_category_that_is_not_listed_starts_empty() {
    let model = ThingModel::draft(&starting_model("P", 10)).unwrap();
    assert!(model.properties().is_empty());
    assert_eq!(template_text(10), "{}");
    assert!(template_text(3).contains("power_switch") && !template_text(3).contains('\n'));
    assert!(ThingModel::draft(template_text(3)).is_ok());
}

#[test]
fn the_demo_lamp_fits_the_category_it_names() {
    assert_eq!(ThingModel::check(LAMP_MODEL), (vec![], vec![]));
    let lamp = ThingModel::draft(LAMP_MODEL).unwrap();
    assert_eq!(deviations(template(3).unwrap(), &lamp), []);
}

#[test]
fn only_a_required_function_with_another_meaning_is_refused() {
    let model = |features: &str| ThingModel::draft(&format!("{{{features}}}")).unwrap();
    let found = |features: &str| -> Vec<(String, bool)> {
        let deviations = deviations(template(3).unwrap(), &model(features));
        deviations.into_iter().map(|deviation| (deviation.identifier, deviation.refused)).collect()
    };
    let property = |id: &str, mode: &str, define: &str| {
        format!(r#"{{"id":"{id}","name":"N","mode":"{mode}","define":{define}}}"#)
    };
    let with = |list: &str| format!(r#""properties":[{list}]"#);
    let switch = property("power_switch", "rw", r#"{"type":"bool"}"#);

    assert_eq!(found(&with(&switch)), []);
    assert_eq!(found(&with("")), [("power_switch".to_owned(), false)]);
    let wrong = property("power_switch", "rw", r#"{"type":"int","min":"0","max":"1"}"#);
    assert_eq!(found(&with(&wrong)), [("power_switch".to_owned(), true)]);
    let closed = property("power_switch", "r", r#"{"type":"bool"}"#);
    assert_eq!(found(&with(&closed)), [("power_switch".to_owned(), false)]);
    let event = r#""events":[{"id":"power_switch","name":"N","type":"info"}]"#;
    assert_eq!(found(event), [("power_switch".to_owned(), true)]);
    let colour = property("color", "rw", r#"{"type":"string"}"#);
    assert_eq!(found(&with(&format!("{switch},{colour}"))), [("color".to_owned(), false)]);
}

#[test]
fn standard_functions_are_added_and_the_rest_of_the_model_stays_as_it_was() {
    let model = r#"{ "x" : 1, "events":[], "properties": [ {"id":"own","name":"O","mode":"r","define":{"type":"bool"}} ]}"#;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let more = add_functions(model, 3, &names(&["brightness", "light_blink"])).unwrap();
    assert!(more.starts_with(
        r#"{"x":1,"events":[],"properties":[{"id":"own","name":"O","mode":"r","define":{"type":"bool"}},{"#
    ));
    let compiled = ThingModel::draft(&more).unwrap();
    assert!(compiled.property("own").is_some() && compiled.property("brightness").is_some());
    assert!(compiled.action("light_blink").is_some() && compiled.properties().len() == 2);

    let all: Vec<String> =
        template(3).unwrap().properties().iter().map(|it| it.identifier.to_string()).collect();
    let full = add_functions(&empty_model("P", 3), 3, &all).unwrap();
    assert_eq!(ThingModel::draft(&full).unwrap().properties(), template(3).unwrap().properties());

    let refused =
        |model: &str, category, wanted: &str| add_functions(model, category, &names(&[wanted])).unwrap_err();
    assert_eq!(refused(&more, 3, "brightness"), AddError::AlreadyThere("brightness".to_owned()));
    assert_eq!(refused(model, 3, "wings"), AddError::Unknown("wings".to_owned()));
    assert_eq!(refused(model, 10, "brightness"), AddError::Unknown("brightness".to_owned()));
    assert!(matches!(refused("[]", 3, "brightness"), AddError::NotAModel(_)));
}
