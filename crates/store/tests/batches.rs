//! Batches in the registry: the rows tell at any moment what is left to do, and nothing is made twice.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::path::Path;

use yizhan_store::{
    AuthMode, BatchBurn, BatchNaming, BatchState, BatchStep, CertificateRow, DynamicRegistration, NewBatch,
    NewDevice, NodeKind, PlannedDevice, ProductRow, Secret, Store, StoreError,
};
use yizhan_vocabulary::{DeviceName, ProductId, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_795_220_173_000);

fn product_id() -> ProductId {
    ProductId::parse("DEMOPROD01").unwrap()
}

fn store(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    let product = ProductRow {
        id: product_id(),
        name: "Lamp".into(),
        node: NodeKind::Device,
        auth: AuthMode::Key,
        product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
        dynamic_registration: DynamicRegistration::Off,
        enabled: true,
        model_json: None,
        profile: yizhan_store::ProductProfile::default(),
        created_at: NOW,
    };
    store.create_product(&product, &[]).unwrap();
    store
}

fn batch(id: &str) -> NewBatch {
    NewBatch {
        id: id.into(),
        product: product_id(),
        creator: 100_000_000_001,
        burn: BatchBurn::Direct,
        naming: BatchNaming::Uploaded,
        upload_url: "http://example.org/names.csv".into(),
        prefix: String::new(),
        qr_codes: true,
        created_at: NOW,
    }
}

fn planned(names: &[&str]) -> Vec<PlannedDevice> {
    let plan = |name: &&str| PlannedDevice {
        name: (*name).into(),
        problem: name.contains(' ').then(|| "not a name".to_owned()),
    };
    names.iter().map(plan).collect()
}

fn device(name: &str) -> NewDevice {
    NewDevice {
        product: product_id(),
        name: DeviceName::parse(name).unwrap(),
        secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
        auto_created: false,
        nickname: None,
        created_at: NOW,
    }
}

#[test]
fn a_batch_goes_on_where_it_stood_when_the_registry_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path());
    let number = first.create_batch(&batch("LC-1"), &planned(&["a", "b c", "d", "e"])).unwrap();
    let step = BatchStep { devices: vec![(0, device("a"))], refused: vec![(2, "taken".into())] };
    assert_eq!(first.make_batch_devices(number, &step, NOW).unwrap().len(), 1);
    drop(first);
    let store = Store::open(dir.path()).unwrap();
    let next = store.next_batch().unwrap().unwrap();
    assert_eq!((next.id.as_str(), next.state), ("LC-1", BatchState::Running));
    assert_eq!((next.wanted, next.made, next.refused), (4, 1, 2));
    assert_eq!(store.waiting_batch_rows(number, 10).unwrap(), [(3, "e".to_owned())]);
    store.finish_batch(number, "normal device license limit", NOW).unwrap();
    let done = store.batch("LC-1").unwrap().unwrap();
    assert_eq!((done.state, done.made, done.refused), (BatchState::Done, 1, 3));
    assert_eq!(done.failure, "normal device license limit");
    assert_eq!(store.next_batch().unwrap(), None);
    let rows = store.batch_devices(number).unwrap();
    let problems: Vec<_> = rows.iter().map(|row| (row.made, row.problem.as_str())).collect();
    let limit = "normal device license limit";
    assert_eq!(problems, [(true, ""), (false, "not a name"), (false, "taken"), (false, limit)]);
}

#[test]
fn a_place_is_filled_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let number = store.create_batch(&batch("LC-1"), &planned(&["a", "b"])).unwrap();
    let step = |name: &str| BatchStep { devices: vec![(0, device(name))], refused: Vec::new() };
    store.make_batch_devices(number, &step("a"), NOW).unwrap();
    let again = store.make_batch_devices(number, &step("x"), NOW);
    assert!(matches!(again, Err(StoreError::NotFound(_))), "{again:?}");
    assert!(store.device(&product_id(), &DeviceName::parse("x").unwrap()).unwrap().is_none());
    store.finish_batch(number, "", NOW).unwrap();
    let late = BatchStep { devices: vec![(1, device("b"))], refused: Vec::new() };
    assert!(store.make_batch_devices(number, &late, NOW).is_err());
}

#[test]
fn a_product_has_one_unfinished_batch_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let number = store.create_batch(&batch("LC-1"), &planned(&["a"])).unwrap();
    let second = store.create_batch(&batch("LC-2"), &planned(&["b"]));
    assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
    store.finish_batch(number, "", NOW).unwrap();
    store.create_batch(&batch("LC-2"), &planned(&["b"])).unwrap();
    let (page, total) = store.batches(&[product_id()], 0, 1).unwrap();
    assert_eq!((page[0].id.as_str(), total), ("LC-2", 2));
    let (page, total) = store.batches(&[product_id()], 1, 10).unwrap();
    assert_eq!((page.len(), page[0].id.as_str(), total), (1, "LC-1", 2));
    assert_eq!(store.batches(&[], 0, 10).unwrap(), (Vec::new(), 0));
}

#[test]
fn the_private_key_of_a_batch_is_sealed_and_goes_with_its_device() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let number = store.create_batch(&batch("LC-1"), &planned(&["a"])).unwrap();
    let step = BatchStep { devices: vec![(0, device("a"))], refused: Vec::new() };
    let made = store.make_batch_devices(number, &step, NOW).unwrap()[0];
    assert_eq!(store.batch_rows_without_certificate(number, 10).unwrap(), [(0, made)]);
    let row = CertificateRow {
        fingerprint: [7; 32],
        device: made,
        serial: "01".into(),
        certificate: vec![1, 2, 3],
        not_before: NOW,
        not_after: NOW.plus_ms(1000),
        revoked_at: None,
    };
    let entry = store.batch("LC-1").unwrap().unwrap();
    let key = Secret::new("-----BEGIN RSA PRIVATE KEY-----");
    store.add_batch_certificate(&entry, 0, "a", &row, &key, NOW).unwrap();
    assert_eq!(store.batch_rows_without_certificate(number, 10).unwrap(), []);
    assert_eq!(store.batch_credentials(made).unwrap(), Some((vec![1, 2, 3], key)));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"PRIVATE KEY"));
    }
    store.revoke_certificates_of(made, NOW).unwrap();
    assert_eq!(store.batch_credentials(made).unwrap(), None);
    store.delete_devices(&[made]).unwrap();
    let rows = store.batch_devices(number).unwrap();
    assert_eq!((rows[0].made, rows[0].device), (true, None));
}

#[test]
fn a_key_of_the_installation_stays_the_same_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let key = store.installation_key("urls", NOW).unwrap();
    assert_eq!(store.installation_key("urls", NOW).unwrap(), key);
    assert_ne!(store.installation_key("bindings", NOW).unwrap(), key);
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().installation_key("urls", NOW).unwrap(), key);
}
