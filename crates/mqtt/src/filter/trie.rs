//! Finds everyone who subscribed to something that matches a topic.
//!
//! Filters without a wildcard, the normal case for devices, live in one hash table: a published topic finds
//! them with one look-up, however many there are. Filters with wildcards live in a tree by level. What must stay
//! true: the set found is exactly that of [`super::matches`] over all filters, and removing the last member of a
//! filter leaves nothing behind.

use std::hash::Hash;
use std::sync::Arc;

use ahash::AHashMap;

use super::TopicFilter;

/// A hash index pays off beyond this many members of one filter.
const INDEX_FROM: usize = 16;

/// One subscription, or one group of shared subscriptions, that matches.
#[derive(Debug, PartialEq, Eq)]
pub enum Match<'a, K, V> {
    /// A subscription of one member.
    Direct(&'a K, &'a V),
    /// A shared subscription: one of the members shall get the message.
    Shared {
        /// The group.
        group: &'a str,
        /// The filter without `$share/GROUP/`.
        filter: &'a str,
        /// The members, never empty, in no particular order.
        members: &'a [(K, V)],
    },
}

/// Subscriptions of many members, found by topic. `K` names the member, `V` says how it subscribed.
#[derive(Debug)]
pub struct FilterTrie<K, V> {
    exact: AHashMap<Arc<str>, Entry<K, V>>,
    wild: Node<K, V>,
    len: usize,
}

impl<K, V> Default for FilterTrie<K, V> {
    fn default() -> Self {
        Self { exact: AHashMap::new(), wild: Node::default(), len: 0 }
    }
}

impl<K: Eq + Hash + Clone, V> FilterTrie<K, V> {
    /// An empty trie.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of (filter, member) pairs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody subscribed to anything.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Subscribes `key`; returns what it had said about the same filter before.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let entry = if filter.has_wildcard() {
            self.wild.entry_at(filter.pattern())
        } else if filter.is_shared() {
            // The text of a shared filter is longer than the key that topics are looked up with.
            if !self.exact.contains_key(filter.pattern()) {
                self.exact.insert(filter.pattern().into(), Entry::default());
            }
            self.exact.get_mut(filter.pattern()).expect("the entry was just made")
        } else {
            self.exact.entry(filter.to_shared()).or_default()
        };
        let before = entry.insert(filter, key, value);
        self.len += usize::from(before.is_none());
        before
    }

    /// Unsubscribes `key`; returns what it had said about this filter.
    pub fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        let removed = if filter.has_wildcard() {
            self.wild.remove(filter, &mut filter.pattern().split('/'), key)
        } else {
            let entry = self.exact.get_mut(filter.pattern())?;
            let removed = entry.remove(filter, key);
            if entry.is_empty() {
                self.exact.remove(filter.pattern());
            }
            removed
        };
        self.len -= usize::from(removed.is_some());
        removed
    }

    /// Calls `found` for each subscription and each shared group that matches `topic`. A member that subscribed
    /// to several matching filters is reported once for each.
    pub fn for_each_match<'a>(&'a self, topic: &str, mut found: impl FnMut(Match<'a, K, V>)) {
        if let Some(entry) = self.exact.get(topic) {
            entry.report(&mut found);
        }
        self.wild.report(topic.split('/'), topic.starts_with('$'), &mut found);
    }
}

/// One level of the filters with wildcards.
#[derive(Debug)]
struct Node<K, V> {
    children: AHashMap<Box<str>, Node<K, V>>,
    plus: Option<Box<Node<K, V>>>,
    /// The filter that ends in `#` below this level.
    rest: Option<Box<Entry<K, V>>>,
    /// The filter that ends at this level.
    here: Option<Box<Entry<K, V>>>,
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self { children: AHashMap::new(), plus: None, rest: None, here: None }
    }
}

impl<K: Eq + Hash + Clone, V> Node<K, V> {
    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.plus.is_none() && self.rest.is_none() && self.here.is_none()
    }

    fn entry_at(&mut self, pattern: &str) -> &mut Entry<K, V> {
        let mut node = self;
        for level in pattern.split('/') {
            match level {
                "#" => return node.rest.get_or_insert_default(),
                "+" => node = node.plus.get_or_insert_default(),
                name => {
                    if !node.children.contains_key(name) {
                        node.children.insert(name.into(), Self::default());
                    }
                    node = node.children.get_mut(name).expect("the child was just made");
                }
            }
        }
        node.here.get_or_insert_default()
    }

    /// Recursion is bounded by the levels a filter may have.
    fn remove<'f>(
        &mut self,
        filter: &TopicFilter,
        levels: &mut impl Iterator<Item = &'f str>,
        key: &K,
    ) -> Option<V> {
        let (slot, removed) = match levels.next() {
            Some("+") => {
                let child = self.plus.as_mut()?;
                let removed = child.remove(filter, levels, key);
                if child.is_empty() {
                    self.plus = None;
                }
                return removed;
            }
            Some(name) if name != "#" => {
                let child = self.children.get_mut(name)?;
                let removed = child.remove(filter, levels, key);
                if child.is_empty() {
                    self.children.remove(name);
                    if self.children.is_empty() {
                        self.children = AHashMap::new();
                    }
                }
                return removed;
            }
            Some(_) => {
                let removed = self.rest.as_mut()?.remove(filter, key);
                (&mut self.rest, removed)
            }
            None => {
                let removed = self.here.as_mut()?.remove(filter, key);
                (&mut self.here, removed)
            }
        };
        if slot.as_ref().is_some_and(|entry| entry.is_empty()) {
            *slot = None;
        }
        removed
    }

    /// Recursion is bounded by the levels a filter may have. `system` is true at the first level of a topic that
    /// starts with `$`, which wildcards do not match.
    fn report<'a, 't>(
        &'a self,
        mut levels: impl Iterator<Item = &'t str> + Clone,
        system: bool,
        found: &mut dyn FnMut(Match<'a, K, V>),
    ) {
        if !system && let Some(entry) = &self.rest {
            entry.report(found);
        }
        let Some(level) = levels.next() else {
            if let Some(entry) = &self.here {
                entry.report(found);
            }
            return;
        };
        if !system && let Some(child) = &self.plus {
            child.report(levels.clone(), false, found);
        }
        if let Some(child) = self.children.get(level) {
            child.report(levels, false, found);
        }
    }
}

/// Everyone who subscribed to one filter.
#[derive(Debug)]
struct Entry<K, V> {
    direct: Members<K, V>,
    groups: Option<Box<Groups<K, V>>>,
}

/// Shared subscriptions to one filter; never empty.
type Groups<K, V> = Vec<Group<K, V>>;

#[derive(Debug)]
struct Group<K, V> {
    filter: TopicFilter,
    members: Members<K, V>,
}

impl<K, V> Default for Entry<K, V> {
    fn default() -> Self {
        Self { direct: Members::None, groups: None }
    }
}

impl<K: Eq + Hash + Clone, V> Entry<K, V> {
    fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.groups.is_none()
    }

    fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        if !filter.is_shared() {
            return self.direct.insert(key, value);
        }
        let groups = self.groups.get_or_insert_default();
        match groups.iter_mut().find(|group| group.filter == *filter) {
            Some(group) => group.members.insert(key, value),
            None => {
                groups.push(Group { filter: filter.clone(), members: Members::One([(key, value)]) });
                None
            }
        }
    }

    fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        if !filter.is_shared() {
            return self.direct.remove(key);
        }
        let groups = self.groups.as_mut()?;
        let position = groups.iter().position(|group| group.filter == *filter)?;
        let removed = groups[position].members.remove(key);
        if groups[position].members.is_empty() {
            groups.swap_remove(position);
        }
        if groups.is_empty() {
            self.groups = None;
        }
        removed
    }

    fn report<'a>(&'a self, found: &mut dyn FnMut(Match<'a, K, V>)) {
        for (key, value) in self.direct.as_slice() {
            found(Match::Direct(key, value));
        }
        for group in self.groups.iter().flat_map(|groups| groups.iter()) {
            found(Match::Shared {
                group: group.filter.group().unwrap_or_default(),
                filter: group.filter.pattern(),
                members: group.members.as_slice(),
            });
        }
    }
}

/// Members of one filter. A device's own filters have one, which needs no memory beside the entry; long lists have
/// an index.
#[derive(Debug)]
enum Members<K, V> {
    None,
    One([(K, V); 1]),
    Many(Box<MemberList<K, V>>),
}

#[derive(Debug)]
struct MemberList<K, V> {
    list: Vec<(K, V)>,
    index: Option<AHashMap<K, usize>>,
}

impl<K, V> Members<K, V> {
    fn as_slice(&self) -> &[(K, V)] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(many) => &many.list,
        }
    }

    const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl<K: Eq + Hash + Clone, V> Members<K, V> {
    fn insert(&mut self, key: K, value: V) -> Option<V> {
        match std::mem::replace(self, Self::None) {
            Self::None => {
                *self = Self::One([(key, value)]);
                None
            }
            Self::One([(member, before)]) if member == key => {
                *self = Self::One([(key, value)]);
                Some(before)
            }
            Self::One([first]) => {
                *self = Self::Many(Box::new(MemberList { list: vec![first, (key, value)], index: None }));
                None
            }
            Self::Many(mut many) => {
                let before = many.insert(key, value);
                *self = Self::Many(many);
                before
            }
        }
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        match std::mem::replace(self, Self::None) {
            Self::None => None,
            Self::One([(member, value)]) if member == *key => Some(value),
            Self::One(one) => {
                *self = Self::One(one);
                None
            }
            Self::Many(mut many) => {
                let removed = many.remove(key);
                *self = match <[(K, V); 1]>::try_from(std::mem::take(&mut many.list)) {
                    Ok(one) => Self::One(one),
                    Err(list) => {
                        many.list = list;
                        Self::Many(many)
                    }
                };
                removed
            }
        }
    }
}

impl<K: Eq + Hash + Clone, V> MemberList<K, V> {
    fn position(&self, key: &K) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.list.iter().position(|(member, _)| member == key),
        }
    }

    fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(position) = self.position(&key) {
            return Some(std::mem::replace(&mut self.list[position].1, value));
        }
        if self.index.is_none() && self.list.len() >= INDEX_FROM {
            let members = self.list.iter().enumerate();
            self.index = Some(members.map(|(position, (member, _))| (member.clone(), position)).collect());
        }
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.list.len());
        }
        self.list.push((key, value));
        None
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let position = self.position(key)?;
        let (_, value) = self.list.swap_remove(position);
        if let Some(index) = &mut self.index {
            index.remove(key);
            if let Some((moved, _)) = self.list.get(position) {
                index.insert(moved.clone(), position);
            }
            if self.list.len() < INDEX_FROM / 2 {
                self.index = None;
            }
        }
        Some(value)
    }
}
