"""What a server keeps while it is down: sessions, queued and retained messages, after an orderly stop and after a kill."""

import pytest

from paho_client import Client


@pytest.mark.parametrize("ending", ["stop", "kill"])
@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_session_queue_and_retained_messages_survive_a_restart(own_server, version, ending):
    server = own_server
    login = server.admin.create_user("survivor")
    session = dict(client_id="survivor", version=version, clean=False)
    kept = {"SessionExpiryInterval": 600} if version == "5" else {}
    with Client(login, **session) as client:
        client.connected(server.mqtt, **kept)
        client.subscribe("news/+", 2)
    with Client(login, version=version) as sender:
        sender.connected(server.mqtt)
        sender.publish("news/one", "at least once", 1)
        sender.publish("news/two", "exactly once", 2)
        sender.publish("state/door", "open", 1, retain=True)
        getattr(server, ending)()
    server.start()

    with Client(login, **session) as client:
        flags, _ = client.connected(server.mqtt, **kept)
        assert flags.session_present
        assert [(message.payload, message.qos) for message in (client.message(), client.message())] == [
            (b"at least once", 1),
            (b"exactly once", 2),
        ]
        # The subscription is still there without subscribing again.
        client.publish("news/three", "after", 1)
        assert client.message().payload == b"after"
        client.expect_silence()
    with Client(login, version=version) as reader:
        reader.connected(server.mqtt)
        reader.subscribe("state/#", 1)
        message = reader.message()
        assert (message.payload, message.retain) == (b"open", True)


def test_a_client_that_reconnects_by_itself_goes_on_after_a_kill(own_server):
    server = own_server
    login = server.admin.create_user("patient")
    with Client(login, client_id="patient", clean=False) as client:
        client.paho.reconnect_delay_set(1, 1)
        client.connected(server.mqtt)
        client.subscribe("go/on", 1)
        server.kill()
        server.start(same_ports=True)
        flags, reason, _ = client._connacks.get(timeout=15)
        assert reason.value == 0 and flags.session_present
        client.publish("go/on", "still here", 1)
        assert client.message().payload == b"still here"
