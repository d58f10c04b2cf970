"""A simulated lamp on a Paho client: it signs in with the key that the management API handed out, reports, and obeys.

Everything that reaches it is kept in `received`, so that a test can see what a command looked like to the device.
"""

from __future__ import annotations

import base64
import json
import queue
import time

from device_program import iot_hmac
from paho_client import PATIENCE_S, Client
from server_process import Address

OUTPUT = {"err_code": 0}
CALL_ANSWER = b'{"rsp":"ok"}'


class Lamp:
    def __init__(self, product_id: str, name: str, psk: str):
        login = iot_hmac(product_id, name, psk)
        self.product_id, self.name = product_id, name
        self.client = Client((login["username"], login["password"]), login["clientid"])
        self.client.paho.on_message = lambda _c, _d, message: self._take(message.topic, message.payload)
        self.received: queue.Queue = queue.Queue()
        self.silent = False
        self._answers_calls = False
        self._replies: queue.Queue = queue.Queue()

    def __enter__(self) -> "Lamp":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def knock(self, address: Address) -> int:
        """Tries to connect. Returns the reason code, 0 for success."""
        return self.client.connect(address)[1].value

    def start(self, address: Address) -> "Lamp":
        """Connects and subscribes to what concerns the thing model."""
        self.client.connected(address)
        for kind in ("property", "event", "action"):
            assert self.client.subscribe(self._topic("down", kind), 1) == 1
        return self

    def _topic(self, way: str, kind: str) -> str:
        return f"$thing/{way}/{kind}/{self.product_id}/{self.name}"

    def _say(self, kind: str, message: dict) -> None:
        # Not waited for: this also runs on Paho's own thread, which is the one that receives the acknowledgement.
        self.client.paho.publish(self._topic("up", kind), json.dumps(message), 1)

    def _ask(self, kind: str, message: dict) -> dict:
        token = f"{self.name}-{time.monotonic_ns()}"
        self._say(kind, {"clientToken": token, **message})
        # What it reports on its own when it obeys is answered too.
        while (reply := self._replies.get(timeout=PATIENCE_S))["clientToken"] != token:
            pass
        assert reply["code"] == 0, reply
        return reply

    def report(self, **values: object) -> dict:
        return self._ask("property", {"method": "report", "params": values})

    def post_event(self, event: str, kind: str, **values: object) -> dict:
        now_ms = int(time.time() * 1000)
        message = {"method": "event_post", "version": "1.0", "eventId": event, "type": kind, "timestamp": now_ms}
        return self._ask("event", {**message, "params": values})

    def answer_calls(self, topic: str) -> None:
        """Answers calls from the management side that are no action of the model: on their own topics, and on this one."""
        path = f"{self.product_id}/{self.name}"
        for asked in (f"$iotrrpc/down/{path}/+", f"$rrpc/rxd/{path}/+", topic):
            assert self.client.subscribe(asked, 1) == 1
        self._answers_calls = True

    def next(self) -> tuple[str, dict | bytes]:
        """Topic and content of the next thing that reached the lamp and was no reply to it."""
        return self.received.get(timeout=PATIENCE_S)

    def _take(self, topic: str, payload: bytes) -> None:
        if topic.startswith(("$iotrrpc/", "$rrpc/")):
            self.client.paho.publish(topic.replace("/down/", "/up/").replace("/rxd/", "/txd/"), CALL_ANSWER, 0)
        elif self._answers_calls and not topic.startswith("$"):
            token, answer = json.loads(payload)["clientToken"], base64.b64encode(CALL_ANSWER).decode()
            reply = {"method": "rrpc_sync_reply", "clientToken": token, "payload": answer}
            self.client.paho.publish(f"{self.product_id}/{self.name}/event", json.dumps(reply), 1)
        if not topic.startswith("$thing/"):
            self.received.put((topic, payload))
            return
        message = json.loads(payload)
        if message["method"].endswith("_reply"):
            self._replies.put(message)
            return
        self.received.put((topic, message))
        if self.silent:
            return
        answer = {"clientToken": message["clientToken"], "code": 0, "status": "succ"}
        if message["method"] == "control":
            self._say("property", {"method": "control_reply", **answer})
            self._say("property", {"method": "report", "clientToken": "obeyed", "params": message["params"]})
        elif message["method"] == "action":
            self._say("action", {"method": "action_reply", **answer, "response": OUTPUT})
