"""The vendor's Python SDK, told nothing but another endpoint, and the few words in which the scenarios speak to it.

`Cloud` holds a server's address and one key. `typed()` is the SDK with request and response classes, as a back end uses
it; `call()` is the SDK's untyped client, which reaches every action of every version. Both are the published packages;
only `endpoint` and `protocol` differ from a program that talks to the vendor.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Callable, TypeVar

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.iotexplorer.v20190423 import iotexplorer_client
from tencentcloud.iotexplorer.v20190423 import models as iotexplorer_models
from tencentcloud.iotvideo.v20211125 import iotvideo_client
from tencentcloud.iotvideo.v20211125 import models as iotvideo_models

from server_process import Address

REGION = "ap-guangzhou"
VERSIONS = {"iotexplorer": "2019-04-23", "iotvideo": "2021-11-25", "iotcloud": "2021-04-08"}
TC3, HMAC_SHA256, HMAC_SHA1 = "TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"
# How a program with the SDK may sign and send.
MANNERS = [(sign, method) for sign in (TC3, HMAC_SHA256, HMAC_SHA1) for method in ("POST", "GET")]
PATIENCE_S = 10

_T = TypeVar("_T")


@dataclass(frozen=True)
class Key:
    secret_id: str
    secret_key: str = field(repr=False)


class Typed:
    """A typed SDK client whose calls take the request's members by name: `typed.DescribeDevice(ProductId=..., ...)`."""

    def __init__(self, client, models):
        self._client = client
        self._models = models

    def __getattr__(self, action: str):
        def call(**members):
            request = getattr(self._models, action + "Request")()
            request.from_json_string(json.dumps(members))
            return getattr(self._client, action)(request)

        return call


@dataclass(frozen=True)
class Cloud:
    address: Address
    key: Key
    sign: str = TC3
    method: str = "POST"
    language: str = "en-US"
    # The certificate of the authority that vouches for the server; plain HTTP without one.
    authority: str | None = None

    def using(self, **other) -> "Cloud":
        """The same server, with another key or manner."""
        return replace(self, **other)

    @property
    def endpoint(self) -> str:
        return f"{self.address.host}:{self.address.port}"

    def _profile(self) -> ClientProfile:
        protocol = "https" if self.authority else "http"
        http = HttpProfile(
            protocol=protocol, endpoint=self.endpoint, reqMethod=self.method, reqTimeout=30, certification=self.authority,
        )
        return ClientProfile(signMethod=self.sign, httpProfile=http, language=self.language)

    def _credential(self) -> Credential:
        return Credential(self.key.secret_id, self.key.secret_key)

    def typed(self) -> Typed:
        client = iotexplorer_client.IotexplorerClient(self._credential(), REGION, self._profile())
        return Typed(client, iotexplorer_models)

    def typed_video(self) -> Typed:
        client = iotvideo_client.IotvideoClient(self._credential(), REGION, self._profile())
        return Typed(client, iotvideo_models)

    def call(self, action: str, members: dict | None = None, service: str = "iotexplorer", version: str | None = None) -> dict:
        """One call with the untyped client. Returns the `Response` object; a refusal is raised."""
        client = CommonClient(service, version or VERSIONS[service], self._credential(), REGION, self._profile())
        return client.call_json(action, members or {})["Response"]

    def refusal(self, action: str, members: dict | None = None, **where) -> str:
        """The code with which a call is refused; a call that is not refused fails the test."""
        return self.refused(action, members, **where).get_code()

    def refused(self, action: str, members: dict | None = None, **where) -> TencentCloudSDKException:
        try:
            answer = self.call(action, members, **where)
        except TencentCloudSDKException as refused:
            assert refused.get_request_id(), f"{action}: a refusal without a request id"
            return refused
        raise AssertionError(f"{action} {members} was not refused: {answer}")


def eventually(check: Callable[[], _T], what: str = "") -> _T:
    """Asks until the answer is truthy. For what the server does on its own after it has answered."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := check()):
        assert time.monotonic() < deadline, f"this did not happen within {PATIENCE_S} s: {what}"
        time.sleep(0.05)
    return found
