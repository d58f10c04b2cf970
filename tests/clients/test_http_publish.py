"""`POST /device/publish`: messages of a device over HTTP, signed with its key or with its certificate's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from device_program import iot_hmac
from paho_client import Client
from server_process import Device
from test_registration import VENDOR_HOST, post

_tokens = itertools.count(1)


def publish(server, device, topic, payload, sign, algorithm="hmacsha256", host=None, **fields):
    """Sends the request as the newer kits do. Returns the `Response` object."""
    message = {"ProductId": device.product_id, "DeviceName": device.name, "TopicName": topic, "Payload": payload, "Qos": 0, **fields}
    body = json.dumps(message, separators=(",", ":"))
    digest = hashlib.sha1 if algorithm == "hmacsha1" else hashlib.sha256
    stamp, nonce = str(int(time.time())), str(random.randint(1, 2**31))
    lines = ["POST", host or server.http.host, "/device/publish", "", algorithm, stamp, nonce, digest(body.encode()).hexdigest()]
    headers = {
        "Host": server.http.host,
        "Content-Type": "application/json; charset=utf-8",
        "X-TC-Algorithm": algorithm,
        "X-TC-Timestamp": stamp,
        "X-TC-Nonce": nonce,
        "X-TC-Signature": base64.b64encode(sign("\n".join(lines).encode())).decode(),
    }
    response, raw = post(server, "/device/publish", body, headers)
    assert response.status == 200, (response.status, raw)
    return json.loads(raw)["Response"]


def with_key(secret, digest=hashlib.sha256):
    """Signs with the device's secret as text, not decoded."""
    return lambda text: hmac.new(secret.encode(), text, digest).digest()


def report(value: int) -> str:
    return json.dumps({"method": "report", "clientToken": f"http-{next(_tokens)}", "params": {"brightness": value}})


@pytest.mark.parametrize(("algorithm", "digest"), [("hmacsha256", hashlib.sha256), ("hmacsha1", hashlib.sha1)])
@pytest.mark.parametrize("host", [None, VENDOR_HOST], ids=["own", "vendor"])
def test_a_report_is_stored_as_if_it_had_come_by_mqtt(server, admin, lamp, algorithm, digest, host):
    value = random.randint(1, 100)
    answer = publish(
        server, lamp, lamp.topic("$thing/up/property"), report(value), with_key(lamp.secret, digest), algorithm, host=host
    )
    assert answer.get("Error") is None and answer["RequestId"]
    assert admin.properties(lamp)["brightness"]["value"] == value


def test_the_answer_goes_to_the_devices_connection(server, lamp):
    login = iot_hmac(lamp.product_id, lamp.name, lamp.secret)
    with Client((login["username"], login["password"]), login["clientid"]) as client:
        client.connect(server.mqtt)
        client.subscribe(lamp.topic("$thing/down/property"), 1)
        publish(server, lamp, lamp.topic("$thing/up/property"), report(3), with_key(lamp.secret), Qos="1")
        reply = json.loads(client.message().payload)
    assert (reply["method"], reply["code"]) == ("report_reply", 0)


def test_a_custom_topic_reaches_its_subscribers_and_base64_is_decoded(server, admin, lamp, user):
    admin.request("PUT", f"/products/{lamp.product_id}/topics", {"topics": [{"suffix": "data", "rights": "both"}]})
    topic = f"{lamp.product_id}/{lamp.name}/data"
    with Client(user) as listener:
        listener.connect(server.mqtt)
        listener.subscribe(topic, 1)
        publish(server, lamp, topic, "plain text", with_key(lamp.secret))
        assert listener.message().payload == b"plain text"
        encoded = base64.b64encode(bytes(range(256))).decode()
        publish(server, lamp, topic, encoded, with_key(lamp.secret), PayloadEncoding="base64")
        assert listener.message().payload == bytes(range(256))


def test_a_certificate_device_signs_with_its_private_key(server, admin):
    admin.create_product("HTTPCERT01", auth="certificate", model={"version": "1.0", "properties": [], "events": [], "actions": []})
    admin.request("PUT", "/products/HTTPCERT01/topics", {"topics": [{"suffix": "data", "rights": "both"}]})
    admin.post("/products/HTTPCERT01/devices", {"names": ["dev001"]})
    device = Device("HTTPCERT01", "dev001", "")
    key = serialization.load_pem_private_key(admin.post(f"{device.path}/certificate", {})["private_key"].encode(), None)
    sign = lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    assert "Error" not in publish(server, device, "HTTPCERT01/dev001/data", "x", sign, "rsa-sha256")
    answer = publish(server, device, "HTTPCERT01/dev001/data", "x", lambda text: sign(text + b"!"), "rsa-sha256")
    assert answer["Error"]["Code"] == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("AuthFailure.SignatureFailure", {"secret": "x" * 24}),
        ("UnauthorizedOperation", {"topic": "$thing/up/property/LAMPPROD01/somebody-else"}),
        ("UnauthorizedOperation", {"topic": "LAMPPROD01/somebody-else/data"}),
        ("InvalidParameter", {"fields": {"Qos": 2}}),
        ("InvalidParameter", {"fields": {"PayloadEncoding": "hex"}}),
        ("InvalidParameter", {"topic": "a/#"}),
        ("InvalidParameterValue", {"payload": "x" * 70_000}),
    ],
)
def test_what_a_device_may_not_send_is_refused_with_its_reason(server, lamp, code, changes):
    topic = changes.get("topic", lamp.topic("$thing/up/property"))
    sign = with_key(changes.get("secret", lamp.secret))
    answer = publish(server, lamp, topic, changes.get("payload", report(1)), sign, **changes.get("fields", {}))
    assert answer["Error"]["Code"] == code
    assert answer["RequestId"]


def test_an_unknown_device_and_a_disabled_one_are_refused(server, admin, lamp):
    unknown = type(lamp)(lamp.product_id, "nobody", lamp.secret)
    answer = publish(server, unknown, unknown.topic("$thing/up/property"), report(1), with_key(lamp.secret))
    assert answer["Error"]["Code"] == "ResourceNotFound.DeviceNotExist"
    admin.request("PATCH", lamp.path, {"enabled": False})
    answer = publish(server, lamp, lamp.topic("$thing/up/property"), report(1), with_key(lamp.secret))
    assert answer["Error"]["Code"] == "UnauthorizedOperation"
    refusals = admin.get("/refusals")
    assert any(entry["reason"] == "unknown_device" and entry["identity"].endswith("nobody") for entry in refusals["refusals"])
