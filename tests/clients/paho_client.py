"""Paho, unmodified, with its callbacks turned into queues so that a test can read from top to bottom."""

from __future__ import annotations

import queue
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from server_process import Address

PATIENCE_S = 10
QUIET_S = 0.3

VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}


def properties(packet: str, **values: object) -> Properties:
    """MQTT 5 properties of one packet type: `properties("PUBLISH", UserProperty=("a", "b"))`."""
    made = Properties(getattr(PacketTypes, packet))
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    """One Paho client with a background network thread. Use as a context manager."""

    def __init__(
        self,
        login: tuple[str, str | None] | None,
        client_id: str = "",
        version: str = "3.1.1",
        clean: bool = True,
        transport: str = "tcp",
        websocket_path: str = "/mqtt",
    ):
        self.version = version
        self.messages: queue.Queue = queue.Queue()
        self._connacks: queue.Queue = queue.Queue()
        self._subacks: queue.Queue = queue.Queue()
        self.disconnects: queue.Queue = queue.Queue()
        session = {} if version == "5" else {"clean_session": clean}
        self._clean = clean
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=VERSIONS[version],
            transport=transport,
            **session,
        )
        if transport == "websockets":
            self.paho.ws_set_options(path=websocket_path)
        if login:
            self.paho.username_pw_set(*login)
        self.paho.on_connect = lambda _c, _d, flags, reason, props: self._connacks.put((flags, reason, props))
        self.paho.on_subscribe = lambda _c, _d, mid, reasons, props: self._subacks.put((mid, reasons))
        self.paho.on_disconnect = lambda _c, _d, flags, reason, props: self.disconnects.put((flags, reason))
        self.paho.on_message = lambda _c, _d, message: self.messages.put(message)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, address: Address, keepalive: int = 60, **values: object):
        """Connects and returns (flags, reason code, properties) of the CONNACK, whatever it says."""
        extra: dict[str, object] = {}
        if self.version == "5":
            extra["clean_start"] = self._clean
            extra["properties"] = properties("CONNECT", **values) if values else None
        self.paho.connect(address.host, address.port, keepalive, **extra)
        self.paho.loop_start()
        return self._connacks.get(timeout=PATIENCE_S)

    def connected(self, address: Address, keepalive: int = 60, **values: object):
        """Connects, demands success, and returns the flags and properties."""
        flags, reason, props = self.connect(address, keepalive, **values)
        assert reason.value == 0, f"refused: {reason}"
        return flags, props

    def subscribe(self, topic: str, qos: int = 0, **options: object) -> int:
        """Subscribes and returns the granted QoS or the reason code of the refusal."""
        props = options.pop("properties", None)
        if self.version == "5":
            _, mid = self.paho.subscribe(topic, options=SubscribeOptions(qos=qos, **options), properties=props)
        else:
            _, mid = self.paho.subscribe(topic, qos)
        answered, reasons = self._subacks.get(timeout=PATIENCE_S)
        assert answered == mid
        return reasons[0].value

    def publish(self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False, **values: object) -> None:
        """Publishes and waits until the broker has acknowledged (QoS 1, 2) or the bytes are out (QoS 0)."""
        props = properties("PUBLISH", **values) if values else None
        sent = self.paho.publish(topic, payload, qos, retain, properties=props)
        sent.wait_for_publish(PATIENCE_S)
        assert sent.is_published(), f"no acknowledgement of a QoS {qos} publish to {topic} within {PATIENCE_S} s"

    def message(self):
        """The next message."""
        return self.messages.get(timeout=PATIENCE_S)

    def payloads(self, count: int) -> list[bytes]:
        return [self.message().payload for _ in range(count)]

    def expect_silence(self, seconds: float = QUIET_S) -> None:
        time.sleep(seconds)
        assert self.messages.empty(), f"an unexpected message: {self.messages.get().payload!r}"

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def drop(self) -> None:
        """Ends the connection without a DISCONNECT, as a cut cable does."""
        self.paho.loop_stop()
        self.paho.socket().close()
