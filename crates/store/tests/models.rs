//! The versions of a product's thing model, and what the video API keeps about a product.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::path::Path;

use yizhan_store::{
    AuthMode, DynamicRegistration, MODEL_VERSIONS_KEPT, ModelOrigin, ModelSaving, NodeKind, ProductProfile,
    ProductRow, Secret, Store, StoreError, VideoProductRow,
};
use yizhan_vocabulary::{ProductId, Uin, UnixMillis};

fn id() -> ProductId {
    ProductId::parse("DEMOPROD01").unwrap()
}

fn store_with_model(dir: &Path, model: Option<&str>) -> Store {
    let store = Store::open(dir).unwrap();
    let product = ProductRow {
        id: id(),
        name: "Lamp".into(),
        node: NodeKind::Device,
        auth: AuthMode::Key,
        product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
        dynamic_registration: DynamicRegistration::Off,
        enabled: true,
        model_json: model.map(str::to_owned),
        profile: ProductProfile::default(),
        created_at: UnixMillis(1),
    };
    store.create_product(&product, &[]).unwrap();
    store
}

fn saving(origin: ModelOrigin, at: i64) -> ModelSaving {
    ModelSaving { origin, account: Some(Uin::FIRST), at: UnixMillis(at) }
}

fn versions(store: &Store) -> Vec<(u32, Option<String>, &'static str)> {
    let rows = store.model_versions(&id()).unwrap();
    rows.into_iter().map(|row| (row.version, row.model_json, row.saving.origin.as_str())).collect()
}

#[test]
fn each_change_of_a_model_leaves_a_version_and_the_same_text_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_model(dir.path(), Some("a"));
    assert_eq!(store.model_saved_at(&id()).unwrap(), Some(UnixMillis(1)));
    store.set_model(&id(), Some("b"), &[], &saving(ModelOrigin::Changed, 2)).unwrap();
    store.set_model(&id(), Some("b"), &[], &saving(ModelOrigin::Imported, 3)).unwrap();
    store.set_model(&id(), None, &[], &saving(ModelOrigin::Changed, 4)).unwrap();
    store.set_model(&id(), Some("a"), &[], &saving(ModelOrigin::Restored, 5)).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        (4, text("a"), "restored"),
        (3, None, "changed"),
        (2, text("b"), "changed"),
        (1, text("a"), "created"),
    ];
    assert_eq!(versions(&store), expected);
    assert_eq!(store.model_saved_at(&id()).unwrap(), Some(UnixMillis(5)));
    let second = store.model_version(&id(), 2).unwrap().unwrap();
    assert_eq!(second.saving, saving(ModelOrigin::Changed, 2));
    assert_eq!(store.model_version(&id(), 9).unwrap(), None);
}

#[test]
fn a_refused_model_leaves_no_version_and_a_product_without_model_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_model(dir.path(), None);
    store.set_model(&id(), Some("a"), &[("p", 1)], &saving(ModelOrigin::Changed, 2)).unwrap();
    let refused = store.set_model(&id(), Some("b"), &[("q", 1)], &saving(ModelOrigin::Changed, 3));
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(versions(&store), [(1, Some("a".to_owned()), "changed")]);
    store.delete_product(&id()).unwrap();
    assert_eq!(versions(&store), []);
}

#[test]
fn the_oldest_versions_go_and_numbers_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_model(dir.path(), Some("0"));
    for number in 1..=MODEL_VERSIONS_KEPT {
        let text = number.to_string();
        store.set_model(&id(), Some(&text), &[], &saving(ModelOrigin::Changed, 2)).unwrap();
    }
    let kept: Vec<u32> = versions(&store).into_iter().map(|(version, ..)| version).collect();
    assert_eq!(kept, (2..=MODEL_VERSIONS_KEPT + 1).rev().collect::<Vec<_>>());
}

#[test]
fn video_particulars_are_kept_and_go_with_the_product() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_model(dir.path(), None);
    assert_eq!(store.video_product(&id()).unwrap(), None);
    let row = VideoProductRow {
        device_type: 1,
        features: vec!["ypsxth".into(), "spdxth".into()],
        chip_os: "Linux".into(),
        chip_maker: "default".into(),
        chip: "default".into(),
        valid_years: 5,
    };
    store.set_video_product(&id(), &row).unwrap();
    assert_eq!(store.video_product(&id()).unwrap(), Some(row.clone()));
    store.delete_product(&id()).unwrap();
    assert_eq!(store.video_product(&id()).unwrap(), None);
    assert!(matches!(store.set_video_product(&id(), &row), Err(StoreError::NotFound(_))));
}
