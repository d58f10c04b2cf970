//! Applications through their public calls, over a real registry.

use std::path::Path;

use yizhan_store::{
    AppPlatform, AuthMode, DynamicRegistration, FamilyRole, Holding, NewDevice, ProductProfile, ProductRow,
    PushService, Secret,
};
use yizhan_vocabulary::{DeviceId, DeviceName, Monotonic, ProjectId, Uin, UnixMillis};

use super::*;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(0)
    }
}

/// An installation with an application that serves a product of two devices.
struct Home {
    apps: Apps,
    application: ApplicationId,
    lamp: DeviceId,
    fan: DeviceId,
}

fn product(name: &str) -> ProductId {
    ProductId::parse(name).unwrap()
}

fn rules() -> ProductRules {
    ProductRules { product: product("DEMOPROD01"), node: NodeKind::Device, new_owner_evicts: true }
}

fn person(open_id: &str) -> Person {
    Person { open_id: open_id.into(), nick_name: String::new() }
}

fn home_with(dir: &Path, limits: AppsLimits) -> Home {
    let store = Arc::new(Store::open(dir).unwrap());
    for id in ["DEMOPROD01", "DEMOPROD02"] {
        let row = ProductRow {
            id: product(id),
            name: id.into(),
            node: NodeKind::Device,
            auth: AuthMode::Key,
            product_secret: Secret::new("hzvf5LF9S0isvBhDSauWMaIk"),
            dynamic_registration: DynamicRegistration::Off,
            enabled: true,
            model_json: None,
            profile: ProductProfile::default(),
            created_at: UnixMillis(0),
        };
        store.create_product(&row, &[]).unwrap();
    }
    let device = |name: &str| NewDevice {
        product: product("DEMOPROD01"),
        name: DeviceName::parse(name).unwrap(),
        secret: Secret::new("lDZ6Uqt+I9E0wW7rvDUs7Q=="),
        auto_created: false,
        nickname: None,
        created_at: UnixMillis(0),
    };
    let devices = store.create_devices(&[device("lamp"), device("fan")]).unwrap();
    let apps = Apps::new(store, Arc::new(Noon), limits);
    let made = apps.create_application(Uin::FIRST, new_application("Home")).unwrap();
    Home { apps, application: made.row.id, lamp: devices[0], fan: devices[1] }
}

fn home(dir: &Path) -> Home {
    home_with(dir, AppsLimits::default())
}

fn new_application(name: &str) -> NewApplication {
    NewApplication {
        project: ProjectId::parse("prj-default1").unwrap(),
        name: name.into(),
        description: String::new(),
        products: vec![product("DEMOPROD01")],
    }
}

fn for_open_id(open_id: &str) -> OpenIdBinding {
    OpenIdBinding { person: person(open_id), family_name: None, room: None }
}

impl Home {
    fn bind(&self, device: DeviceId, open_id: &str) -> Result<Bound, AppsError> {
        self.apps.bind_for_open_id(&self.application, &rules(), device, &for_open_id(open_id))
    }

    fn share(&self, owner: &str, to: &str) -> Result<Shared, AppsError> {
        self.apps.share_device(&self.application, &rules(), self.lamp, owner, &person(to))
    }

    fn user_count(&self) -> usize {
        let count = |apps: &AppRows<'_>| Ok::<_, AppsError>(apps.user_count(&self.application)?);
        self.apps.store.read_apps(count).unwrap()
    }
}

#[test]
fn an_application_has_a_key_pair_for_each_platform_and_is_found_by_each_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let made = home.apps.application(Uin::FIRST, home.application.as_str()).unwrap();
    assert_eq!(made.row.id.as_str().len(), 12);
    for (platform, initial) in
        [(AppPlatform::Ios, 'i'), (AppPlatform::Android, 'a'), (AppPlatform::MiniProgram, 'm')]
    {
        let key = made.key(platform).unwrap();
        assert!(key.app_key.starts_with(initial) && key.app_key.ends_with(made.row.id.as_str()));
        assert_eq!((key.app_key.len(), key.app_secret.expose().len()), (17, 20));
        assert_eq!(home.apps.application_of_key(Uin::FIRST, &key.app_key).unwrap().id, made.row.id);
        let stranger = Uin(Uin::FIRST.0 + 1);
        let hidden = home.apps.application_of_key(stranger, &key.app_key).unwrap_err();
        assert_eq!(hidden, AppsError::NoSuchApplication);
        assert!(!format!("{made:?}").contains(key.app_secret.expose()));
    }
}

#[test]
fn an_application_changes_only_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let push = |region: Option<&str>, secret: Option<&str>| PushChange {
        service: PushService::TpnsIos,
        access_id: None,
        secret: secret.map(Secret::new),
        environment: None,
        region: region.map(str::to_owned),
    };
    let change = |change| {
        home.apps.change_application(Uin::FIRST, home.application.as_str(), change).map(|both| both.1)
    };
    change(ApplicationChange { push: vec![push(None, Some("s3cret"))], ..ApplicationChange::default() })
        .unwrap();
    let both = ApplicationChange {
        description: Some("ours".into()),
        push: vec![push(Some("ap-shanghai"), None)],
        ..ApplicationChange::default()
    };
    let after = change(both).unwrap();
    let channel = after.push(PushService::TpnsIos).unwrap();
    assert_eq!((channel.secret.expose(), channel.region.as_str()), ("s3cret", "ap-shanghai"));
    assert_eq!((after.row.name.as_str(), after.row.description.as_str()), ("Home", "ours"));
    assert_eq!(after.products, [product("DEMOPROD01")]);
    let moon = ApplicationChange { push: vec![push(Some("moon"), None)], ..ApplicationChange::default() };
    assert!(matches!(change(moon), Err(AppsError::Push { environment: false, .. })));
    home.apps.create_application(Uin::FIRST, new_application("Second")).unwrap();
    let taken = ApplicationChange { name: Some("Second".into()), ..ApplicationChange::default() };
    assert_eq!(change(taken).unwrap_err(), AppsError::NameTaken("Second".into()));
}

#[test]
fn binding_makes_the_user_and_the_family_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let first = home.bind(home.lamp, "nandy").unwrap();
    assert!(!first.already && first.binding.room.is_default());
    assert_eq!(first.user.to_string().len(), 18);
    let again = home.bind(home.lamp, "nandy").unwrap();
    assert!(again.already);
    let other = home.bind(home.fan, "nandy").unwrap();
    assert_eq!((again.user, &again.binding.family), (first.user, &first.binding.family));
    assert_eq!((other.user, &other.binding.family), (first.user, &first.binding.family));
    let devices = home.apps.devices_of(first.user, &first.binding.family).unwrap();
    let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["lamp", "fan"]);
}

#[test]
fn a_new_owner_evicts_the_old_one_with_those_who_shared_unless_the_product_forbids_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let old = home.bind(home.lamp, "old").unwrap();
    home.share("old", "friend").unwrap();
    let users = home.user_count();
    let keeps = ProductRules { new_owner_evicts: false, ..rules() };
    let refused = home.apps.bind_for_open_id(&home.application, &keeps, home.lamp, &for_open_id("new"));
    assert_eq!(refused.unwrap_err(), AppsError::BoundElsewhere);
    assert_eq!(home.user_count(), users, "a refused binding leaves no user behind");
    let new = home.bind(home.lamp, "new").unwrap();
    assert_eq!(new.evicted, Some(old.binding));
    let holders = home.apps.holders(home.lamp).unwrap();
    assert_eq!(holders.iter().map(|holder| holder.user).collect::<Vec<_>>(), [new.user]);
}

#[test]
fn unbinding_is_done_once_and_only_in_the_family_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    home.bind(home.lamp, "nandy").unwrap();
    let unbind = |device, open_id, family| {
        home.apps.unbind_for_open_id(&home.application, &rules(), device, open_id, family).unwrap()
    };
    assert_eq!(unbind(Some(home.lamp), "stranger", None), None);
    assert_eq!(unbind(Some(home.lamp), "nandy", Some("other")), None);
    assert_eq!(unbind(None, "nandy", None), None);
    assert!(home.apps.bound(home.lamp).unwrap());
    assert_eq!(unbind(Some(home.lamp), "nandy", None).unwrap().device, home.lamp);
    assert_eq!(unbind(Some(home.lamp), "nandy", None), None);
    assert_eq!(home.apps.holders(home.lamp).unwrap_err(), AppsError::NotBound);
}

#[test]
fn only_the_owner_shares_a_device_and_sharing_twice_is_sharing_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    assert_eq!(home.share("nandy", "zz").unwrap_err(), AppsError::NotBound);
    let owner = home.bind(home.lamp, "nandy").unwrap().user;
    assert_eq!(home.share("nandy", "nandy").unwrap_err(), AppsError::ToSelf);
    assert_eq!(home.share("stranger", "zz").unwrap_err(), AppsError::NotOwner);
    let shared = home.share("nandy", "zz").unwrap();
    assert_eq!(home.share("nandy", "zz").unwrap(), shared);
    assert_eq!(shared.owner, owner);
    assert_eq!(home.share("zz", "third").unwrap_err(), AppsError::NotOwner);
    let holders = home.apps.holders(home.lamp).unwrap();
    assert!(matches!(holders[0].holding, Holding::Family(.., FamilyRole::Owner)));
    assert_eq!((holders.len(), &holders[1].holding), (2, &Holding::Shared));
    let unshare = || home.apps.unshare_device(&home.application, &rules(), home.lamp, "nandy", "zz").unwrap();
    assert_eq!(unshare(), Some(shared.with));
    assert_eq!(unshare(), None);
}

#[test]
fn a_device_goes_into_a_family_that_the_user_is_in_and_into_a_room_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let bound = home.bind(home.lamp, "nandy").unwrap();
    let stranger = home.bind(home.fan, "stranger").unwrap();
    let family = bound.binding.family.clone();
    let kitchen = home.apps.create_room(bound.user, &family, "kitchen").unwrap();
    let put = |device, user: AppUserId, room: Option<&str>| {
        let place = (user.to_string(), family.to_string());
        home.apps.bind_in_family(&home.application, &rules(), device, (&place.0, &place.1), room)
    };
    assert_eq!(put(home.lamp, stranger.user, None).unwrap_err(), AppsError::NotInFamily);
    assert_eq!(put(home.fan, bound.user, Some("attic")).unwrap_err(), AppsError::NoSuchRoom("attic".into()));
    let moved = put(home.lamp, bound.user, Some(kitchen.as_str())).unwrap();
    assert!(moved.already);
    assert_eq!(moved.binding.room, kitchen);
    home.apps.delete_room(bound.user, &family, &kitchen).unwrap();
    let devices = home.apps.devices_of(bound.user, &family).unwrap();
    assert!(devices[0].binding.room.is_default());
}

#[test]
fn what_an_application_does_not_serve_and_sub_devices_are_not_bound() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(dir.path());
    let bind =
        |rules| home.apps.bind_for_open_id(&home.application, &rules, home.lamp, &for_open_id("nandy"));
    let foreign = ProductRules { product: product("DEMOPROD02"), ..rules() };
    assert_eq!(bind(foreign).unwrap_err(), AppsError::NotServed(product("DEMOPROD02")));
    let sub = ProductRules { node: NodeKind::SubDevice, ..rules() };
    assert_eq!(bind(sub).unwrap_err(), AppsError::SubDevice);
    assert_eq!(home.user_count(), 0);
}

#[test]
fn nothing_grows_beyond_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let limits = AppsLimits {
        applications: 1,
        users: 3,
        families: 1,
        rooms: 1,
        devices: 1,
        shares: 1,
        ..AppsLimits::default()
    };
    let home = home_with(dir.path(), limits);
    let reached = |result: Result<String, AppsError>| matches!(result, Err(AppsError::LimitReached { .. }));
    let bound = home.bind(home.lamp, "nandy").unwrap();
    let (user, family) = (bound.user, bound.binding.family);
    assert!(reached(home.bind(home.fan, "nandy").map(|_| String::new())));
    assert!(reached(home.apps.create_family(&home.application, user, "summer", "").map(|id| id.to_string())));
    home.apps.create_room(user, &family, "kitchen").unwrap();
    assert!(reached(home.apps.create_room(user, &family, "attic").map(|id| id.to_string())));
    home.share("nandy", "first").unwrap();
    assert!(reached(home.share("nandy", "second").map(|_| String::new())));
    home.bind(home.fan, "third").unwrap();
    assert!(reached(home.bind(home.fan, "fourth").map(|_| String::new())));
    let another = home.apps.create_application(Uin::FIRST, new_application("Second"));
    assert!(reached(another.map(|made| made.row.name)));
}

#[test]
fn refused_bindings_do_not_use_up_the_users_that_there_may_be() {
    let keeps = ProductRules { new_owner_evicts: false, ..rules() };
    let limits = AppsLimits { users: 3, ..AppsLimits::default() };
    let dir = tempfile::tempdir().unwrap();
    let home = home_with(dir.path(), limits);
    home.bind(home.lamp, "nandy").unwrap();
    for number in 0..5 {
        let stranger = for_open_id(&format!("stranger{number}"));
        let refused = home.apps.bind_for_open_id(&home.application, &keeps, home.lamp, &stranger);
        assert_eq!(refused.unwrap_err(), AppsError::BoundElsewhere);
    }
    home.share("nandy", "second").unwrap();
    home.share("nandy", "third").unwrap();
    assert!(matches!(home.share("nandy", "fourth"), Err(AppsError::LimitReached { limit: 3, .. })));
}
