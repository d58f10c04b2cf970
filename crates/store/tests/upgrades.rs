//! Registries written by released versions open in this one, with everything in them, and end up with the same
//! schema as a new one. Each schema version that was released has a fixture, `tests/fixtures/version-N.sql`, made when it
//! was released and never changed; `version-N.key` is its key file.
//!
//! To make the fixture of a new version, run the ignored test `write_the_fixture_of_this_version`.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use yizhan_store::{
    ApiToken, AuthMode, AuthorityRow, CertificateRow, CertifiedKey, CustomTopic, DATABASE_FILE, DeviceRow,
    DynamicRegistration, KEY_FILE, ModelOrigin, ModelSaving, MqttUser, NewDevice, NodeKind, ProductProfile,
    ProductRow, Secret, Store,
};
use yizhan_vocabulary::topics::Rights;
use yizhan_vocabulary::{DeviceId, DeviceName, ProductId, UnixMillis};

/// The versions that were released, each with its fixture; those between were steps on the way to the next.
const RELEASED: &[u32] = &[1, 2, 8];
/// The one that this program writes.
const NEWEST: u32 = RELEASED[RELEASED.len() - 1];

fn fixture(version: u32, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/version-{version}.{ending}"))
}

/// Puts the registry of a fixture into `dir`.
fn restore(version: u32, dir: &Path) {
    let sql = fs::read_to_string(fixture(version, "sql")).unwrap();
    let connection = Connection::open(dir.join(DATABASE_FILE)).unwrap();
    connection.execute_batch(&sql).unwrap();
    let key = dir.join(KEY_FILE);
    fs::copy(fixture(version, "key"), &key).unwrap();
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
}

fn product() -> ProductRow {
    ProductRow {
        id: ProductId::parse("DEMOPROD01").unwrap(),
        name: "Lamp 灯".into(),
        node: NodeKind::Gateway,
        auth: AuthMode::Certificate,
        product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
        dynamic_registration: DynamicRegistration::AutoCreate { quota: 7 },
        enabled: true,
        model_json: Some(r#"{"version":"1.0"}"#.into()),
        profile: ProductProfile { updated_at: UnixMillis(1_700_000_000_000), ..ProductProfile::default() },
        created_at: UnixMillis(1_700_000_000_000),
    }
}

fn saving() -> ModelSaving {
    ModelSaving { origin: ModelOrigin::Changed, account: None, at: UnixMillis(6) }
}

fn device() -> DeviceRow {
    DeviceRow {
        id: DeviceId(2),
        product: product().id,
        name: DeviceName::parse("dev002").unwrap(),
        secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
        enabled: false,
        auto_created: true,
        nickname: Some("hall".into()),
        created_at: UnixMillis(1_700_000_000_001),
        activated_at: Some(UnixMillis(1_700_000_000_002)),
        certificate: Some([7; 32]),
    }
}

fn certificate() -> CertificateRow {
    CertificateRow {
        fingerprint: [7; 32],
        device: DeviceId(2),
        serial: "0a0b".into(),
        certificate: vec![0x30, 0x82, 0x00],
        not_before: UnixMillis(1),
        not_after: UnixMillis(2),
        revoked_at: None,
    }
}

fn user() -> MqttUser {
    MqttUser {
        name: "backend".into(),
        salt: [1; 16],
        password_hash: [2; 32],
        publish: vec!["a/#".into()],
        subscribe: vec![],
        created_at: UnixMillis(3),
    }
}

fn token() -> ApiToken {
    ApiToken {
        name: "ci".into(),
        hash: [3; 32],
        created_at: UnixMillis(4),
        last_used_at: Some(UnixMillis(5)),
    }
}

/// As a release that wrote this version kept it.
fn authority(version: u32) -> AuthorityRow {
    let server_ec = || CertifiedKey { certificate: "server ec".into(), key: Secret::new("server ec key") };
    AuthorityRow {
        ca_certificate: "ca".into(),
        ca_key: Secret::new("ca key"),
        server_rsa: CertifiedKey { certificate: "server".into(), key: Secret::new("server key") },
        server_ec: (version >= 2).then(server_ec),
        server_names: vec!["localhost".into()],
    }
}

fn topics() -> Vec<CustomTopic> {
    [("control", Rights::Subscribe), ("data", Rights::Both), ("event", Rights::Publish)]
        .map(|(suffix, rights)| CustomTopic { suffix: suffix.into(), rights })
        .to_vec()
}

fn expect_everything(store: &Store, version: u32) {
    let id = product().id;
    assert_eq!(store.products().unwrap(), [product()]);
    assert_eq!(
        store.property_numbers(&id).unwrap(),
        [("power_switch".to_owned(), 1), ("color".to_owned(), 2)]
    );
    assert_eq!(store.custom_topics(&id).unwrap(), topics());
    let mut devices = Vec::new();
    store.each_device(|device| devices.push(device)).unwrap();
    assert_eq!(devices, [device()]);
    let mut certificates = Vec::new();
    store.each_certificate(|certificate| certificates.push(certificate)).unwrap();
    assert_eq!(certificates, [certificate()]);
    assert_eq!(store.mqtt_users().unwrap(), [user()]);
    assert_eq!(store.tokens().unwrap(), [token()]);
    assert_eq!(store.authority().unwrap(), Some(authority(version)));
    assert_eq!(store.setting("greeting").unwrap().as_deref(), Some("hello"));
    assert_eq!(store.integrity().unwrap().problems, Vec::<String>::new());
}

/// The structure of every table and index: what statements see, not how it was written.
fn structure(dir: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(dir.join(DATABASE_FILE)).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut texts = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            texts.push((0..columns).map(|column| format!("{:?} ", row.get_ref(column).unwrap())).collect());
        }
        texts
    };
    let mut tables = BTreeMap::new();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for table in names {
        let mut facts = rows(&format!("SELECT wr, strict FROM pragma_table_list WHERE name = '{table}'"));
        facts.extend(rows(&format!("SELECT * FROM pragma_table_xinfo('{table}')")));
        facts.extend(rows(&format!("SELECT * FROM pragma_foreign_key_list('{table}')")));
        facts.extend(rows(&format!(
            "SELECT l.name, l.\"unique\", l.partial, x.seqno, x.name, x.\"desc\", x.coll FROM \
             pragma_index_list('{table}') AS l, pragma_index_xinfo(l.name) AS x ORDER BY 1, 4"
        )));
        tables.insert(table, facts);
    }
    tables
}

#[test]
fn a_registry_of_every_released_version_opens_with_everything_in_it() {
    for &version in RELEASED {
        let dir = tempfile::tempdir().unwrap();
        restore(version, dir.path());
        let store = Store::open(dir.path()).unwrap();
        expect_everything(&store, version);
        let next = NewDevice {
            product: product().id,
            name: DeviceName::parse("dev001").unwrap(),
            secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
            auto_created: false,
            nickname: None,
            created_at: UnixMillis(1),
        };
        assert_eq!(
            store.create_devices(&[next]).unwrap(),
            [DeviceId(3)],
            "number 1 was deleted and stays unused"
        );
    }
}

#[test]
fn an_upgraded_registry_has_the_structure_of_a_new_one() {
    let new = tempfile::tempdir().unwrap();
    let store = Store::open(new.path()).unwrap();
    // Steps since the last release get the fixture of the next one.
    assert!(store.integrity().unwrap().schema_version >= NEWEST);
    let expected = structure(new.path());
    assert!(expected.contains_key("devices") && expected["devices"].len() > 9, "{expected:?}");
    for &version in RELEASED {
        let dir = tempfile::tempdir().unwrap();
        restore(version, dir.path());
        drop(Store::open(dir.path()).unwrap());
        assert_eq!(structure(dir.path()), expected, "from version {version}");
    }
}

#[test]
#[ignore = "writes into the source tree; run it once when a schema version is released"]
fn write_the_fixture_of_this_version() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.create_product(&product(), &[]).unwrap();
    let id = product().id;
    store
        .set_model(&id, product().model_json.as_deref(), &[("power_switch", 1), ("color", 2)], &saving())
        .unwrap();
    let of = |name: &str| NewDevice {
        product: id,
        name: DeviceName::parse(name).unwrap(),
        secret: device().secret,
        auto_created: true,
        nickname: device().nickname,
        created_at: device().created_at,
    };
    let numbers = store.create_devices(&[of("dev001"), of("dev002")]).unwrap();
    store.delete_devices(&numbers[..1]).unwrap();
    store.set_device_enabled(DeviceId(2), false).unwrap();
    store.mark_activated(&[(DeviceId(2), UnixMillis(1_700_000_000_002))]).unwrap();
    store.add_certificate(&certificate()).unwrap();
    store.create_mqtt_user(&user()).unwrap();
    store.create_token(&token()).unwrap();
    store.set_authority(&authority(NEWEST)).unwrap();
    store.set_setting("greeting", "hello").unwrap();
    expect_everything(&store, NEWEST);
    drop(store);
    fs::write(fixture(NEWEST, "sql"), dump(dir.path())).unwrap();
    fs::copy(dir.path().join(KEY_FILE), fixture(NEWEST, "key")).unwrap();
}

/// The database as statements that make it again.
fn dump(dir: &Path) -> String {
    let connection = Connection::open(dir.join(DATABASE_FILE)).unwrap();
    let pragma = |name: &str| -> i64 { connection.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
    let mut sql = format!(
        "PRAGMA application_id = {};\nPRAGMA user_version = {};\nPRAGMA foreign_keys = OFF;\n",
        pragma("application_id"),
        pragma("user_version")
    );
    let mut objects = connection
        .prepare("SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
        .unwrap();
    let mut objects = objects.query([]).unwrap();
    while let Some(object) = objects.next().unwrap() {
        let (name, kind): (String, String) = (object.get(0).unwrap(), object.get(1).unwrap());
        // SQLite makes this table itself, with the first AUTOINCREMENT one.
        if name != "sqlite_sequence" {
            writeln!(sql, "{};", object.get::<_, String>(2).unwrap()).unwrap();
        }
        if kind == "table" && name != "sqlite_sequence" {
            rows_of(&connection, &name, &mut sql);
        }
    }
    sql.push_str("DELETE FROM sqlite_sequence;\n");
    rows_of(&connection, "sqlite_sequence", &mut sql);
    sql
}

fn rows_of(connection: &Connection, table: &str, sql: &mut String) {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values: Vec<String> = (0..columns)
            .map(|column| match row.get_ref(column).unwrap() {
                ValueRef::Null => "NULL".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => {
                    format!("'{}'", std::str::from_utf8(text).unwrap().replace('\'', "''"))
                }
                ValueRef::Blob(bytes) => format!("X'{}'", hex::encode(bytes)),
            })
            .collect();
        writeln!(sql, "INSERT INTO {table} VALUES ({});", values.join(", ")).unwrap();
    }
}
