//! The subscriptions of one session, in the order of their text so that they are found quickly.

use crate::filter::TopicFilter;
use crate::packet::SubscribeOptions;
use crate::protocol::QoS;
use crate::session::Session;

/// One subscription of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The filter.
    pub filter: TopicFilter,
    /// The options, with the QoS that was granted.
    pub options: SubscribeOptions,
}

/// What a SUBSCRIBE did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeOutcome {
    /// There was a subscription with the same filter; it was replaced [MQTT-3.8.4-3].
    pub existed: bool,
    /// For the SUBACK.
    pub granted: QoS,
}

/// Why a subscription was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedSubscription {
    /// The session has as many subscriptions as it may.
    #[error("the session has as many subscriptions as it may")]
    TooMany,
}

#[derive(Debug)]
pub(super) struct Subscriptions(Vec<Subscription>);

impl Subscriptions {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    fn position(&self, filter: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|subscription| subscription.filter.as_str().cmp(filter))
    }

    pub(super) fn put(&mut self, subscription: Subscription) {
        match self.position(subscription.filter.as_str()) {
            Ok(position) => self.0[position] = subscription,
            Err(position) => self.0.insert(position, subscription),
        }
    }
}

impl Session {
    /// Adds or replaces a subscription. The router does the same in its [`crate::FilterTrie`].
    pub fn subscribe(
        &mut self,
        filter: TopicFilter,
        options: SubscribeOptions,
    ) -> Result<SubscribeOutcome, RefusedSubscription> {
        let existed = self.subscriptions.position(filter.as_str()).is_ok();
        if !existed && self.subscriptions.0.len() >= self.limits.max_subscriptions as usize {
            return Err(RefusedSubscription::TooMany);
        }
        let granted = options.qos.min(self.limits.max_qos);
        let options = SubscribeOptions { qos: granted, ..options };
        self.subscriptions.put(Subscription { filter, options });
        Ok(SubscribeOutcome { existed, granted })
    }

    /// Removes a subscription by its whole text; says whether there was one.
    pub fn unsubscribe(&mut self, filter: &str) -> bool {
        let Ok(position) = self.subscriptions.position(filter) else { return false };
        self.subscriptions.0.remove(position);
        true
    }

    /// The subscription with this whole text.
    pub fn subscription(&self, filter: &str) -> Option<&Subscription> {
        self.subscriptions.position(filter).ok().map(|position| &self.subscriptions.0[position])
    }

    /// All subscriptions, by text.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions.0
    }
}
