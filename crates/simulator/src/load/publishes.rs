//! Plain QoS 1 publishing in a closed loop: each client keeps `window` messages unanswered. The comparison with other
//! brokers.

use super::crowd::{Crowd, Script};
use super::{Clients, Figures, LoadError, Moment, Phases};
use crate::engine::{Engine, Link, LinkId, Nanos, Target};
use crate::packets::{self, Packet, PublishHeader};

/// What to publish.
#[derive(Debug, Clone)]
pub struct PublishLoad {
    /// The server.
    pub target: Target,
    /// Who publishes.
    pub clients: Clients,
    /// Unanswered messages a client keeps.
    pub window: u16,
    /// Bytes a message.
    pub payload_bytes: usize,
}

/// Runs the load.
pub fn publishes(
    load: &PublishLoad,
    phases: Phases,
    observe: &mut dyn FnMut(Moment),
) -> Result<Figures, LoadError> {
    let payload = vec![b'x'; load.payload_bytes];
    let packets = (0..load.clients.len()).map(|client| Template::new(client, &payload)).collect();
    let window = load.window.max(1);
    let sent = vec![0; load.clients.len() * usize::from(window)];
    let script = Publishes { window, packets, sent, figures: Figures::default() };
    Crowd::new(&load.clients, script)?.measure(&load.target, phases, observe)
}

/// A PUBLISH packet whose id is filled in for each message.
struct Template {
    bytes: Vec<u8>,
    id_at: usize,
}

impl Template {
    fn new(client: usize, payload: &[u8]) -> Self {
        let topic = format!("bench/{client:06}/data");
        let mut bytes = Vec::new();
        let header = PublishHeader { topic: &topic, qos: 1, duplicate: false, id: 1 };
        packets::publish(&mut bytes, &header, payload);
        let id_at = bytes.len() - payload.len() - 2;
        Self { bytes, id_at }
    }
}

struct Publishes {
    window: u16,
    packets: Vec<Template>,
    /// When each message in flight was sent: `window` entries a client.
    sent: Vec<Nanos>,
    figures: Figures,
}

impl Publishes {
    fn send(&mut self, client: u32, id: u16, now: Nanos, output: &mut Vec<u8>) {
        let template = &self.packets[client as usize];
        let start = output.len();
        output.extend_from_slice(&template.bytes);
        output[start + template.id_at..][..2].copy_from_slice(&id.to_be_bytes());
        let slot = self.slot(client, id);
        self.sent[slot] = now;
    }

    fn slot(&self, client: u32, id: u16) -> usize {
        client as usize * usize::from(self.window) + usize::from(id - 1)
    }
}

impl Script for Publishes {
    fn subscribe(&self, _: u32, _: &mut Vec<u8>) -> bool {
        false
    }

    fn begin(&mut self, client: u32, now: Nanos, output: &mut Vec<u8>) {
        (1..=self.window).for_each(|id| self.send(client, id, now, output));
    }

    fn received(&mut self, packet: Packet<'_>, link: &mut Link<'_>) {
        let Packet::PubAck { id } = packet else { return };
        if !(1..=self.window).contains(&id) {
            return;
        }
        let sent = self.sent[self.slot(link.owner, id)];
        self.figures.latency.record(link.now - sent);
        self.figures.messages += 1;
        let (client, now) = (link.owner, link.now);
        self.send(client, id, now, link.output());
    }

    fn due(&mut self, _: &[LinkId], _: &mut Engine) -> Option<Nanos> {
        None
    }

    fn figures(&mut self) -> &mut Figures {
        &mut self.figures
    }
}
