//! Who may use which topic. Device rules are compiled once per product; a check compares bytes in place and
//! allocates nothing, because it runs for every message.
//!
//! A filter may be subscribed only if every topic it can match is the device's own: a wildcard that reaches
//! further is refused as a whole.

use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::topics::{Rights, TopicRule};

/// The deepest topic or filter that is looked at.
const MAX_LEVELS: usize = 32;
/// The longest suffix of a custom topic.
const MAX_SUFFIX: usize = 128;
/// How many custom topics a product may have: each costs a comparison per message.
pub const MAX_CUSTOM_TOPICS: usize = 50;

/// Why a custom topic cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The suffix is not one.
    #[error(
        "{0:?} is not a topic suffix: 1 to 128 characters, levels between '/', '+' and '#' only as whole levels"
    )]
    Suffix(String),
    /// The filter of a user is not one, or reaches into the platform's topics.
    #[error("{0:?} is not a filter of topics outside '$', or has '+' or '#' in the wrong place")]
    Filter(String),
    /// There are too many.
    #[error("a product may have {MAX_CUSTOM_TOPICS} custom topics")]
    TooMany,
}

/// The topics of one product's devices, compiled.
#[derive(Debug, Clone)]
pub struct TopicPermission {
    publish: Vec<Pattern>,
    subscribe: Vec<Pattern>,
}

/// `prefix` + `PRODUCTID/DEVICENAME` + `suffix`; levels of the suffix may be `+`, the last one `#`.
#[derive(Debug, Clone)]
struct Pattern {
    prefix: Box<str>,
    suffix: Box<str>,
    wildcards: bool,
}

impl Pattern {
    fn new(prefix: &str, suffix: &str) -> Self {
        Self { prefix: prefix.into(), suffix: suffix.into(), wildcards: suffix.contains(['+', '#']) }
    }

    /// Whether every topic that `filter` matches (a topic matches itself) is one of this pattern for the device.
    fn covers(&self, product: &ProductId, device: &str, filter: &str) -> bool {
        self.own_part(product, device, filter).is_some_and(|rest| {
            if self.wildcards { filter_covers(&self.suffix, rest) } else { *self.suffix == *rest }
        })
    }

    /// What follows `prefix` + `PRODUCTID/DEVICENAME` in a text that starts so.
    fn own_part<'t>(&self, product: &ProductId, device: &str, text: &'t str) -> Option<&'t str> {
        let rest = text.strip_prefix(&*self.prefix)?.strip_prefix(product.as_str())?;
        rest.strip_prefix('/')?.strip_prefix(device)
    }
}

impl TopicPermission {
    /// Compiles the features' rules and a product's custom topics (suffixes behind `PRODUCTID/DEVICENAME/`).
    pub fn compile<'a>(
        rules: &[TopicRule],
        custom: impl IntoIterator<Item = (&'a str, Rights)>,
    ) -> Result<Self, TopicError> {
        let mut compiled = Self { publish: Vec::new(), subscribe: Vec::new() };
        for rule in rules {
            compiled.add(Pattern::new(rule.prefix, rule.suffix), rule.rights);
        }
        for (count, (suffix, rights)) in custom.into_iter().enumerate() {
            if count >= MAX_CUSTOM_TOPICS {
                return Err(TopicError::TooMany);
            }
            check_suffix(suffix)?;
            compiled.add(Pattern::new("", &format!("/{suffix}")), rights);
        }
        Ok(compiled)
    }

    fn add(&mut self, pattern: Pattern, rights: Rights) {
        if rights.may_publish() {
            self.publish.push(pattern.clone());
        }
        if rights.may_subscribe() {
            self.subscribe.push(pattern);
        }
    }

    /// Whether the device may publish to `topic`.
    pub fn may_publish(&self, product: &ProductId, device: &str, topic: &str) -> bool {
        !topic.contains(['+', '#'])
            && self.publish.iter().any(|pattern| pattern.covers(product, device, topic))
    }

    /// Whether the device may subscribe to `filter`.
    pub fn may_subscribe(&self, product: &ProductId, device: &str, filter: &str) -> bool {
        well_formed(filter) && self.subscribe.iter().any(|pattern| pattern.covers(product, device, filter))
    }
}

/// Checks the suffix of a custom topic.
pub fn check_suffix(suffix: &str) -> Result<(), TopicError> {
    let refused = || TopicError::Suffix(suffix.to_owned());
    let length = (1..=MAX_SUFFIX).contains(&suffix.len());
    let characters = suffix.chars().all(|character| !character.is_control());
    let levels = suffix.split('/').all(|level| !level.is_empty());
    if length && characters && levels && well_formed(suffix) { Ok(()) } else { Err(refused()) }
}

/// Whether wildcards stand alone in their levels, `#` only in the last, and the depth is bounded.
fn well_formed(filter: &str) -> bool {
    filter.split('/').nth(MAX_LEVELS).is_none() && wildcards_in_place(filter)
}

/// Whether a filter has levels at all, wildcards alone in theirs, and `#` only in the last.
fn wildcards_in_place(filter: &str) -> bool {
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let wild = level.contains(['+', '#']);
        if wild && level.len() > 1 || level == "#" && levels.peek().is_some() {
            return false;
        }
    }
    !filter.is_empty()
}

/// Whether every topic that `inner` matches is matched by `outer`; both well-formed filters.
pub fn filter_covers(outer: &str, inner: &str) -> bool {
    // The same topics, but comparable with a pattern that starts in `+`.
    let inner = if inner == "#" { "+/#" } else { inner };
    let (mut outer, mut inner) = (outer.split('/'), inner.split('/'));
    loop {
        match (outer.next(), inner.next()) {
            (Some("#"), _) => return true,
            (None, None) => return true,
            // `a/#` also matches `a`, which `a/+` does not.
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(expected), Some(level)) if expected == level => {}
            _ => return false,
        }
    }
}

/// The filters of an ordinary MQTT user, compiled. Topics under `$` are the platform's and never a user's.
#[derive(Debug, Clone)]
pub struct UserPermission {
    publish: Vec<Box<str>>,
    subscribe: Vec<Box<str>>,
}

impl UserPermission {
    /// Takes a user's filters; a malformed one is an error. Without any, everything outside `$` is allowed.
    pub fn compile(publish: &[String], subscribe: &[String]) -> Result<Self, TopicError> {
        let take = |filters: &[String]| -> Result<Vec<Box<str>>, TopicError> {
            let check = |filter: &String| match wildcards_in_place(filter) && !filter.starts_with('$') {
                true => Ok(filter.as_str().into()),
                false => Err(TopicError::Filter(filter.clone())),
            };
            if filters.is_empty() { Ok(vec!["#".into()]) } else { filters.iter().map(check).collect() }
        };
        Ok(Self { publish: take(publish)?, subscribe: take(subscribe)? })
    }

    /// Whether the user may publish to `topic`.
    pub fn may_publish(&self, topic: &str) -> bool {
        !topic.starts_with('$')
            && !topic.contains(['+', '#'])
            && self.publish.iter().any(|filter| filter_covers(filter, topic))
    }

    /// Whether the user may subscribe to `filter`; of a shared subscription, its inner filter counts.
    pub fn may_subscribe(&self, filter: &str) -> bool {
        let filter = match filter.strip_prefix("$share/") {
            Some(shared) => match shared.split_once('/') {
                Some((_group, filter)) => filter,
                None => return false,
            },
            None => filter,
        };
        !filter.starts_with('$')
            && wildcards_in_place(filter)
            && self.subscribe.iter().any(|allowed| filter_covers(allowed, filter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[TopicRule] = &[
        TopicRule { prefix: "$thing/up/property/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: "$thing/down/property/", suffix: "", rights: Rights::Subscribe },
        TopicRule { prefix: "$gateway/operation/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: "$gateway/operation/result/", suffix: "", rights: Rights::Subscribe },
        TopicRule { prefix: "$rrpc/rxd/", suffix: "/+", rights: Rights::Subscribe },
        TopicRule { prefix: "$rrpc/txd/", suffix: "/+", rights: Rights::Publish },
    ];

    fn compiled() -> TopicPermission {
        let custom = [
            ("control", Rights::Subscribe),
            ("event", Rights::Publish),
            ("data", Rights::Both),
            ("sensors/+/raw", Rights::Subscribe),
            ("tree/#", Rights::Both),
        ];
        TopicPermission::compile(RULES, custom).unwrap()
    }

    fn publish(topic: &str) -> bool {
        compiled().may_publish(&ProductId::parse("DEMOPROD01").unwrap(), "dev001", topic)
    }

    fn subscribe(filter: &str) -> bool {
        compiled().may_subscribe(&ProductId::parse("DEMOPROD01").unwrap(), "dev001", filter)
    }

    #[test]
    fn a_device_publishes_to_its_own_topics_only() {
        for allowed in [
            "$thing/up/property/DEMOPROD01/dev001",
            "$gateway/operation/DEMOPROD01/dev001",
            "$rrpc/txd/DEMOPROD01/dev001/17",
            "DEMOPROD01/dev001/event",
            "DEMOPROD01/dev001/data",
            "DEMOPROD01/dev001/tree/a/b",
            "DEMOPROD01/dev001/tree",
        ] {
            assert!(publish(allowed), "{allowed}");
        }
        for refused in [
            "",
            "$thing/up/property/DEMOPROD01/dev002",
            "$thing/up/property/DEMOPROD02/dev001",
            "$thing/up/property/DEMOPROD01/dev0011",
            "$thing/up/property/DEMOPROD01/dev00",
            "$thing/up/property/DEMOPROD01/dev001/x",
            "$thing/down/property/DEMOPROD01/dev001",
            "$rrpc/txd/DEMOPROD01/dev001",
            "$rrpc/txd/DEMOPROD01/dev001/1/2",
            "$rrpc/txd/DEMOPROD01/dev001/+",
            "DEMOPROD01/dev001/control",
            "DEMOPROD01/dev001/events",
            "DEMOPROD01/dev001/tree/#",
            "data",
        ] {
            assert!(!publish(refused), "{refused}");
        }
    }

    #[test]
    fn a_device_subscribes_to_filters_that_stay_within_its_own_topics() {
        for allowed in [
            "$thing/down/property/DEMOPROD01/dev001",
            "$gateway/operation/result/DEMOPROD01/dev001",
            "$rrpc/rxd/DEMOPROD01/dev001/+",
            "$rrpc/rxd/DEMOPROD01/dev001/17",
            "DEMOPROD01/dev001/control",
            "DEMOPROD01/dev001/sensors/+/raw",
            "DEMOPROD01/dev001/sensors/1/raw",
            "DEMOPROD01/dev001/tree/#",
            "DEMOPROD01/dev001/tree/+/x",
        ] {
            assert!(subscribe(allowed), "{allowed}");
        }
        for refused in [
            "#",
            "+/+/+",
            "$thing/down/property/#",
            "$thing/down/property/DEMOPROD01/+",
            "$thing/down/property/DEMOPROD01/#",
            "$thing/down/+/DEMOPROD01/dev001",
            "$thing/down/property/+/dev001",
            "$thing/down/property/DEMOPROD01/dev001/#",
            "$rrpc/rxd/DEMOPROD01/dev001/#",
            "DEMOPROD01/dev001/#",
            "DEMOPROD01/dev001/+",
            "DEMOPROD01/dev001/sensors/#",
            "DEMOPROD01/dev001/tree/a+",
            "DEMOPROD01/dev001/tree/#/a",
            "$share/g/DEMOPROD01/dev001/control",
        ] {
            assert!(!subscribe(refused), "{refused}");
        }
        assert!(!subscribe(&format!("DEMOPROD01/dev001/tree{}", "/x".repeat(MAX_LEVELS))));
    }

    #[test]
    fn suffixes_of_custom_topics_are_checked() {
        for suffix in ["data", "a/b", "+", "a/+/c", "#", "a/#", "温度"] {
            assert_eq!(check_suffix(suffix), Ok(()), "{suffix}");
        }
        for suffix in
            ["", "/a", "a/", "a//b", "a+", "a/#/b", "a#", "\u{0}", &"x".repeat(129), &"a/".repeat(33)]
        {
            assert!(check_suffix(suffix).is_err(), "{suffix:?}");
        }
        let many = (0..=MAX_CUSTOM_TOPICS).map(|_| ("data", Rights::Both));
        assert_eq!(TopicPermission::compile(&[], many).unwrap_err(), TopicError::TooMany);
    }

    #[test]
    fn a_filter_covers_exactly_the_filters_that_match_no_more() {
        for (outer, inner) in [
            ("#", "#"),
            ("#", "a/+"),
            ("a/#", "a"),
            ("a/#", "a/#"),
            ("a/+", "a/b"),
            ("a/+", "a/+"),
            ("+/#", "a"),
        ] {
            assert!(filter_covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in
            [("a/+", "a/#"), ("a/+", "a"), ("a", "+"), ("+", "#"), ("a/b", "a"), ("a", "a/b")]
        {
            assert!(!filter_covers(outer, inner), "{outer} {inner}");
        }
    }

    /// Every sequence of 1 to `depth` levels out of `alphabet`.
    fn texts(alphabet: &[&str], depth: usize) -> Vec<String> {
        let mut all: Vec<String> = alphabet.iter().map(|level| (*level).to_owned()).collect();
        let mut last = all.clone();
        for _ in 1..depth {
            let longer =
                |text: &String| alphabet.iter().map(|level| format!("{text}/{level}")).collect::<Vec<_>>();
            last = last.iter().flat_map(longer).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    /// MQTT's matching, as the standard words it.
    fn matches(filter: &[&str], topic: &[&str]) -> bool {
        match (filter.split_first(), topic.split_first()) {
            (Some((&"#", _)), _) | (None, None) => true,
            (Some((&"+", filter)), Some((_, topic))) => matches(filter, topic),
            (Some((expected, filter)), Some((level, topic))) => expected == level && matches(filter, topic),
            _ => false,
        }
    }

    #[test]
    fn covering_agrees_with_matching_for_all_small_filters() {
        let filters: Vec<_> =
            texts(&["a", "b", "+", "#"], 3).into_iter().filter(|text| well_formed(text)).collect();
        // One level and one letter more than any filter names, so that wildcards show their reach.
        let topics = texts(&["a", "b", "c"], 4);
        let reach: Vec<Vec<bool>> = filters
            .iter()
            .map(|filter| {
                let filter: Vec<&str> = filter.split('/').collect();
                let matched = |topic: &String| matches(&filter, &topic.split('/').collect::<Vec<_>>());
                topics.iter().map(matched).collect()
            })
            .collect();
        for (outer, wide) in filters.iter().zip(&reach) {
            for (inner, narrow) in filters.iter().zip(&reach) {
                let included = narrow.iter().zip(wide).all(|(inner, outer)| !inner || *outer);
                assert_eq!(filter_covers(outer, inner), included, "{outer} over {inner}");
            }
        }
    }

    #[test]
    fn a_user_without_filters_may_use_everything_outside_the_platform() {
        let user = UserPermission::compile(&[], &[]).unwrap();
        assert!(user.may_publish("a/b") && user.may_subscribe("#") && user.may_subscribe("$share/g/a/#"));
        assert!(!user.may_publish("$thing/up/property/DEMOPROD01/dev001"));
        assert!(!user.may_subscribe("$thing/#") && !user.may_subscribe("$share/g/$thing/#"));
        assert!(!user.may_subscribe("$share/g") && !user.may_subscribe(""));
    }

    #[test]
    fn a_users_filters_restrict_it() {
        let user = UserPermission::compile(&["a/+".into()], &["b/#".into()]).unwrap();
        assert!(user.may_publish("a/x") && !user.may_publish("a/x/y") && !user.may_publish("b"));
        assert!(user.may_subscribe("b") && user.may_subscribe("b/+/c") && !user.may_subscribe("#"));
        assert!(UserPermission::compile(&["a+".into()], &[]).is_err());
        assert!(UserPermission::compile(&[], &["$SYS/#".into()]).is_err());
    }
}
