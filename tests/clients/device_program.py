#!/usr/bin/env python3
"""A lamp, the way the platform's device guide tells a programmer to write one in Python.

It signs in with the guide's sample ("MQTT signature access": user name, expiry, HMAC over the user name with the
base64-decoded device secret), reports, asks for its status, posts events, and then obeys: a control message switches
it, an action makes it blink. Every step is printed as one JSON line, so a test (or a person) can follow it.

Needs only paho-mqtt. It knows nothing of the server but host, port and the device's own three texts:

    python device_program.py --host 127.0.0.1 --port 1883 PRODUCT_ID DEVICE_NAME DEVICE_SECRET
"""

import argparse
import base64
import hashlib
import hmac
import json
import queue
import random
import string
import sys
import time

import paho.mqtt.client as mqtt

DIGESTS = {"hmacsha1": hashlib.sha1, "hmacsha256": hashlib.sha256}
PATIENCE_S = 10


def random_connection_id(length):
    """A random text that marks this connection in traces."""
    return "".join(random.choice(string.ascii_uppercase + string.digits) for _ in range(length))


def iot_hmac(product_id, device_name, device_psk, algorithm="hmacsha256"):
    """Client id, user name and password, in the steps of the guide's sample."""
    # 1. a connection id, to find this connection in the platform's records
    connid = random_connection_id(5)
    # 2. the signature's expiry in seconds since 1970
    expiry = int(time.time()) + 60 * 60
    # 3. the client id
    clientid = "{}{}".format(product_id, device_name)
    # 4. the user name
    username = "{};12010126;{};{}".format(clientid, connid, expiry)
    # 5. the signature of the user name with the decoded secret
    secret_key = base64.b64decode(device_psk.encode("utf-8"))
    token = hmac.new(secret_key, username.encode("utf-8"), digestmod=DIGESTS[algorithm]).hexdigest()
    # 6. the password names the algorithm
    password = "{};{}".format(token, algorithm)
    return {"clientid": clientid, "username": username, "password": password}


def tell(happened, **details):
    print(json.dumps({"happened": happened, **details}), flush=True)


class Lamp:
    """The device: its state, its connection, and what it answers."""

    def __init__(self, product_id, device_name, login):
        self.state = {"power_switch": 0, "color": 1, "brightness": 10, "name": "study"}
        self.own = "{}/{}".format(product_id, device_name)
        self.tokens = 0
        self.token_prefix = product_id
        self.inbox = queue.Queue()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=login["clientid"], clean_session=True, protocol=mqtt.MQTTv311
        )
        self.client.username_pw_set(login["username"], login["password"])
        self.client.on_connect = lambda client, data, flags, reason, properties: self.inbox.put(("connack", reason))
        self.client.on_subscribe = lambda client, data, mid, reasons, properties: self.inbox.put(("suback", reasons))
        self.client.on_message = lambda client, data, message: self.inbox.put(
            (message.topic, json.loads(message.payload))
        )

    def next_token(self):
        self.tokens += 1
        return "{}-{}".format(self.token_prefix, self.tokens)

    def send(self, kind, message, qos=0):
        self.client.publish("$thing/up/{}/{}".format(kind, self.own), json.dumps(message), qos)

    def next(self, patience_s=PATIENCE_S):
        """The next thing that arrives and is not an order; orders are obeyed on the way."""
        until = time.monotonic() + patience_s
        while True:
            source, message = self.inbox.get(timeout=max(0.0, until - time.monotonic()))
            if source == "$thing/down/property/" + self.own and message["method"] == "control":
                self.obey(message)
            elif source == "$thing/down/action/" + self.own and message["method"] == "action":
                self.act(message)
            else:
                return source, message

    def expect(self, wanted):
        source, message = self.next()
        assert source == wanted, "expected {}, got {} {}".format(wanted, source, message)
        return message

    def ask(self, kind, message, reply_method, qos=0):
        """Sends a request with a new token and waits for the reply that carries it."""
        token = self.next_token()
        self.send(kind, {"method": message.pop("method"), "clientToken": token, **message}, qos)
        while True:
            source, reply = self.next()
            if source.startswith("$thing/down/") and reply.get("clientToken") == token:
                assert reply["method"] == reply_method, reply
                return reply

    def obey(self, message):
        self.state.update(message["params"])
        reply = {"method": "control_reply", "clientToken": message["clientToken"], "code": 0, "status": "ok"}
        self.send("property", reply)
        self.send(
            "property", {"method": "report", "clientToken": self.next_token(), "params": dict(message["params"])}
        )
        tell("controlled", params=message["params"], clientToken=message["clientToken"])

    def act(self, message):
        reply = {
            "method": "action_reply",
            "clientToken": message["clientToken"],
            "code": 0,
            "status": "action execute success!",
            "response": {"err_code": 0},
        }
        self.send("action", reply, qos=1)
        tell("acted", actionId=message["actionId"], params=message["params"], timestamp=message["timestamp"])

    def run(self, host, port, seconds):
        self.client.connect(host, port, keepalive=60)
        self.client.loop_start()
        reason = self.expect("connack")
        tell("connected", code=reason.value)
        if reason.value != 0:
            return 1
        filters = [("$thing/down/{}/{}".format(kind, self.own), 0) for kind in ("property", "event", "action")]
        self.client.subscribe(filters)
        tell("subscribed", granted=[reason.value for reason in self.expect("suback")])

        tell("reported", reply=self.ask("property", {"method": "report", "params": self.state}, "report_reply"))
        tell("status", reply=self.ask("property", {"method": "get_status", "type": "report", "showmeta": 0}, "get_status_reply"))
        now_ms = int(time.time() * 1000)
        light_on = {"eventId": "status_report", "type": "info", "timestamp": now_ms, "params": {"status": 0, "message": "light on"}}
        battery = {"eventId": "low_voltage", "type": "alert", "timestamp": now_ms, "params": {"voltage": 3.1}}
        tell("event", reply=self.ask("event", {"method": "event_post", "version": "1.0", **light_on}, "event_reply", qos=1))
        tell("events", reply=self.ask("event", {"method": "events_post", "events": [light_on, battery]}, "events_reply", qos=1))
        tell("idle")

        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                self.next(patience_s=left)
            except queue.Empty:
                break
        self.client.disconnect()
        self.client.loop_stop()
        tell("disconnected")
        return 0


def main():
    parser = argparse.ArgumentParser(description="A lamp that follows the device guide.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--algorithm", choices=sorted(DIGESTS), default="hmacsha256")
    parser.add_argument("--seconds", type=float, default=3600, help="how long to stay after the first reports")
    parser.add_argument("product_id")
    parser.add_argument("device_name")
    parser.add_argument("device_secret")
    given = parser.parse_args()
    login = iot_hmac(given.product_id, given.device_name, given.device_secret, given.algorithm)
    return Lamp(given.product_id, given.device_name, login).run(given.host, given.port, given.seconds)


if __name__ == "__main__":
    sys.exit(main())
