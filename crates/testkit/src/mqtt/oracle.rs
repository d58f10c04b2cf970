//! Rules that need more than one packet to judge: what the client announced in its CONNECT and what it has not yet
//! acknowledged. Fed with everything that passes the socket in either direction.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Connect;
use super::property;
use super::read::{Published, Received};
use super::{Properties, Version};

/// The memory of one connection.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    receive_maximum: Option<u32>,
    largest_packet: Option<u32>,
    topic_aliases: u32,
    problem_information: bool,
    unacknowledged: BTreeSet<u16>,
    released: BTreeSet<u16>,
    aliases: BTreeMap<u32, String>,
}

impl Oracle {
    pub(crate) fn for_connect(connect: &Connect) -> Self {
        let announced = |id| connect.properties.number(id);
        Self {
            receive_maximum: (connect.version == Version::V5)
                .then(|| announced(property::RECEIVE_MAXIMUM).unwrap_or(65_535)),
            largest_packet: announced(property::MAXIMUM_PACKET_SIZE),
            topic_aliases: announced(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0),
            problem_information: announced(property::REQUEST_PROBLEM_INFO) != Some(0),
            ..Self::default()
        }
    }

    /// Notes what the client sends: acknowledgements free packet ids.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        let &[first, _, high, low, ref rest @ ..] = bytes else { return };
        let id = u16::from_be_bytes([high, low]);
        let refuses = rest.first().is_some_and(|reason| *reason >= 0x80);
        match first {
            0x40 | 0x70 => {
                self.unacknowledged.remove(&id);
                self.released.remove(&id);
            }
            0x50 if refuses => {
                self.unacknowledged.remove(&id);
            }
            _ => {}
        }
    }

    /// Judges what the server sent and fills in an aliased topic.
    pub(crate) fn received(&mut self, length: usize, packet: &mut Received) -> Result<(), String> {
        // A maximum of zero is no announcement but a protocol error, whose answer may have any size.
        if self.largest_packet.is_some_and(|largest| largest > 0 && length > largest as usize) {
            return Err(format!(
                "{length} bytes, but the client announced a maximum packet size of {:?}",
                self.largest_packet
            ));
        }
        match packet {
            Received::Publish(publish) => self.received_publish(publish),
            Received::PubRel(ack) => {
                self.released.insert(ack.id);
                self.problem_information(&ack.properties)
            }
            Received::PubAck(ack) | Received::PubRec(ack) | Received::PubComp(ack) => {
                self.problem_information(&ack.properties)
            }
            Received::SubAck(ack) | Received::UnsubAck(ack) => self.problem_information(&ack.properties),
            _ => Ok(()),
        }
    }

    fn problem_information(&self, properties: &Properties) -> Result<(), String> {
        let explains = properties.get(property::REASON_STRING).is_some()
            || properties.get(property::USER_PROPERTY).is_some();
        if explains && !self.problem_information {
            return Err(
                "a reason string or user property although the client asked for no problem information"
                    .into(),
            );
        }
        Ok(())
    }

    fn received_publish(&mut self, publish: &mut Published) -> Result<(), String> {
        if let Some(alias) = publish.properties.number(property::TOPIC_ALIAS) {
            if alias > self.topic_aliases {
                return Err(format!("topic alias {alias}, but the client allows {}", self.topic_aliases));
            }
            if publish.topic.is_empty() {
                publish.topic =
                    self.aliases.get(&alias).cloned().ok_or("a topic alias that was never set")?;
            } else {
                self.aliases.insert(alias, publish.topic.clone());
            }
        }
        if publish.qos == 0 {
            return Ok(());
        }
        if !self.unacknowledged.insert(publish.id) && !publish.dup {
            return Err(format!("packet id {} is used again before it was acknowledged", publish.id));
        }
        if self.released.contains(&publish.id) {
            return Err(format!("PUBLISH {} again after its PUBREL", publish.id));
        }
        let count = self.unacknowledged.len();
        if self.receive_maximum.is_some_and(|maximum| count > maximum as usize) {
            return Err(format!(
                "{count} unacknowledged messages exceed the receive maximum {:?}",
                self.receive_maximum
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::build;
    use crate::mqtt::read::Ack;

    fn message(id: u16, qos: u8, dup: bool) -> Received {
        Received::Publish(Published {
            topic: "a".into(),
            payload: Vec::new(),
            qos,
            id,
            retain: false,
            dup,
            properties: Properties::none(),
        })
    }

    fn with(properties: Properties) -> Oracle {
        Oracle::for_connect(&Connect::v5("x").properties(properties))
    }

    #[test]
    fn an_id_may_be_used_again_only_after_its_acknowledgement() {
        let mut oracle = Oracle::default();
        assert!(oracle.received(4, &mut message(7, 1, false)).is_ok());
        assert!(oracle.received(4, &mut message(7, 1, true)).is_ok(), "a repetition is no new use");
        assert!(oracle.received(4, &mut message(7, 1, false)).is_err());
        oracle.sent(&build::acknowledgement(0x40, 7));
        assert!(oracle.received(4, &mut message(7, 1, false)).is_ok());
    }

    #[test]
    fn a_pubrec_frees_the_id_only_when_it_refuses() {
        let mut oracle = Oracle::default();
        assert!(oracle.received(4, &mut message(7, 2, false)).is_ok());
        oracle.sent(&build::acknowledgement(0x50, 7));
        assert!(oracle.received(4, &mut message(7, 2, false)).is_err());
        oracle.sent(&build::acknowledgement_with_reason(0x50, 7, 0x80));
        assert!(oracle.received(4, &mut message(7, 2, false)).is_ok());
    }

    #[test]
    fn a_released_message_must_not_be_published_again() {
        let mut oracle = Oracle::default();
        assert!(oracle.received(4, &mut message(7, 2, false)).is_ok());
        let mut release = Received::PubRel(Ack { id: 7, reason: 0, properties: Properties::none() });
        assert!(oracle.received(4, &mut release).is_ok());
        assert!(oracle.received(4, &mut message(7, 2, true)).is_err());
        oracle.sent(&build::acknowledgement(0x70, 7));
        assert!(oracle.received(4, &mut message(7, 2, false)).is_ok());
    }

    #[test]
    fn the_announced_limits_are_watched() {
        let mut narrow = with(
            Properties::none().two(property::RECEIVE_MAXIMUM, 1).four(property::MAXIMUM_PACKET_SIZE, 10),
        );
        assert!(narrow.received(11, &mut message(0, 0, false)).is_err());
        assert!(narrow.received(10, &mut message(1, 1, false)).is_ok());
        assert!(narrow.received(10, &mut message(2, 1, false)).is_err());
        let mut silent = with(Properties::none().byte(property::REQUEST_PROBLEM_INFO, 0));
        let explained = Properties::none().text(property::REASON_STRING, "why");
        let mut ack = Received::PubAck(Ack { id: 1, reason: 0x10, properties: explained });
        assert!(silent.received(9, &mut ack).is_err());
    }

    #[test]
    fn aliases_are_resolved_and_bounded() {
        let aliased = |topic: &str, alias| {
            let mut packet = message(0, 0, false);
            if let Received::Publish(publish) = &mut packet {
                publish.topic = topic.into();
                publish.properties = Properties::none().two(property::TOPIC_ALIAS, alias);
            }
            packet
        };
        let mut oracle = with(Properties::none().two(property::TOPIC_ALIAS_MAXIMUM, 2));
        assert!(oracle.received(9, &mut aliased("", 1)).is_err(), "never set");
        assert!(oracle.received(9, &mut aliased("a/b", 1)).is_ok());
        let mut short = aliased("", 1);
        assert!(oracle.received(9, &mut short).is_ok());
        assert!(matches!(short, Received::Publish(publish) if publish.topic == "a/b"));
        assert!(oracle.received(9, &mut aliased("a/b", 3)).is_err(), "beyond the maximum");
        assert!(Oracle::default().received(9, &mut aliased("a/b", 1)).is_err(), "not allowed at all");
    }
}
