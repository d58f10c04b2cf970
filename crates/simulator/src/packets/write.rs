//! Packet writers. Each appends one whole packet to `out`.

/// The protocol level named in CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// MQTT 3.1, protocol name `MQIsdp`: what the vendor's Python SDK speaks.
    V31,
    /// MQTT 3.1.1.
    V311,
}

/// The fields of CONNECT that devices use: no will.
#[derive(Debug, Clone, Copy)]
pub struct Connect<'a> {
    /// Which protocol name and level to claim.
    pub level: Level,
    /// Product id and device name, or any client id.
    pub client_id: &'a str,
    /// The user name, if any.
    pub username: Option<&'a str>,
    /// The password, if any; only together with a user name.
    pub password: Option<&'a str>,
    /// Seconds; 0 switches the keep-alive off.
    pub keep_alive: u16,
    /// Whether to start without an earlier session.
    pub clean: bool,
}

/// Everything of a PUBLISH but its payload.
#[derive(Debug, Clone, Copy)]
pub struct PublishHeader<'a> {
    /// The topic.
    pub topic: &'a str,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether this is another try.
    pub duplicate: bool,
    /// The packet id; not sent at QoS 0.
    pub id: u16,
}

/// Writes CONNECT.
pub fn connect(out: &mut Vec<u8>, fields: &Connect<'_>) {
    let name: &[u8] = match fields.level {
        Level::V31 => b"\x00\x06MQIsdp\x03",
        Level::V311 => b"\x00\x04MQTT\x04",
    };
    let field = |text: Option<&str>| text.map_or(0, |text| 2 + text.len());
    let length =
        name.len() + 3 + field(Some(fields.client_id)) + field(fields.username) + field(fields.password);
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    header(out, 0x10, length);
    out.extend_from_slice(name);
    out.push(
        flag(fields.username.is_some(), 0x80)
            | flag(fields.password.is_some(), 0x40)
            | flag(fields.clean, 0x02),
    );
    out.extend_from_slice(&fields.keep_alive.to_be_bytes());
    for text in [Some(fields.client_id), fields.username, fields.password].into_iter().flatten() {
        string(out, text);
    }
}

/// Writes SUBSCRIBE for filters with their QoS.
pub fn subscribe(out: &mut Vec<u8>, id: u16, filters: &[(&str, u8)]) {
    let length = 2 + filters.iter().map(|(filter, _)| filter.len() + 3).sum::<usize>();
    header(out, 0x82, length);
    out.extend_from_slice(&id.to_be_bytes());
    for (filter, qos) in filters {
        string(out, filter);
        out.push(*qos);
    }
}

/// Writes PUBLISH.
pub fn publish(out: &mut Vec<u8>, fields: &PublishHeader<'_>, payload: &[u8]) {
    publish_with(out, fields, payload.len(), |out| out.extend_from_slice(payload));
}

/// Writes PUBLISH with a payload of exactly `payload_length` bytes that `write` appends.
pub fn publish_with(
    out: &mut Vec<u8>,
    fields: &PublishHeader<'_>,
    payload_length: usize,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let id_length = if fields.qos > 0 { 2 } else { 0 };
    let flags = (fields.qos << 1) | if fields.duplicate { 0x08 } else { 0 };
    header(out, 0x30 | flags, 2 + fields.topic.len() + id_length + payload_length);
    string(out, fields.topic);
    if fields.qos > 0 {
        out.extend_from_slice(&fields.id.to_be_bytes());
    }
    let start = out.len();
    write(out);
    assert_eq!(out.len() - start, payload_length, "a payload has the length that its header announces");
}

/// Writes PUBACK.
pub fn puback(out: &mut Vec<u8>, id: u16) {
    let [high, low] = id.to_be_bytes();
    out.extend_from_slice(&[0x40, 2, high, low]);
}

/// Writes PINGREQ.
pub fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xc0, 0]);
}

/// Writes DISCONNECT.
pub fn disconnect(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xe0, 0]);
}

fn header(out: &mut Vec<u8>, first: u8, length: usize) {
    assert!(length < 1 << 28, "a packet's remaining length has at most 28 bits");
    out.push(first);
    let mut rest = length;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn string(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("texts in packets are shorter than 64 KiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn connect_starts_like_the_packet_of_the_c_sdk() {
        let fields = Connect {
            level: Level::V311,
            client_id: "DEMOPROD01dev001",
            username: Some("DEMOPROD01dev001;21010406;43ACI;92233720368547758"),
            password: Some("af73b2329c58a5378be9a7183abadb106babb1a2;hmacsha1"),
            keep_alive: 120,
            clean: true,
        };
        let packet = written(|out| connect(out, &fields));
        let expected = b"\x10\x82\x01\x00\x04MQTT\x04\xc2\x00\x78\x00\x10DEMOPROD01dev001";
        assert_eq!(&packet[..expected.len()], expected);
        assert_eq!(packet.len(), 0x82 + 3, "the remaining length counts what follows it");
    }

    #[test]
    fn connect_without_credentials_at_level_three_has_no_credential_flags() {
        let fields = Connect {
            level: Level::V31,
            client_id: "x",
            username: None,
            password: None,
            keep_alive: 0,
            clean: false,
        };
        assert_eq!(written(|out| connect(out, &fields)), b"\x10\x0f\x00\x06MQIsdp\x03\x00\x00\x00\x00\x01x");
    }

    #[test]
    fn publish_carries_an_id_only_above_qos_zero() {
        let fields = PublishHeader { topic: "a/b", qos: 0, duplicate: false, id: 9 };
        assert_eq!(written(|out| publish(out, &fields, b"hi")), b"\x30\x07\x00\x03a/bhi");
        let again = PublishHeader { qos: 1, duplicate: true, ..fields };
        assert_eq!(written(|out| publish(out, &again, b"hi")), b"\x3a\x09\x00\x03a/b\x00\x09hi");
    }

    #[test]
    fn lengths_of_a_hundred_and_twenty_eight_and_more_take_two_bytes() {
        let fields = PublishHeader { topic: "t", qos: 0, duplicate: false, id: 0 };
        assert_eq!(written(|out| publish(out, &fields, &[0; 124]))[..2], [0x30, 127]);
        assert_eq!(written(|out| publish(out, &fields, &[0; 125]))[..3], [0x30, 0x80, 1]);
    }

    #[test]
    fn subscribe_lists_its_filters_with_their_qos() {
        let packet = written(|out| subscribe(out, 1, &[("a", 0), ("b/+", 1)]));
        assert_eq!(packet, b"\x82\x0c\x00\x01\x00\x01a\x00\x00\x03b/+\x01");
    }

    #[test]
    fn the_short_packets_are_what_the_protocol_says() {
        assert_eq!(written(|out| puback(out, 0x1234)), [0x40, 2, 0x12, 0x34]);
        assert_eq!(written(ping), [0xc0, 0]);
        assert_eq!(written(disconnect), [0xe0, 0]);
    }

    #[test]
    #[should_panic(expected = "length that its header announces")]
    fn a_payload_of_another_length_than_announced_is_a_bug() {
        let fields = PublishHeader { topic: "t", qos: 0, duplicate: false, id: 0 };
        written(|out| publish_with(out, &fields, 3, |out| out.push(1)));
    }
}
