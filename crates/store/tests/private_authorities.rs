//! Authorities of accounts and the products that trust them; pools of activation codes.

use yizhan_store::{
    AuthMode, DynamicRegistration, LicencePoolRow, NodeKind, PrivateAuthorityRow, ProductProfile, ProductRow,
    Secret, Store, StoreError,
};
use yizhan_vocabulary::{InstanceId, ProductId, Uin, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_795_220_173_000);

fn authority(name: &str, byte: u8) -> PrivateAuthorityRow {
    PrivateAuthorityRow {
        id: 0,
        owner: Uin::FIRST,
        name: name.into(),
        fingerprint: [byte; 32],
        certificate: vec![byte],
        created_at: NOW,
    }
}

#[test]
fn an_authority_that_a_product_trusts_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let product = ProductId::parse("DEMOPROD01").unwrap();
    let row = ProductRow {
        id: product,
        name: "Lock".into(),
        node: NodeKind::Device,
        auth: AuthMode::Certificate,
        product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
        dynamic_registration: DynamicRegistration::Off,
        enabled: true,
        model_json: None,
        profile: ProductProfile::default(),
        created_at: NOW,
    };
    store.create_product(&row, &[]).unwrap();
    let one = store.add_private_authority(&authority("one", 1)).unwrap();
    let two = store.add_private_authority(&authority("two", 2)).unwrap();
    for twice in [authority("one", 3), authority("three", 1)] {
        assert!(matches!(store.add_private_authority(&twice), Err(StoreError::Conflict(_))));
    }
    store.set_product_authority(&product, Some(one)).unwrap();
    store.set_product_authority(&product, Some(two)).unwrap();
    assert_eq!(store.product_authorities().unwrap(), [(product, two)]);
    assert!(matches!(store.delete_private_authority(two), Err(StoreError::Conflict(_))));
    let replaced = PrivateAuthorityRow { id: two, ..authority("two", 9) };
    store.replace_private_authority(&replaced).unwrap();
    assert_eq!(store.private_authorities().unwrap()[1], replaced);
    store.set_product_authority(&product, None).unwrap();
    store.delete_private_authority(two).unwrap();
    assert!(matches!(store.delete_private_authority(two), Err(StoreError::NotFound(_))));
    store.set_product_authority(&product, Some(one)).unwrap();
    store.delete_product(&product).unwrap();
    assert_eq!(store.product_authorities().unwrap(), []);
}

#[test]
fn pools_come_back_as_they_were_added() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let pool = LicencePoolRow {
        id: 0,
        instance: InstanceId::parse("iot-public01").unwrap(),
        kind: "normal".into(),
        period: "5_year".into(),
        total: 10,
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(1)),
    };
    let id = store.add_licence_pool(&pool).unwrap();
    assert_eq!(store.licence_pools().unwrap(), [LicencePoolRow { id, ..pool }]);
    store.remove_licence_pool(id).unwrap();
    assert!(matches!(store.remove_licence_pool(id), Err(StoreError::NotFound(_))));
}
