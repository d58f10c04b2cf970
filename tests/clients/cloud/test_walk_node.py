"""The life of a product, walked with the vendor's SDK for Node.js (`node/walk.mjs`); the lamp is played from here."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from home import LAMP_MODEL, fresh
from lamp import Lamp
from server_process import REPOSITORY
from vendor_cloud import HMAC_SHA1, TC3

NODE_MODULES = REPOSITORY / ".venv" / "node" / "node_modules"
STEPS = ["created", "read", "controlled", "called", "looked back", "disabled", "deleted"]


@pytest.mark.parametrize("sign,protocol", [(TC3, "http://"), (HMAC_SHA1, "http://"), (TC3, "https://")])
def test_a_whole_life(cloud, server, sign, protocol):
    address = server.http if protocol == "http://" else server.https
    environment = {
        **os.environ, "NODE_PATH": str(NODE_MODULES), "NODE_EXTRA_CA_CERTS": server.ca_file, "SIGN_METHOD": sign,
        "PROTOCOL": protocol, "ENDPOINT": f"{address.host}:{address.port}",
        "SECRET_ID": cloud.key.secret_id, "SECRET_KEY": cloud.key.secret_key, "NAME": fresh("node"),
        "MODEL": json.dumps(LAMP_MODEL),
    }
    walk = subprocess.Popen(
        ["node", str(REPOSITORY / "tests/clients/node/walk.mjs")], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    try:
        created = json.loads(walk.stdout.readline() or "{}")
        assert created.get("step") == "created", walk.communicate(timeout=10)
        with Lamp(created["product"], created["name"], created["psk"]).start(server.mqtt) as lamp:
            lamp.report(brightness=42)
            lamp.post_event("low_voltage", "alert", voltage=3.1)
            printed, errors = walk.communicate(timeout=60)
        assert walk.returncode == 0, errors
        assert ["created"] + [json.loads(line)["step"] for line in printed.splitlines()] == STEPS
        orders = [message.get("actionId", message["method"]) for _, message in list(lamp.received.queue)]
        assert orders == ["control", "light_blink", "light_blink"]
    finally:
        walk.kill()
        walk.wait()
