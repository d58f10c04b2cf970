"""mosquitto_pub, mosquitto_sub and mosquitto_rr from Debian, unmodified, over every transport they know."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time

import pytest

from device_program import iot_hmac
from server_process import Address, Device

DEADLINE_S = 15


def at(address: Address) -> list[str]:
    return ["-h", address.host, "-p", str(address.port)]


def signed_in(user: tuple[str, str]) -> list[str]:
    return ["-u", user[0], "-P", user[1]]


def run(tool: str, *arguments: str, succeeds: bool = True) -> str:
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=DEADLINE_S)
    output = done.stdout + done.stderr
    assert (done.returncode == 0) is succeeds, f"{tool} ended with {done.returncode}: {output}"
    return output


def publish(*arguments: str) -> None:
    run("mosquitto_pub", *arguments)


class Subscriber:
    """mosquitto_sub in the background. Leaves the `with` head when its subscription is acknowledged."""

    def __init__(self, *arguments: str, count: int = 1):
        self._command = ["mosquitto_sub", "-d", "-C", str(count), "-W", str(DEADLINE_S), *arguments]
        self.lines: list[str] = []
        self.debug: list[str] = []

    def __enter__(self) -> "Subscriber":
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *self._command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        subscribed = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(subscribed,))
        self._reader.start()
        assert subscribed.wait(DEADLINE_S), f"{self._command}: {self.debug}"
        assert self._process.poll() is None or self.lines, f"{self._command}: {self.debug}"
        return self

    def _read(self, subscribed: threading.Event) -> None:
        for line in self._process.stdout:
            line = line.rstrip("\n")
            is_debug = line.startswith(("Client ", "Subscribed ", "Connection ", "Error", "Warning", "Timed out"))
            (self.debug if is_debug else self.lines).append(line)
            if line.startswith("Subscribed "):
                subscribed.set()
        subscribed.set()

    def __exit__(self, failed: object, *_: object) -> None:
        if failed:
            self._process.terminate()
        self._process.wait(DEADLINE_S + 5)
        self._reader.join()

    def granted(self) -> str:
        return next(line for line in self.debug if line.startswith("Subscribed ")).rpartition(": ")[2]


@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_line_goes_through(server, user, topic, version, qos):
    common = [*at(server.mqtt), *signed_in(user), "-V", version, "-t", topic, "-q", qos]
    with Subscriber(*common, "-F", "%q %p") as subscriber:
        publish(*common, "-m", "hello")
    assert subscriber.lines == [f"{qos} hello"]
    assert subscriber.granted() == qos


def test_many_lines_from_standard_input_keep_their_order(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user), "-t", topic, "-q", "2"]
    lines = [f"line {number}" for number in range(200)]
    with Subscriber(*common, count=200) as subscriber:
        subprocess.run(["mosquitto_pub", *common, "-l"], input="\n".join(lines), text=True, timeout=DEADLINE_S, check=True)
    assert subscriber.lines == lines


def test_retained(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user), "-t", topic]
    publish(*common, "-q", "1", "-r", "-m", "kept")
    with Subscriber(*common, "-F", "%r %p") as subscriber:
        pass
    assert subscriber.lines == ["1 kept"]
    publish(*common, "-q", "1", "-r", "-n")


def test_a_will_of_a_killed_client(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user)]
    with Subscriber(*common, "-t", topic, "-q", "1") as watcher:
        doomed = Subscriber(*common, "-t", topic + "/other", "--will-topic", topic, "--will-payload", "gone", "--will-qos", "1")
        with doomed:
            doomed._process.kill()
    assert watcher.lines == ["gone"]


def test_a_kept_session(server, user, topic):
    session = [*at(server.mqtt), *signed_in(user), "-i", "kept-by-sub", "-c", "-t", topic, "-q", "1"]
    run("mosquitto_sub", *session, "-E")
    publish(*at(server.mqtt), *signed_in(user), "-t", topic, "-q", "1", "-m", "while away")
    with Subscriber(*session) as subscriber:
        pass
    assert subscriber.lines == ["while away"]


def test_a_shared_subscription(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user), "-V", "mqttv5", "-q", "1"]
    with Subscriber(*common, "-t", f"$share/group/{topic}", count=5) as one:
        with Subscriber(*common, "-t", f"$share/group/{topic}", count=5) as two:
            for number in range(10):
                publish(*common, "-t", topic, "-m", str(number))
    assert sorted(one.lines + two.lines) == [str(number) for number in range(10)]


def test_properties_are_carried(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user), "-V", "mqttv5", "-t", topic]
    with Subscriber(*common, "-F", "%j") as subscriber:
        publish(*common, "-m", "x", "-D", "publish", "user-property", "room", "study", "-D", "publish", "content-type", "text/plain")
    carried = json.loads(subscriber.lines[0])["properties"]
    assert carried["content-type"] == "text/plain"
    assert "study" in json.dumps(carried["user-properties"])


def test_request_and_response(server, user, topic):
    common = [*at(server.mqtt), *signed_in(user), "-V", "mqttv5"]
    with Subscriber(*common, "-t", topic + "/question", "-F", "%R %D") as responder:
        asker = subprocess.Popen(
            ["mosquitto_rr", *common, "-t", topic + "/question", "-e", topic + "/answer", "-m", "?", "-W", str(DEADLINE_S)],
            stdout=subprocess.PIPE, text=True,
        )
    assert responder.lines and responder.lines[0].startswith(topic + "/answer")
    publish(*common, "-t", topic + "/answer", "-m", "42")
    assert asker.communicate(timeout=DEADLINE_S)[0].strip() == "42"


def test_tls_with_the_servers_ca_file(server, user, topic):
    common = [*at(server.mqtts), *signed_in(user), "--cafile", server.ca_file, "-t", topic, "-q", "1"]
    with Subscriber(*common) as subscriber:
        publish(*common, "-m", "over tls")
    assert subscriber.lines == ["over tls"]


def test_tls_by_name(server, user, topic):
    common = ["-h", "localhost", "-p", str(server.mqtts.port), *signed_in(user), "--cafile", server.ca_file, "-t", topic, "-q", "1"]
    publish(*common, "-m", "the certificate carries the name localhost")


def test_a_client_without_the_ca_refuses_the_server(server, user, topic):
    run("mosquitto_pub", *at(server.mqtts), *signed_in(user), "--tls-use-os-certs", "-t", topic, "-m", "x", succeeds=False)


def test_a_wrong_password_is_told(server, user, topic):
    output = run("mosquitto_pub", *at(server.mqtt), "-u", user[0], "-P", "wrong", "-t", topic, "-m", "x", succeeds=False)
    assert "Connection Refused" in output or "not authori" in output.lower(), output


# --- as a device -----------------------------------------------------------------------------------------------------


def as_device(device: Device, password: bool = True) -> list[str]:
    login = iot_hmac(device.product_id, device.name, device.secret, "hmacsha1")
    secret = ["-P", login["password"]] if password else []
    return ["-i", login["clientid"], "-u", login["username"], *secret]


def with_psk(device: Device) -> list[str]:
    return ["--psk", base64.b64decode(device.secret).hex(), "--psk-identity", device.client_id]


def report(token: str) -> str:
    return json.dumps({"method": "report", "clientToken": token, "params": {"power_switch": 1, "brightness": 42}})


def reports_and_is_stored(server, device: Device, transport: list[str], password: bool) -> None:
    """A device publishes one report over the transport; the value must be there afterwards."""
    publish(
        *transport, *as_device(device, password), "-t", device.topic("$thing/up/property"), "-q", "1", "-m", report("t-1")
    )
    deadline = time.monotonic() + DEADLINE_S
    while "brightness" not in server.admin.properties(device) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.admin.properties(device)["brightness"]["value"] == 42


def test_device_over_tcp(server, lamp):
    reports_and_is_stored(server, lamp, at(server.mqtt), password=True)


def test_device_over_tls_with_password(server, lamp):
    reports_and_is_stored(server, lamp, [*at(server.mqtts), "--cafile", server.ca_file], password=True)


@pytest.mark.parametrize(
    "ciphers",
    [[], ["--ciphers", "PSK-AES128-CBC-SHA"], ["--ciphers", "PSK-AES256-CBC-SHA"], ["--ciphers", "PSK-AES128-GCM-SHA256"]],
    ids=["default", "aes128-cbc-sha", "aes256-cbc-sha", "aes128-gcm"],
)
@pytest.mark.parametrize("tls", [[], ["--tls-version", "tlsv1.2"]], ids=["any", "1.2"])
def test_device_over_psk_without_password(server, lamp, ciphers, tls):
    reports_and_is_stored(server, lamp, [*at(server.mqtts), *with_psk(lamp), *ciphers, *tls], password=False)


def test_a_wrong_psk_is_refused(server, lamp):
    wrong = ["--psk", "00" * 16, "--psk-identity", lamp.client_id]
    arguments = [*at(server.mqtts), *wrong, *as_device(lamp, password=False)]
    run("mosquitto_pub", *arguments, "-t", lamp.topic("$thing/up/property"), "-m", report("t"), succeeds=False)


def test_the_psk_of_one_device_does_not_open_another(server, lamp, admin):
    other = admin.create_device(lamp.product_id, lamp.name + "b")
    arguments = [*at(server.mqtts), *with_psk(lamp), *as_device(other, password=False)]
    run("mosquitto_pub", *arguments, "-t", other.topic("$thing/up/property"), "-m", report("t"), succeeds=False)


@pytest.fixture
def certificate(server, lamp, tmp_path):
    """mosquitto options for a client certificate that the platform issued for the lamp."""
    issued = server.admin.post(f"{lamp.path}/certificate", {})
    (tmp_path / "device.pem").write_text(issued["certificate"])
    (tmp_path / "device.key").write_text(issued["private_key"])
    return ["--cafile", server.ca_file, "--cert", str(tmp_path / "device.pem"), "--key", str(tmp_path / "device.key")]


def test_device_with_a_client_certificate_needs_no_password(server, lamp, certificate):
    reports_and_is_stored(server, lamp, [*at(server.mqtts), *certificate], password=False)


def test_a_client_certificate_opens_to_a_device_that_knows_only_rsa(server, lamp, certificate):
    rsa_only = ["--tls-version", "tlsv1.2", "--ciphers", "ECDHE-RSA-AES256-GCM-SHA384"]
    reports_and_is_stored(server, lamp, [*at(server.mqtts), *certificate, *rsa_only], password=False)


def test_a_revoked_certificate_is_refused_without_a_restart(server, lamp, certificate):
    server.admin.delete(f"{lamp.path}/certificate")
    arguments = [*at(server.mqtts), *certificate, *as_device(lamp, password=False)]
    run("mosquitto_pub", *arguments, "-t", lamp.topic("$thing/up/property"), "-m", report("t"), succeeds=False)


def test_a_device_sees_its_answer_and_only_its_own_topics(server, lamp, admin):
    other = admin.create_device(lamp.product_id, lamp.name + "b")
    listening = [*at(server.mqtt), *as_device(lamp)]
    with Subscriber(*listening, "-t", other.topic("$thing/down/property"), "-t", lamp.topic("$thing/down/property")) as subscriber:
        assert subscriber.granted() == "128, 0"
        admin.post(f"{lamp.path}/control", {"params": {"brightness": 7}})
    control = json.loads(subscriber.lines[0])
    assert (control["method"], control["params"]) == ("control", {"brightness": 7})
    assert control["clientToken"]


def test_qos_2_is_granted_as_1_to_a_device(server, lamp):
    with Subscriber(*at(server.mqtt), *as_device(lamp), "-t", lamp.topic("$thing/down/property"), "-q", "2") as subscriber:
        assert subscriber.granted() == "1"
        server.admin.post(f"{lamp.path}/control", {"params": {"brightness": 7}})


def test_custom_topics_echo_within_permission(server, lamp):
    data = f"{lamp.product_id}/{lamp.name}/data"
    session = [*at(server.mqtt), *as_device(lamp)]
    done = subprocess.run(
        ["mosquitto_rr", *session, "-t", data, "-e", data, "-m", '{"action":"publish_test","count":"0"}', "-W", str(DEADLINE_S)],
        capture_output=True, text=True, timeout=DEADLINE_S + 5,
    )
    assert done.stdout.strip() == '{"action":"publish_test","count":"0"}', done.stderr
