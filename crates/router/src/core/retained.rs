//! Retained messages on their way to new subscriptions. There may be more of them than a connection takes at once, so they
//! go out in portions, and what is left is worked on whenever the connection has room again.

use std::sync::Arc;

use ahash::AHashMap;
use yizhan_link::Link;
use yizhan_mqtt::{Delivery, Message, NextMatch, QoS, SubscribeOptions, TopicFilter};
use yizhan_observe::Counter;

use super::CoreHandler;
use crate::fanout::reason_of;
use crate::router::Shared;
use crate::sessions::Inner;

/// Topics that are looked at for one connection in one turn.
const TOPICS_A_TURN: usize = 4_096;
/// QoS 1 and 2 messages in a session's queue from which on further retained ones wait for acknowledgements.
pub(super) const QUEUED_AHEAD: usize = 64;

/// New subscriptions of a connection that did not get all their retained messages yet; each filter once.
#[derive(Debug, Default)]
pub(crate) struct RetainedBacklog {
    waiting: AHashMap<TopicFilter, SubscribeOptions>,
    /// The filter that is being worked on, and the topic behind which to go on.
    current: Option<(TopicFilter, SubscribeOptions, Option<Arc<str>>)>,
}

/// What there is to send.
enum Next {
    Message(Delivery),
    /// Enough was looked at for this turn.
    Later,
    Nothing,
}

impl RetainedBacklog {
    /// Adds a subscription. Without the backlog's order nothing is lost: MQTT leaves it open between filters.
    pub(crate) fn add(&mut self, filter: TopicFilter, options: SubscribeOptions) {
        self.waiting.insert(filter, options);
    }

    /// The subscription is over.
    pub(crate) fn remove(&mut self, filter: &TopicFilter) {
        self.waiting.remove(filter);
        if self.current.as_ref().is_some_and(|(current, ..)| current == filter) {
            self.current = None;
        }
    }

    fn next(&mut self, shared: &Shared, wall_ms: i64, budget: &mut usize) -> Next {
        loop {
            if *budget == 0 {
                return Next::Later;
            }
            *budget -= 1;
            if self.current.is_none() {
                let Some(filter) = self.waiting.keys().next().cloned() else { return Next::Nothing };
                self.current = self.waiting.remove(&filter).map(|options| (filter, options, None));
            }
            let Some((filter, options, after)) = &mut self.current else { return Next::Nothing };
            let retained = shared.retained.lock();
            match retained.store.next_match(filter, after.as_deref(), wall_ms, budget) {
                NextMatch::Found(message) => {
                    *after = Some(Arc::clone(&message.topic));
                    return Next::Message(delivery_of(message.clone(), options));
                }
                NextMatch::Paused(topic) => {
                    *after = Some(Arc::clone(topic));
                    return Next::Later;
                }
                NextMatch::End => self.current = None,
            }
        }
    }
}

fn delivery_of(message: Message, options: &SubscribeOptions) -> Delivery {
    let subscription_ids = options.subscription_id.map(std::num::NonZeroU32::get).into_iter().collect();
    Delivery { qos: message.qos.min(options.qos), message, retain: true, subscription_ids, tag: 0 }
}

impl CoreHandler {
    /// Takes as many retained messages as there is room for into the connection's output or the session's queue.
    ///
    /// They are retained still after a crash, so the session needs no record: a client that lost them to a crash of the
    /// server gets them again when it subscribes again.
    pub(super) fn write_retained(&mut self, link: &mut Link<'_>, inner: &mut Inner) {
        let Some(mut backlog) = inner.retained.take() else { return };
        let limit = self.shared.settings.max_unsent_bytes;
        let mut budget = TOPICS_A_TURN;
        while link.out.len() < limit && inner.session.queued_len() < QUEUED_AHEAD {
            let delivery = match backlog.next(&self.shared, self.now.0, &mut budget) {
                Next::Message(delivery) => delivery,
                Next::Later => break,
                Next::Nothing => return,
            };
            let refused = if delivery.qos == QoS::AtMostOnce {
                let sent = inner.session.send_now(&delivery, self.now.0, link.out);
                sent.inspect(|()| self.counters.add(Counter::MessagesOut, 1)).err()
            } else {
                inner.session.reserve(delivery, true).err()
            };
            if let Some(refused) = refused {
                self.counters.dropped(reason_of(&refused));
            }
        }
        inner.retained = Some(backlog);
    }
}
