//! Topic names and topic filters: what is valid, and what matches what (MQTT 5 §4.7, §4.8).
//!
//! [`matches`] is the plain definition; [`FilterTrie`] does the same for many filters at once and is tested
//! against it. Filters have a bounded number of levels, so that whatever walks them is bounded as well.

mod trie;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use trie::{FilterTrie, Match};

/// Levels a filter may have.
pub const MAX_FILTER_LEVELS: usize = 128;

const SHARE_PREFIX: &str = "$share/";

/// Why a topic name or filter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TopicError {
    /// No character at all.
    #[error("it is empty")]
    Empty,
    /// More bytes than the length prefix can say.
    #[error("it is longer than 65,535 bytes")]
    TooLong,
    /// U+0000 inside.
    #[error("it contains U+0000")]
    NullCharacter,
    /// A wildcard in a topic name.
    #[error("a topic name must not contain + or #")]
    WildcardInName,
    /// `+` or `#` beside other characters, or `#` before the end.
    #[error("+ must fill a level, # must be the last level")]
    MisplacedWildcard,
    /// More than [`MAX_FILTER_LEVELS`].
    #[error("it has more than 128 levels")]
    TooManyLevels,
    /// `$share/` without a group or without a filter, or with a wildcard in the group.
    #[error("a shared subscription is $share/GROUP/FILTER with a plain group name")]
    MalformedShare,
}

fn check_text(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > usize::from(u16::MAX) {
        return Err(TopicError::TooLong);
    }
    if text.as_bytes().contains(&0) {
        return Err(TopicError::NullCharacter);
    }
    Ok(())
}

/// A valid topic name: no wildcard, no U+0000, at least one character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicName(Arc<str>);

impl TopicName {
    /// Whether `text` may be published to [MQTT-3.3.2-2, MQTT-4.7.3-1, MQTT-4.7.3-2].
    pub fn check(text: &str) -> Result<(), TopicError> {
        check_text(text)?;
        if text.as_bytes().contains(&b'+') || text.as_bytes().contains(&b'#') {
            return Err(TopicError::WildcardInName);
        }
        Ok(())
    }

    /// Checks and keeps `text`.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    pub fn to_shared(&self) -> Arc<str> {
        self.0.clone()
    }
}

/// A valid topic filter, possibly of a shared subscription.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TopicFilter {
    text: Arc<str>,
    /// Where the filter proper starts; 0 unless shared.
    start: u16,
    wild: bool,
}

impl TopicFilter {
    /// Checks and keeps `text`, including its `$share/GROUP/` if there is one.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check_text(text)?;
        let mut start = 0;
        if let Some(rest) = text.strip_prefix(SHARE_PREFIX) {
            let (group, filter) = rest.split_once('/').ok_or(TopicError::MalformedShare)?;
            if group.is_empty() || filter.is_empty() || group.contains(['+', '#']) {
                return Err(TopicError::MalformedShare);
            }
            start = SHARE_PREFIX.len() + group.len() + 1;
        }
        let wild = check_filter(&text[start..])?;
        let start = u16::try_from(start).map_err(|_| TopicError::TooLong)?;
        Ok(Self { text: text.into(), start, wild })
    }

    /// The whole text as subscribed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub fn to_shared(&self) -> Arc<str> {
        self.text.clone()
    }

    /// The filter that topics are compared with: the text without `$share/GROUP/`.
    pub fn pattern(&self) -> &str {
        &self.text[usize::from(self.start)..]
    }

    /// The group of a shared subscription.
    pub fn group(&self) -> Option<&str> {
        (self.start > 0).then(|| &self.text[SHARE_PREFIX.len()..usize::from(self.start) - 1])
    }

    /// Whether this is a shared subscription.
    pub fn is_shared(&self) -> bool {
        self.start > 0
    }

    /// Whether the filter holds a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.wild
    }

    /// Whether a message with this topic is wanted.
    pub fn matches(&self, topic: &str) -> bool {
        matches(self.pattern(), topic)
    }
}

/// Checks the filter proper and tells whether it holds a wildcard.
fn check_filter(filter: &str) -> Result<bool, TopicError> {
    let mut wild = false;
    let mut levels = filter.split('/').enumerate().peekable();
    while let Some((index, level)) = levels.next() {
        if index >= MAX_FILTER_LEVELS {
            return Err(TopicError::TooManyLevels);
        }
        match level {
            "+" => wild = true,
            "#" if levels.peek().is_none() => wild = true,
            plain if plain.contains(['+', '#']) => return Err(TopicError::MisplacedWildcard),
            _ => {}
        }
    }
    Ok(wild)
}

/// Whether `filter` (without `$share/GROUP/`) matches `topic`. A leading wildcard does not match a leading `$`
/// [MQTT-4.7.2-1]; `a/#` matches `a` itself.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    for level in filter.split('/') {
        if level == "#" {
            return true;
        }
        match names.next() {
            Some(name) if level == "+" || level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

impl std::fmt::Debug for TopicFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TopicFilter").field(&self.text).finish()
    }
}

impl std::fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for TopicFilter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TopicFilter {}

impl std::hash::Hash for TopicFilter {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl From<TopicFilter> for String {
    fn from(filter: TopicFilter) -> Self {
        filter.text.as_ref().into()
    }
}

impl TryFrom<String> for TopicFilter {
    type Error = TopicError;

    fn try_from(text: String) -> Result<Self, TopicError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for TopicFilter {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}
