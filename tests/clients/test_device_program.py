"""The lamp of device_program.py, run as its own process, against the server's management side."""

import json
import pathlib
import queue
import subprocess
import sys
import threading
import time

import pytest

PROGRAM = pathlib.Path(__file__).with_name("device_program.py")
PATIENCE_S = 15


class RunningLamp:
    """The program as a child process; `expect` reads what it tells, in order."""

    def __init__(self, server, device, algorithm="hmacsha256", secret=None):
        self.device = device
        command = [
            sys.executable, str(PROGRAM), "--host", server.mqtt.host, "--port", str(server.mqtt.port),
            "--algorithm", algorithm, device.product_id, device.name, secret or device.secret,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._lines: queue.Queue = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)

    def expect(self, happened):
        line = self._lines.get(timeout=PATIENCE_S)
        told = json.loads(line) if line.startswith("{") else {"happened": line}
        assert told["happened"] == happened, told
        return told

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def wait(self):
        return self._process.wait(PATIENCE_S)


def eventually(check, wanted):
    deadline = time.monotonic() + PATIENCE_S
    while (found := check()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == wanted


def values(server, device):
    return {name: point["value"] for name, point in server.admin.properties(device).items()}


@pytest.mark.parametrize("algorithm", ["hmacsha1", "hmacsha256"])
def test_a_device_lives_a_whole_day(server, lamp, algorithm):
    with RunningLamp(server, lamp, algorithm) as running:
        # It connects and is answered.
        assert running.expect("connected")["code"] == 0
        assert running.expect("subscribed")["granted"] == [0, 0, 0]
        reply = running.expect("reported")["reply"]
        assert (reply["code"], reply["status"]) == (0, "success")
        reported = {"power_switch": 0, "color": 1, "brightness": 10, "name": "study"}
        assert running.expect("status")["reply"]["data"]["reported"] == reported
        assert running.expect("event")["reply"]["code"] == 0
        assert running.expect("events")["reply"]["code"] == 0
        running.expect("idle")
        # What was answered is there.
        assert values(server, lamp) == reported

        # Somebody switches it on and waits for the device's word.
        done = server.admin.post(f"{lamp.path}/control", {"params": {"power_switch": 1, "brightness": 80}, "wait_ms": 5000})
        told = running.expect("controlled")
        assert told["params"] == {"power_switch": 1, "brightness": 80}
        assert (done["state"], done["code"], done["client_token"]) == ("done", 0, told["clientToken"])
        assert server.admin.get(f"{lamp.path}/commands/{done['command_id']}")["state"] == "done"
        eventually(lambda: values(server, lamp), {**reported, "power_switch": 1, "brightness": 80})

        # Somebody calls its action and gets its output.
        acted = server.admin.post(f"{lamp.path}/actions/light_blink", {"params": {"period": 3}, "wait_ms": 5000})
        told = running.expect("acted")
        assert (told["actionId"], told["params"]) == ("light_blink", {"period": 3})
        assert abs(told["timestamp"] - time.time()) < 60
        assert (acted["state"], acted["code"], acted["response"]) == ("done", 0, {"err_code": 0})

    history = server.admin.get(f"{lamp.path}/history?property=brightness&order=asc")
    assert [point["value"] for point in history["points"]] == [10, 80]
    events = json.dumps(server.admin.log(lamp, "event"))
    assert events.count("light on") == 2 and events.count("low_voltage") == 1, events
    assert "light_blink" in json.dumps(server.admin.log(lamp, "action"))
    content = json.dumps(server.admin.log(lamp, "content"))
    assert "report_reply" in content and "control_reply" in content and "get_status" in content


def test_a_control_while_the_device_is_away_waits_for_get_status(server, lamp):
    accepted = server.admin.post(f"{lamp.path}/control", {"params": {"brightness": 33}})
    assert accepted["state"] == "stored", accepted
    with RunningLamp(server, lamp) as running:
        for step in ("connected", "subscribed", "reported"):
            running.expect(step)
        # A `get_status` of type report shows reports only; the pending control stays in the ledger.
        assert "data" in running.expect("status")["reply"]
    assert server.admin.get(f"{lamp.path}/commands/{accepted['command_id']}")["state"] in ("stored", "sent")


def test_a_control_outside_the_model_is_refused_before_it_is_sent(server, lamp):
    for params in ({"brightness": 101}, {"no_such": 1}, {"temperature": 20.5}, {}):
        with pytest.raises(Exception) as refusal:
            server.admin.post(f"{lamp.path}/control", {"params": params})
        assert 400 <= refusal.value.status < 500, refusal.value


def test_an_action_without_an_answer_fails_in_time(server, lamp):
    called = server.admin.post(f"{lamp.path}/actions/light_blink", {"params": {"period": 3}, "wait_ms": 500})
    assert called["state"] != "done" and "response" not in called or called.get("response") is None


def test_a_device_with_a_wrong_secret_is_refused(server, lamp):
    with RunningLamp(server, lamp, secret="bDZ6Uqt+I9E0wW7rvDUs7Q==") as running:
        assert running.expect("connected")["code"] != 0
        assert running.wait() == 1


def test_a_disabled_device_is_cut_off_and_stays_out(server, lamp):
    with RunningLamp(server, lamp) as running:
        for step in ("connected", "subscribed", "reported", "status", "event", "events", "idle"):
            running.expect(step)
        server.admin.request("PATCH", lamp.path, {"enabled": False})
        # Paho comes back by itself and is refused; what counts is that the device is offline and its reason is on record.
        eventually(lambda: "disabled" in json.dumps(server.admin.log(lamp, "connection")).lower(), True)
    with RunningLamp(server, lamp) as running:
        assert running.expect("connected")["code"] != 0
