//! What is counted day by day, who was active, and where devices are.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use yizhan_devices::{
    Connected, Day, DayCounts, DevicesConfig, Direction, Population, Region, StatisticsConfig,
};
use yizhan_vocabulary::causes::DisconnectCause;

use crate::rig::{Rig, UP, product_id};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What was counted for the product on a day that many days ago.
fn counts(rig: &Rig, ago: u32) -> DayCounts {
    let day = rig.devices.today().before(ago);
    let products = [rig.devices.product(&product_id()).unwrap()];
    rig.devices.day_counts(&products, day, day).unwrap()[&day]
}

fn report(rig: &mut Rig) {
    rig.answer(UP, r#"{"method":"report","clientToken":"a","params":{"brightness":1}}"#);
}

#[test]
fn messages_and_devices_are_counted_by_day_and_survive_a_restart() {
    let mut rig = Rig::new();
    rig.tick();
    rig.connect();
    report(&mut rig);
    report(&mut rig);
    rig.uplink_bytes("$sys/operation/DEMOPROD01/dev001", br#"{"type":"get","resource":["time"]}"#);
    rig.devices.count_failed(&rig.device(), Direction::Down);
    let expected = DayCounts {
        messages_up: 2,
        messages_down: 2,
        failed_down: 1,
        time_requests: 1,
        registered: 1,
        activated: 1,
        active: 1,
        online_peak: 1,
        ..DayCounts::default()
    };
    assert_eq!(counts(&rig, 0), expected);
    rig.clock.advance(Duration::from_secs(61));
    rig.tick();
    assert_eq!(counts(&rig, 0), expected, "stored, and not counted twice");
    report(&mut rig);
    rig.devices.store_statistics();
    let mut rig = rig.restart();
    let expected = DayCounts { messages_up: 3, messages_down: 3, ..expected };
    assert_eq!(counts(&rig, 0), expected);
    rig.connect();
    assert_eq!(counts(&rig, 0), expected, "the device was active today already");
    assert_eq!(rig.devices.product(&product_id()).unwrap().online_count(), 1);
}

#[test]
fn a_crash_loses_no_device_of_today() {
    let mut rig = Rig::new();
    rig.connect();
    rig.tick();
    let mut rig = rig.crash();
    let found = counts(&rig, 0);
    assert_eq!((found.registered, found.activated, found.active), (1, 1, 1));
    assert_eq!(rig.devices.product(&product_id()).unwrap().online_count(), 0);
    rig.connect();
    assert_eq!(counts(&rig, 0).active, 1);
}

#[test]
fn a_device_that_stays_over_midnight_is_active_on_both_days() {
    let mut rig = Rig::new();
    rig.tick();
    rig.connect();
    report(&mut rig);
    rig.clock.advance(DAY);
    rig.tick();
    assert_eq!((counts(&rig, 1).active, counts(&rig, 1).messages_up), (1, 1));
    let today = counts(&rig, 0);
    assert_eq!((today.active, today.activated, today.messages_up, today.online_peak), (1, 0, 0, 1));
    rig.disconnect(DisconnectCause::ClientDisconnect);
    rig.clock.advance(DAY * 2);
    rig.tick();
    assert_eq!((counts(&rig, 0).active, counts(&rig, 2).active), (0, 1));
}

#[test]
fn the_totals_count_each_device_once_in_a_week() {
    let mut rig = Rig::new();
    rig.create("dev002");
    rig.tick();
    rig.connect();
    for _ in 0..8 {
        rig.clock.advance(DAY);
        rig.tick();
    }
    let products = rig.devices.products();
    let totals = rig.devices.device_totals(&products);
    assert_eq!((totals.registered, totals.activated, totals.online), (2, 1, 1));
    assert_eq!((totals.activated_yesterday, totals.active_yesterday), (0, 1));
    assert_eq!((totals.activated_week, totals.active_week), (0, 1));
    assert_eq!((totals.activated_week_before, totals.active_week_before), (1, 1));
    drop(products);
    let rig = rig.restart();
    let totals = rig.devices.device_totals(&rig.devices.products());
    assert_eq!((totals.active_yesterday, totals.active_week, totals.active_week_before), (1, 1, 1));
}

#[test]
fn devices_are_counted_where_their_last_connection_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("places.mmdb");
    write_database(&database, Ipv4Addr::new(203, 0, 113, 0));
    let statistics = StatisticsConfig { geo_database: Some(database), ..StatisticsConfig::default() };
    let mut rig = Rig::with(DevicesConfig { statistics, ..DevicesConfig::default() });
    for (name, address) in
        [("a", [203, 0, 113, 7]), ("b", [203, 0, 113, 8]), ("c", [192, 168, 1, 1]), ("d", [198, 51, 100, 1])]
    {
        let device = rig.create(name);
        let address = (IpAddr::from(address), 1).into();
        let link = Connected { address, transport: "tcp", version: "3.1.1", keep_alive_s: 60 };
        rig.connect_as(&device, link);
    }
    let (products, today) = (rig.devices.products(), rig.devices.today());
    let place =
        Region::Place { country: "中国".into(), province: "广东".into(), city: "Shenzhen".into() };
    for population in [Population::Active, Population::Activated] {
        let found: Vec<_> = rig
            .devices
            .distribution(&products, population, today, today)
            .into_iter()
            .map(|count| (count.region, count.devices))
            .collect();
        assert_eq!(found, [(place.clone(), 2), (Region::PrivateNetwork, 1), (Region::Unknown, 1)]);
    }
    assert!(rig.devices.distribution(&products, Population::Active, Day(0), today.before(1)).is_empty());
    drop(products);
}

/// Writes a database in MaxMind's format that knows one network of 256 addresses.
fn write_database(path: &Path, network: Ipv4Addr) {
    fn text(text: &str) -> Vec<u8> {
        [&[0b0100_0000 | text.len() as u8], text.as_bytes()].concat()
    }
    fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let entries_bytes = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat());
        std::iter::once(0b1110_0000 | entries.len() as u8).chain(entries_bytes).collect()
    }
    fn number(kind: u8, value: u32) -> Vec<u8> {
        [&[kind << 5 | 4][..], &value.to_be_bytes()].concat()
    }
    fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [&[items.len() as u8, 4][..], &items.concat()].concat()
    }
    let names = |language: &str, name: &str| map(&[("names", map(&[(language, text(name))]))]);
    let record = map(&[
        ("country", names("zh-CN", "中国")),
        ("subdivisions", list(&[names("zh-CN", "广东")])),
        ("city", names("en", "Shenzhen")),
    ]);
    let (prefix, nodes) = (24_u32, 24_u32);
    let mut file = Vec::new();
    for bit in 0..prefix {
        let next = if bit + 1 == prefix { nodes + 16 } else { bit + 1 };
        let one = u32::from(network) >> (31 - bit) & 1 == 1;
        let (left, right) = if one { (nodes, next) } else { (next, nodes) };
        file.extend_from_slice(&left.to_be_bytes()[1..]);
        file.extend_from_slice(&right.to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&record);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    let short = |value: u16| [&[5 << 5 | 2][..], &value.to_be_bytes()].concat();
    file.extend_from_slice(&map(&[
        ("binary_format_major_version", short(2)),
        ("binary_format_minor_version", short(0)),
        ("build_epoch", vec![8, 2, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("database_type", text("Test-City")),
        ("description", map(&[("en", text("a test"))])),
        ("ip_version", short(4)),
        ("languages", list(&[text("en")])),
        ("node_count", number(6, nodes)),
        ("record_size", short(24)),
    ]));
    std::fs::write(path, file).unwrap();
}
