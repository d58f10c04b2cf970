//! Products and devices as an operator handles them, and dynamic registration (facts §3.4).

use yizhan_devices::AuthMode;
use yizhan_devices::{
    CustomTopic, DeviceCreation, DevicesError, DynamicRegistration, NewProduct, NodeKind, ProductChange,
    ProductProfile,
};
use yizhan_identity::registration::RegistrationError;
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::topics::Rights;
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::rig::{Rig, product_id};

fn name(text: &str) -> DeviceName {
    DeviceName::parse(text).unwrap()
}

fn allow(rig: &Rig, rule: DynamicRegistration) {
    let change = ProductChange { dynamic_registration: Some(rule), ..ProductChange::default() };
    rig.devices.change_product(&product_id(), |_| Ok(change)).unwrap();
}

#[test]
fn a_device_is_found_only_under_its_own_product_and_name() {
    let rig = Rig::new();
    assert!(rig.devices.find(&product_id(), "dev001").is_some());
    assert!(rig.devices.find(&product_id(), "dev002").is_none());
    assert!(rig.devices.find(&ProductId::parse("OTHERPROD1").unwrap(), "dev001").is_none());
    let missing = rig.devices.known_device(&product_id(), "dev002");
    assert!(matches!(missing, Err(DevicesError::NotFound(_))));
}

#[test]
fn devices_are_created_by_name_or_counted_on_all_or_none() {
    let rig = Rig::new();
    let numbered = DeviceCreation::Numbered { prefix: "lamp-".into(), count: 3 };
    let names: Vec<_> = rig
        .devices
        .create_devices(&product_id(), numbered.clone())
        .unwrap()
        .into_iter()
        .map(|view| view.name.to_string())
        .collect();
    assert_eq!(names, ["lamp-0001", "lamp-0002", "lamp-0003"]);
    let more = rig.devices.create_devices(&product_id(), numbered).unwrap();
    assert_eq!(more[0].name.as_str(), "lamp-0004");
    assert_eq!(more[0].secret.as_ref().unwrap().expose().len(), 24);
    let clash = DeviceCreation::Named(vec!["new".into(), "lamp-0001".into()]);
    assert!(matches!(rig.devices.create_devices(&product_id(), clash), Err(DevicesError::Conflict(_))));
    assert!(rig.devices.find(&product_id(), "new").is_none());
    rig.create(&format!("lamp-{}", u64::MAX));
    let beyond = DeviceCreation::Numbered { prefix: "lamp-".into(), count: 1 };
    assert!(matches!(rig.devices.create_devices(&product_id(), beyond), Err(DevicesError::Invalid(_))));
    let bad = DeviceCreation::Named(vec!["a b".into()]);
    assert!(matches!(rig.devices.create_devices(&product_id(), bad), Err(DevicesError::Invalid(_))));
}

#[test]
fn disabling_ends_connections_and_survives_a_restart() {
    let rig = Rig::new();
    let device = rig.device();
    rig.devices.enable_device(&device, false).unwrap();
    assert!(!device.enabled());
    assert_eq!(rig.links.disconnected.lock().as_slice(), [(device.id, DisconnectCause::Disabled)]);
    let rig = rig.restart();
    assert!(!rig.device().enabled());
    rig.devices.enable_device(&rig.device(), true).unwrap();
    let off = ProductChange { enabled: Some(false), ..ProductChange::default() };
    rig.devices.change_product(&product_id(), |_| Ok(off)).unwrap();
    assert!(!rig.device().enabled() && rig.device().switched_on());
    assert_eq!(rig.links.disconnected.lock().len(), 1);
}

#[test]
fn a_disabled_or_deleted_device_may_do_nothing() {
    let rig = Rig::new();
    let (device, topic) = (rig.device(), "DEMOPROD01/dev001/data");
    assert!(rig.devices.may_publish(&device, topic) && rig.devices.may_subscribe(&device, topic));
    rig.devices.enable_device(&device, false).unwrap();
    assert!(!rig.devices.may_publish(&device, topic) && !rig.devices.may_subscribe(&device, topic));
    rig.devices.enable_device(&device, true).unwrap();
    rig.devices.delete_device(&device).unwrap();
    assert!(!rig.devices.may_publish(&device, topic) && !rig.devices.may_subscribe(&device, topic));
}

#[test]
fn a_new_secret_takes_the_place_of_the_old_one_and_ends_the_connection() {
    let rig = Rig::new();
    let (device, before) = (rig.device(), rig.device().secret().unwrap());
    let shown = rig.devices.reset_device_secret(&device).unwrap().secret.unwrap();
    assert_ne!(shown.expose(), before.as_text());
    assert_eq!(rig.links.disconnected.lock().as_slice(), [(device.id, DisconnectCause::CredentialRevoked)]);
    let product = rig.devices.product_view(&product_id()).unwrap().product_secret.unwrap();
    let changed = rig.devices.reset_product_secret(&product_id()).unwrap().product_secret.unwrap();
    assert_ne!(changed.expose(), product.expose());
    let rig = rig.restart();
    assert_eq!(rig.device().secret().unwrap().as_text(), shown.expose());
    assert_eq!(rig.devices.product_view(&product_id()).unwrap().product_secret.unwrap(), changed);
}

#[test]
fn secrets_are_neither_in_lists_nor_in_what_is_printed_for_debugging() {
    let rig = Rig::new();
    assert!(rig.device().view().secret.is_none());
    assert!(rig.devices.product_views()[0].product_secret.is_none());
    let (device, product) =
        (rig.device().view_with_secret(), rig.devices.product_view(&product_id()).unwrap());
    assert!(!format!("{device:?}").contains(device.secret.as_ref().unwrap().expose()));
    assert!(!format!("{product:?}").contains(product.product_secret.as_ref().unwrap().expose()));
}

#[test]
fn a_product_goes_only_after_its_devices() {
    let rig = Rig::new();
    assert!(matches!(rig.devices.delete_product(&product_id()), Err(DevicesError::Conflict(_))));
    let device = rig.device();
    rig.devices.delete_device(&device).unwrap();
    assert!(device.deleted() && !device.enabled());
    assert_eq!(rig.links.disconnected.lock().as_slice(), [(device.id, DisconnectCause::Deleted)]);
    rig.devices.delete_product(&product_id()).unwrap();
    assert!(rig.devices.product(&product_id()).is_none());
}

#[test]
fn a_model_with_errors_is_refused_with_all_of_them_and_changes_nothing() {
    let rig = Rig::new();
    let bad = r#"{"properties":[{"id":"1 bad","mode":"rw","define":{"type":"int","min":"9","max":"1"}},{"id":"x","name":"x","mode":"zz","define":{"type":"what"}}]}"#;
    match rig.devices.put_model(&product_id(), Some(bad)) {
        Err(DevicesError::InvalidModel(errors)) => assert!(errors.len() >= 2, "{errors:?}"),
        other => panic!("{other:?}"),
    }
    assert!(rig.devices.model(&product_id()).unwrap().unwrap().property("brightness").is_some());
    let product = NewProduct {
        id: None,
        name: "x".into(),
        node: NodeKind::Device,
        auth: AuthMode::Key,
        dynamic_registration: DynamicRegistration::Off,
        model_json: Some(bad.into()),
        profile: ProductProfile::default(),
    };
    assert!(matches!(rig.devices.create_product(product.clone()), Err(DevicesError::InvalidModel(_))));
    assert_eq!(rig.devices.products().len(), 1);
    let made = rig.devices.create_product(NewProduct { model_json: None, ..product }).unwrap();
    assert_eq!(made.id.as_str().len(), 10);
}

#[test]
fn custom_topics_replace_the_default_ones() {
    let rig = Rig::new();
    let (device, devices) = (rig.device(), &rig.devices);
    assert!(devices.may_publish(&device, "DEMOPROD01/dev001/data"));
    assert!(devices.may_subscribe(&device, "DEMOPROD01/dev001/control"));
    assert!(devices.may_publish(&device, "$thing/up/property/DEMOPROD01/dev001"));
    assert!(devices.may_subscribe(&device, "$thing/down/property/DEMOPROD01/dev001"));
    assert!(!devices.may_publish(&device, "$thing/up/property/DEMOPROD01/dev002"));
    assert!(!devices.may_subscribe(&device, "#"));
    let topics = vec![CustomTopic { suffix: "alarm".into(), rights: Rights::Publish }];
    devices.put_custom_topics(&product_id(), topics).unwrap();
    assert!(devices.may_publish(&device, "DEMOPROD01/dev001/alarm"));
    assert!(!devices.may_publish(&device, "DEMOPROD01/dev001/data"));
    let bad = vec![CustomTopic { suffix: "a/#/b".into(), rights: Rights::Both }];
    assert!(matches!(devices.put_custom_topics(&product_id(), bad), Err(DevicesError::Invalid(_))));
    let rig = rig.restart();
    assert!(rig.devices.may_publish(&rig.device(), "DEMOPROD01/dev001/alarm"));
}

#[test]
fn registration_follows_the_products_rule() {
    let mut rig = Rig::new();
    let product = product_id();
    let refused = |rig: &Rig, product: &ProductId, device: &str| {
        rig.devices.register(product, &name(device)).unwrap_err()
    };
    assert_eq!(refused(&rig, &product, "dev001"), RegistrationError::RegistrationOff);
    allow(&rig, DynamicRegistration::Known);
    for _ in 0..2 {
        let enrolled = rig.devices.register(&product, &name("dev001")).unwrap();
        assert!(!enrolled.created);
        assert_eq!(enrolled.device.id, rig.device().id);
    }
    assert_eq!(refused(&rig, &product, "new"), RegistrationError::UnknownDevice);
    let other = ProductId::parse("OTHERPROD1").unwrap();
    assert_eq!(refused(&rig, &other, "dev001"), RegistrationError::UnknownProduct);
    rig.connect();
    let activated = refused(&rig, &product, "dev001");
    assert_eq!((activated.code(), activated.to_string()), (1021, "Device has been activated".to_owned()));
}

#[test]
fn registration_creates_devices_up_to_the_quota_and_counts_on_after_a_restart() {
    let rig = Rig::new();
    allow(&rig, DynamicRegistration::AutoCreate { quota: 2 });
    assert!(rig.devices.register(&product_id(), &name("a")).unwrap().created);
    let rig = rig.restart();
    assert!(rig.devices.register(&product_id(), &name("b")).unwrap().created);
    assert_eq!(
        rig.devices.register(&product_id(), &name("c")).unwrap_err(),
        RegistrationError::QuotaExhausted
    );
    assert!(!rig.devices.register(&product_id(), &name("a")).unwrap().created);
    let a = rig.devices.find(&product_id(), "a").unwrap();
    rig.devices.delete_device(&a).unwrap();
    assert!(rig.devices.register(&product_id(), &name("c")).unwrap().created);
}
