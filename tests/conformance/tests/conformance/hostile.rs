//! What hostile or broken clients send. The rule of every test: the server answers by the protocol or closes, stays
//! up, keeps its memory bounded, and the [`Bystanders`] notice nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use yizhan_conformance::{Broker, broker, own_server, unique};
use yizhan_testkit::mqtt::build::{self, Body, Publishing};
use yizhan_testkit::mqtt::{Connect, Event, Properties, Will, property};
use yizhan_testkit::{PATIENCE, RawClient, Received, Version};

use crate::steps::topic;

/// Two well-behaved clients that talk to each other through the broker under attack.
struct Bystanders {
    publisher: RawClient,
    watcher: RawClient,
    topic: String,
    count: u16,
}

impl Bystanders {
    #[track_caller]
    fn of(broker: &Broker) -> Self {
        let topic = topic();
        let mut watcher = broker.join(&broker.connect(Version::V5).keep_alive(0));
        watcher.subscribe(1, &[(&topic, 1)]);
        let publisher = broker.join(&broker.connect(Version::V311).keep_alive(0));
        Self { publisher, watcher, topic, count: 0 }
    }

    /// A round trip at QoS 1 within a time that a person would call immediate, on a busy machine.
    #[track_caller]
    fn are_fine(&mut self) {
        self.count += 1;
        let start = Instant::now();
        self.publisher
            .publish_as(&Publishing::new(&self.topic, &self.count.to_be_bytes()).qos(1, self.count));
        assert_eq!(self.watcher.receive().payload, self.count.to_be_bytes());
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(3), "a round trip took {taken:?}");
    }
}

/// Small, repeatable pseudo-random numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

fn samples(broker: &Broker, version: Version) -> Vec<Vec<u8>> {
    let none = Properties::none();
    let rich = Properties::none()
        .text(property::CONTENT_TYPE, "a/b")
        .text(property::RESPONSE_TOPIC, "r")
        .binary(property::CORRELATION_DATA, b"cc")
        .four(property::MESSAGE_EXPIRY, 60)
        .user("k", "v");
    vec![
        broker.connect(version).will(Will::new("hostile/will", b"w")).encode(),
        Publishing::new("hostile/a", b"payload").encode(version),
        Publishing::new("hostile/a", b"payload").qos(1, 7).properties(rich).encode(version),
        Publishing::new("hostile/a", b"payload").qos(2, 8).encode(version),
        build::acknowledgement(0x40, 7),
        build::acknowledgement(0x50, 7),
        build::acknowledgement(0x62, 8),
        build::acknowledgement(0x70, 7),
        build::subscribe(version, 9, &[("hostile/+", 1), ("hostile/#", 2)], &none),
        build::unsubscribe(version, 10, &["hostile/+"], &none),
        build::PINGREQ.to_vec(),
        build::DISCONNECT.to_vec(),
        Body::new()
            .byte(0x18)
            .properties(Version::V5, &Properties::none().text(property::AUTH_METHOD, "m"))
            .packet(0xF0),
    ]
}

/// Takes whatever comes, for a moment, and hangs up.
fn drain(client: &RawClient, patience: Duration) {
    let mut stream = client.stream();
    let _unset = stream.set_read_timeout(Some(patience));
    let mut chunk = [0; 4096];
    while let Ok(count) = stream.read(&mut chunk) {
        if count == 0 {
            return;
        }
    }
}

#[test]
fn packets_cut_anywhere_harm_nobody() {
    let mut bystanders = Bystanders::of(broker());
    for version in [Version::V311, Version::V5] {
        for packet in samples(broker(), version) {
            for length in 1..packet.len() {
                let mut client = broker().client(version);
                client.send(&packet[..length]);
                client.drop_connection();
            }
            bystanders.are_fine();
        }
    }
}

#[test]
fn packets_with_one_changed_byte_harm_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for version in [Version::V311, Version::V5] {
        for packet in samples(broker(), version) {
            for _ in 0..12 {
                let mut changed = packet.clone();
                let place = dice.roll(changed.len());
                changed[place] ^= 1 << dice.roll(8);
                let mut client = if packet[0] == 0x10 { broker().open() } else { broker().client(version) };
                client.send(&changed);
                client.send(&build::PINGREQ);
                drain(&client, Duration::from_millis(10));
            }
            bystanders.are_fine();
        }
    }
}

#[test]
fn noise_harms_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let mut dice = Dice(0xD1B5_4A32_D192_ED03);
    for round in 0..150 {
        let mut client = if round % 2 == 0 { broker().open() } else { broker().client(Version::V5) };
        let noise: Vec<u8> = (0..=dice.roll(600)).map(|_| dice.roll(256) as u8).collect();
        client.send(&noise);
        drain(&client, Duration::from_millis(5));
        if round % 30 == 0 {
            bystanders.are_fine();
        }
    }
    bystanders.are_fine();
}

#[test]
fn other_protocols_on_the_port_are_closed() {
    let client_hello = [
        &[0x16, 0x03, 0x01, 0x00, 0x2F, 0x01, 0x00, 0x00, 0x2B, 0x03, 0x03][..],
        &[0x55; 32],
        &[0x00, 0x00, 0x02, 0x13, 0x01, 0x01, 0x00],
    ]
    .concat();
    let http = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    let ssh = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    for greeting in [client_hello, http, ssh] {
        let mut client = broker().open();
        client.send(&greeting);
        client.send(&[0; 64]);
        client.expect_closed();
    }
}

/// Megabytes are announced and never sent; the server must not reserve them.
#[test]
fn announced_lengths_cost_nothing() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    bystanders.are_fine();
    let server = broker.server().expect("our own server");
    let before = server.resident_kib();
    let mut clients = Vec::new();
    for number in 0..200 {
        let mut client = if number % 2 == 0 { broker.open() } else { broker.client(Version::V311) };
        // The largest length that can be said, and 60,000 bytes, which any server must allow.
        let length: &[u8] = if number % 4 < 2 { &[0xFF, 0xFF, 0xFF, 0x7F] } else { &[0xE0, 0xD4, 0x03] };
        let first = if number % 2 == 0 { 0x10 } else { 0x30 };
        client.send(&[&[first], length, &[0x00, 0x04]].concat());
        clients.push(client);
    }
    bystanders.are_fine();
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 40 * 1024, "{grown} KiB for announcements");
    drop(clients);
}

/// A packet beyond every limit is refused at its announcement, not after its last byte.
#[test]
fn a_packet_beyond_the_limit_is_refused_at_once() {
    if broker().server().is_none() {
        return;
    }
    for version in [Version::V311, Version::V5] {
        let mut client = broker().client(version);
        client.send(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]);
        client.expect_refused(&[0x95]);
        let mut client = broker().open();
        client.speak(version);
        client.send(&[0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 0x04, b'M', b'Q', b'T', b'T', version.level()]);
        client.expect_closed_after_packets();
    }
}

#[test]
fn topics_of_slashes_harm_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let slashes = "/".repeat(65_535);
    let wildcards = "+/".repeat(32_767);
    for version in [Version::V311, Version::V5] {
        for packet in [
            Publishing::new(&slashes, b"").qos(1, 1).encode(version),
            Publishing::new(&slashes, b"x").qos(1, 2).retained().encode(version),
            build::subscribe(version, 3, &[(&slashes, 0)], &Properties::none()),
            build::subscribe(version, 4, &[(&wildcards, 0)], &Properties::none()),
            build::unsubscribe(version, 5, &[&slashes], &Properties::none()),
        ] {
            let mut client = broker().client(version);
            client.send(&packet);
            assert_ne!(client.next(PATIENCE), Event::Silence, "neither answered nor closed");
            bystanders.are_fine();
        }
        // What was stored of it must not stay with later tests.
        let mut client = broker().client(version);
        client.send_publish(&Publishing::new(&slashes, b"").qos(1, 1).retained());
        let _any = client.next(PATIENCE);
    }
}

/// A connection that never says anything is closed in the end; meanwhile hundreds of them disturb nobody.
#[test]
fn half_open_handshakes_are_closed_and_disturb_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let whole = broker().connect(Version::V311).encode();
    let silent: Vec<RawClient> = (0..300)
        .map(|number| {
            let mut client = broker().open();
            client.send(&whole[..number % whole.len()]);
            client
        })
        .collect();
    bystanders.are_fine();
    if broker().server().is_none() {
        return;
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    for mut client in silent {
        match client.next(deadline.saturating_duration_since(Instant::now())) {
            Event::Closed => {}
            other => panic!("a half-open handshake got {other:?} instead of its end within a minute"),
        }
    }
    bystanders.are_fine();
}

/// One byte at a time is slow but correct.
#[test]
fn a_trickling_client_is_served() {
    let topic = topic();
    let mut client = broker().open();
    client.speak(Version::V5);
    let mut bytes = broker().connect(Version::V5).encode();
    bytes.extend(build::subscribe(Version::V5, 1, &[(&topic, 0)], &Properties::none()));
    bytes.extend(Publishing::new(&topic, b"drop by drop").encode(Version::V5));
    for byte in bytes {
        client.send(&[byte]);
        std::thread::sleep(Duration::from_millis(1));
    }
    client.wait_for("CONNACK", |packet| matches!(packet, Received::ConnAck(_)).then_some(()));
    client.expect_suback(1);
    assert_eq!(client.expect_publish().payload, b"drop by drop");
}

/// A subscriber that stops reading must not hold up publishers, nor pile up memory without end.
#[test]
fn a_slow_reader_stops_nobody_and_costs_little() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    bystanders.are_fine();
    let before = broker.server().expect("our own server").resident_kib();
    let mut lazy: Vec<RawClient> = (0..3)
        .map(|number| {
            let mut client = broker.join(&broker.connect(Version::V311).keep_alive(0));
            client.subscribe(1, &[("flood", number)]);
            client
        })
        .collect();
    let mut publisher = broker.join(&broker.connect(Version::V311).keep_alive(0));
    let payload = vec![b'f'; 16 * 1024];
    // 64 MiB for each of the three, in both qualities.
    for round in 0..4_096_u16 {
        publisher.publish_as(&Publishing::new("flood", &payload).qos(u8::from(round % 16 == 0), 1 + round));
        if round % 512 == 0 {
            bystanders.are_fine();
        }
    }
    let grown = broker.server().expect("our own server").resident_kib().saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB for readers that do not read");
    bystanders.are_fine();
    // A lazy reader that wakes up finds whole packets, or the end of its connection.
    for client in &mut lazy {
        for _ in 0..100 {
            match client.next(Duration::from_millis(500)) {
                Event::Packet(Received::Publish(publish)) => assert_eq!(publish.payload.len(), payload.len()),
                Event::Packet(other) => panic!("unexpected {other:?}"),
                Event::Closed | Event::Silence => break,
            }
        }
    }
}

/// A client asks for answers and never reads them: its requests must stop being served, not pile up.
#[test]
fn a_client_that_never_reads_its_answers_is_held_back() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    bystanders.are_fine();
    let before = broker.server().expect("our own server").resident_kib();
    let client = broker.client(Version::V5);
    let mut stream: &TcpStream = client.stream();
    stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a write timeout can be set");
    let pings = build::PINGREQ.repeat(32 * 1024);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) && stream.write_all(&pings).is_ok() {}
    bystanders.are_fine();
    let grown = broker.server().expect("our own server").resident_kib().saturating_sub(before);
    assert!(grown < 40 * 1024, "{grown} KiB of unread answers");
}

/// Ever new topics: retained messages and subscriptions are bounded or refused, and the server stays usable.
#[test]
fn endless_topics_are_bounded() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    bystanders.are_fine();
    let before = broker.server().expect("our own server").resident_kib();
    let payload = vec![0; 512];
    let mut client = broker.client(Version::V5);
    'publishing: for batch in 0..100_u32 {
        let mut bytes = Vec::new();
        for number in 0..500 {
            let topic = format!("endless/{batch}/{number}");
            bytes.extend(Publishing::new(&topic, &payload).retained().encode(Version::V5));
        }
        if !client.send(&bytes) {
            break 'publishing;
        }
        client.send(&build::PINGREQ);
        loop {
            match client.next(PATIENCE) {
                Event::Packet(Received::PingResp) => break,
                Event::Packet(_) => {}
                Event::Closed => break 'publishing,
                Event::Silence => panic!("no answer to a PINGREQ"),
            }
        }
    }
    bystanders.are_fine();
    let mut client = broker.client(Version::V5);
    let mut refused = 0;
    'subscribing: for batch in 0..40_u16 {
        let filters: Vec<String> = (0..500).map(|number| format!("unheard/{batch}/{number}/+")).collect();
        let filters: Vec<(&str, u8)> = filters.iter().map(|filter| (filter.as_str(), 0)).collect();
        client.send(&build::subscribe(Version::V5, 1 + batch, &filters, &Properties::none()));
        match client.next(PATIENCE) {
            Event::Packet(Received::SubAck(suback)) => {
                assert_eq!(suback.codes.len(), 500);
                refused += suback.codes.iter().filter(|code| **code >= 0x80).count();
            }
            Event::Packet(Received::Disconnect(_)) | Event::Closed => {
                refused += 500;
                break 'subscribing;
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(refused > 0, "20,000 subscriptions of one client were granted without any limit");
    bystanders.are_fine();
    let grown = broker.server().expect("our own server").resident_kib().saturating_sub(before);
    assert!(grown < 150 * 1024, "{grown} KiB for endless topics");
}

/// Exchanges that are opened and never completed.
#[test]
fn unfinished_qos_2_exchanges_are_bounded() {
    let mut bystanders = Bystanders::of(broker());
    for version in [Version::V311, Version::V5] {
        let mut client = broker().client(version);
        let mut bytes = Vec::new();
        for id in 1..=20_000_u16 {
            bytes.extend(Publishing::new("hostile/open", b"x").qos(2, id).encode(version));
        }
        client.send(&bytes);
        let end = Instant::now() + Duration::from_secs(5);
        let mut answered = 0;
        loop {
            match client.next(end.saturating_duration_since(Instant::now()).min(Duration::from_millis(500))) {
                Event::Packet(Received::PubRec(_)) => answered += 1,
                Event::Packet(Received::Disconnect(told)) => assert!(matches!(told.reason, 0x93 | 0x97)),
                Event::Packet(other) => panic!("unexpected {other:?}"),
                Event::Closed | Event::Silence => break,
            }
        }
        assert!(answered > 0);
        bystanders.are_fine();
    }
}

#[test]
fn thousands_of_user_properties_harm_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let mut properties = Properties::none();
    for number in 0..5_000 {
        properties = properties.user(&number.to_string(), "");
    }
    let mut client = broker().client(Version::V5);
    client.send_publish(&Publishing::new("hostile/p", b"").qos(1, 1).properties(properties.clone()));
    assert_ne!(client.next(PATIENCE), Event::Silence);
    let mut client = broker().open();
    client.speak(Version::V5);
    client.send(&broker().connect(Version::V5).properties(properties).encode());
    assert_ne!(client.next(PATIENCE), Event::Silence);
    bystanders.are_fine();
}

/// Connections come and go by the hundred; nothing of them stays.
#[test]
fn a_storm_of_connections_leaves_no_descriptor_behind() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    bystanders.are_fine();
    let before = broker.server().expect("our own server").open_descriptors();
    for round in 0..600 {
        let mut client = broker.open();
        match round % 4 {
            0 => drop(client.try_connect(&broker.connect(Version::V311))),
            1 => drop(client.send(&broker.connect(Version::V5).encode())),
            2 => drop(client.send(&[0x10, 0x20, 0x00])),
            _ => {}
        }
        client.drop_connection();
    }
    bystanders.are_fine();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = broker.server().expect("our own server").open_descriptors();
        if now <= before + 10 {
            break;
        }
        assert!(Instant::now() < deadline, "{now} descriptors, {before} before the storm");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Guessing passwords is slowed down or cut off, and does not lock out those who know theirs.
#[test]
fn guessing_passwords_does_not_hold_up_others() {
    let Some(broker) = own_server() else { return };
    let mut bystanders = Bystanders::of(&broker);
    for round in 0..200 {
        let mut client = broker.open();
        client.send(&Connect::v311("guesser").login("somebody", &round.to_string()).encode());
        drain(&client, Duration::from_millis(20));
        if round % 50 == 0 {
            bystanders.are_fine();
        }
    }
    bystanders.are_fine();
}

/// A client that takes its own id over again and again.
#[test]
fn a_duel_for_one_id_disturbs_nobody() {
    let mut bystanders = Bystanders::of(broker());
    let connect = broker().connect_kept(Version::V5, &yizhan_conformance::unique("duel"));
    for round in 0..200 {
        let mut client = broker().open();
        client.send(&connect.encode());
        if round % 50 == 49 {
            bystanders.are_fine();
        }
        drop(client);
    }
    // Connections are spread over several threads of the server: give the last of the others time to be over.
    std::thread::sleep(Duration::from_millis(500));
    let mut winner = broker().join(&connect);
    winner.ping();
}

/// A user's own corner of the topics, with retained messages of the given number and size.
fn retain_many(broker: &Broker, count: usize, bytes: usize) -> String {
    let corner = topic();
    let mut publisher = broker.join(&broker.connect(Version::V5).keep_alive(0));
    for number in 0..count {
        let name = format!("{corner}/{number:05}");
        let id = (number % 65_000 + 1) as u16;
        publisher.publish_as(&Publishing::new(&name, &vec![7; bytes]).qos(1, id).retained());
    }
    corner
}

#[test]
fn one_filter_thousands_of_times_costs_no_more_than_once() {
    let Some(broker) = own_server() else { return };
    let corner = retain_many(&broker, 1, 200_000);
    let mut bystanders = Bystanders::of(&broker);
    let before = broker.server().expect("our own server").resident_kib();
    let filter = format!("{corner}/00000");
    let filters: Vec<(&str, u8)> = vec![(&filter, 0); 8_000];
    let mut client = broker.join(&broker.connect(Version::V5).keep_alive(0));
    client.send(&build::subscribe(Version::V5, 1, &filters, &Properties::none()));
    assert_eq!(client.expect_suback(1).codes.len(), filters.len());
    assert_eq!(client.expect_publish().payload.len(), 200_000);
    client.expect_silence();
    bystanders.are_fine();
    let grown = broker.server().expect("our own server").resident_kib().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB for one filter");
}

#[test]
fn more_retained_messages_than_a_connection_takes_at_once_all_arrive() {
    const COUNT: usize = 300;
    let broker = broker();
    let corner = retain_many(broker, COUNT, 30_000);
    for qos in [0, 1] {
        let mut client = broker.join(&broker.connect(Version::V5).keep_alive(0));
        let filter = format!("{corner}/#");
        client.subscribe(1, &[(&filter, qos)]);
        let mut seen = std::collections::HashSet::new();
        while seen.len() < COUNT {
            // Slower than the server at first, so that its output stalls.
            if seen.is_empty() {
                std::thread::sleep(Duration::from_millis(300));
            }
            seen.insert(client.receive().topic);
        }
    }
}

#[test]
fn a_session_with_a_backlog_larger_than_the_output_drains() {
    const COUNT: u16 = 400;
    let broker = broker();
    let connect = broker.connect_kept(Version::V5, &unique("backlog")).keep_alive(0);
    let topic = topic();
    let mut receiver = broker.join(&connect);
    receiver.subscribe(1, &[(&topic, 1)]);
    receiver.disconnect();
    let mut publisher = broker.join(&broker.connect(Version::V5).keep_alive(0));
    for number in 1..=COUNT {
        publisher.publish_as(&Publishing::new(&topic, &vec![number as u8; 20_000]).qos(1, number));
    }
    let mut receiver = broker.open();
    assert!(receiver.connect(&connect).session_present);
    std::thread::sleep(Duration::from_millis(500));
    for number in 1..=COUNT {
        let message = receiver.receive();
        assert_eq!((message.payload.len(), message.payload[0]), (20_000, number as u8));
    }
}

#[test]
fn retained_messages_end_with_the_subscription_and_skip_what_is_too_large() {
    const COUNT: usize = 300;
    let broker = broker();
    let corner = retain_many(broker, COUNT, 30_000);
    let filter = format!("{corner}/#");
    let mut client = broker.join(&broker.connect(Version::V5).keep_alive(0));
    client.subscribe(1, &[(&filter, 1)]);
    // Nothing is acknowledged, so most of them still wait when the subscription ends.
    client.unsubscribe(2, &[&filter]);
    let mut seen = 0;
    while let Event::Packet(Received::Publish(publish)) = client.next(Duration::from_millis(700)) {
        client.complete(&publish);
        seen += 1;
    }
    assert!(seen <= 64, "{seen} messages after the end of the subscription");

    let small = format!("{corner}/small");
    let mut publisher = broker.join(&broker.connect(Version::V5).keep_alive(0));
    publisher.publish_as(&Publishing::new(&small, b"small").qos(1, 1).retained());
    let limit = Properties::none().four(property::MAXIMUM_PACKET_SIZE, 1_000);
    let mut narrow = broker.join(&broker.connect(Version::V5).keep_alive(0).properties(limit));
    narrow.subscribe(1, &[(&filter, 1)]);
    assert_eq!(narrow.receive().topic, small);
}

#[test]
fn a_kept_session_gets_the_rest_of_its_retained_messages_after_a_reconnect() {
    const COUNT: usize = 200;
    let broker = broker();
    let corner = retain_many(broker, COUNT, 100);
    let connect = broker.connect_kept(Version::V311, &unique("retained-rest")).keep_alive(0);
    let mut client = broker.join(&connect);
    client.subscribe(1, &[(&format!("{corner}/#"), 1)]);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20 {
        seen.insert(client.receive().topic);
    }
    client.drop_connection();
    let mut client = broker.open();
    assert!(client.connect(&connect).session_present);
    while seen.len() < COUNT {
        seen.insert(client.receive().topic);
    }
}
