"""Private certificate authorities, made and used with OpenSSL's own tools: a device whose certificate the authority of its
product has signed connects over TLS; nobody else does, and nobody does once the product trusts the authority no more."""

from __future__ import annotations

import hashlib
import itertools
import socket
import ssl
import struct
import subprocess

import pytest

PROJECT = "prj-default1"
ROOT_ACCOUNT = 100000000001
_numbers = itertools.count(1)


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.certificate, self.key = folder / "ca.pem", folder / "ca.key"
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.certificate,
            "-days", 30, "-subj", f"/C=CN/O=Factory/CN={folder.name}", "-addext", "keyUsage=critical,keyCertSign",
        )

    def sign(self, name: str) -> tuple:
        """A certificate with this common name: its file and its key's."""
        stem = self.folder / f"leaf{next(_numbers)}"
        key, request, certificate = (stem.with_suffix(ending) for ending in (".key", ".csr", ".pem"))
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-out", certificate, "-days", 10,
        )
        return certificate, key

    def texts(self, account: int = ROOT_ACCOUNT) -> dict:
        """What is brought: the certificate, and the proof for the account."""
        proof, _ = self.sign(hashlib.sha256(f"iothub_{account}".encode()).hexdigest())
        return {"CertText": self.certificate.read_text(), "VerifyCertText": proof.read_text()}


@pytest.fixture
def operate(server):
    def call(operation: str, expect: int = 200, **fields: object):
        status, answer = server.admin.operate(operation, fields)
        assert status == expect, f"{operation}: {status} {answer}"
        return answer["Error"]["Code"] if expect >= 400 else answer

    return call


@pytest.fixture
def product(operate) -> str:
    """A product whose devices authenticate by certificate, with a device `dev001`."""
    made = operate(
        "CreateStudioProduct", ProductName=f"lock{next(_numbers)}", CategoryId=1, ProductType=0, EncryptionType="1",
        NetType="wifi", DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
    )["Product"]["ProductId"]
    operate("CreateDevice", ProductId=made, DeviceName="dev001")
    return made


def connect(server, client_id: str, leaf: tuple) -> tuple[int, ssl.SSLSocket]:
    """CONNECT over TLS with a client certificate: the code of the CONNACK, and the connection."""
    context = ssl.create_default_context(cafile=server.ca_file)
    context.load_cert_chain(*leaf)
    raw = socket.create_connection((server.mqtts.host, server.mqtts.port), timeout=10)
    stream = context.wrap_socket(raw, server_hostname="localhost")

    def text(value: str) -> bytes:
        return struct.pack(">H", len(value)) + value.encode()

    user_name = f"{client_id};12010126;ABCDE;2147483647"
    body = text("MQTT") + bytes([4, 0x82]) + struct.pack(">H", 60) + text(client_id) + text(user_name)
    assert len(body) < 16384
    stream.sendall(bytes([0x10, len(body) % 128 | 0x80, len(body) // 128]) + body)
    answer = stream.recv(4)
    assert answer[:2] == b"\x20\x02", answer
    return answer[3], stream


def ends(stream: ssl.SSLSocket) -> bool:
    stream.settimeout(10)
    try:
        return stream.recv(64) == b""
    except ConnectionResetError:
        return True


def test_devices_connect_while_their_product_trusts_their_authority(server, operate, product, tmp_path):
    mine, other = Authority(tmp_path / "mine"), Authority(tmp_path / "other")
    leaf = mine.sign(f"{product}dev001")
    assert connect(server, f"{product}dev001", leaf)[0] != 0, "nobody vouches for it yet"
    operate("CreatePrivateCA", CertName="mine", **mine.texts())
    assert connect(server, f"{product}dev001", leaf)[0] != 0, "the product does not trust it yet"
    operate("UpdateProductPrivateCA", ProductId=product, CertName="mine")
    assert operate("DescribeProductCA", ProductId=product)["CAs"][0]["Subject"] == "CN=mine,O=Factory,C=CN"
    bound = operate("DescribePrivateCABindedProducts", CertName="mine", Offset=0, Limit=10)["Products"]
    assert [entry["ProductId"] for entry in bound] == [product]
    code, stream = connect(server, f"{product}dev001", leaf)
    assert code == 0
    operate("CreateDevice", ProductId=product, DeviceName="dev002")
    assert connect(server, f"{product}dev002", leaf)[0] != 0, "it speaks for one device"
    assert connect(server, f"{product}dev001", other.sign(f"{product}dev001"))[0] != 0, "another authority"
    assert operate("DeletePrivateCA", 409, CertName="mine") == "LimitExceeded.CAAlreadyBindProduct"
    operate("DeleteProductPrivateCA", ProductId=product)
    assert ends(stream), "the connection was made with what is not trusted any more"
    assert connect(server, f"{product}dev001", leaf)[0] != 0
    operate("DeletePrivateCA", CertName="mine")
    assert operate("DescribePrivateCA", 404, CertName="mine") == "ResourceNotFound.CACertNotExist"


def test_another_certificate_in_an_authoritys_place_ends_what_the_old_one_vouched_for(server, operate, product, tmp_path):
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    operate("CreatePrivateCA", CertName="replaced", **old.texts())
    operate("UpdateProductPrivateCA", ProductId=product, CertName="replaced")
    code, stream = connect(server, f"{product}dev001", old.sign(f"{product}dev001"))
    assert code == 0
    operate("UpdatePrivateCA", CertName="replaced", **new.texts())
    assert ends(stream)
    assert connect(server, f"{product}dev001", old.sign(f"{product}dev001"))[0] != 0
    assert connect(server, f"{product}dev001", new.sign(f"{product}dev001"))[0] == 0
    operate("DeleteProductPrivateCA", ProductId=product)
    operate("DeletePrivateCA", CertName="replaced")


def test_what_cannot_be_trusted_is_refused_with_the_published_codes(server, operate, product, tmp_path):
    one, two = Authority(tmp_path / "one"), Authority(tmp_path / "two")
    foreign = one.texts(account=ROOT_ACCOUNT + 1)
    assert operate("CreatePrivateCA", 400, CertName="one", **foreign) == "InvalidParameterValue.CACertNotMatch"
    mixed = one.texts() | {"VerifyCertText": two.texts()["VerifyCertText"]}
    assert operate("CreatePrivateCA", 400, CertName="one", **mixed) == "InvalidParameterValue.CACertNotMatch"
    text = one.texts() | {"CertText": "not a certificate"}
    assert operate("CreatePrivateCA", 400, CertName="one", **text) == "InvalidParameterValue.CACertInvalid"
    assert operate("CreatePrivateCA", 400, CertName="x" * 33, **one.texts()) == "InvalidParameterValue"
    operate("CreatePrivateCA", CertName="one", **one.texts())
    assert operate("CreatePrivateCA", 409, CertName="one", **two.texts()) == "LimitExceeded.CACertNameRepeat"
    assert operate("CreatePrivateCA", 409, CertName="again", **one.texts()) == "LimitExceeded.CARepeat"
    unknown = operate("UpdateProductPrivateCA", 404, ProductId=product, CertName="none")
    assert unknown == "ResourceNotFound.CACertNotExist"
    keys = operate(
        "CreateStudioProduct", ProductName=f"keys{next(_numbers)}", CategoryId=1, ProductType=0, EncryptionType="2",
        NetType="wifi", DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
    )["Product"]["ProductId"]
    refused = operate("UpdateProductPrivateCA", 409, ProductId=keys, CertName="one")
    assert refused == "LimitExceeded.CACertNotSupport"
    listed = operate("DescribePrivateCAs")["CAs"]
    assert [entry["CertName"] for entry in listed] == ["one"] and listed[0]["CertText"] == one.texts()["CertText"]
    assert operate("DescribePrivateCABindedProducts", CertName="none", Offset=0, Limit=1)["Products"] == []
    trusting = operate(
        "CreateStudioProduct", ProductName=f"lock{next(_numbers)}", CategoryId=1, ProductType=0, EncryptionType="1",
        NetType="wifi", DataProtocol=1, ProductDesc="", ProjectId=PROJECT, PrivateCAName="one",
    )["Product"]
    assert (trusting["PrivateCAName"], trusting["IsPrivateCA"], trusting["CertText"]) == ("one", True, listed[0]["CertText"])
    assert operate("DescribeStudioProduct", ProductId=trusting["ProductId"])["Product"]["CertSN"] == listed[0]["CertSN"]
    operate("DeleteStudioProduct", ProductId=trusting["ProductId"])
    operate("DeletePrivateCA", CertName="one")
