//! Activation codes: nothing is limited until there is a pool, and nothing is made beyond one.

use std::time::Duration;

use yizhan_devices::{DeviceCreation, DevicesError, InstanceKind, LicenceUse, NewInstance, NewProject};
use yizhan_store::LicencePoolRow;
use yizhan_vocabulary::{Clock, InstanceId, Uin};

use crate::rig::{Rig, product_id};

fn instance() -> InstanceId {
    InstanceId::parse("iot-public01").unwrap()
}

fn pool(rig: &Rig, kind: &str, total: u64, lasts: Option<Duration>) -> LicencePoolRow {
    let now = rig.clock.now();
    LicencePoolRow {
        id: 0,
        instance: instance(),
        kind: kind.into(),
        period: "5_year".into(),
        total,
        created_at: now,
        expires_at: lasts.map(|lasts| now.plus_ms(lasts.as_millis() as i64)),
    }
}

fn make(rig: &Rig, count: usize) -> Result<(), DevicesError> {
    let creation = DeviceCreation::Numbered { prefix: "more".into(), count };
    rig.devices.create_devices(&product_id(), creation).map(drop)
}

#[test]
fn devices_are_made_up_to_the_activation_codes_of_their_kind() {
    let rig = Rig::new();
    make(&rig, 2).unwrap();
    // The rig's own device is there as well.
    let small = rig.devices.add_licence_pool(pool(&rig, "normal", 4, None)).unwrap();
    make(&rig, 1).unwrap();
    let refused = make(&rig, 1);
    assert!(
        matches!(refused, Err(DevicesError::LicencesUsedUp("normal device license limit"))),
        "{refused:?}"
    );
    let normal = rig.devices.licences(Uin::FIRST).unwrap().normal;
    assert_eq!(normal, LicenceUse { limited: true, total: 4, used: 4 });
    rig.devices.add_licence_pool(pool(&rig, "free", 1, None)).unwrap();
    make(&rig, 1).unwrap();
    assert!(make(&rig, 1).is_err());
    let rig = rig.restart();
    assert!(make(&rig, 1).is_err(), "pools are there after a restart");
    rig.devices.remove_licence_pool(small.id).unwrap();
    make(&rig, 1).unwrap();
}

#[test]
fn a_pool_that_has_ended_gives_nothing_and_takes_nothing_away() {
    let rig = Rig::new();
    rig.devices.add_licence_pool(pool(&rig, "normal", 10, Some(Duration::from_secs(60)))).unwrap();
    make(&rig, 1).unwrap();
    rig.clock.advance(Duration::from_secs(61));
    assert!(make(&rig, 1).is_err());
    assert_eq!(rig.devices.device_count(), 2);
}

#[test]
fn pools_of_other_kinds_limit_nothing_here() {
    let rig = Rig::new();
    for kind in ["bluetooth", "video", "TWeCall"] {
        rig.devices.add_licence_pool(pool(&rig, kind, 1, None)).unwrap();
    }
    make(&rig, 5).unwrap();
    for (kind, total) in [("", 1), ("two words", 1), ("normal", 0)] {
        let refused = rig.devices.add_licence_pool(pool(&rig, kind, total, None));
        assert!(matches!(refused, Err(DevicesError::Invalid(_))), "{kind:?} {total}");
    }
}

#[test]
fn another_instance_of_the_account_is_no_way_around_its_activation_codes() {
    let rig = Rig::new();
    rig.devices.add_licence_pool(pool(&rig, "normal", 2, None)).unwrap();
    let new = |owner| {
        let kind = InstanceKind::Enterprise;
        rig.devices.create_instance(NewInstance {
            owner,
            kind,
            description: String::new(),
            device_limit: None,
        })
    };
    let instance = new(Uin::FIRST).unwrap().id.clone();
    let project = NewProject { instance, name: "around".into(), description: String::new() };
    let project = rig.devices.create_project(project).unwrap().id.clone();
    rig.devices.move_product(&product_id(), &project).unwrap();
    // The rig's own device takes the other code.
    make(&rig, 1).unwrap();
    assert!(matches!(make(&rig, 1), Err(DevicesError::LicencesUsedUp(_))));
}

#[test]
fn no_account_uses_up_the_instances_and_projects_of_all() {
    let rig = Rig::new();
    let limits = yizhan_devices::DevicesConfig::default();
    let new = |owner| {
        let kind = InstanceKind::Enterprise;
        rig.devices.create_instance(NewInstance {
            owner,
            kind,
            description: String::new(),
            device_limit: None,
        })
    };
    // The public one is there.
    (1..limits.max_instances_per_account).for_each(|_| drop(new(Uin::FIRST).unwrap()));
    assert!(matches!(new(Uin::FIRST), Err(DevicesError::LimitReached(_))));
    let project = |name: String| {
        rig.devices.create_project(NewProject { instance: instance(), name, description: String::new() })
    };
    let present = rig.devices.projects(Uin::FIRST).len();
    for number in present..limits.max_projects_per_account {
        project(number.to_string()).unwrap();
    }
    assert!(matches!(project("one more".into()), Err(DevicesError::LimitReached(_))));
}
