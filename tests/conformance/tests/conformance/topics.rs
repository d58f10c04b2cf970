//! §4.7: topic names, filters and matching.

use yizhan_conformance::broker;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::{Event, Properties, build};
use yizhan_testkit::{PATIENCE, QUIET, Received};

use crate::steps::{BOTH, refused_after_connect, topic};

/// Filter, topic, whether they match. `@` stands for a prefix that only this test uses.
const CASES: &[(&str, &str, bool)] = &[
    ("@/a", "@/a", true),
    ("@/a", "@/a/", false),
    ("@/a", "@/A", false),
    ("@/a", "@/a/b", false),
    ("@/a/", "@/a", false),
    ("@/a/", "@/a/", true),
    ("@/#", "@", true),
    ("@/#", "@/", true),
    ("@/#", "@/a/b/c", true),
    ("@/a/#", "@/a", true),
    ("@/a/#", "@/ab", false),
    ("@/+", "@", false),
    ("@/+", "@/", true),
    ("@/+", "@/a", true),
    ("@/+", "@/a/b", false),
    ("@/+/", "@/a", false),
    ("@/+/", "@/a/", true),
    ("@/+/#", "@", false),
    ("@/+/#", "@/a", true),
    ("@/+/#", "@/a/b/c", true),
    ("@/+/c", "@/a/b/c", false),
    ("@/+/c", "@//c", true),
    ("@/+/+/c", "@/a/b/c", true),
    ("@//", "@//", true),
    ("@//", "@/", false),
    ("@//+", "@//", true),
    ("@/a b", "@/a b", true),
    ("@/a b", "@/a  b", false),
    ("@/\u{e4}", "@/a\u{308}", false),
    ("@/\u{1F600}/+", "@/\u{1F600}/x", true),
    ("@/$x", "@/$x", true),
    ("@/+", "@/$x", true),
    ("@/./a", "@/a", false),
    ("@/a/../b", "@/b", false),
    ("@/%61", "@/a", false),
];

/// 3.1.1: 3.3.2-3, 4.7.3-4, 4.7.1-2, 4.7.1-3
/// 5.0: 3.3.2-3, 4.7.3-4, 4.7.1-1, 4.7.1-2
#[test]
fn filters_match_exactly_the_topics_they_should() {
    for version in BOTH {
        let mut client = broker().client(version);
        for (filter, name, matches) in CASES {
            let base = topic();
            let filter = filter.replace('@', &base);
            let name = name.replace('@', &base);
            assert_eq!(client.subscribe(1, &[(&filter, 0)]).codes, [0], "{filter}");
            client.publish(&name, b"", 0);
            client.ping();
            let arrived =
                match client.next(std::time::Duration::from_millis(if *matches { 5_000 } else { 20 })) {
                    Event::Packet(Received::Publish(publish)) => {
                        assert_eq!(publish.topic, name);
                        true
                    }
                    _ => false,
                };
            assert_eq!(arrived, *matches, "filter {filter} and topic {name}");
            client.unsubscribe(2, &[&filter]);
        }
    }
}

/// 3.1.1: 4.7.1-2, 4.7.1-3
/// 5.0: 4.7.1-1, 4.7.1-2
#[test]
fn a_misplaced_wildcard_is_refused() {
    for version in BOTH {
        for filter in
            ["a/#/b", "#/", "#/a", "a#", "a/b#", "##", "a+", "+a", "a/+b", "a/b+/c", "++", "a/#+", "+#"]
        {
            let mut client = broker().client(version);
            client.send(&build::subscribe(version, 1, &[(filter, 0)], &Properties::none()));
            match client.next(yizhan_testkit::PATIENCE) {
                Event::Packet(Received::SubAck(suback)) => {
                    let expected = if version == Version::V5 { 0x8F } else { 0x80 };
                    assert_eq!(suback.codes, [expected], "{filter}");
                }
                Event::Packet(Received::Disconnect(told)) => {
                    assert!(matches!(told.reason, 0x81 | 0x82 | 0x8F))
                }
                Event::Closed => {}
                other => panic!("filter {filter} was answered with {other:?}"),
            }
        }
    }
}

/// 3.1.1: 4.7.2-1
/// 5.0: 4.7.2-1
#[test]
fn a_leading_wildcard_does_not_match_dollar_topics() {
    for version in BOTH {
        let level = topic().replace('/', "-");
        let dollar = format!("${level}/x");
        let plain = format!("{level}/x");
        let mut client = broker().client(version);
        let suffix = "+/x".to_owned();
        client.subscribe(1, &[("#", 0), (&suffix, 0), ("+/#", 0)]);
        // The server may refuse a $ topic altogether; it must not reach these filters.
        let mut publisher = broker().client(version);
        publisher.send_publish(&build::Publishing::new(&dollar, b"dollar"));
        let mut other = broker().client(version);
        other.publish(&plain, b"plain", 0);
        // Other tests' messages come here too, so it is time and not silence that ends the wait for a `$` topic.
        let mut plain_copies = 0;
        let mut end = std::time::Instant::now() + PATIENCE;
        while let Event::Packet(Received::Publish(publish)) =
            client.next(end.saturating_duration_since(std::time::Instant::now()))
        {
            assert!(!publish.topic.starts_with('$'), "{} came to a leading wildcard", publish.topic);
            if publish.topic == plain {
                plain_copies += 1;
                end = end.min(std::time::Instant::now() + QUIET);
            }
        }
        assert!(plain_copies >= 1, "the plain topic must match");
    }
}

/// 3.1.1: 4.7.1-1
/// 5.0: 4.7.0-1
#[test]
fn wildcards_are_literal_nowhere() {
    for version in BOTH {
        for name in ["sport/+", "sport/#"] {
            let publish = build::Publishing::new(name, b"").qos(1, 1).encode(version);
            refused_after_connect(version, &publish, &[0x81, 0x82, 0x90]);
        }
    }
}

/// Each slash is a level: many levels are matched or refused, never confused.
///
/// 3.1.1: 4.7.3-4
/// 5.0: 4.7.3-4
#[test]
fn deep_topics_match_deep_filters() {
    for version in BOTH {
        let mut client = broker().client(version);
        for depth in [1, 7, 20] {
            let base = topic();
            let name = format!("{base}{}", "/l".repeat(depth));
            let filter = format!("{base}{}", "/+".repeat(depth));
            client.subscribe(1, &[(&filter, 0)]);
            client.publish(&name, b"deep", 0);
            assert_eq!(client.expect_publish().topic, name);
            client.publish(&format!("{name}/l"), b"deeper", 0);
            client.ping();
            client.expect_silence();
        }
    }
}
