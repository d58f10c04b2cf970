//! Batches: what they make, what they cannot make, what is left after a crash, and what the factory is given.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use yizhan_devices::batches::{BatchError, BatchNames, BatchParts, BatchRequest, Batches};
use yizhan_devices::{
    AuthMode, CertificateDirectory, DevicesConfig, DevicesError, DynamicRegistration, NewProduct, NodeKind,
};
use yizhan_identity::BindingSigner;
use yizhan_identity::authority::Authority;
use yizhan_store::{BatchBurn, BatchRow, BatchState, ProductProfile};
use yizhan_vocabulary::{Clock, ProductId};

use crate::rig::{Rig, product_id};

struct Factory {
    batches: Batches,
    certificates: Arc<CertificateDirectory>,
    authority: Authority,
    bindings: Arc<BindingSigner>,
}

impl Factory {
    fn of(rig: &Rig) -> Self {
        let certificates = Arc::new(CertificateDirectory::load(rig.store()).unwrap());
        let bindings = Arc::new(BindingSigner::new(&[7; 32]));
        let batches = Batches::new(BatchParts {
            devices: rig.devices.clone(),
            store: rig.store(),
            certificates: Arc::clone(&certificates),
            bindings: Arc::clone(&bindings),
            clock: Arc::clone(&rig.clock) as Arc<dyn Clock>,
        });
        Self { batches, certificates, authority: Authority::create(rig.clock.now()).unwrap(), bindings }
    }

    fn create(&self, names: BatchNames) -> Result<BatchRow, BatchError> {
        self.batches.create(request(product_id(), names))
    }

    fn finish(&self, batch: &BatchRow) -> BatchRow {
        while self.batches.step(&self.authority).unwrap() {}
        self.batches.batch(&batch.id).unwrap()
    }

    fn csv(&self, batch: &BatchRow) -> Vec<Vec<String>> {
        let bytes = self.batches.result_csv(batch).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
    }
}

fn request(product: ProductId, names: BatchNames) -> BatchRequest {
    BatchRequest {
        product,
        creator: 100_000_000_001,
        burn: BatchBurn::Direct,
        names,
        qr_codes: true,
        published_only: false,
    }
}

fn uploaded(names: &[&str]) -> BatchNames {
    let names = names.iter().map(ToString::to_string).collect();
    BatchNames::Uploaded { url: "http://example.org/names.csv".into(), names }
}

#[test]
fn an_uploaded_batch_makes_what_it_can_and_says_what_it_cannot() {
    let rig = Rig::new();
    let factory = Factory::of(&rig);
    let batch = factory.create(uploaded(&["a-1", "=cmd()", "dev001", "a-1", "a-2"])).unwrap();
    assert_eq!((batch.state, batch.wanted, batch.made), (BatchState::Created, 5, 0));
    let done = factory.finish(&batch);
    assert_eq!((done.state, done.made, done.refused), (BatchState::Done, 2, 3));
    assert!(done.failure.starts_with("3 of 5 devices were not made"), "{}", done.failure);
    let rows = factory.csv(&done);
    assert_eq!(rows[0], ["ProductId", "DeviceName", "DevicePsk", "QR-code", "Error"]);
    let device = rig.devices.find(&product_id(), "a-1").unwrap();
    assert_eq!(rows[1][1..3], ["a-1", device.secret().unwrap().as_text()]);
    let code: serde_json::Value = serde_json::from_str(&rows[1][3]).unwrap();
    assert_eq!((&code["ProductId"], &code["DeviceName"]), (&"DEMOPROD01".into(), &"a-1".into()));
    let signature = code["Signature"].as_str().unwrap();
    assert_eq!(factory.bindings.open(signature, rig.clock.now()), Ok(device.id));
    assert_eq!(rows[2][1..3], ["'=cmd()", ""]);
    assert_eq!(rows[3][4], "the product has a device with this name already");
    assert_eq!(rows[4][4], "the name stands in row 1 already");
    rig.devices.delete_device(&device).unwrap();
    assert_eq!(factory.csv(&done)[1], ["DEMOPROD01", "a-1", "", "", "the device was deleted"]);
}

#[test]
fn a_batch_goes_on_after_a_crash_and_makes_each_device_once() {
    let rig = Rig::new();
    let factory = Factory::of(&rig);
    let batch = factory.create(BatchNames::Generated(450)).unwrap();
    assert!(factory.batches.step(&factory.authority).unwrap());
    let halfway = factory.batches.batch(&batch.id).unwrap();
    assert_eq!((halfway.state, halfway.made), (BatchState::Running, 200));
    drop(factory);
    let rig = rig.crash();
    let factory = Factory::of(&rig);
    let done = factory.finish(&halfway);
    assert_eq!((done.state, done.made, done.failure.as_str()), (BatchState::Done, 450, ""));
    // And the rig's own one.
    assert_eq!(rig.devices.device_count(), 451);
    assert!(!factory.batches.step(&factory.authority).unwrap());
}

#[test]
fn batches_are_bounded_and_one_of_a_product_runs_at_a_time() {
    let rig = Rig::with(DevicesConfig { max_batch_creation: 3, max_devices: 5, ..DevicesConfig::default() });
    let factory = Factory::of(&rig);
    let many = factory.create(BatchNames::Generated(4));
    assert!(matches!(many, Err(BatchError::TooMany(3))), "{many:?}");
    assert!(matches!(factory.create(uploaded(&[])), Err(BatchError::Empty)));
    let prefix = BatchNames::Prefixed { prefix: "no good".into(), count: 1 };
    assert!(matches!(factory.create(prefix), Err(BatchError::Devices(DevicesError::Invalid(_)))));
    let first = factory.create(BatchNames::Prefixed { prefix: "lamp_".into(), count: 3 }).unwrap();
    assert!(matches!(factory.create(uploaded(&["x"])), Err(BatchError::Running(_))));
    assert_eq!(factory.finish(&first).made, 3);
    assert!(rig.devices.find(&product_id(), "lamp_0003").is_some());
    // The installation is full after one more; what a step makes is all or nothing.
    let second = factory.create(uploaded(&["x", "y"])).unwrap();
    let done = factory.finish(&second);
    assert_eq!((done.state, done.made, done.refused), (BatchState::Done, 0, 2));
    assert_eq!(done.failure, "this installation may hold 5 devices");
    assert_eq!(factory.batches.list(&[product_id()], 0, 10).unwrap().1, 2);
}

#[test]
fn the_devices_of_a_certificate_product_get_certificates_that_count() {
    let rig = Rig::new();
    let id = ProductId::parse("CERTPROD01").unwrap();
    rig.devices
        .create_product(NewProduct {
            id: Some(id),
            name: "lock".into(),
            node: NodeKind::Device,
            auth: AuthMode::Certificate,
            dynamic_registration: DynamicRegistration::Off,
            model_json: None,
            profile: ProductProfile::default(),
        })
        .unwrap();
    let factory = Factory::of(&rig);
    let batch = factory.batches.create(request(id, uploaded(&["a", "b"]))).unwrap();
    let done = factory.finish(&batch);
    assert_eq!((done.state, done.made), (BatchState::Done, 2));
    let rows = factory.csv(&done);
    assert_eq!(rows[0], ["ProductId", "DeviceName", "DeviceCert", "DevicePrivateKey", "QR-code", "Error"]);
    let certificate = openssl::x509::X509::from_pem(rows[1][2].as_bytes()).unwrap();
    let key = openssl::pkey::PKey::private_key_from_pem(rows[1][3].as_bytes()).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&key));
    let device = rig.devices.find(&id, "a").unwrap();
    let digest = certificate.digest(openssl::hash::MessageDigest::sha256()).unwrap();
    let fingerprint = digest.as_ref().try_into().unwrap();
    assert_eq!(factory.certificates.check(device.id, &fingerprint, rig.clock.now()), Ok(()));
}

#[test]
fn the_archive_holds_a_picture_of_each_device() {
    let rig = Rig::new();
    let factory = Factory::of(&rig);
    let batch = factory.create(uploaded(&["a:1", "b", "not a name"])).unwrap();
    let done = factory.finish(&batch);
    let bytes = factory.batches.result_pictures(&done).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    assert_eq!(names, [format!("{}.csv", done.id), "qrcodes/a%3A1.svg".into(), "qrcodes/b.svg".into()]);
    let mut picture = String::new();
    archive.by_name("qrcodes/b.svg").unwrap().read_to_string(&mut picture).unwrap();
    assert!(picture.starts_with("<svg "), "{picture}");
}

#[test]
fn whoever_waits_for_work_is_woken_by_a_new_batch() {
    let rig = Rig::new();
    let factory = Factory::of(&rig);
    // What the last run may have left counts as news.
    factory.batches.wait(Duration::from_secs(60));
    let batches = factory.batches.clone();
    let waiting = std::thread::Builder::new()
        .name("waiting".to_owned())
        .spawn(move || batches.wait(Duration::from_secs(60)))
        .unwrap();
    factory.create(BatchNames::Generated(1)).unwrap();
    waiting.join().unwrap();
}
