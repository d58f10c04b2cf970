//! §3.1 and §3.2: CONNECT and CONNACK, the packet itself.

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Body, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, Will, property};
use yizhan_testkit::{QUIET, Received, Version};

use crate::steps::{BOTH, raw_answer, refused_after_connect, refused_connect, subscriber, topic};

/// 3.1.1: 3.1.0-1, 4.8.0-1
/// 5.0: 3.1.0-1, 3.14.0-1
#[test]
fn a_connection_that_does_not_begin_with_connect_is_closed() {
    for version in BOTH {
        let none = Properties::none();
        let packets = [
            Publishing::new("a", b"").encode(version),
            Publishing::new("a", b"").qos(1, 1).encode(version),
            build::subscribe(version, 1, &[("a", 0)], &none),
            build::unsubscribe(version, 1, &["a"], &none),
            build::PINGREQ.to_vec(),
            build::DISCONNECT.to_vec(),
            build::acknowledgement(0x40, 1),
            vec![0xF0, 0x00],
        ];
        for packet in packets {
            let mut client = broker().open();
            client.speak(version);
            client.send(&packet);
            client.expect_closed();
        }
    }
}

/// 3.1.1: 3.1.0-2, 4.8.0-1
/// 5.0: 3.1.0-2, 4.13.1-1
#[test]
fn a_second_connect_ends_the_connection() {
    for version in BOTH {
        let connect = broker().connect(version);
        let mut client = broker().join(&connect);
        client.send(&connect.encode());
        client.expect_refused(&[0x82]);
    }
}

/// 3.1.1: 3.1.2-1
/// 5.0: 3.1.2-1
#[test]
fn another_protocol_name_is_not_accepted() {
    for version in BOTH {
        for name in ["mqtt", "MQTTX", "MQT", "", "AMQP", "HTTP"] {
            let mut connect = broker().connect(version);
            connect.protocol_name = Some(name.into());
            let client = {
                let mut client = broker().open();
                client.send(&connect.encode());
                client
            };
            let answer = raw_answer(&client);
            let refused = answer.is_empty() || (answer[0] == 0x20 && answer[3] != 0);
            assert!(refused, "protocol name {name:?} was answered with {answer:02x?}");
        }
    }
}

/// 3.1.1: 3.1.2-2, 3.2.2-5
/// 5.0: 3.1.2-2, 3.2.2-7
#[test]
fn an_unknown_protocol_level_is_told_and_closed() {
    for level in [0, 1, 2, 6, 7, 100, 127, 255] {
        let mut connect = broker().connect(Version::V311);
        connect.level = Some(level);
        let mut client = broker().open();
        client.send(&connect.encode());
        let answer = raw_answer(&client);
        let told_as_old = answer == [0x20, 0x02, 0x00, 0x01];
        let told_as_new = answer.starts_with(&[0x20]) && answer.get(2..4) == Some(&[0x00, 0x84]);
        assert!(told_as_old || told_as_new, "level {level} was answered with {answer:02x?}");
    }
}

/// 3.1.1: 3.1.2-3
/// 5.0: 3.1.2-3
#[test]
fn the_reserved_connect_flag_is_checked() {
    for version in BOTH {
        let mut connect = broker().connect(version);
        connect.flags = Some(connect.connect_flags() | 0x01);
        refused_connect(version, &connect.encode(), &[0x81, 0x82]);
    }
}

/// 3.1.1: 3.1.2-11, 3.1.2-13, 3.1.2-15
/// 5.0: 3.1.2-11, 3.1.2-13
#[test]
fn will_qos_or_will_retain_without_a_will_is_refused() {
    for version in BOTH {
        for extra in [0x08, 0x10, 0x18, 0x20] {
            let mut connect = broker().connect(version);
            connect.flags = Some(connect.connect_flags() | extra);
            refused_connect(version, &connect.encode(), &[0x81, 0x82]);
        }
    }
}

/// 3.1.1: 3.1.2-14
/// 5.0: 3.1.2-12
#[test]
fn a_will_of_qos_3_is_refused() {
    for version in BOTH {
        let will = Will { qos: 3, ..Will::new("a", b"") };
        let connect = broker().connect(version).will(will);
        refused_connect(version, &connect.encode(), &[0x81, 0x82, 0x9B]);
    }
}

/// The flag announces a field that is not there: the packet is too short.
///
/// 3.1.1: 3.1.2-9, 3.1.2-19, 3.1.2-21, 3.1.4-1
/// 5.0: 3.1.2-9, 3.1.2-17, 3.1.2-19, 3.1.4-1
#[test]
fn a_connect_without_an_announced_field_is_refused() {
    for version in BOTH {
        let bare = |flags: u8| {
            Body::new()
                .text("MQTT")
                .byte(version.level())
                .byte(flags)
                .two(60)
                .properties(version, &Properties::none())
                .text(&unique("short"))
        };
        refused_connect(version, &bare(0x02 | 0x80).packet(0x10), &[0x81, 0x82]);
        refused_connect(version, &bare(0x02 | 0x04).packet(0x10), &[0x81, 0x82]);
        refused_connect(version, &bare(0x02 | 0xC0).text("user").packet(0x10), &[0x81, 0x82]);
        let will_topic_only = bare(0x02 | 0x04).properties(version, &Properties::none()).text("will/topic");
        refused_connect(version, &will_topic_only.packet(0x10), &[0x81, 0x82]);
    }
}

/// The payload has a field that no flag announces: bytes are left over.
///
/// 3.1.1: 3.1.2-11, 3.1.2-18, 3.1.2-20, 3.1.4-1
/// 5.0: 3.1.2-16, 3.1.2-18, 3.1.4-1
#[test]
fn a_connect_with_an_unannounced_field_is_refused() {
    for version in BOTH {
        let mut unannounced_user = broker().connect(version).login("user", "secret");
        unannounced_user.flags = Some(0x02);
        refused_connect(version, &unannounced_user.encode(), &[0x81, 0x82]);
        let mut unannounced_password = broker().connect(version).login("user", "secret");
        unannounced_password.flags = Some(0x82);
        refused_connect(version, &unannounced_password.encode(), &[0x81, 0x82]);
    }
}

/// 3.1.1: 3.1.2-22
#[test]
fn a_password_without_a_user_name_is_refused_before_mqtt_5() {
    let mut connect = broker().connect(Version::V311);
    connect.username = None;
    connect.password = Some(b"secret".to_vec());
    refused_connect(Version::V311, &connect.encode(), &[]);
}

/// 3.1.1: 3.1.3-3, 3.1.4-1
/// 5.0: 3.1.3-3, 3.1.4-1
#[test]
fn a_connect_without_a_client_id_is_refused() {
    for version in BOTH {
        let packet = Body::new()
            .text("MQTT")
            .byte(version.level())
            .byte(0x02)
            .two(60)
            .properties(version, &Properties::none())
            .packet(0x10);
        refused_connect(version, &packet, &[0x81, 0x82, 0x85]);
    }
}

/// Every prefix of the body, with the remaining length adjusted: each is a complete but wrong packet.
///
/// 3.1.1: 3.1.4-1
/// 5.0: 3.1.4-1
#[test]
fn a_connect_cut_anywhere_is_refused() {
    for version in BOTH {
        let whole =
            broker().connect(version).login("user", "secret").will(Will::new("a/b", b"gone")).encode();
        let body = &whole[2..];
        for length in 0..body.len() {
            let packet = Body::new().raw(&body[..length]).packet(0x10);
            let mut client = broker().open();
            client.speak(version);
            client.send(&packet);
            // Cut inside the name or level the server cannot know the version and may answer in either form.
            let answer = raw_answer(&client);
            let accepted = answer.len() >= 4 && answer[0] == 0x20 && answer[3] == 0;
            assert!(!accepted, "{version:?}: a CONNECT cut to {length} bytes was accepted");
        }
    }
}

/// All fields present, each with its own value: the order is understood when the login succeeds and the will carries
/// the right topic and payload.
///
/// 3.1.1: 3.1.3-1, 3.1.4-4
/// 5.0: 3.1.3-1, 3.1.4-5
#[test]
fn the_payload_fields_are_understood_in_their_order() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let connect = broker().connect(version).will(Will::new(&topic, b"last words"));
        broker().join(&connect).drop_connection();
        let publish = watcher.expect_publish();
        assert_eq!((publish.topic, publish.payload.as_slice()), (topic, &b"last words"[..]));
    }
}

/// 3.1.1: 3.1.3-5
/// 5.0: 3.1.3-5
#[test]
fn ids_of_one_to_twenty_three_letters_and_digits_are_accepted() {
    for version in BOTH {
        for id in ["0", "z", "Q", "abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRSTUVW", "xyzXYZ0123456789"] {
            let client = broker().join(&broker().connect_as(version, id));
            client.disconnect();
        }
    }
}

/// 3.1.1: 3.1.3-6
/// 5.0: 3.1.3-6, 3.1.3-7, 3.2.2-16
#[test]
fn clients_without_an_id_get_ids_of_their_own() {
    for version in BOTH {
        let mut first = broker().open();
        let first_ack = first.connect(&broker().connect_as(version, ""));
        let mut second = broker().open();
        let second_ack = second.connect(&broker().connect_as(version, ""));
        // Both stay connected: they are different clients.
        first.ping();
        second.ping();
        if version == Version::V5 {
            let assigned = |ack: &yizhan_testkit::mqtt::ConnAck| {
                ack.properties
                    .string(property::ASSIGNED_CLIENT_ID)
                    .expect("the assigned id is told")
                    .to_owned()
            };
            assert_ne!(assigned(&first_ack), assigned(&second_ack));
            assert!(!assigned(&first_ack).is_empty());
        }
    }
}

/// 5.0: 3.1.3-7, 3.1.3-2
#[test]
fn an_assigned_id_names_the_session_from_then_on() {
    let mut client = broker().open();
    let connack = client.connect(&broker().connect_kept(Version::V5, ""));
    let id = connack.properties.string(property::ASSIGNED_CLIENT_ID).unwrap().to_owned();
    client.disconnect();
    let mut again = broker().open();
    let connack = again.connect(&broker().connect_kept(Version::V5, &id));
    assert!(connack.session_present);
    assert_eq!(
        connack.properties.string(property::ASSIGNED_CLIENT_ID),
        None,
        "the id was the client's own this time"
    );
}

/// 3.1.1: 3.1.3-8, 3.1.3-9, 3.2.2-4, 3.2.2-5
#[test]
fn an_empty_id_without_clean_session_is_refused_with_code_2() {
    let mut client = broker().open();
    let connack = client.try_connect(&broker().connect_as(Version::V311, "").resume()).unwrap();
    assert_eq!((connack.code, connack.session_present), (2, false));
    client.expect_closed();
}

/// The refused CONNECT and a PUBLISH arrive together; the PUBLISH must have no effect.
///
/// 3.1.1: 3.1.4-5
/// 5.0: 3.1.4-6
#[test]
fn nothing_after_a_refused_connect_is_processed() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let mut connect = broker().connect(version);
        connect.level = Some(9);
        let mut bytes = connect.encode();
        bytes.extend(Publishing::new(&topic, b"smuggled").retained().encode(version));
        let mut client = broker().open();
        client.send(&bytes);
        raw_answer(&client);
        watcher.expect_silence();
        let mut later = subscriber(version, &topic, 0);
        later.expect_silence();
    }
}

/// 3.1.1: 3.2.0-1, 3.1.4-4
/// 5.0: 3.2.0-1, 3.2.0-2, 3.1.4-5
#[test]
fn a_client_may_go_on_without_waiting_for_the_connack() {
    for version in BOTH {
        let topic = topic();
        let connect = broker().connect(version);
        let mut bytes = connect.encode();
        bytes.extend(build::subscribe(version, 7, &[(&topic, 1)], &Properties::none()));
        bytes.extend(Publishing::new(&topic, b"early").qos(1, 8).encode(version));
        bytes.extend(build::PINGREQ);
        let mut client = broker().open();
        client.speak(version);
        client.send(&bytes);
        let Event::Packet(Received::ConnAck(connack)) = client.next(yizhan_testkit::PATIENCE) else {
            panic!("the first packet must be CONNACK")
        };
        assert_eq!((connack.code, connack.session_present), (0, false));
        assert_eq!(client.expect_suback(7).codes, [1]);
        client.expect_puback(8);
        assert_eq!(client.receive().payload, b"early");
        client.wait_for("PINGRESP", |packet| matches!(packet, Received::PingResp).then_some(()));
        client.expect_silence();
    }
}

/// 5.0: 3.2.2-1, 3.2.2-8, 3.2.2-9, 3.2.2-10, 3.2.2-12, 3.2.2-13
#[test]
fn the_capabilities_told_in_the_connack_are_the_real_ones() {
    let mut client = broker().open();
    let connack = client.connect(&broker().connect(Version::V5));
    let told = |id, default| connack.properties.number(id).unwrap_or(default);
    let topic = topic();
    let maximum_qos = told(property::MAXIMUM_QOS, 2) as u8;
    assert!(
        client.subscribe(1, &[(&topic, 2)]).codes[0] <= 2,
        "a subscription at QoS 2 is accepted whatever is offered"
    );
    for qos in 0..=maximum_qos {
        client.publish(&topic, &[qos], qos);
        assert_eq!(client.receive().payload, [qos]);
    }
    let will = Will { qos: 2, retain: true, ..Will::new(&topic, b"") };
    let with_will = broker().connect(Version::V5).will(will);
    let answer = broker().open().try_connect(&with_will);
    let supported = maximum_qos == 2 && told(property::RETAIN_AVAILABLE, 1) == 1;
    let accepted = answer.is_some_and(|connack| connack.code == 0);
    assert_eq!(accepted, supported, "a retained will of QoS 2");
}

/// 5.0: 4.13.1-1, 3.1.4-1, 4.13.2-1
#[test]
fn properties_that_break_a_rule_of_connect_are_refused() {
    use property as p;
    let none = Properties::none;
    let cases = [
        ("receive maximum 0", none().two(p::RECEIVE_MAXIMUM, 0)),
        ("maximum packet size 0", none().four(p::MAXIMUM_PACKET_SIZE, 0)),
        ("request problem information 2", none().byte(p::REQUEST_PROBLEM_INFO, 2)),
        ("request response information 2", none().byte(p::REQUEST_RESPONSE_INFO, 2)),
        ("session expiry twice", none().four(p::SESSION_EXPIRY, 1).four(p::SESSION_EXPIRY, 1)),
        ("receive maximum twice", none().two(p::RECEIVE_MAXIMUM, 1).two(p::RECEIVE_MAXIMUM, 1)),
        ("packet size twice", none().four(p::MAXIMUM_PACKET_SIZE, 99).four(p::MAXIMUM_PACKET_SIZE, 99)),
        ("alias maximum twice", none().two(p::TOPIC_ALIAS_MAXIMUM, 1).two(p::TOPIC_ALIAS_MAXIMUM, 1)),
        ("authentication data without method", none().binary(p::AUTH_DATA, b"x")),
        ("a property of PUBLISH", none().two(p::TOPIC_ALIAS, 1)),
        ("a property of CONNACK", none().text(p::ASSIGNED_CLIENT_ID, "x")),
        ("a subscription identifier", none().variable(p::SUBSCRIPTION_ID, 1)),
        ("an unknown property", none().byte(0x7E, 1)),
    ];
    for (what, properties) in cases {
        let mut client = broker().open();
        let connect = broker().connect(Version::V5).properties(properties);
        if let Some(connack) = client.try_connect(&connect) {
            assert!(matches!(connack.code, 0x81 | 0x82), "{what} was answered with {:#04x}", connack.code);
            client.expect_closed();
        }
    }
}

/// 5.0: 3.1.2-28
#[test]
fn response_information_is_only_sent_when_asked_for() {
    for request in [None, Some(0)] {
        let mut connect = broker().connect(Version::V5);
        if let Some(request) = request {
            connect = connect.properties(Properties::none().byte(property::REQUEST_RESPONSE_INFO, request));
        }
        let connack = broker().open().connect(&connect);
        assert_eq!(connack.properties.get(property::RESPONSE_INFO), None);
    }
}

/// 3.1.1: 4.8.0-1
/// 5.0: 4.13.1-1
#[test]
fn bodies_in_packets_that_have_none_end_the_connection() {
    refused_after_connect(Version::V311, &[0xC0, 0x01, 0x00], &[]);
    refused_after_connect(Version::V5, &[0xC0, 0x01, 0x00], &[0x81, 0x82]);
    let mut client = broker().client(Version::V311);
    client.send(&[0xE0, 0x01, 0x00]);
    client.expect_closed();
}

/// An accepted connection says nothing on its own.
///
/// 5.0: 3.2.0-2
#[test]
fn an_idle_connection_is_left_in_peace() {
    for version in Version::ALL {
        let mut client = broker().client(version);
        assert_eq!(client.next(QUIET), Event::Silence);
        client.ping();
    }
}
