//! Opening the registry, in good and bad circumstances: each failure must say what happened and what to do.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use yizhan_store::{
    AuthMode, AuthorityRow, CertifiedKey, DATABASE_FILE, DynamicRegistration, KEY_FILE, NewDevice, NodeKind,
    OpenError, ProductProfile, ProductRow, Secret, Store, StoreError,
};
use yizhan_vocabulary::{DeviceName, ProductId, UnixMillis};

const DEVICE_SECRET: &str = "lDZ6Uqt+I9E0wW7rvDUs7Q==";
const PRODUCT_SECRET: &str = "hzvf5LF9S0isvBhDSauWMaIk";

fn fill(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    let id = ProductId::parse("DEMOPROD01").unwrap();
    let product = ProductRow {
        id,
        name: "Lamp".into(),
        node: NodeKind::Device,
        auth: AuthMode::Key,
        product_secret: Secret::new(PRODUCT_SECRET),
        dynamic_registration: DynamicRegistration::Off,
        enabled: true,
        model_json: None,
        profile: ProductProfile::default(),
        created_at: UnixMillis(1),
    };
    store.create_product(&product, &[]).unwrap();
    let device = NewDevice {
        product: id,
        name: DeviceName::parse("dev001").unwrap(),
        secret: Secret::new(DEVICE_SECRET),
        auto_created: false,
        nickname: Some("a name in clear".into()),
        created_at: UnixMillis(1),
    };
    store.create_devices(&[device]).unwrap();
    let authority = AuthorityRow {
        ca_certificate: "public ca".into(),
        ca_key: Secret::new("-----BEGIN PRIVATE KEY----- of the ca"),
        server_rsa: CertifiedKey {
            certificate: "public server".into(),
            key: Secret::new("-----BEGIN PRIVATE KEY----- of the server"),
        },
        server_ec: Some(CertifiedKey {
            certificate: "public server, too".into(),
            key: Secret::new("-----BEGIN PRIVATE KEY----- of its other certificate"),
        }),
        server_names: vec![],
    };
    store.set_authority(&authority).unwrap();
    store
}

#[test]
fn looking_changes_nothing_beside_a_running_server_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("with ? and % in its name");
    let running = fill(&dir);
    let looking = Store::open_read_only(&dir).unwrap();
    assert_eq!(looking.integrity().unwrap().devices, 1);
    assert!(matches!(looking.set_setting("a", "1"), Err(StoreError::Unavailable(_))));
    drop((looking, running));
    let listed = || {
        let mut files: Vec<_> = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = listed();
    assert_eq!(Store::open_read_only(&dir).unwrap().integrity().unwrap().problems, Vec::<String>::new());
    assert_eq!(listed(), before);
}

fn refusal(dir: &Path) -> OpenError {
    match Store::open(dir) {
        Ok(_) => panic!("the registry should not open"),
        Err(error) => error,
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Every byte of the registry's files, the write-ahead log included.
fn files(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap() != KEY_FILE {
            bytes.extend(fs::read(path).unwrap());
        }
    }
    bytes
}

#[test]
fn no_secret_is_in_the_files_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    store.backup_to(&dir.path().join("copy.sqlite")).unwrap();
    let secrets = [DEVICE_SECRET, PRODUCT_SECRET, "BEGIN PRIVATE KEY"];
    let while_open = files(dir.path());
    drop(store);
    for bytes in [while_open, files(dir.path())] {
        assert!(contains(&bytes, b"a name in clear"), "the search works");
        for secret in secrets {
            assert!(!contains(&bytes, secret.as_bytes()), "{secret}");
        }
    }
}

#[test]
fn the_files_are_for_their_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    store.backup_to(&dir.path().join("copy.sqlite")).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn without_its_key_file_the_registry_does_not_open_and_makes_no_new_key() {
    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    fs::remove_file(dir.path().join(KEY_FILE)).unwrap();
    for _ in 0..2 {
        let error = refusal(dir.path());
        assert!(matches!(error, OpenError::KeyMissing { .. }), "{error}");
        assert!(error.to_string().contains("backup"));
    }
    assert!(!dir.path().join(KEY_FILE).exists());
}

#[test]
fn the_key_file_of_another_registry_is_told_from_damage() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop((fill(dir.path()), fill(other.path())));
    fs::copy(other.path().join(KEY_FILE), dir.path().join(KEY_FILE)).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::KeyWrong { .. }));
}

#[test]
fn a_key_file_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    let good = fs::read_to_string(dir.path().join(KEY_FILE)).unwrap();
    for text in
        ["", "yizhan-key-1 00", &good[..good.len() - 3], &good.replace("key-1", "key-2"), &good.repeat(9)]
    {
        fs::write(dir.path().join(KEY_FILE), text).unwrap();
        assert!(matches!(refusal(dir.path()), OpenError::KeyMalformed { .. }), "{text:?}");
    }
    fs::write(dir.path().join(KEY_FILE), [0xFF; 80]).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::KeyMalformed { .. }));
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    fs::set_permissions(dir.path().join(KEY_FILE), Permissions::from_mode(0o640)).unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::KeyExposed { mode: 0o640, .. }));
    assert!(error.to_string().contains("chmod 600"));
}

#[test]
fn a_first_start_that_was_cut_off_is_finished_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret.key.new"), "half a ke").unwrap();
    fs::write(dir.path().join(DATABASE_FILE), "").unwrap();
    drop(fill(dir.path()));
    assert!(!dir.path().join("secret.key.new").exists());
    drop(Store::open(dir.path()).unwrap());

    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    for file in [DATABASE_FILE, "registry.sqlite-wal", "registry.sqlite-shm"] {
        let _gone = fs::remove_file(dir.path().join(file));
    }
    drop(fill(dir.path()));
}

#[test]
fn a_registry_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    let file = dir.path().join(DATABASE_FILE);
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 4711).unwrap();
    let before = fs::read(&file).unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::NewerSchema { found: 4711, .. }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn another_programs_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(DATABASE_FILE);
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::Foreign { .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(!dir.path().join(KEY_FILE).exists());
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    drop(fill(dir.path()));
    fs::write(dir.path().join(DATABASE_FILE), "this was a database once. ".repeat(400)).unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn damage_inside_the_file_is_reported_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    assert_eq!(store.integrity().unwrap().problems, Vec::<String>::new());
    drop(store);
    let file = dir.path().join(DATABASE_FILE);
    let good = fs::read(&file).unwrap();
    let (mut refused, mut reported) = (0, 0);
    for page in 1..good.len() / 4096 {
        let mut bad = good.clone();
        bad[page * 4096..(page + 1) * 4096].fill(0x5A);
        fs::write(&file, &bad).unwrap();
        match Store::open(dir.path()) {
            Err(error) => {
                assert!(matches!(error, OpenError::Corrupt { .. } | OpenError::Io { .. }), "{error}");
                refused += 1;
            }
            Ok(store) => {
                let report = store.integrity();
                let clean = report.is_ok_and(|report| report.problems.is_empty());
                assert!(!clean, "page {page} was overwritten unnoticed");
                reported += 1;
            }
        }
    }
    assert!(reported > 0, "{refused} refused, {reported} reported");
}

#[test]
fn a_sealed_secret_moved_to_another_row_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = fill(dir.path());
    let second = NewDevice {
        product: ProductId::parse("DEMOPROD01").unwrap(),
        name: DeviceName::parse("dev002").unwrap(),
        secret: Secret::new("AAAAAAAAAAAAAAAAAAAAAA=="),
        auto_created: false,
        nickname: None,
        created_at: UnixMillis(1),
    };
    store.create_devices(&[second]).unwrap();
    let file = dir.path().join(DATABASE_FILE);
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch(
            "UPDATE devices SET secret_sealed = (SELECT secret_sealed FROM devices WHERE name = 'dev001')",
        )
        .unwrap();
    let problems = store.integrity().unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("devices.secret of DEMOPROD01 dev002"), "{problems:?}");
}

#[test]
fn a_backup_with_its_key_is_a_registry() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fill(dir.path());
    let devices = |store: &Store| {
        let mut devices = Vec::new();
        store.each_device(|device| devices.push(device)).unwrap();
        devices
    };
    let id = devices(&store)[0].id;
    store.delete_devices(&[id]).unwrap();
    let copy = other.path().join(DATABASE_FILE);
    store.backup_to(&copy).unwrap();
    assert!(matches!(store.backup_to(&copy), Err(StoreError::Conflict(_))));
    let nowhere = other.path().join("no/such/dir");
    assert!(matches!(store.backup_to(&nowhere), Err(StoreError::Unavailable(_))));
    assert!(matches!(refusal(other.path()), OpenError::KeyMissing { .. }));
    fs::copy(dir.path().join(KEY_FILE), other.path().join(KEY_FILE)).unwrap();
    let restored = Store::open(other.path()).unwrap();
    assert_eq!(restored.products().unwrap(), store.products().unwrap());
    assert_eq!(restored.integrity().unwrap().problems, Vec::<String>::new());
    let again = NewDevice {
        product: ProductId::parse("DEMOPROD01").unwrap(),
        name: DeviceName::parse("dev001").unwrap(),
        secret: Secret::new(DEVICE_SECRET),
        auto_created: false,
        nickname: None,
        created_at: UnixMillis(1),
    };
    let number = restored.create_devices(&[again]).unwrap()[0];
    assert!(number > id, "numbers are not used again after a restore either");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    // Run as root, permissions do not hold; a file in place of the directory stands in for them then.
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    drop(fill(&data));
    fs::set_permissions(&data, Permissions::from_mode(0o500)).unwrap();
    let bound_by_permissions = fs::write(data.join("probe"), "").is_err();
    if bound_by_permissions {
        let error = refusal(&data);
        assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
        assert!(error.to_string().contains("write access"));
    }
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(refusal(&file), OpenError::Io { .. }));
}
