//! Topic aliases of one connection (MQTT 5 §3.3.2.3.4), both ways. They end with the connection.

use std::num::NonZeroU16;
use std::sync::Arc;

/// Aliases we assign at most, whatever the client allows: the table is searched in full for each message.
const OUTBOUND_LIMIT: usize = 16;

/// Shorter topics gain nothing: an alias costs three bytes.
const SHORTEST_TOPIC: usize = 6;

/// Topics the client bound to aliases.
#[derive(Debug, Default)]
pub(super) struct InboundAliases(Vec<Option<Arc<str>>>);

impl InboundAliases {
    /// Binds or rebinds; the caller has checked the maximum.
    pub(super) fn bind(&mut self, alias: NonZeroU16, topic: Arc<str>) {
        let index = usize::from(alias.get()) - 1;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(topic);
    }

    pub(super) fn resolve(&self, alias: NonZeroU16) -> Option<Arc<str>> {
        self.0.get(usize::from(alias.get()) - 1)?.clone()
    }
}

/// Topics we bound to aliases. When the client's maximum is reached, the least recently used one is rebound.
#[derive(Debug)]
pub(super) struct OutboundAliases {
    bound: Vec<(Arc<str>, u32)>,
    maximum: u16,
    uses: u32,
}

/// How a topic is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alias {
    /// As text only.
    None,
    /// As the alias only.
    Known(u16),
    /// As text, and bound to the alias.
    New(u16),
}

impl Alias {
    pub(super) const fn number(self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::Known(number) | Self::New(number) => Some(number),
        }
    }
}

impl OutboundAliases {
    pub(super) fn new(client_maximum: u16) -> Self {
        let maximum = client_maximum.min(u16::try_from(OUTBOUND_LIMIT).unwrap_or(u16::MAX));
        Self { bound: Vec::new(), maximum, uses: 0 }
    }

    /// What would be sent for `topic`; nothing changes before [`Self::commit`].
    pub(super) fn choose(&self, topic: &str) -> Alias {
        if self.maximum == 0 || topic.len() < SHORTEST_TOPIC {
            return Alias::None;
        }
        let number = |index: usize| u16::try_from(index + 1).unwrap_or(u16::MAX);
        if let Some(index) = self.bound.iter().position(|(bound, _)| bound.as_ref() == topic) {
            return Alias::Known(number(index));
        }
        if self.bound.len() < usize::from(self.maximum) {
            return Alias::New(number(self.bound.len()));
        }
        let oldest = self.bound.iter().enumerate().min_by_key(|(_, (_, used))| *used);
        oldest.map_or(Alias::None, |(index, _)| Alias::New(number(index)))
    }

    /// The packet with this choice was written.
    pub(super) fn commit(&mut self, alias: Alias, topic: &Arc<str>) {
        let Some(number) = alias.number() else { return };
        self.uses = self.uses.wrapping_add(1);
        let index = usize::from(number) - 1;
        match self.bound.get_mut(index) {
            Some(entry) => {
                if matches!(alias, Alias::New(_)) {
                    entry.0 = topic.clone();
                }
                entry.1 = self.uses;
            }
            None => self.bound.push((topic.clone(), self.uses)),
        }
    }
}
