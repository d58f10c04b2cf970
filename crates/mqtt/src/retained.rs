//! The last retained message of each topic (MQTT 5 §3.3.1.3).
//!
//! Topics are kept in order, so that a filter looks only at those that start with its literal part. What must stay
//! true: count and bytes never exceed the limits, an expired message is never given out, and a refusal leaves what
//! was there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::filter::{TopicFilter, matches};
use crate::message::Message;

/// How much may be retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedLimits {
    /// Topics with a retained message.
    pub max_messages: usize,
    /// Weight of all of them, see [`Message::weight`].
    pub max_bytes: usize,
}

/// Why a message was not retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetainedRefusal {
    /// Too many topics.
    #[error("as many topics hold a retained message as may")]
    TooManyMessages,
    /// Too many bytes.
    #[error("the retained messages hold as many bytes as they may")]
    TooManyBytes,
}

/// What [`RetainedStore::next_match`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextMatch<'a> {
    /// This message; the next one is behind its topic.
    Found(&'a Message),
    /// The budget is used up; the search goes on behind this topic.
    Paused(&'a Arc<str>),
    /// There is none.
    End,
}

/// Retained messages by topic.
#[derive(Debug)]
pub struct RetainedStore {
    limits: RetainedLimits,
    messages: BTreeMap<Arc<str>, Message>,
    expiries: BTreeSet<(i64, Arc<str>)>,
    bytes: usize,
}

impl RetainedStore {
    /// An empty store.
    pub const fn new(limits: RetainedLimits) -> Self {
        Self { limits, messages: BTreeMap::new(), expiries: BTreeSet::new(), bytes: 0 }
    }

    /// Retains `message` in place of the one its topic has. An empty payload clears the topic [MQTT-3.3.1-6];
    /// such a message is never stored [MQTT-3.3.1-7].
    pub fn set(&mut self, message: Message) -> Result<(), RetainedRefusal> {
        if message.payload.is_empty() {
            self.clear(&message.topic);
            return Ok(());
        }
        let replaced = self.messages.get(&message.topic).map(Message::weight);
        if replaced.is_none() && self.messages.len() >= self.limits.max_messages {
            return Err(RetainedRefusal::TooManyMessages);
        }
        let bytes = self.bytes - replaced.unwrap_or(0) + message.weight();
        if bytes > self.limits.max_bytes {
            return Err(RetainedRefusal::TooManyBytes);
        }
        self.clear(&message.topic);
        if let Some(at) = message.expires_at {
            self.expiries.insert((at, message.topic.clone()));
        }
        self.bytes = bytes;
        self.messages.insert(message.topic.clone(), message);
        Ok(())
    }

    /// Forgets the message of `topic`; says whether there was one.
    pub fn clear(&mut self, topic: &str) -> bool {
        let Some((topic, message)) = self.messages.remove_entry(topic) else { return false };
        self.bytes -= message.weight();
        if let Some(at) = message.expires_at {
            self.expiries.remove(&(at, topic));
        }
        true
    }

    /// The message of one topic.
    pub fn get(&self, topic: &str, wall_ms: i64) -> Option<&Message> {
        self.messages.get(topic).filter(|message| !message.is_expired(wall_ms))
    }

    /// The next message that a new subscription gets, in the order of topics: the first one behind `after`; none for a
    /// shared subscription (MQTT 5 §4.8.2). Looks at `budget` topics at most and takes those it looked at off, so that a
    /// filter that matches little of much can be worked through in portions.
    pub fn next_match(
        &self,
        filter: &TopicFilter,
        after: Option<&str>,
        wall_ms: i64,
        budget: &mut usize,
    ) -> NextMatch<'_> {
        let pattern = filter.pattern();
        if filter.is_shared() {
            return NextMatch::End;
        }
        if !filter.has_wildcard() {
            let found = if after.is_none() { self.get(pattern, wall_ms) } else { None };
            return found.map_or(NextMatch::End, NextMatch::Found);
        }
        let prefix = literal_prefix(pattern);
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let topics = self.messages.range::<str, _>((from, Bound::Unbounded));
        for (topic, message) in topics.take_while(|(topic, _)| topic.starts_with(prefix)) {
            if matches(pattern, topic) && !message.is_expired(wall_ms) {
                return NextMatch::Found(message);
            }
            if *budget == 0 {
                return NextMatch::Paused(topic);
            }
            *budget -= 1;
        }
        NextMatch::End
    }

    /// Forgets up to `limit` expired messages and returns their topics.
    pub fn drop_expired(&mut self, wall_ms: i64, limit: usize) -> Vec<Arc<str>> {
        let topics: Vec<Arc<str>> = self
            .expiries
            .iter()
            .take_while(|(at, _)| *at <= wall_ms)
            .take(limit)
            .map(|(_, topic)| topic.clone())
            .collect();
        for topic in &topics {
            self.clear(topic);
        }
        topics
    }

    /// When [`Self::drop_expired`] has something to do next, in milliseconds since 1970.
    pub fn next_expiry(&self) -> Option<i64> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// Every message, by topic, expired ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// Number of topics.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing is retained.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Weight of all messages.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What every topic that matches starts with: the whole filter without a wildcard, else the text before the first
/// one, without the `/` that `a/#` may do without.
fn literal_prefix(pattern: &str) -> &str {
    let end = pattern.find(['+', '#']).unwrap_or(pattern.len());
    let prefix = &pattern[..end];
    if pattern[end..].starts_with('#') { prefix.strip_suffix('/').unwrap_or(prefix) } else { prefix }
}
