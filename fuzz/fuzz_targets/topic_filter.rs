//! Topic filters: parsing never panics, and the trie finds exactly what the plain definition finds.
//!
//! Input: a topic and filters, separated by line ends.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yizhan_mqtt::{FilterTrie, Match, TopicFilter, TopicName};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let Some(topic) = lines.next().filter(|topic| TopicName::check(topic).is_ok()) else { return };
    let filters: Vec<TopicFilter> =
        lines.take(64).filter_map(|line| TopicFilter::parse(line).ok()).collect();
    let mut trie = FilterTrie::new();
    for (key, filter) in filters.iter().enumerate() {
        assert_eq!(trie.insert(filter, key, ()), None);
    }
    let mut found = Vec::new();
    trie.for_each_match(topic, |hit| match hit {
        Match::Direct(&key, ()) => {
            assert!(!filters[key].is_shared());
            found.push(key);
        }
        Match::Shared { group, filter, members } => {
            assert!(!members.is_empty());
            for &(key, ()) in members {
                assert_eq!((filters[key].group(), filters[key].pattern()), (Some(group), filter));
                found.push(key);
            }
        }
    });
    found.sort_unstable();
    let expected: Vec<usize> = (0..filters.len()).filter(|&key| filters[key].matches(topic)).collect();
    assert_eq!(found, expected);
    for (key, filter) in filters.iter().enumerate() {
        assert_eq!(trie.remove(filter, &key), Some(()));
    }
    assert!(trie.is_empty());
    trie.for_each_match(topic, |_| panic!("an empty trie matches nothing"));
});
