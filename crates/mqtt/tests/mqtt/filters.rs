//! Topic names, filters, the trie and the retained messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use yizhan_mqtt::filter::TopicError;
use yizhan_mqtt::{
    FilterTrie, Match, Message, NextMatch, QoS, RetainedLimits, RetainedRefusal, RetainedStore, TopicFilter,
    TopicName, matches,
};

fn filter(text: &str) -> TopicFilter {
    TopicFilter::parse(text).expect("a valid filter")
}

#[test]
fn the_examples_of_the_standard_match_as_it_says() {
    for (filter, topic, expected) in [
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/#", "sport", true),
        ("#", "anything/at/all", true),
        ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/", true),
        ("+/+", "/finance", true),
        ("/+", "/finance", true),
        ("+", "/finance", false),
        ("#", "$SYS/x", false),
        ("+/monitor/Clients", "$SYS/monitor/Clients", false),
        ("$SYS/#", "$SYS/x", true),
        ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
        ("ACCOUNTS", "Accounts", false),
        ("+/tennis/#", "sport/tennis", true),
        ("a//b", "a/b", false),
    ] {
        assert_eq!(matches(filter, topic), expected, "{filter} and {topic}");
    }
}

#[test]
fn invalid_names_and_filters_say_why() {
    assert_eq!(TopicName::parse(""), Err(TopicError::Empty));
    assert_eq!(TopicName::parse("a\0"), Err(TopicError::NullCharacter));
    assert_eq!(TopicName::parse("a/#"), Err(TopicError::WildcardInName));
    assert_eq!(TopicName::parse(&"a".repeat(65_536)), Err(TopicError::TooLong));
    assert!(TopicName::parse(&"a".repeat(65_535)).is_ok());
    let error = |text: &str| TopicFilter::parse(text).expect_err("invalid");
    assert_eq!(error(""), TopicError::Empty);
    assert_eq!(error("a/#/b"), TopicError::MisplacedWildcard);
    assert_eq!(error("a/b#"), TopicError::MisplacedWildcard);
    assert_eq!(error("a/+b"), TopicError::MisplacedWildcard);
    assert_eq!(error("##"), TopicError::MisplacedWildcard);
    assert_eq!(error("$share/g"), TopicError::MalformedShare);
    assert_eq!(error("$share/g/a/#/b"), TopicError::MisplacedWildcard);
    assert_eq!(error(&"a/".repeat(128)), TopicError::TooManyLevels);
    assert!(TopicFilter::parse(&"/".repeat(127)).is_ok());
    assert!(TopicFilter::parse("$shared/g").is_ok());
}

#[test]
fn a_shared_filter_knows_its_parts() {
    let shared = filter("$share/group/a/+");
    assert_eq!((shared.group(), shared.pattern()), (Some("group"), "a/+"));
    assert!(shared.is_shared() && shared.has_wildcard());
    assert_eq!((filter("a/b").group(), filter("a/b").pattern()), (None, "a/b"));
}

/// Texts from a small alphabet, so that filters and topics meet.
fn topic() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&["a", "b", "", "$s"][..]), 1..5)
        .prop_map(|levels| levels.join("/"))
        .prop_filter("not empty", |topic| !topic.is_empty())
}

fn any_filter() -> impl Strategy<Value = String> {
    let levels = prop::collection::vec(prop::sample::select(&["a", "b", "", "+", "$s"][..]), 0..5);
    let group = prop::option::of(prop::sample::select(&["g", "h"][..]));
    (levels, any::<bool>(), group)
        .prop_map(|(mut levels, rest, group)| {
            if rest {
                levels.push("#");
            }
            let pattern = levels.join("/");
            match group {
                Some(group) => format!("$share/{group}/{pattern}"),
                None => pattern,
            }
        })
        .prop_filter("valid", |text| TopicFilter::parse(text).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_trie_finds_what_the_definition_finds(
        changes in prop::collection::vec((any_filter(), 0_u8..40, 0_u8..4), 0..120),
        topics in prop::collection::vec(topic(), 1..20),
    ) {
        let mut trie = FilterTrie::new();
        let mut plain: BTreeMap<(String, u8), usize> = BTreeMap::new();
        for (value, (text, key, kind)) in changes.iter().enumerate() {
            if *kind == 0 {
                prop_assert_eq!(trie.remove(&filter(text), key), plain.remove(&(text.clone(), *key)));
            } else {
                let before = plain.insert((text.clone(), *key), value);
                prop_assert_eq!(trie.insert(&filter(text), *key, value), before);
            }
            prop_assert_eq!(trie.len(), plain.len());
        }
        for topic in &topics {
            let mut found = Vec::new();
            trie.for_each_match(topic, |hit| match hit {
                Match::Direct(key, value) => found.push((None, *key, *value)),
                Match::Shared { group, filter, members } => {
                    assert!(!members.is_empty() && matches(filter, topic));
                    for (key, value) in members {
                        found.push((Some(group.to_owned()), *key, *value));
                    }
                }
            });
            let mut expected: Vec<_> = plain
                .iter()
                .map(|((text, key), value)| (filter(text), *key, *value))
                .filter(|(filter, _, _)| filter.matches(topic))
                .map(|(filter, key, value)| (filter.group().map(str::to_owned), key, value))
                .collect();
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected, "topic {}", topic);
        }
        for (text, key) in plain.keys() {
            prop_assert!(trie.remove(&filter(text), key).is_some());
        }
        prop_assert!(trie.is_empty());
    }

    #[test]
    fn retained_messages_are_found_as_the_definition_says(
        changes in prop::collection::vec((topic(), 0_u8..5, prop::option::of(0_i64..10)), 0..60),
        filters in prop::collection::vec(any_filter(), 1..10),
        now in 0_i64..10,
    ) {
        let limits = RetainedLimits { max_messages: 20, max_bytes: 20 * 170 };
        let mut store = RetainedStore::new(limits);
        let mut plain: BTreeMap<String, Message> = BTreeMap::new();
        for (topic, length, expires_at) in changes {
            let payload = Bytes::from(vec![b'x'; usize::from(length)]);
            let message = Message { expires_at, ..Message::new(topic.as_str(), payload, QoS::AtLeastOnce) };
            let mut after = plain.clone();
            if length == 0 {
                after.remove(&topic);
            } else {
                after.insert(topic, message.clone());
            }
            let bytes: usize = after.values().map(Message::weight).sum();
            let refused = length > 0 && (after.len() > limits.max_messages || bytes > limits.max_bytes);
            prop_assert_eq!(store.set(message).is_err(), refused);
            if !refused {
                plain = after;
            }
            prop_assert_eq!(store.len(), plain.len());
            prop_assert_eq!(store.bytes(), plain.values().map(Message::weight).sum::<usize>());
        }
        for text in &filters {
            let filter = filter(text);
            let found = found_in_portions(&store, &filter, now);
            let expected: Vec<_> = plain
                .values()
                .filter(|m| !filter.is_shared() && filter.matches(&m.topic) && !m.is_expired(now))
                .map(|message| &message.topic)
                .collect();
            prop_assert_eq!(&found, &expected, "filter {}", text);
        }
        let expired = plain.values().filter(|message| message.is_expired(now)).count();
        prop_assert_eq!(store.drop_expired(now, usize::MAX).len(), expired);
        prop_assert_eq!(store.len(), plain.len() - expired);
        prop_assert!(store.next_expiry().is_none_or(|at| at > now));
    }
}

#[test]
fn a_filter_with_many_members_loses_each_of_them_alone() {
    let mut trie = FilterTrie::new();
    for key in 0..1_000_u32 {
        assert_eq!(trie.insert(&filter("a/+"), key, key), None);
        assert_eq!(trie.insert(&filter("a/+"), key, key + 1), Some(key));
    }
    for key in (0..1_000).step_by(2) {
        assert_eq!(trie.remove(&filter("a/+"), &key), Some(key + 1));
        assert_eq!(trie.remove(&filter("a/+"), &key), None);
    }
    let mut left = Vec::new();
    trie.for_each_match("a/b", |hit| match hit {
        Match::Direct(key, _) => left.push(*key),
        Match::Shared { .. } => panic!("nobody shares"),
    });
    left.sort_unstable();
    assert_eq!(left, (1..1_000).step_by(2).collect::<Vec<_>>());
}

#[test]
fn an_empty_retained_message_clears_its_topic() {
    let mut store = RetainedStore::new(RetainedLimits { max_messages: 1, max_bytes: 1_000 });
    let message = |topic: &str, text: &'static str| Message::new(topic, Bytes::from(text), QoS::AtMostOnce);
    store.set(message("a", "1")).expect("room");
    assert_eq!(store.set(message("b", "1")), Err(RetainedRefusal::TooManyMessages));
    store.set(message("a", "2")).expect("replacing needs no room");
    assert_eq!(store.get("a", 0).map(|message| message.payload.clone()), Some(Bytes::from("2")));
    let large = Message::new("a", vec![0; 1_000], QoS::AtMostOnce);
    assert_eq!(store.set(large), Err(RetainedRefusal::TooManyBytes));
    assert!(store.get("a", 0).is_some(), "a refusal changes nothing");
    store.set(message("a", "")).expect("clearing"); // MQTT-3.3.1-6, MQTT-3.3.1-7
    assert!(store.is_empty() && store.bytes() == 0);
}

/// Everything that matches, looking at two topics at a time.
fn found_in_portions<'a>(store: &'a RetainedStore, filter: &TopicFilter, now: i64) -> Vec<&'a Arc<str>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let mut budget = 2;
        after = match store.next_match(filter, after, now, &mut budget) {
            NextMatch::Found(message) => {
                found.push(&message.topic);
                Some(&*message.topic)
            }
            NextMatch::Paused(topic) => Some(topic),
            NextMatch::End => return found,
        };
    }
}
