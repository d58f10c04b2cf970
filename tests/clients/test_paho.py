"""Paho as an ordinary MQTT user: the broker must be a plain conforming one, over every version and transport."""

import ssl
import time

import pytest

from paho_client import Client, properties

VERSIONS = ["3.1", "3.1.1", "5"]
SOME_BYTES = bytes(range(256)) * 4


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_arrives_unaltered_at_its_qos(server, user, topic, version, qos):
    with Client(user, version=version) as client:
        client.connected(server.mqtt)
        assert client.subscribe(topic, qos) == qos
        client.publish(topic, SOME_BYTES, qos)
        message = client.message()
        assert (message.topic, message.payload, message.qos, message.retain) == (topic, SOME_BYTES, qos, False)
        client.expect_silence()


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_of_one_publisher_keep_their_order(server, user, topic, version):
    with Client(user, version=version) as client:
        client.connected(server.mqtt)
        client.subscribe(topic + "/#", 1)
        for number in range(100):
            client.paho.publish(f"{topic}/x", str(number), 1)
        assert client.payloads(100) == [str(number).encode() for number in range(100)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_retained_message_is_kept_replaced_and_cleared(server, user, topic, version):
    with Client(user, version=version) as client:
        client.connected(server.mqtt)
        client.publish(topic, "old", 1, retain=True)
        client.publish(topic, "new", 1, retain=True)
        client.subscribe(topic, 1)
        message = client.message()
        assert (message.payload, message.retain) == (b"new", True)
        client.publish(topic, b"", 1, retain=True)
        assert client.message().retain is False
    with Client(user, version=version) as client:
        client.connected(server.mqtt)
        client.subscribe(topic, 1)
        client.expect_silence()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_will_is_published_when_the_connection_breaks_and_not_after_a_disconnect(server, user, topic, version):
    with Client(user, version=version) as watcher:
        watcher.connected(server.mqtt)
        watcher.subscribe(topic, 1)

        polite = Client(user, version=version)
        polite.paho.will_set(topic, "polite", 1)
        polite.connected(server.mqtt)
        polite.close()
        watcher.expect_silence()

        broken = Client(user, version=version)
        broken.paho.will_set(topic, "broken", 1)
        broken.connected(server.mqtt)
        broken.drop()
        assert watcher.message().payload == b"broken"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kept_session_collects_while_its_client_is_away(server, user, topic, version):
    kept = {"SessionExpiryInterval": 600} if version == "5" else {}
    session = dict(client_id=topic.replace("/", "-")[:20], version=version, clean=False)
    with Client(user, **session) as away:
        flags, _ = away.connected(server.mqtt, **kept)
        assert flags.session_present is False
        away.subscribe(topic, 2)
    with Client(user, version=version) as sender:
        sender.connected(server.mqtt)
        for number in range(20):
            sender.publish(topic, f"kept {number}", 1 + number % 2)
    with Client(user, **session) as back:
        flags, _ = back.connected(server.mqtt, **kept)
        # MQTT 3.1 has no session-present flag on the wire.
        assert flags.session_present or version == "3.1"
        messages = [back.message() for _ in range(20)]
        # Each QoS in its own order: a client may hand out QoS 2 only at the end of its handshake.
        for qos in (1, 2):
            kept_at_this_qos = [message.payload for message in messages if message.qos == qos]
            assert kept_at_this_qos == [f"kept {number}".encode() for number in range(qos - 1, 20, 2)]
        back.expect_silence()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_second_connection_with_the_same_client_id_takes_over(server, user, version, topic):
    client_id = f"takeover-{version}"
    first = Client(user, client_id, version)
    first.paho.reconnect_delay_set(60, 60)
    first.connected(server.mqtt)
    with Client(user, client_id, version) as second:
        second.connected(server.mqtt)
        first.disconnects.get(timeout=10)
        second.subscribe(topic)
        second.publish(topic, "mine")
        assert second.message().payload == b"mine"
    first.close()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_shared_subscription_gives_each_message_to_one_member(server, user, topic, version):
    with Client(user, version=version) as one, Client(user, version=version) as two, Client(user, version=version) as all_of_it:
        for member in (one, two):
            member.connected(server.mqtt)
            assert member.subscribe(f"$share/workers/{topic}", 1) == 1
        all_of_it.connected(server.mqtt)
        all_of_it.subscribe(topic, 1)
        wanted = {str(number).encode() for number in range(60)}
        for payload in wanted:
            all_of_it.paho.publish(topic, payload, 1)
        assert set(all_of_it.payloads(60)) == wanted
        time.sleep(0.3)
        shares = [[member.messages.get().payload for _ in range(member.messages.qsize())] for member in (one, two)]
        assert sorted(shares[0] + shares[1]) == sorted(wanted), "each message once, to one of the two"
        assert all(shares), "both members get work"


def test_a_large_message_passes(server, user, topic):
    payload = b"x" * 60_000
    with Client(user) as client:
        client.connected(server.mqtt)
        client.subscribe(topic, 1)
        client.publish(topic, payload, 1)
        assert client.message().payload == payload


def test_properties_of_a_message_travel_with_it(server, user, topic):
    with Client(user, version="5") as client:
        client.connected(server.mqtt)
        client.subscribe(topic, 1, properties=properties("SUBSCRIBE", SubscriptionIdentifier=7))
        client.publish(
            topic,
            "21.5",
            1,
            UserProperty=[("room", "study"), ("room", "书房")],
            ContentType="text/plain",
            PayloadFormatIndicator=1,
            ResponseTopic="answers/here",
            CorrelationData=b"\x00\x01",
            MessageExpiryInterval=100,
        )
        got = client.message().properties
        assert got.UserProperty == [("room", "study"), ("room", "书房")]
        assert (got.ContentType, got.PayloadFormatIndicator) == ("text/plain", 1)
        assert (got.ResponseTopic, got.CorrelationData) == ("answers/here", b"\x00\x01")
        assert got.SubscriptionIdentifier == [7]
        assert 98 <= got.MessageExpiryInterval <= 100


def test_a_publisher_may_shorten_its_topic_to_an_alias(server, user, topic):
    with Client(user, version="5") as client:
        _, answer = client.connected(server.mqtt)
        assert answer.TopicAliasMaximum >= 1
        client.subscribe(topic, 1)
        client.publish(topic, "by name", 1, TopicAlias=1)
        # Paho itself refuses an empty topic unless an alias stands in for it.
        client.publish("", "by alias", 1, TopicAlias=1)
        assert client.payloads(2) == [b"by name", b"by alias"]


def test_subscription_options_of_version_5_are_obeyed(server, user, topic):
    with Client(user, version="5") as client, Client(user, version="5") as other:
        client.connected(server.mqtt)
        other.connected(server.mqtt)
        other.publish(topic, "kept", 1, retain=True)
        client.subscribe(topic, 1, noLocal=True, retainAsPublished=True, retainHandling=2)
        client.publish(topic, "from myself", 1)
        client.expect_silence()
        other.publish(topic, "from another", 1, retain=True)
        message = client.message()
        assert (message.payload, message.retain) == (b"from another", True)
        other.publish(topic, b"", 1, retain=True)


def test_a_delayed_will_is_cancelled_by_coming_back(server, user, topic):
    session = dict(client_id="delayed-will", version="5", clean=False)
    with Client(user, version="5") as watcher:
        watcher.connected(server.mqtt)
        watcher.subscribe(topic, 1)
        for comes_back in (True, False):
            broken = Client(user, **session)
            broken.paho.will_set(topic, "gone", 1, properties=properties("WILLMESSAGE", WillDelayInterval=2))
            broken.connected(server.mqtt, SessionExpiryInterval=60)
            broken.drop()
            if comes_back:
                with Client(user, **session) as back:
                    back.connected(server.mqtt, SessionExpiryInterval=60)
                    watcher.expect_silence(3)
            else:
                started = time.monotonic()
                assert watcher.message().payload == b"gone"
                assert time.monotonic() - started > 1


def test_a_message_expires_while_it_waits(server, user, topic):
    session = dict(client_id="expiry", version="5", clean=False)
    with Client(user, **session) as away:
        away.connected(server.mqtt, SessionExpiryInterval=60)
        away.subscribe(topic, 1)
    with Client(user, version="5") as sender:
        sender.connected(server.mqtt)
        sender.publish(topic, "short-lived", 1, MessageExpiryInterval=1)
        sender.publish(topic, "long-lived", 1, MessageExpiryInterval=100)
    time.sleep(2.1)
    with Client(user, **session) as back:
        back.connected(server.mqtt, SessionExpiryInterval=60)
        assert back.message().payload == b"long-lived"
        back.expect_silence()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", ["/mqtt", "/"])
def test_websocket(server, user, topic, version, path):
    with Client(user, version=version, transport="websockets", websocket_path=path) as client:
        client.connected(server.http)
        client.subscribe(topic, 2)
        for qos, payload in enumerate([b"first", b"second", b"y" * 50_000]):
            client.publish(topic, payload, qos)
        assert sorted(client.payloads(3)) == sorted([b"first", b"second", b"y" * 50_000])


@pytest.mark.parametrize("version", VERSIONS)
def test_tls_with_password(server, user, topic, version):
    with Client(user, version=version) as client:
        client.paho.tls_set(ca_certs=server.ca_file)
        client.connected(server.mqtts)
        client.subscribe(topic, 1)
        client.publish(topic, "secret", 1)
        assert client.message().payload == b"secret"


def test_websocket_over_tls(server, user, topic):
    with Client(user, transport="websockets") as client:
        client.paho.tls_set(ca_certs=server.ca_file)
        client.connected(server.https)
        client.subscribe(topic, 1)
        client.publish(topic, "secret", 1)
        assert client.message().payload == b"secret"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_versions_are_refused(server, user, version):
    with Client(user, version=version) as client:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(server.ca_file)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        client.paho.tls_set_context(context)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            client.connect(server.mqtts)


@pytest.mark.parametrize("version,refusal", [("3.1.1", 0x86), ("5", 0x86)])
def test_a_wrong_password_is_refused(server, user, version, refusal):
    # Paho gives the 3.1.1 codes 4 and 5 as the reason codes 0x86 (bad user name or password) and 0x87 (not authorised).
    with Client((user[0], "wrong"), version=version) as client:
        _, reason, _ = client.connect(server.mqtt)
        assert reason.value in (refusal, 0x87)


def test_filters_of_a_user_limit_what_it_publishes_and_subscribes(server, admin, topic):
    limited = admin.create_user("limited", publish=["limited/out/#"], subscribe=["limited/in/+"])
    with Client(limited, version="5") as client:
        client.connected(server.mqtt)
        assert client.subscribe("limited/in/a", 1) == 1
        assert client.subscribe("limited/in/a/b", 1) == 0x87
        assert client.subscribe("#", 1) == 0x87
        client.publish("limited/out/a", "allowed", 1)
