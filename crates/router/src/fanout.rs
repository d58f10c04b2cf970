//! From one message to all who shall have it.
//!
//! A message for a kept session takes its place in that session's queue, packet identifier included, before the
//! journal has it, and may be sent only after. So a crash finds the queue exactly as the receiver knows it, and QoS 2
//! stays exactly once. What is for sessions that do not outlive their connection needs no journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smallvec::SmallVec;
use yizhan_devices::{Device, Diagnostic, Direction};
use yizhan_journal::Batch;
use yizhan_mqtt::{
    Delivery, Match, Message, PacketId, QoS, RefusedDelivery, Settled, SubscribeOptions, SubscriptionIds,
};
use yizhan_observe::{Counter, Shard};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DropReason;

use crate::changes::{At, Change, Target};
use crate::router::{Mail, Shared};
use crate::sessions::{ClientSession, Member, Owner};

/// Bytes of targets written into one record; a larger fan-out takes several records.
const TARGET_BYTES_PER_RECORD: usize = 64 * 1024;

/// A place in a kept session's queue that may be sent once the journal has it.
#[derive(Clone)]
pub(crate) struct Reserved {
    pub(crate) session: Arc<ClientSession>,
    pub(crate) packet_id: PacketId,
}

/// What a fan-out led to.
#[derive(Default)]
pub(crate) struct Fanout {
    /// To be released once the batch is durable.
    pub(crate) reserved: Vec<Reserved>,
    /// The batch holds a record that the publisher's acknowledgement depends on.
    pub(crate) recorded: bool,
    /// Sessions that matched.
    pub(crate) receivers: usize,
    /// The message could not be retained.
    pub(crate) not_retained: bool,
}

/// One receiver's share of a message: several of its subscriptions may match.
struct Share {
    session: Arc<ClientSession>,
    qos: QoS,
    retain: bool,
    subscription_ids: SubscriptionIds,
}

/// How the sender's thread reaches the owners of the receiving sessions.
pub(crate) struct Sender<'a> {
    /// The sender's own core; its flushes need no letter.
    pub(crate) core: Option<u16>,
    pub(crate) local: &'a mut Vec<Owner>,
    pub(crate) counters: &'a Shard,
    pub(crate) now: UnixMillis,
}

impl Shared {
    /// Gives `message` to everyone who subscribed, and retains it if it says so. `from` is the publisher's session. With
    /// `refusable` a message that there is no room to retain goes to nobody, because its publisher is told and will send
    /// it again; otherwise its subscribers get it all the same.
    pub(crate) fn publish(
        &self,
        message: &Message,
        from: Option<&ClientSession>,
        refusable: bool,
        sender: &mut Sender<'_>,
        batch: &mut Batch,
    ) -> Fanout {
        let mut fanout = Fanout::default();
        let retained_seq = self.retain(message, sender, batch, &mut fanout);
        if fanout.not_retained {
            sender.counters.dropped(DropReason::NotRetained);
            if refusable {
                return fanout;
            }
        }
        let shares = self.shares(&message.topic, from);
        fanout.receivers = shares.len();
        let mut targets = Vec::new();
        for share in shares {
            let qos = message.qos.min(share.qos);
            let delivery = Delivery {
                message: message.clone(),
                qos,
                retain: share.retain && message.retain,
                subscription_ids: share.subscription_ids,
                tag: 0,
            };
            self.deliver(&share.session, delivery, sender, batch, &mut fanout, &mut targets);
        }
        self.record_targets(message, retained_seq, &targets, sender.now, batch, &mut fanout);
        fanout
    }

    /// Keeps or removes the topic's retained message. A message with an empty payload removes it (MQTT-3.3.1-10).
    fn retain(
        &self,
        message: &Message,
        sender: &Sender<'_>,
        batch: &mut Batch,
        fanout: &mut Fanout,
    ) -> Option<u64> {
        if !message.retain {
            return None;
        }
        let journal = self.journal();
        let mut retained = self.retained.lock();
        if message.payload.is_empty() {
            if let Some(seq) = retained.clear(&message.topic, journal) {
                let change = Change::RetainedCleared { topic: Arc::clone(&message.topic), seq };
                change.record(journal, sender.now, batch);
                fanout.recorded = true;
            }
            return None;
        }
        retained.set(message.clone(), journal).inspect_err(|_| fanout.not_retained = true).ok()
    }

    /// Who matches: each session once, shared groups with one of their members.
    fn shares(&self, topic: &str, from: Option<&ClientSession>) -> SmallVec<[Share; 4]> {
        let mut shares: SmallVec<[Share; 4]> = SmallVec::new();
        let mut position = ahash::AHashMap::new();
        let subscriptions = self.subscriptions.read();
        subscriptions.for_each_match(topic, |found| {
            let (member, options) = match found {
                Match::Direct(member, options) => (member, options),
                Match::Shared { members, .. } => choose_member(members),
            };
            if options.no_local && from.is_some_and(|from| from.id == member.0.id) {
                return;
            }
            add_share(&mut shares, &mut position, member, options);
        });
        shares
    }

    /// Gives one session its share: at once, into its queue, or not at all with a reason.
    fn deliver(
        &self,
        session: &Arc<ClientSession>,
        delivery: Delivery,
        sender: &mut Sender<'_>,
        batch: &mut Batch,
        fanout: &mut Fanout,
        targets: &mut Vec<Target>,
    ) {
        let mut expired = Vec::new();
        let mut inner = session.inner.lock();
        let refused = if inner.ended {
            Some(DropReason::SessionEnded)
        } else if delivery.qos == QoS::AtMostOnce {
            self.queue_qos0(&mut inner, delivery.clone())
        } else if inner.owner.is_none() && !inner.kept {
            Some(DropReason::ReceiverOffline)
        } else {
            let durable = inner.kept;
            let away = inner.owner.is_none();
            match inner.reserve(delivery.clone(), !durable, sender.now, &mut expired) {
                Ok(packet_id) if durable => {
                    let at = At { session: session.id, version: inner.next_version() };
                    targets.push(Target {
                        at,
                        packet_id,
                        qos: delivery.qos as u8,
                        retain: delivery.retain,
                        subscription_ids: delivery.subscription_ids.clone(),
                        away,
                    });
                    self.mark_dirty(session, &mut inner);
                    fanout.reserved.push(Reserved { session: Arc::clone(session), packet_id });
                    if away {
                        sender.counters.add(Counter::MessagesQueued, 1);
                    }
                    drop(inner);
                    self.settle_all(session, expired, sender, batch);
                    self.log_delivery(session, &delivery, sender.now, batch);
                    return;
                }
                Ok(_) => None,
                Err(refused) => Some(reason_of(&refused)),
            }
        };
        match refused {
            None => {
                if let Some(owner) = self.claim_flush(&mut inner) {
                    self.tell(owner, sender);
                }
                drop(inner);
                self.settle_all(session, expired, sender, batch);
                self.log_delivery(session, &delivery, sender.now, batch);
            }
            Some(reason) => {
                drop(inner);
                self.settle_all(session, expired, sender, batch);
                self.drop_delivery(session, &delivery, reason, sender, batch);
            }
        }
    }

    /// Settles what had to make room.
    fn settle_all(
        &self,
        session: &Arc<ClientSession>,
        settled: Vec<Settled>,
        sender: &Sender<'_>,
        batch: &mut Batch,
    ) {
        for one in settled {
            self.settle(session, one, sender.counters, sender.now, batch);
        }
    }

    /// Lets a QoS 0 message wait for the owner's next write; only a connected client gets one.
    fn queue_qos0(&self, inner: &mut crate::sessions::Inner, delivery: Delivery) -> Option<DropReason> {
        if inner.owner.is_none() {
            return Some(DropReason::ReceiverOffline);
        }
        (!inner.pending.push(delivery, &self.settings)).then_some(DropReason::SlowReader)
    }

    fn tell(&self, owner: Owner, sender: &mut Sender<'_>) {
        if sender.core == Some(owner.core) {
            sender.local.push(owner);
        } else {
            self.cores()[usize::from(owner.core)].send(Mail::Flush(owner.link));
        }
    }

    fn record_targets(
        &self,
        message: &Message,
        mut retained_seq: Option<u64>,
        targets: &[Target],
        now: UnixMillis,
        batch: &mut Batch,
        fanout: &mut Fanout,
    ) {
        if targets.is_empty() && retained_seq.is_none() {
            return;
        }
        fanout.recorded = true;
        let mut rest = targets;
        loop {
            let (chunk, behind) = rest.split_at(fitting(rest));
            let change = Change::Published {
                message: message.clone(),
                retained_seq: retained_seq.take(),
                targets: chunk.to_vec(),
            };
            change.record(self.journal(), now, batch);
            if behind.is_empty() {
                return;
            }
            rest = behind;
        }
    }

    /// Lets the owner of each reserved place send it: the journal has it now.
    pub(crate) fn release(&self, reserved: Vec<Reserved>, sender: &mut Sender<'_>) {
        for Reserved { session, packet_id } in reserved {
            let mut inner = session.inner.lock();
            inner.session.ready(packet_id);
            if let Some(owner) = self.claim_flush(&mut inner) {
                self.tell(owner, sender);
            }
        }
    }

    /// What went to a device on a custom topic belongs in its content log.
    fn log_delivery(&self, session: &ClientSession, delivery: &Delivery, now: UnixMillis, batch: &mut Batch) {
        if let Some(device) = &session.device {
            let message = &delivery.message;
            let qos = delivery.qos as u8;
            self.devices.log_content(
                device,
                Direction::Down,
                &message.topic,
                qos,
                &message.payload,
                now,
                batch,
            );
        }
    }

    fn drop_delivery(
        &self,
        session: &ClientSession,
        delivery: &Delivery,
        reason: DropReason,
        sender: &Sender<'_>,
        batch: &mut Batch,
    ) {
        sender.counters.dropped(reason);
        if let Some(device) = &session.device {
            self.diagnose_delivery(
                device,
                &delivery.message.topic,
                delivery.qos as u8,
                reason,
                sender.now,
                batch,
            );
        }
    }

    /// Notes in the device's diagnostic log why it did not get a message.
    pub(crate) fn diagnose_delivery(
        &self,
        device: &Arc<Device>,
        topic: &str,
        qos: u8,
        reason: DropReason,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        self.devices.count_failed(device, Direction::Down);
        let topic = topic.to_owned();
        let diagnostic = match reason {
            DropReason::NoSubscriber => Diagnostic::DeliverNoSubscriber { topic, qos },
            DropReason::ReceiverOffline | DropReason::SessionEnded => {
                Diagnostic::DeliverOffline { topic, qos }
            }
            DropReason::QueueFull => Diagnostic::DeliverTooManyOffline { topic, qos },
            DropReason::LargerThanReceiver | DropReason::PayloadTooLarge => {
                Diagnostic::DeliverPayloadTooLarge { topic, qos }
            }
            _ => Diagnostic::DeliverSystemError { topic, qos },
        };
        self.devices.diagnose(device, diagnostic, now, batch);
    }
}

/// How many targets fit into one record; at least one if there is any.
fn fitting(targets: &[Target]) -> usize {
    // Numbers of at most ten bytes for the session, its version and the rest, and five for each identifier.
    let bytes = |target: &Target| 32 + 5 * target.subscription_ids.len();
    let mut room = TARGET_BYTES_PER_RECORD;
    let fits = |target: &&Target| {
        let fits = room >= bytes(target);
        room = room.saturating_sub(bytes(target));
        fits
    };
    targets.iter().take_while(fits).count().max(1).min(targets.len())
}

/// Adds a matching subscription to its session's share: the highest QoS wins, every identifier is kept
/// (MQTT-3.3.4-2 to 4).
fn add_share(
    shares: &mut SmallVec<[Share; 4]>,
    position: &mut ahash::AHashMap<u64, usize>,
    member: &Member,
    options: &SubscribeOptions,
) {
    let index = *position.entry(member.0.id.0).or_insert_with(|| {
        shares.push(Share {
            session: Arc::clone(&member.0),
            qos: QoS::AtMostOnce,
            retain: false,
            subscription_ids: SubscriptionIds::default(),
        });
        shares.len() - 1
    });
    let share = &mut shares[index];
    share.qos = share.qos.max(options.qos);
    share.retain |= options.retain_as_published;
    share.subscription_ids.extend(options.subscription_id.map(std::num::NonZeroU32::get));
}

/// One member of a shared group: the next in turn that is connected, else the next in turn.
fn choose_member(members: &[(Member, SubscribeOptions)]) -> (&Member, &SubscribeOptions) {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let start = TURN.fetch_add(1, Ordering::Relaxed);
    let in_turn = |offset: usize| &members[(start + offset) % members.len()];
    let connected =
        (0..members.len()).map(in_turn).find(|(member, _)| member.0.connected.load(Ordering::Acquire));
    let (member, options) = connected.unwrap_or_else(|| in_turn(0));
    (member, options)
}

/// The counted reason of a refused place in a queue.
pub(crate) fn reason_of(refused: &RefusedDelivery) -> DropReason {
    match refused {
        RefusedDelivery::LargerThanReceiver => DropReason::LargerThanReceiver,
        RefusedDelivery::QueueFull | RefusedDelivery::QueueBytesFull => DropReason::QueueFull,
        RefusedDelivery::Expired => DropReason::MessageExpired,
        // QoS 0 is never put into the queue, so only a connection that went meanwhile is left.
        RefusedDelivery::NotAttached | RefusedDelivery::QosZero => DropReason::ReceiverOffline,
    }
}
