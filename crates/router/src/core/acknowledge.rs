//! The receiver's acknowledgements, and PUBREL for its own messages.

use std::sync::Arc;

use yizhan_link::Link;
use yizhan_mqtt::{Ack, Outcome, PubRecEffect, Settled};
use yizhan_vocabulary::causes::DropReason;

use super::gate::Action;
use super::{ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::fanout::Reserved;
use crate::sessions::ClientSession;

impl CoreHandler {
    pub(super) fn puback(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, ack: Ack) {
        let Some(session) = owned_session(state) else { return };
        let settled = session.inner.lock().session.puback(ack.packet_id, ack.reason);
        self.settle_and_flush(link, state, &session, settled);
    }

    pub(super) fn pubcomp(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, ack: Ack) {
        let Some(session) = owned_session(state) else { return };
        let settled = session.inner.lock().session.pubcomp(ack.packet_id);
        self.settle_and_flush(link, state, &session, settled);
    }

    pub(super) fn pubrec(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, ack: Ack) {
        let Some(session) = owned_session(state) else { return };
        let packet_id = ack.packet_id;
        let mut inner = session.inner.lock();
        // PUBREL may leave only when a crash cannot make us send the message itself again.
        let hold = inner.kept;
        match inner.session.pubrec(packet_id, ack.reason, hold, link.out) {
            PubRecEffect::Released if hold => {
                let at = At { session: session.id, version: inner.next_version() };
                self.shared.mark_dirty(&session, &mut inner);
                drop(inner);
                Change::Released { at, packet_id }.record(self.shared.journal(), self.now, &mut self.batch);
                self.after_commit(Action::Deliver(vec![Reserved { session, packet_id }]));
            }
            PubRecEffect::Refused(settled) => {
                drop(inner);
                self.settle_and_flush(link, state, &session, Some(settled));
            }
            PubRecEffect::Released | PubRecEffect::Repeated | PubRecEffect::Unknown => {}
        }
    }

    pub(super) fn pubrel(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, ack: Ack) {
        let Some(session) = owned_session(state) else { return };
        let packet_id = ack.packet_id;
        let mut inner = session.inner.lock();
        let known = inner.session.pubrel(packet_id);
        let recorded = known && inner.kept;
        if recorded {
            let at = At { session: session.id, version: inner.next_version() };
            self.shared.mark_dirty(&session, &mut inner);
            Change::Freed { at, packet_id }.record(self.shared.journal(), self.now, &mut self.batch);
        }
        drop(inner);
        self.answer(link, state, Action::Complete(packet_id, known), recorded);
    }

    fn settle_and_flush(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        session: &Arc<ClientSession>,
        settled: Option<Settled>,
    ) {
        let Some(settled) = settled else { return };
        self.settle(session, settled);
        self.flush_link(link, state);
    }

    /// A message's way ended: the journal may forget it, the ledger may want to know, a loss is counted.
    pub(super) fn settle(&mut self, session: &Arc<ClientSession>, settled: Settled) {
        self.shared.settle(session, settled, &self.counters, self.now, &mut self.batch);
    }
}

/// The reason under which an outcome other than delivery is counted.
pub(crate) fn loss_of(outcome: Outcome) -> Option<DropReason> {
    match outcome {
        Outcome::Delivered => None,
        Outcome::RefusedByReceiver(_) => Some(DropReason::RefusedByReceiver),
        Outcome::Expired => Some(DropReason::MessageExpired),
        Outcome::LargerThanReceiver => Some(DropReason::LargerThanReceiver),
    }
}

fn owned_session(state: &ConnectionState) -> Option<Arc<ClientSession>> {
    match &state.stage {
        Stage::Connected(client) => Some(Arc::clone(&client.session)),
        Stage::New => None,
    }
}
