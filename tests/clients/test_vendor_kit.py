"""The vendor's published Python kit, unmodified, as a whole device: registration, template, events, control, action."""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

import pytest

HERE = pathlib.Path(__file__).parent
KIT = HERE.parents[1] / ".venv" / "vendor-sdk"
PATIENCE_S = 20


class KitLamp:
    def __init__(self, server, tmp_path, transport, product_id, device_name, secret, product_secret="NONE"):
        info = {
            "auth_mode": "KEY",
            "productId": product_id,
            "productSecret": product_secret,
            "deviceName": device_name,
            "key_deviceinfo": {"deviceSecret": secret},
            "cert_deviceinfo": {"devCaFile": "", "devCertFile": "", "devPrivateKeyFile": ""},
            "subDev": {"subdev_num": 0, "subdev_list": []},
            "region": "china",
        }
        file = tmp_path / "device_info.json"
        file.write_text(json.dumps(info))
        addresses = [f"{at.host}:{at.port}" for at in (server.mqtt, server.http)]
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "vendor_kit_lamp.py"), str(file), *addresses, transport],
            env={**os.environ, "PYTHONPATH": str(KIT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path,
        )
        self._lines: queue.Queue = queue.Queue()
        self.noise: list[str] = []
        self.seen: list[dict] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            if line.startswith('{"happened"'):
                self._lines.put(json.loads(line))
            else:
                self.noise.append(line)

    def until(self, wanted, **fields):
        """Reads on until this happens; everything before is kept in `seen`."""
        while True:
            try:
                told = self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"no {wanted} {fields}: {self.seen}\n{''.join(self.noise)}") from None
            self.seen.append(told)
            assert told["happened"] != "timeout", f"{told}: {self.seen}\n{''.join(self.noise)}"
            if told["happened"] == wanted and all(told.get(name) == value for name, value in fields.items()):
                return told

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.mark.parametrize("transport", ["tcp", "ws"])
def test_the_kit_runs_its_whole_course(server, lamp, tmp_path, transport):
    with KitLamp(server, tmp_path, transport, lamp.product_id, lamp.name, lamp.secret) as kit:
        assert kit.until("connected")["code"] == 0
        assert kit.until("subscribed")["granted"] == [0, 0, 0, 0]
        assert kit.until("property", method="report_reply")["payload"]["code"] == 0
        assert abs(kit.until("time")["milliseconds"] / 1000 - time.time()) < 60
        kit.until("idle")
        stored = {name: point["value"] for name, point in server.admin.properties(lamp).items()}
        assert stored == {"power_switch": 0, "color": 1, "brightness": 20, "name": "from the kit"}

        done = server.admin.post(f"{lamp.path}/control", {"params": {"brightness": 66}, "wait_ms": 5000})
        assert done["state"] == "done", done
        kit.until("property", method="control")
        acted = server.admin.post(f"{lamp.path}/actions/light_blink", {"params": {"period": 3}, "wait_ms": 5000})
        assert (acted["state"], acted["response"]) == ("done", {"err_code": 0})

        # The kit answers replies, too. The server must not answer back, or this would never end.
        time.sleep(0.5)
        properties_told = [told for told in kit.seen if told["happened"] == "property"]
        assert len(properties_told) < 10, properties_told
        events = json.dumps(server.admin.log(lamp, "event"))
        assert events.count("single") == 2 and events.count("low_voltage") == 1


def test_the_kit_registers_itself_and_connects_with_what_it_got(server, admin, tmp_path):
    product = admin.create_product("KITREGPROD", dynamic_registration="known", model=json.loads((HERE / "lamp_model.json").read_text()))
    admin.create_device("KITREGPROD", "kit1")
    with KitLamp(server, tmp_path, "tcp", "KITREGPROD", "kit1", "YOUR_DEVICE_SECRET", product["product_secret"]) as kit:
        assert kit.until("registered")["code"] == 0
        assert kit.until("connected")["code"] == 0
        kit.until("idle")
