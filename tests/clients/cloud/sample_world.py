"""The objects that a documented sample speaks of, made anew for each sample, and the sample rewritten to name them.

The vendor's samples name products, devices, times and certificates of its own. Here every such name is replaced with an
object that exists, so that the call means what the documentation says it means. Values that are not names stay as they are
printed: numbers as strings, limits of 0, odd texts.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import functools
import hashlib
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from console import Console
from home import Home, fresh, make_home
from lamp import Lamp
from vendor_models import Sample

PUBLIC_INSTANCE = "iot-public01"
HOUR_MS = 3_600_000


class World:
    def __init__(self, home: Home, console: Console, uin: str):
        self.home = home
        self.console = console
        self.uin = uin
        self.cloud = home.cloud
        self.lamp: Lamp = home.device()
        self.topic = f"{home.product}/{self.lamp.name}/data"
        self.authorities: list[str] = []

    @classmethod
    def make(cls, cloud, server, console: Console, uin: str) -> "World":
        return cls(make_home(cloud, server), console, uin)

    def close(self) -> None:
        self.lamp.client.close()
        # An account may have few of these, and all samples are sent by one account.
        for name in self.authorities:
            with contextlib.suppress(TencentCloudSDKException):
                bound = self.cloud.call("DescribePrivateCABindedProducts", {"CertName": name, "Offset": 0, "Limit": 10})
                for product in bound["Products"]:
                    self.cloud.call("DeleteProductPrivateCA", {"ProductId": product["ProductId"]})
                self.cloud.call("DeletePrivateCA", {"CertName": name})

    def new_authority(self) -> dict:
        """What makes a private authority of the account; it is gone when the world is."""
        name = fresh("authority")
        self.authorities.append(name)
        return authority(self.uin, name)

    @property
    def address(self) -> dict:
        return Home.address(self.lamp)

    def start_lamp(self) -> None:
        self.lamp.start(self.home.server.mqtt)
        self.lamp.report(power_switch=0, color=1, brightness=5)
        self.lamp.post_event("low_voltage", "alert", voltage=3.4)

    def names(self) -> dict:
        """What stands for an identifier, by the name of the member that carries it."""
        now_ms = int(time.time() * 1000)
        today = datetime.datetime.now(datetime.UTC).date()
        return {
            "ProductId": self.home.product, "ProductID": self.home.product, "ProductIds": self.home.product,
            "DeviceName": self.lamp.name, "DeviceNames": self.lamp.name,
            "ProjectId": self.home.project, "InstanceId": PUBLIC_INSTANCE,
            "FieldName": "brightness", "EventId": "low_voltage", "ActionId": "light_blink",
            "InputParams": json.dumps({"period": 3}), "Data": json.dumps({"brightness": 1}),
            "MinTime": now_ms - HOUR_MS, "MaxTime": now_ms + HOUR_MS,
            "StartTime": (now_ms - HOUR_MS) // 1000, "EndTime": (now_ms + HOUR_MS) // 1000,
            "StartDate": str(today - datetime.timedelta(days=2)), "EndDate": str(today),
        }

    def rewritten(self, sample: Sample, **instead: object) -> dict:
        """The sample's members, naming this world's objects; `instead` has the last word."""
        names = {**self.names(), **instead}

        def named(key: str, value: object) -> object:
            if isinstance(value, dict):
                return {name: named(name, each) for name, each in value.items()}
            if isinstance(value, list):
                return [named(key, each) for each in value]
            return names.get(key, value)

        return {name: named(name, value) for name, value in copy.deepcopy(sample.members).items()}


@functools.cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(common_name: str, issuer: str, authority: bool) -> str:
    """A certificate, signed with the one key that all certificates here share."""
    called = lambda name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(called(common_name)).issuer_name(called(issuer))
        .public_key(_key().public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    made = builder.sign(_key(), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def authority(uin: str, name: str) -> dict:
    """A CA, and the proof that it is the account's: a certificate under it that is called after the account."""
    proof = hashlib.sha256(f"iothub_{uin}".encode()).hexdigest()
    return {
        "CertName": name, "CertText": certificate(name, name, authority=True),
        "VerifyCertText": certificate(proof, name, authority=False),
    }
