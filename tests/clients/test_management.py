"""The internal management API as a program sees it: the form of its errors, and secrets."""

from __future__ import annotations

import http.client
import json
import time

import pytest

from device_program import iot_hmac
from paho_client import Client
from server_process import AdminError


def ask(server, method: str, path: str, body: str | None = None, content_type: str = "application/json", token: str | None = None):
    """One request over TCP. Returns status and answer."""
    connection = http.client.HTTPConnection(server.http.host, server.http.port, timeout=10)
    headers = {"Content-Type": content_type} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, "/internal/v1" + path, body, headers)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    return response.status, json.loads(raw)


@pytest.fixture(scope="module")
def token(admin) -> str:
    return admin.post("/tokens", {"name": "test-management"})["token"]


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "code"),
    [
        ("POST", "/products", "{", "application/json", 400, "invalid"),
        ("POST", "/products", '{"name":1}', "application/json", 400, "invalid"),
        ("POST", "/products", '{"name":"x","unknown":1}', "application/json", 400, "invalid"),
        ("POST", "/products", '{"name":"x"}', "text/plain", 415, "unsupported_media_type"),
        ("GET", "/refusals?limit=many", None, "", 400, "invalid"),
        ("GET", "/nothing/here", None, "", 404, "not_found"),
        ("GET", "/products/NOSUCHPROD", None, "", 404, "not_found"),
        ("DELETE", "/products", None, "", 405, "method_not_allowed"),
    ],
)
def test_every_error_has_the_same_form(server, token, method, path, body, content_type, status, code):
    found, answer = ask(server, method, path, body, content_type, token)
    assert (found, answer["error"]["code"]) == (status, code), answer
    assert answer["error"]["message"]


def test_a_request_without_a_valid_token_is_refused_counted_and_listed(server, admin):
    for given in (None, "wrong"):
        status, answer = ask(server, "GET", "/products", token=given)
        assert (status, answer["error"]["code"]) == (401, "unauthorized")
    status, _ = ask(server, "GET", "/nothing/here")
    assert status == 401, "nobody learns without a token what there is"
    reasons = {entry["reason"] for entry in admin.get("/refusals?limit=10")["refusals"]}
    assert {"missing_token", "unknown_token"} <= reasons


def test_secrets_are_shown_on_creation_and_for_one_only(admin, lamp):
    product = f"/products/{lamp.product_id}"
    assert admin.get(product)["product_secret"] and admin.get(lamp.path)["secret"] == lamp.secret
    assert all("product_secret" not in entry for entry in admin.get("/products")["products"])
    assert all("secret" not in entry for entry in admin.get(f"{product}/devices?limit=1000")["devices"])
    assert "secret" not in admin.request("PATCH", lamp.path, {"enabled": True})


def test_a_new_secret_ends_the_connection_made_with_the_old_one(server, admin, lamp):
    def login(secret: str):
        made = iot_hmac(lamp.product_id, lamp.name, secret)
        return Client((made["username"], made["password"]), made["clientid"])

    with login(lamp.secret) as client:
        assert client.connect(server.mqtt)[1].value == 0
        fresh = admin.post(f"{lamp.path}/secret", {})["secret"]
        assert fresh != lamp.secret
        deadline = time.monotonic() + 10
        while admin.get(lamp.path).get("last_cause") != "credential_revoked":
            assert time.monotonic() < deadline, admin.get(lamp.path)
            time.sleep(0.05)
    with login(lamp.secret) as client:
        assert client.connect(server.mqtt)[1].value != 0
    with login(fresh) as client:
        assert client.connect(server.mqtt)[1].value == 0


def test_a_quota_changes_only_when_it_is_given(admin):
    path = "/products/QUOTAPROD1"
    admin.create_product("QUOTAPROD1", dynamic_registration="auto", auto_create_quota=7)
    assert admin.request("PATCH", path, {"dynamic_registration": "auto"})["auto_create_quota"] == 7
    assert admin.request("PATCH", path, {"auto_create_quota": 9})["auto_create_quota"] == 9
    admin.request("PATCH", path, {"dynamic_registration": "known"})
    with pytest.raises(AdminError) as refused:
        admin.request("PATCH", path, {"auto_create_quota": 5})
    assert refused.value.body["error"]["code"] == "invalid"
