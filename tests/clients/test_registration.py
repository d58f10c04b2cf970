"""Dynamic registration over HTTP, in the form of the newer and of the older device kits, with their own cryptography."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import itertools
import json
import random
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from paho_client import Client
from device_program import iot_hmac
from server_process import Device

VENDOR_HOST = "ap-guangzhou.gateway.tencentdevices.com"
ALREADY_ACTIVE = 1021
TOO_MANY = 1010
_numbers = itertools.count(1)


class Product:
    def __init__(self, admin, registration: str, **fields):
        self.id = f"REGPROD{next(_numbers):03d}"
        self.secret = admin.create_product(self.id, dynamic_registration=registration, **fields)["product_secret"]


@pytest.fixture
def known_only(admin) -> Product:
    return Product(admin, "known")


@pytest.fixture
def auto_create(admin) -> Product:
    return Product(admin, "auto", auto_create_quota=2)


def post(server, path: str, body: str, headers: dict[str, str]):
    connection = http.client.HTTPConnection(server.http.host, server.http.port, timeout=10)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    return response, raw


def register_new(server, product: Product, name: str, algorithm="hmacsha256", timestamp=None, secret=None, host=None, lower=False):
    """`POST /device/register` as the newer kits send it. Returns the `Response` object."""
    digest = hashlib.sha1 if algorithm.lower() == "hmacsha1" else hashlib.sha256
    body = json.dumps({"ProductId": product.id, "DeviceName": name})
    stamp = str(timestamp if timestamp is not None else int(time.time()))
    nonce = str(random.randint(1, 2**31))
    host = host or server.http.host
    lines = ["POST", host, "/device/register", "", algorithm, stamp, nonce, digest(body.encode()).hexdigest()]
    signed = hmac.new((secret or product.secret).encode(), "\n".join(lines).encode(), digest).digest()
    headers = {
        "Host": host,
        "Content-Type": "application/json; charset=utf-8",
        "X-TC-Algorithm": algorithm,
        "X-TC-Timestamp": stamp,
        "X-TC-Nonce": nonce,
        "X-TC-Signature": base64.b64encode(signed).decode(),
    }
    if lower:
        headers = {key.lower(): value for key, value in headers.items()}
    response, raw = post(server, "/device/register", body, headers)
    # The kits treat any other status as a broken transport and never read the body.
    assert response.status == 200, (response.status, raw)
    return json.loads(raw)["Response"]


def register_old(server, product: Product, name: str, secret=None, raw_digest=False):
    """`POST /register/dev` as the C kit sends it: JSON under a form content type. Returns the whole answer."""
    nonce, stamp = random.randint(1, 2**31), int(time.time())
    text = f"deviceName={name}&nonce={nonce}&productId={product.id}&timestamp={stamp}"
    digest = hmac.new((secret or product.secret).encode(), text.encode(), hashlib.sha1)
    signed = digest.digest() if raw_digest else digest.hexdigest().encode()
    body = json.dumps(
        {
            "deviceName": name,
            "nonce": nonce,
            "productId": product.id,
            "timestamp": stamp,
            "signature": base64.b64encode(signed).decode(),
        },
        separators=(",", ":"),
    )
    headers = {"Host": "gateway.tencentdevices.com", "Content-Type": "application/x-www-form-urlencoded"}
    response, raw = post(server, "/register/dev", body, headers)
    assert response.status == 200, (response.status, raw)
    assert len(raw) <= 256, "the C kit reads no more than 256 bytes of body"
    return json.loads(raw)


def decrypt(product: Product, payload: str, length: int) -> dict:
    """AES-128-CBC, key = first half of the product secret, IV sixteen ASCII zeros, zero padding."""
    cipher = Cipher(algorithms.AES(product.secret[:16].encode()), modes.CBC(b"0" * 16)).decryptor()
    plain = cipher.update(base64.b64decode(payload)) + cipher.finalize()
    assert plain[length:].strip(b"\0") == b"", "padded with zeros"
    return json.loads(plain[:length])


def can_connect(server, product: Product, name: str, secret: str) -> bool:
    login = iot_hmac(product.id, name, secret)
    with Client((login["username"], login["password"]), login["clientid"]) as client:
        _, reason, _ = client.connect(server.mqtt)
        return reason.value == 0


@pytest.mark.parametrize("algorithm", ["hmacsha256", "hmacsha1", "HmacSha256"])
def test_a_known_device_gets_its_secret(server, admin, known_only, algorithm):
    device = admin.create_device(known_only.id, "dev001")
    answer = register_new(server, known_only, "dev001", algorithm)
    assert answer["RequestId"]
    got = decrypt(known_only, answer["Payload"], answer["Len"])
    assert got["encryptionType"] == 2
    assert len(base64.b64decode(got["psk"])) == 16
    assert can_connect(server, known_only, "dev001", got["psk"])
    assert device.name == "dev001"


def test_header_names_in_lower_case_and_an_old_timestamp_are_fine(server, admin, known_only):
    admin.create_device(known_only.id, "dev001")
    answer = register_new(server, known_only, "dev001", "hmacsha1", timestamp=1609430400, lower=True)
    assert "Payload" in answer


def test_the_vendors_host_name_may_be_the_signed_one(server, admin, known_only):
    admin.create_device(known_only.id, "dev001")
    assert "Payload" in register_new(server, known_only, "dev001", host=VENDOR_HOST)


@pytest.mark.parametrize("raw_digest", [False, True], ids=["hex", "raw"])
def test_the_old_form(server, admin, known_only, raw_digest):
    admin.create_device(known_only.id, "dev001")
    answer = register_old(server, known_only, "dev001", raw_digest=raw_digest)
    assert (answer["code"], answer["message"]) == (0, "")
    assert can_connect(server, known_only, "dev001", decrypt(known_only, answer["payload"], answer["len"])["psk"])


def test_registering_again_is_allowed_until_the_first_connection(server, admin, known_only):
    admin.create_device(known_only.id, "dev001")
    first = register_new(server, known_only, "dev001")
    again = register_new(server, known_only, "dev001")
    secret = decrypt(known_only, again["Payload"], again["Len"])["psk"]
    assert "Payload" in first
    assert can_connect(server, known_only, "dev001", secret)
    refused = register_new(server, known_only, "dev001")
    assert str(ALREADY_ACTIVE) in json.dumps(refused["Error"]) or "activated" in json.dumps(refused["Error"])
    assert register_old(server, known_only, "dev001")["code"] == ALREADY_ACTIVE


def test_an_unknown_device_is_refused_unless_the_product_creates_devices(server, known_only, auto_create):
    assert "Error" in register_new(server, known_only, "stranger")
    assert register_old(server, known_only, "stranger")["code"] != 0
    answer = register_new(server, auto_create, "stranger")
    assert can_connect(server, auto_create, "stranger", decrypt(auto_create, answer["Payload"], answer["Len"])["psk"])


def test_automatic_creation_stops_at_its_quota(server, auto_create):
    assert "Payload" in register_new(server, auto_create, "first")
    assert register_old(server, auto_create, "second")["code"] == 0
    assert "Error" in register_new(server, auto_create, "third")


def test_a_wrong_signature_is_refused(server, admin, known_only):
    admin.create_device(known_only.id, "dev001")
    assert "Error" in register_new(server, known_only, "dev001", secret="x" * 24)
    assert register_old(server, known_only, "dev001", secret="x" * 24)["code"] != 0


def test_a_product_without_dynamic_registration_refuses(server, admin):
    closed = Product(admin, "off")
    admin.create_device(closed.id, "dev001")
    assert "Error" in register_new(server, closed, "dev001")
    assert register_old(server, closed, "dev001")["code"] != 0


def test_a_device_with_a_certificate_gets_one_and_connects_with_it(server, admin, tmp_path):
    product = Product(admin, "auto", auto_create_quota=1, auth="certificate")
    paths = []
    for attempt in ("first", "again"):
        answer = register_new(server, product, "dev001")
        got = decrypt(product, answer["Payload"], answer["Len"])
        assert got["encryptionType"] == 1
        # The C kit's buffer in certificate mode.
        assert len(json.dumps({"Response": answer})) <= 5 * 1024
        paths.append((tmp_path / f"{attempt}.pem", tmp_path / f"{attempt}.key"))
        for path, text in zip(paths[-1], (got["clientCert"], got["clientKey"])):
            path.write_text(text)

    def connects(certificate, key) -> bool:
        topic = f"$thing/up/property/{product.id}/dev001"
        # The user name of the C kit in certificate mode; it sends no password.
        arguments = ["-u", f"{product.id}dev001;21010406;abcde;{2**31 - 1}"]
        arguments += ["-h", server.mqtts.host, "-p", str(server.mqtts.port), "--cafile", server.ca_file, "-i", f"{product.id}dev001"]
        arguments += ["--cert", str(certificate), "--key", str(key), "-t", topic, "-m", "{}", "-q", "1"]
        return subprocess.run(["mosquitto_pub", *arguments], capture_output=True, timeout=20, check=False).returncode == 0

    assert not connects(*paths[0]), "a certificate that was handed out before does not count any more"
    assert connects(*paths[1])
    assert register_old(server, product, "dev001")["code"] == ALREADY_ACTIVE


def test_a_device_that_keeps_asking_for_certificates_is_made_to_wait(server, admin):
    product = Product(admin, "auto", auto_create_quota=1, auth="certificate")
    answers = [register_new(server, product, "dev001") for _ in range(7)]
    assert all("Payload" in answer for answer in answers[:5])
    assert answers[-1]["Error"]["Code"] == str(TOO_MANY), answers[-1]


def test_a_refused_registration_is_counted_and_listed_with_its_reason(server, admin, known_only):
    assert register_old(server, known_only, "nobody")["code"] != 0
    listed = admin.get("/refusals?limit=5")["refusals"]
    assert any(entry["reason"] == "unknown_device" and entry["identity"] == f"{known_only.id}nobody" for entry in listed), listed
    connection = http.client.HTTPConnection(server.http.host, server.http.port, timeout=10)
    connection.request("GET", "/metrics")
    metrics = connection.getresponse().read().decode()
    connection.close()
    (counted,) = [line for line in metrics.splitlines() if line.startswith('yizhan_registrations_refused_total{reason="unknown_device"}')]
    assert int(counted.rsplit(" ", 1)[1]) >= 1
