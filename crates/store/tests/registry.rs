//! The registry as its users see it: what goes in comes out, after a restart too.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::path::Path;

use yizhan_store::{
    ApiToken, AuthMode, AuthorityRow, CertificateRow, CertifiedKey, CustomTopic, DynamicRegistration,
    EndingCertificates, IgnoredAttention, ModelOrigin, ModelSaving, MqttUser, NewDevice, NodeKind,
    ProductChange, ProductDay, ProductProfile, ProductRow, Secret, Store, StoreError, Tag,
};
use yizhan_vocabulary::topics::Rights;
use yizhan_vocabulary::{DeviceId, DeviceName, ProductId, Uin, UnixMillis};

fn product_id() -> ProductId {
    ProductId::parse("DEMOPROD01").unwrap()
}

fn product() -> ProductRow {
    ProductRow {
        id: product_id(),
        name: "Lamp".into(),
        node: NodeKind::Gateway,
        auth: AuthMode::Key,
        product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
        dynamic_registration: DynamicRegistration::AutoCreate { quota: 7 },
        enabled: true,
        model_json: None,
        profile: ProductProfile::default(),
        created_at: UnixMillis(1_700_000_000_000),
    }
}

fn saving() -> ModelSaving {
    ModelSaving { origin: ModelOrigin::Changed, account: None, at: UnixMillis(6) }
}

fn new_device(name: &str) -> NewDevice {
    NewDevice {
        product: product_id(),
        name: DeviceName::parse(name).unwrap(),
        secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
        auto_created: false,
        nickname: None,
        created_at: UnixMillis(5),
    }
}

fn store_with_product(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.create_product(&product(), &[]).unwrap();
    store
}

fn names(store: &Store) -> Vec<String> {
    let mut names = Vec::new();
    store.each_device(|device| names.push(device.name.to_string())).unwrap();
    names
}

#[test]
fn a_product_comes_back_after_a_restart_with_its_default_topics() {
    let dir = tempfile::tempdir().unwrap();
    drop(store_with_product(dir.path()));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.products().unwrap(), [product()]);
    let topics = store.custom_topics(&product_id()).unwrap();
    let expected = [("control", Rights::Subscribe), ("data", Rights::Both), ("event", Rights::Publish)];
    assert_eq!(topics, expected.map(|(suffix, rights)| CustomTopic { suffix: suffix.into(), rights }));
}

#[test]
fn a_product_changes_only_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let change = ProductChange { enabled: Some(false), ..ProductChange::default() };
    store.change_product(&product_id(), &change).unwrap();
    assert_eq!(store.product(&product_id()).unwrap(), Some(ProductRow { enabled: false, ..product() }));
    let change = ProductChange {
        profile: Some(ProductProfile { net_type: "wifi".into(), ..ProductProfile::default() }),
        name: Some("Lantern".into()),
        product_secret: Some(Secret::new("another-product-secret-x")),
        dynamic_registration: Some(DynamicRegistration::Off),
        enabled: None,
    };
    store.change_product(&product_id(), &change).unwrap();
    let changed = store.product(&product_id()).unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.enabled), ("Lantern", false));
    assert_eq!(changed.product_secret.expose(), "another-product-secret-x");
    assert_eq!(changed.dynamic_registration, DynamicRegistration::Off);
}

#[test]
fn a_product_is_created_once_and_deleted_only_without_devices() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    assert!(matches!(store.create_product(&product(), &[]), Err(StoreError::Conflict(_))));
    let devices = store.create_devices(&[new_device("dev001")]).unwrap();
    assert!(matches!(store.delete_product(&product_id()), Err(StoreError::Conflict(_))));
    store.delete_devices(&devices).unwrap();
    store.set_model(&product_id(), Some("{}"), &[("power_switch", 1)], &saving()).unwrap();
    store.delete_product(&product_id()).unwrap();
    assert!(store.product(&product_id()).unwrap().is_none());
    assert!(store.property_numbers(&product_id()).unwrap().is_empty());
    assert!(matches!(store.delete_product(&product_id()), Err(StoreError::NotFound(_))));
}

#[test]
fn a_property_keeps_its_number_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    store
        .set_model(&product_id(), Some("{\"v\":1}"), &[("power_switch", 1), ("color", 2)], &saving())
        .unwrap();
    store.set_model(&product_id(), Some("{\"v\":2}"), &[("color", 2), ("brightness", 3)], &saving()).unwrap();
    let numbers = store.property_numbers(&product_id()).unwrap();
    assert_eq!(numbers, [("power_switch".into(), 1), ("color".into(), 2), ("brightness".into(), 3)]);

    for contradiction in [[("color", 9)], [("new_one", 1)]] {
        let refused = store.set_model(&product_id(), Some("{\"v\":3}"), &contradiction, &saving());
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }
    assert_eq!(store.product(&product_id()).unwrap().unwrap().model_json.as_deref(), Some("{\"v\":2}"));
    assert_eq!(store.property_numbers(&product_id()).unwrap().len(), 3);
}

#[test]
fn custom_topics_are_replaced_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let topics = [CustomTopic { suffix: "sensors/+/raw".into(), rights: Rights::Publish }];
    store.set_custom_topics(&product_id(), &topics).unwrap();
    assert_eq!(store.custom_topics(&product_id()).unwrap(), topics);
    let twice = [topics[0].clone(), topics[0].clone()];
    assert!(matches!(store.set_custom_topics(&product_id(), &twice), Err(StoreError::Conflict(_))));
    assert_eq!(store.custom_topics(&product_id()).unwrap(), topics);
    let nobody = ProductId::parse("NOSUCHPROD").unwrap();
    assert!(matches!(store.set_custom_topics(&nobody, &[]), Err(StoreError::NotFound(_))));
}

#[test]
fn a_batch_of_devices_is_created_all_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let ids = store.create_devices(&[new_device("dev001"), new_device("dev002")]).unwrap();
    assert_eq!(ids, [DeviceId(1), DeviceId(2)]);
    let refused = store.create_devices(&[new_device("dev003"), new_device("dev002")]);
    let text = "device dev002 of product DEMOPROD01 exists already".to_owned();
    assert_eq!(refused, Err(StoreError::Conflict(text)));
    assert_eq!(names(&store), ["dev001", "dev002"]);
    let orphan = NewDevice { product: ProductId::parse("NOSUCHPROD").unwrap(), ..new_device("dev009") };
    let refused = store.create_devices(&[orphan]);
    assert_eq!(refused, Err(StoreError::NotFound("product NOSUCHPROD".into())));
}

#[test]
fn a_device_number_is_never_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let first = store.create_devices(&[new_device("dev001"), new_device("dev002")]).unwrap();
    store.delete_devices(&first).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.create_devices(&[new_device("dev001")]).unwrap(), [DeviceId(3)]);
    let refused = store.delete_devices(&[DeviceId(3), DeviceId(99)]);
    assert_eq!(refused, Err(StoreError::NotFound("device number 99".into())));
    assert_eq!(names(&store), ["dev001"]);
}

#[test]
fn numbers_that_are_skipped_are_never_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    assert!(store.skip_device_numbers(DeviceId(7)).unwrap());
    assert!(!store.skip_device_numbers(DeviceId(5)).unwrap());
    assert_eq!(store.create_devices(&[new_device("dev001")]).unwrap(), [DeviceId(8)]);
    assert!(!store.skip_device_numbers(DeviceId(8)).unwrap());
    assert!(store.skip_device_numbers(DeviceId(20)).unwrap());
    let copy = tempfile::tempdir().unwrap();
    store.backup_to(&copy.path().join("registry.sqlite")).unwrap();
    std::fs::copy(dir.path().join("secret.key"), copy.path().join("secret.key")).unwrap();
    for store in [store, Store::open(copy.path()).unwrap()] {
        assert_eq!(store.create_devices(&[new_device("dev002")]).unwrap(), [DeviceId(21)]);
    }
}

#[test]
fn a_device_changes_field_by_field() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let id = store.create_devices(&[new_device("dev001")]).unwrap()[0];
    let name = DeviceName::parse("dev001").unwrap();
    store.set_device_enabled(id, false).unwrap();
    store.set_device_secret(id, &Secret::new("AAAAAAAAAAAAAAAAAAAAAA==")).unwrap();
    store.mark_activated(&[(id, UnixMillis(10)), (DeviceId(77), UnixMillis(10))]).unwrap();
    store.mark_activated(&[(id, UnixMillis(20))]).unwrap();
    let device = store.device(&product_id(), &name).unwrap().unwrap();
    assert_eq!((device.id, device.enabled), (id, false));
    assert_eq!(device.secret.expose(), "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(device.activated_at, Some(UnixMillis(10)));
    let missing = Err(StoreError::NotFound("device number 77".into()));
    assert_eq!(store.set_device_enabled(DeviceId(77), true), missing);
    assert_eq!(store.set_device_secret(DeviceId(77), &Secret::new("x")), missing);
    assert!(store.set_device_enabled(DeviceId(u64::MAX), true).is_err());
}

#[test]
fn a_device_shows_its_newest_certificate_that_was_not_withdrawn() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let id = store.create_devices(&[new_device("dev001")]).unwrap()[0];
    let certificate = |mark: u8| CertificateRow {
        fingerprint: [mark; 32],
        device: id,
        serial: format!("{mark:02x}"),
        certificate: vec![mark; 10],
        not_before: UnixMillis(0),
        not_after: UnixMillis(i64::from(mark)),
        revoked_at: None,
    };
    let shown =
        || store.device(&product_id(), &DeviceName::parse("dev001").unwrap()).unwrap().unwrap().certificate;
    assert_eq!(shown(), None);
    store.add_certificate(&certificate(1)).unwrap();
    store.add_certificate(&certificate(2)).unwrap();
    assert!(matches!(store.add_certificate(&certificate(2)), Err(StoreError::Conflict(_))));
    assert_eq!(shown(), Some([2; 32]));
    assert_eq!(store.revoke_certificates_of(id, UnixMillis(50)).unwrap(), 2);
    assert_eq!(shown(), None);
    store.add_certificate(&certificate(3)).unwrap();
    assert_eq!(shown(), Some([3; 32]));
    assert_eq!(store.revoke_certificates_of(id, UnixMillis(70)).unwrap(), 1);
    let mut all = Vec::new();
    store.each_certificate(|certificate| all.push(certificate)).unwrap();
    let revoked = |mark, at| CertificateRow { revoked_at: Some(UnixMillis(at)), ..certificate(mark) };
    assert_eq!(all, [revoked(1, 50), revoked(2, 50), revoked(3, 70)]);

    store.delete_devices(&[id]).unwrap();
    store.each_certificate(|_| panic!("a deleted device's certificates go with it")).unwrap();
    assert!(matches!(store.add_certificate(&certificate(3)), Err(StoreError::NotFound(_))));
}

#[test]
fn users_and_tokens_are_kept_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let user = MqttUser {
        name: "backend".into(),
        salt: [1; 16],
        password_hash: [2; 32],
        publish: vec!["a/#".into()],
        subscribe: vec!["#".into(), "b/+".into()],
        created_at: UnixMillis(1),
    };
    store.create_mqtt_user(&user).unwrap();
    assert!(matches!(store.create_mqtt_user(&user), Err(StoreError::Conflict(_))));
    assert_eq!(store.mqtt_users().unwrap(), std::slice::from_ref(&user));
    store.delete_mqtt_user("backend").unwrap();
    assert!(matches!(store.delete_mqtt_user("backend"), Err(StoreError::NotFound(_))));

    let token = ApiToken { name: "ci".into(), hash: [3; 32], created_at: UnixMillis(1), last_used_at: None };
    store.create_token(&token).unwrap();
    assert!(matches!(store.create_token(&token), Err(StoreError::Conflict(_))));
    store.touch_token("ci", UnixMillis(9)).unwrap();
    assert_eq!(store.tokens().unwrap(), [ApiToken { last_used_at: Some(UnixMillis(9)), ..token }]);
    store.delete_token("ci").unwrap();
    assert!(store.tokens().unwrap().is_empty());
    assert!(matches!(store.touch_token("ci", UnixMillis(9)), Err(StoreError::NotFound(_))));
}

#[test]
fn the_authority_and_settings_are_replaced_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.authority().unwrap(), None);
    let mut row = AuthorityRow {
        ca_certificate: "ca".into(),
        ca_key: Secret::new("ca key"),
        server_rsa: CertifiedKey { certificate: "rsa".into(), key: Secret::new("rsa key") },
        server_ec: None,
        server_names: vec!["localhost".into(), "127.0.0.1".into()],
    };
    store.set_authority(&row).unwrap();
    assert_eq!(store.authority().unwrap().as_ref(), Some(&row));
    row.server_rsa.certificate = "renewed".into();
    row.server_ec = Some(CertifiedKey { certificate: "ec".into(), key: Secret::new("ec key") });
    store.set_authority(&row).unwrap();
    assert_eq!(store.authority().unwrap(), Some(row));

    store.set_setting("a", "1").unwrap();
    store.set_setting("a", "2").unwrap();
    assert_eq!(store.setting("a").unwrap().as_deref(), Some("2"));
    assert_eq!(store.setting("b").unwrap(), None);
}

#[test]
fn a_store_is_shared_between_threads() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for count in 0..10 {
                    store.create_devices(&[new_device(&format!("dev-{worker}-{count}"))]).unwrap();
                    assert!(names(store).len() > count);
                }
            });
        }
    });
    assert_eq!(names(&store).len(), 40);
}

#[test]
fn ten_thousand_devices_are_one_quick_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let batch: Vec<_> = (0..10_000).map(|number| new_device(&format!("dev-{number:05}"))).collect();
    let began = std::time::Instant::now();
    let ids = store.create_devices(&batch).unwrap();
    let created = began.elapsed();
    assert_eq!((ids[0], ids[9_999]), (DeviceId(1), DeviceId(10_000)));

    let began = std::time::Instant::now();
    let mut next = 0;
    store
        .each_device(|device| {
            assert_eq!((device.id, &device.name), (ids[next], &batch[next].name));
            assert_eq!(device.secret, batch[next].secret);
            next += 1;
        })
        .unwrap();
    let read = began.elapsed();
    assert_eq!(next, 10_000);
    println!("created in {created:?}, read back in {read:?}");
    // Without optimisation, on a busy machine, times say nothing.
    if !cfg!(debug_assertions) {
        assert!(created.as_millis() < 2000 && read.as_millis() < 200, "{created:?}, {read:?}");
    }
}

#[test]
fn tags_and_log_levels_are_replaced_as_a_whole_and_go_with_their_subject() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let device = store.create_devices(&[new_device("a")]).unwrap()[0];
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    store.set_device_tags(device, &[tag("room", "hall"), tag("floor", "1")]).unwrap();
    store.set_device_tags(device, &[tag("room", "attic")]).unwrap();
    store.set_product_tags(&product_id(), &[tag("line", "A")]).unwrap();
    store.set_device_log_level(device, 4).unwrap();
    let mut found = Vec::new();
    store.each_device_tag(|device, tag| found.push((device, tag))).unwrap();
    assert_eq!(found, [(device, tag("room", "attic"))]);
    assert_eq!(store.product_tags().unwrap(), [(product_id(), tag("line", "A"))]);
    assert_eq!(store.device_log_levels().unwrap(), [(device, 4)]);
    assert!(matches!(store.set_device_tags(DeviceId(99), &[]), Err(StoreError::NotFound(_))));
    store.delete_devices(&[device]).unwrap();
    store.each_device_tag(|_, _| panic!("the tags of a deleted device are gone")).unwrap();
    store.set_product_tags(&product_id(), &[]).unwrap();
    assert!(store.product_tags().unwrap().is_empty());
}

#[test]
fn counts_of_a_day_are_added_up_and_go_with_their_product() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let row = |day, messages_up, online_peak| ProductDay {
        product: product_id(),
        day,
        messages_up,
        messages_down: 1,
        failed_up: 0,
        failed_down: 0,
        time_requests: 0,
        registered: 0,
        activated: 0,
        active: 2,
        online_peak,
    };
    let stranger = ProductDay { product: ProductId::parse("OTHERPROD1").unwrap(), ..row(5, 1, 1) };
    store.add_product_days(&[row(5, 3, 9), row(6, 1, 1), stranger]).unwrap();
    store.add_product_days(&[row(5, 4, 7)]).unwrap();
    let found = store.product_days(&[product_id()], 5, 5).unwrap();
    assert_eq!(found, [ProductDay { messages_down: 2, active: 4, ..row(5, 7, 9) }]);
    assert_eq!(store.last_statistics_day().unwrap(), Some(6));
    store.drop_product_days(6).unwrap();
    assert_eq!(store.product_days(&[product_id()], 0, 99).unwrap(), [row(6, 1, 1)]);
    store.delete_product(&product_id()).unwrap();
    assert_eq!(store.last_statistics_day().unwrap(), None);
}

#[test]
fn a_device_counts_as_ending_only_when_no_certificate_of_it_holds_longer() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_with_product(dir.path());
    let devices = store.create_devices(&["a", "b", "c"].map(new_device)).unwrap();
    let certificate = |mark: u8, device: DeviceId, end: i64| CertificateRow {
        fingerprint: [mark; 32],
        device,
        serial: format!("{mark:02x}"),
        certificate: vec![mark; 10],
        not_before: UnixMillis(1),
        not_after: UnixMillis(end),
        revoked_at: None,
    };
    let [a, b, c] = [0, 1, 2].map(|index: usize| devices[index]);
    for (mark, device, end) in [(1, a, 40), (2, b, 30), (3, b, 900), (4, c, 20), (5, c, 60)] {
        store.add_certificate(&certificate(mark, device, end)).unwrap();
    }
    let ending = |devices, first| {
        vec![EndingCertificates { product: product_id(), devices, first: UnixMillis(first) }]
    };
    assert_eq!(store.certificates_ending_before(UnixMillis(41)).unwrap(), ending(1, 40));
    assert_eq!(store.certificates_ending_before(UnixMillis(61)).unwrap(), ending(2, 40));
    assert_eq!(store.revoke_certificates_of(a, UnixMillis(5)).unwrap(), 1);
    assert_eq!(store.certificates_ending_before(UnixMillis(61)).unwrap(), ending(1, 60));
    assert_eq!(store.certificates_ending_before(UnixMillis(20)).unwrap(), []);
}

#[test]
fn what_is_ignored_stays_so_only_while_it_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let ignored = |id: &str, at: i64| IgnoredAttention { id: id.into(), by: Uin(7), at: UnixMillis(at) };
    let ids = |store: &Store| -> Vec<String> {
        let rows = store.ignored_attention(Uin::FIRST).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    store.ignore_attention(Uin::FIRST, &ignored("disk", 1), &["disk", "key:a"]).unwrap();
    store.ignore_attention(Uin::FIRST, &ignored("key:a", 2), &["disk", "key:a"]).unwrap();
    assert_eq!(ids(&store), ["disk", "key:a"]);
    store.ignore_attention(Uin::FIRST, &ignored("key:a", 3), &["key:a"]).unwrap();
    assert_eq!(store.ignored_attention(Uin::FIRST).unwrap(), [ignored("key:a", 3)]);
    assert!(store.unignore_attention(Uin::FIRST, "key:a").unwrap());
    assert!(!store.unignore_attention(Uin::FIRST, "key:a").unwrap());
    assert!(ids(&store).is_empty());
}
