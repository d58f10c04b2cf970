//! Applications in the registry: what belongs together goes together, and nothing of a failed change stays.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::path::Path;

use yizhan_store::{
    AppKeyRow, AppPlatform, AppRows, AppUserRow, ApplicationRow, AuthMode, BindingRow, DATABASE_FILE,
    DynamicRegistration, FamilyRole, FamilyRow, HolderRow, Holding, NewDevice, NodeKind, ProductProfile,
    ProductRow, PushChannelRow, PushService, RoomRow, Secret, Store, StoreError,
};
use yizhan_vocabulary::{
    AppUserId, ApplicationId, DeviceId, DeviceName, FamilyId, ProductId, ProjectId, RoomId, Uin, UnixMillis,
};

const NOW: UnixMillis = UnixMillis(1_795_220_173_000);
const OWNER: AppUserId = AppUserId(195_155_279_497_658_759);
const MEMBER: AppUserId = AppUserId(195_155_279_497_658_760);
const FRIEND: AppUserId = AppUserId(195_155_279_497_658_761);

fn product_id() -> ProductId {
    ProductId::parse("DEMOPROD01").unwrap()
}

fn application_id() -> ApplicationId {
    ApplicationId::parse("VJbAVRtnqQmX").unwrap()
}

fn family_id() -> FamilyId {
    FamilyId::parse("f_home").unwrap()
}

fn store_with_a_device(dir: &Path) -> (Store, DeviceId) {
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
        profile: ProductProfile::default(),
        created_at: NOW,
    };
    store.create_product(&product, &[]).unwrap();
    let device = NewDevice {
        product: product_id(),
        name: DeviceName::parse("lamp1").unwrap(),
        secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
        auto_created: false,
        nickname: None,
        created_at: NOW,
    };
    let device = store.create_devices(&[device]).unwrap()[0];
    (store, device)
}

fn application() -> ApplicationRow {
    ApplicationRow {
        id: application_id(),
        project: ProjectId::parse("prj-default1").unwrap(),
        name: "Home".into(),
        description: String::new(),
        turn_key: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn key() -> AppKeyRow {
    AppKeyRow {
        platform: AppPlatform::Ios,
        app_key: "iwBkGVJbAVRtnqQmX".into(),
        app_secret: Secret::new("tnehmHUfzUImcMvZgmko"),
    }
}

fn channel() -> PushChannelRow {
    PushChannelRow {
        service: PushService::TpnsIos,
        access_id: "1600000001".into(),
        secret: Secret::new("push-secret"),
        environment: "dev".into(),
        region: "ap-guangzhou".into(),
    }
}

fn user(id: AppUserId, open_id: &str) -> AppUserRow {
    AppUserRow {
        id,
        application: application_id(),
        open_id: Some(open_id.into()),
        nick_name: open_id.into(),
        avatar: String::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn family() -> FamilyRow {
    FamilyRow {
        id: family_id(),
        application: application_id(),
        name: "default".into(),
        address: String::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn bound(device: DeviceId) -> BindingRow {
    BindingRow {
        device,
        family: family_id(),
        room: RoomId::default_room(),
        user: Some(OWNER),
        alias: String::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An application with an owner, a member and a friend, whose device is bound and shared.
fn furnish(store: &Store, device: DeviceId) {
    let steps = |apps: &AppRows<'_>| -> Result<(), StoreError> {
        apps.create_application(&application(), &[key()])?;
        apps.set_push_channel(&application_id(), &channel())?;
        apps.set_application_products(&application_id(), &[product_id()])?;
        for (id, open_id) in [(OWNER, "owner"), (MEMBER, "member"), (FRIEND, "friend")] {
            apps.create_user(&user(id, open_id))?;
        }
        apps.create_family(&family(), OWNER)?;
        apps.add_member(&family_id(), MEMBER, FamilyRole::Member, NOW)?;
        apps.bind(&bound(device))?;
        apps.share(device, FRIEND, NOW)
    };
    store.change_apps(steps).unwrap();
}

fn read<T>(store: &Store, steps: impl FnOnce(&AppRows<'_>) -> Result<T, StoreError>) -> T {
    store.read_apps(steps).unwrap()
}

#[test]
fn an_application_comes_back_with_its_secrets_after_the_registry_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    read(&store, |apps| {
        assert_eq!(apps.application(Uin::FIRST, "VJbAVRtnqQmX")?, Some(application()));
        assert_eq!(apps.application_of_key(Uin::FIRST, "iwBkGVJbAVRtnqQmX")?, Some(application()));
        assert_eq!(apps.application_of_key(Uin(Uin::FIRST.0 + 1), "iwBkGVJbAVRtnqQmX")?, None);
        assert_eq!(apps.application_keys(&application_id())?, [key()]);
        assert_eq!(apps.push_channels(&application_id())?, [channel()]);
        assert_eq!(apps.user_by_open_id(&application_id(), "friend")?, Some(user(FRIEND, "friend")));
        assert_eq!(apps.own_family_named(OWNER, "default")?, Some(family()));
        // The member's families are not the member's own.
        assert_eq!(apps.own_family_named(MEMBER, "default")?, None);
        assert_eq!(apps.families_of(MEMBER)?, [(family(), FamilyRole::Member)]);
        Ok(())
    });
    assert_eq!(store.integrity().unwrap().problems, Vec::<String>::new());
    let file = std::fs::read(dir.path().join(DATABASE_FILE)).unwrap();
    for secret in ["tnehmHUfzUImcMvZgmko", "push-secret"] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in clear");
    }
}

#[test]
fn everyone_who_may_use_a_device_is_named_once_and_its_owner_first() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    store.change_apps(|apps| apps.share(device, MEMBER, NOW)).unwrap();
    let in_family = |role| Holding::Family(family_id(), "default".into(), role);
    let expected = [
        HolderRow { user: OWNER, holding: in_family(FamilyRole::Owner) },
        HolderRow { user: MEMBER, holding: in_family(FamilyRole::Member) },
        HolderRow { user: FRIEND, holding: Holding::Shared },
    ];
    assert_eq!(read(&store, |apps| apps.holders(device)), expected);
}

#[test]
fn what_was_shared_goes_with_the_binding_and_the_binding_with_the_device() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    let rebound = |apps: &AppRows<'_>| {
        assert!(apps.unbind(device)?);
        apps.bind(&bound(device))
    };
    store.change_apps(rebound).unwrap();
    assert_eq!(read(&store, |apps| apps.share_count(device)), 0);
    store.delete_devices(&[device]).unwrap();
    assert_eq!(read(&store, |apps| apps.binding(device)), None);
    assert_eq!(read(&store, |apps| apps.device_count(&family_id())), 0);
}

#[test]
fn an_application_takes_everything_of_its_users_along_and_its_project_stays_while_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    let project = application().project;
    let error = store.delete_project(&project).unwrap_err();
    assert!(matches!(&error, StoreError::Conflict(why) if why.contains("1 applications")), "{error}");
    store.change_apps(|apps| apps.delete_application(&application_id())).unwrap();
    read(&store, |apps| {
        assert_eq!(apps.user(&application_id(), OWNER)?, None);
        assert_eq!(apps.family(&application_id(), family_id().as_str())?, None);
        assert_eq!(apps.binding(device)?, None);
        Ok(())
    });
    assert_eq!(store.integrity().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_room_that_is_deleted_leaves_its_devices_in_the_room_that_every_family_has() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    let room = RoomRow {
        id: RoomId::parse("r_kitchen").unwrap(),
        family: family_id(),
        name: "kitchen".into(),
        created_at: NOW,
        updated_at: NOW,
    };
    let furnished = |apps: &AppRows<'_>| {
        apps.create_room(&room)?;
        apps.move_to_room(device, &room.id, NOW)
    };
    store.change_apps(furnished).unwrap();
    assert_eq!(read(&store, |apps| apps.rooms(&family_id())), std::slice::from_ref(&room));
    store.change_apps(|apps| apps.delete_room(&family_id(), &room.id)).unwrap();
    let room_now = read(&store, |apps| apps.binding(device)).unwrap().room;
    assert!(room_now.is_default());
}

#[test]
fn nothing_of_a_change_that_fails_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (store, device) = store_with_a_device(dir.path());
    furnish(&store, device);
    let broken = |apps: &AppRows<'_>| {
        apps.unbind(device)?;
        // The second application of this name in the project.
        let id = ApplicationId::parse("another").unwrap();
        apps.create_application(&ApplicationRow { id, ..application() }, &[])
    };
    assert!(matches!(store.change_apps(broken), Err(StoreError::Conflict(_))));
    assert_eq!(read(&store, |apps| apps.binding(device)), Some(bound(device)));
}
