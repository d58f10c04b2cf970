"""Paho 1.5.1, the release the vendor's Python kit is tied to, with MQTT 3.1 (`MQIsdp`) as that kit uses it."""

import os
import pathlib
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).parent
OLD_PAHO = HERE.parents[1] / ".venv" / "paho-1.5.1"


def run_lamp(device, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(OLD_PAHO)}
    command = [sys.executable, str(HERE / "old_paho_lamp.py"), *arguments, device.product_id, device.name, device.secret]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_mqtt_31_reports_and_is_answered(server, lamp, transport):
    address = server.mqtt if transport == "tcp" else server.http
    printed = run_lamp(lamp, address.host, str(address.port), transport)
    assert '"method":"report_reply"' in printed and '"code":0' in printed
    deadline = time.monotonic() + 5
    while not server.admin.properties(lamp) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.admin.properties(lamp)["brightness"]["value"] == 55
