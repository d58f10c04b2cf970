//! SUBSCRIBE and UNSUBSCRIBE. A device's subscriptions to its platform topics stay in its own session, because what goes
//! there has exactly one receiver; everything else goes into the shared trie as well.

use std::sync::Arc;

use smallvec::SmallVec;
use yizhan_devices::Diagnostic;
use yizhan_link::Link;
use yizhan_mqtt::encode;
use yizhan_mqtt::{PacketId, RetainHandling, Subscribe, SubscribeOptions, TopicFilter, Unsubscribe, reason};
use yizhan_observe::Counter;

use super::gate::Action;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::sessions::{ClientSession, Member, Principal};

impl CoreHandler {
    pub(super) fn subscribe(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        subscribe: Subscribe,
    ) {
        let Stage::Connected(client) = &state.stage else { return };
        let session = Arc::clone(&client.session);
        let principal = client.principal.clone();
        let version = client.version;
        let mut codes = SmallVec::new();
        let mut retained = Vec::new();
        let mut recorded = false;
        for (filter, options) in subscribe.filters {
            match self.subscribe_one(&session, &principal, &filter, options, &mut recorded) {
                Ok((granted, existed)) => {
                    codes.push(granted.qos as u8);
                    if wants_retained(&filter, &granted, existed) {
                        retained.push((filter, granted));
                    }
                }
                Err(code) => {
                    if code == reason::NOT_AUTHORIZED {
                        self.note_forbidden(link, state, "subscribe to", filter.as_str());
                    }
                    codes.push(reason::suback_code(version, code));
                }
            }
        }
        let action = Action::Subscribed(subscribe.packet_id, codes, retained);
        self.answer(link, state, action, recorded);
    }

    /// Subscribes to one filter; says what was granted and whether there was such a subscription before.
    fn subscribe_one(
        &mut self,
        session: &Arc<ClientSession>,
        principal: &Principal,
        filter: &TopicFilter,
        options: SubscribeOptions,
        recorded: &mut bool,
    ) -> Result<(SubscribeOptions, bool), u8> {
        self.may_subscribe(principal, filter)?;
        let mut inner = session.inner.lock();
        if inner.ended {
            return Err(reason::UNSPECIFIED_ERROR);
        }
        if inner.kept && self.accepting().is_err() {
            return Err(reason::QUOTA_EXCEEDED);
        }
        let outcome = inner.session.subscribe(filter.clone(), options).map_err(|_| reason::QUOTA_EXCEEDED)?;
        let granted = SubscribeOptions { qos: outcome.granted, ..options };
        if inner.kept {
            let at = At { session: session.id, version: inner.next_version() };
            let change = Change::Subscribed { at, filter: filter.to_shared(), options: granted };
            change.record(self.shared.journal(), self.now, &mut self.batch);
            self.shared.mark_dirty(session, &mut inner);
            *recorded = true;
        }
        drop(inner);
        if is_routed(filter) {
            self.shared.subscriptions.write().insert(filter, Member(Arc::clone(session)), granted);
            // The session may have ended meanwhile, when its subscriptions were taken out already.
            if session.inner.lock().ended {
                self.shared.subscriptions.write().remove(filter, &Member(Arc::clone(session)));
            }
        }
        Ok((granted, outcome.existed))
    }

    /// Whether the client's permission covers the filter.
    pub(super) fn covers(&self, principal: &Principal, filter: &TopicFilter) -> bool {
        match principal {
            Principal::Device(device) => {
                !filter.is_shared() && self.shared.devices.may_subscribe(device, filter.as_str())
            }
            Principal::User(user) => user.permission.may_subscribe(filter.pattern()),
        }
    }

    fn may_subscribe(&mut self, principal: &Principal, filter: &TopicFilter) -> Result<(), u8> {
        if self.covers(principal, filter) {
            return Ok(());
        }
        self.counters.add(Counter::SubscribesRefused, 1);
        if let Principal::Device(device) = principal {
            let diagnostic = Diagnostic::SubscribeUnauthorized { topic: filter.as_str().to_owned() };
            self.shared.devices.diagnose(device, diagnostic, self.now, &mut self.batch);
        }
        Err(reason::NOT_AUTHORIZED)
    }

    /// Sends the SUBACK, and begins with the retained messages that the new subscriptions want.
    pub(super) fn subscribed(
        &mut self,
        link: &mut Link<'_>,
        client: &Client,
        id: PacketId,
        codes: &[u8],
        filters: Vec<(TopicFilter, SubscribeOptions)>,
    ) {
        encode::suback(client.version, id, codes, link.out);
        if !filters.is_empty() {
            let mut inner = client.session.inner.lock();
            let backlog = inner.retained.get_or_insert_default();
            for (filter, options) in filters {
                backlog.add(filter, options);
            }
        }
        self.flush_session(link, &client.session);
    }

    pub(super) fn unsubscribe(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        unsubscribe: Unsubscribe,
    ) {
        let Stage::Connected(client) = &state.stage else { return };
        let session = Arc::clone(&client.session);
        let mut codes = SmallVec::new();
        let mut recorded = false;
        for filter in &unsubscribe.filters {
            let mut inner = session.inner.lock();
            let existed = inner.unsubscribe(filter);
            if existed && inner.kept {
                let at = At { session: session.id, version: inner.next_version() };
                let change = Change::Unsubscribed { at, filter: filter.to_shared() };
                change.record(self.shared.journal(), self.now, &mut self.batch);
                self.shared.mark_dirty(&session, &mut inner);
                recorded = true;
            }
            drop(inner);
            if existed && is_routed(filter) {
                self.shared.subscriptions.write().remove(filter, &Member(Arc::clone(&session)));
            }
            codes.push(if existed { reason::SUCCESS } else { reason::NO_SUBSCRIPTION_EXISTED });
        }
        self.answer(link, state, Action::Unsubscribed(unsubscribe.packet_id, codes), recorded);
    }
}

/// Whether messages for this filter come through the trie; topics that begin with `$` belong to the platform.
pub(crate) fn is_routed(filter: &TopicFilter) -> bool {
    !filter.pattern().starts_with('$')
}

/// MQTT-3.8.4-4, MQTT-3.3.1-9 to 11: shared subscriptions never get retained messages.
fn wants_retained(filter: &TopicFilter, options: &SubscribeOptions, existed: bool) -> bool {
    is_routed(filter)
        && !filter.is_shared()
        && match options.retain_handling {
            RetainHandling::Always => true,
            RetainHandling::IfNew => !existed,
            RetainHandling::Never => false,
        }
}
