//! Lists of devices by name, tag, firmware and status.

use yizhan_devices::{DeviceCreation, DeviceQuery, DevicesError, FirmwareQuery, Status, Tag, search_devices};

use crate::rig::{Rig, UP, product_id};

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

/// The names that fit, and how many fit in all.
fn found(rig: &Rig, query: DeviceQuery) -> (Vec<String>, usize) {
    let page = search_devices(&[rig.devices.product(&product_id()).unwrap()], &query);
    (page.devices.iter().map(|device| device.name.to_string()).collect(), page.total)
}

fn all() -> DeviceQuery {
    DeviceQuery { limit: 100, ..DeviceQuery::default() }
}

#[test]
fn devices_are_listed_in_the_order_of_their_making_and_found_by_a_part_of_their_name() {
    let rig = Rig::new();
    rig.devices
        .create_devices(&product_id(), DeviceCreation::Numbered { prefix: "lamp".into(), count: 30 })
        .unwrap();
    rig.create("abc");
    rig.devices.delete_device(&rig.devices.find(&product_id(), "lamp0002").unwrap()).unwrap();
    let (names, total) = found(&rig, DeviceQuery { offset: 1, limit: 2, ..DeviceQuery::default() });
    assert_eq!((names, total), (vec!["lamp0001".to_owned(), "lamp0003".to_owned()], 31));
    let named = DeviceQuery { name: Some("p002".into()), offset: 9, ..all() };
    assert_eq!(found(&rig, named), (vec!["lamp0029".to_owned()], 10));
    assert_eq!(found(&rig, DeviceQuery { name: Some("LAMP".into()), ..all() }).1, 0);
}

#[test]
fn several_products_are_one_list() {
    let rig = Rig::new();
    let second = rig.second_product("OTHERPROD1");
    for (product, name) in [(product_id(), "a1"), (second, "a2"), (product_id(), "a3"), (second, "a4")] {
        rig.devices.create_devices(&product, DeviceCreation::Named(vec![name.into()])).unwrap();
    }
    let query = DeviceQuery { name: Some("a".into()), offset: 1, limit: 2, ..DeviceQuery::default() };
    let page = search_devices(&rig.devices.products(), &query);
    let names: Vec<_> = page.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!((names, page.total), (vec!["a2", "a3"], 4));
}

#[test]
fn tags_find_devices_and_survive_a_restart() {
    let rig = Rig::new();
    let device = rig.create("dev002");
    rig.devices.put_device_tags(&device, vec![tag("room", "north hall"), tag("floor", "1")]).unwrap();
    rig.devices.put_product_tags(&product_id(), vec![tag("line", "A")]).unwrap();
    let by_tag = |pairs: &[(&str, &str)]| DeviceQuery {
        tags: pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..all()
    };
    let rig = rig.restart();
    assert_eq!(found(&rig, by_tag(&[("room", "hall"), ("floor", "1")])).0, ["dev002"]);
    assert_eq!(found(&rig, by_tag(&[("room", "hall"), ("floor", "2")])).1, 0);
    assert_eq!(found(&rig, by_tag(&[("Room", "hall")])).1, 0);
    assert_eq!(rig.devices.product(&product_id()).unwrap().tags()[0], tag("line", "A"));
    let device = rig.device();
    for bad in [vec![tag("", "x")], vec![tag("a", "1"), tag("a", "2")], vec![tag("a", "\n")]] {
        assert!(matches!(rig.devices.put_device_tags(&device, bad), Err(DevicesError::Invalid(_))));
    }
    let many = (0..21).map(|number| tag(&number.to_string(), "")).collect();
    assert!(matches!(rig.devices.put_device_tags(&device, many), Err(DevicesError::LimitReached(_))));
}

#[test]
fn firmware_and_status_are_those_that_the_device_showed() {
    let mut rig = Rig::new();
    rig.create("dev002");
    rig.connect();
    rig.answer(UP, r#"{"method":"report_info","clientToken":"i","params":{"fw_ver":"1.2","mac":"a"}}"#);
    let firmware = |wanted| DeviceQuery { firmware: Some(wanted), ..all() };
    assert_eq!(found(&rig, firmware(FirmwareQuery::Version("1.2".into()))).0, ["dev001"]);
    assert_eq!(found(&rig, firmware(FirmwareQuery::Version("1".into()))).1, 0);
    assert_eq!(found(&rig, firmware(FirmwareQuery::None)).0, ["dev002"]);
    assert_eq!(found(&rig, DeviceQuery { status: Some(Status::Online), ..all() }).0, ["dev001"]);
    assert_eq!(found(&rig, DeviceQuery { status: Some(Status::Inactive), ..all() }).0, ["dev002"]);
}

#[test]
fn devices_come_and_go_while_somebody_looks_at_all_of_them() {
    let rig = Rig::new();
    let count = 3_000;
    let creation = DeviceCreation::Numbered { prefix: "lamp".into(), count };
    rig.devices.create_devices(&product_id(), creation).unwrap();
    let product = rig.devices.product(&product_id()).unwrap();
    let mut seen = Vec::new();
    product.each_device(|device| {
        // Each of these waits for everybody who holds the product's set of devices.
        match seen.len() {
            1_500 => drop(rig.create("late")),
            2_000 => rig.devices.delete_device(&product.device("lamp0007").unwrap()).unwrap(),
            _ => {}
        }
        seen.push(device.id);
    });
    assert_eq!(seen.len(), 1 + count + 1, "the rig's, the numbered ones and the one that came late");
    assert!(seen.is_sorted_by(|one, next| one < next));
}
