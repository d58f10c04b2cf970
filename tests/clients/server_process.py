"""A real Yizhan server for the client tests: one process, its own data directory, free loopback ports.

The tests drive it as an operator would (the administration socket) and as devices and users do (every listener).
Nothing here knows how the server works inside. Name of the executable: environment variable YIZHAN_BIN.
"""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LISTENERS = ("mqtt", "mqtts", "http", "https")
READY_WITHIN_S = 30
STOPPED_WITHIN_S = 30


def server_binary() -> pathlib.Path:
    named = os.environ.get("YIZHAN_BIN")
    if named:
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return target / "debug" / "yizhan"


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        host, _, port = text.rpartition(":")
        return cls(host, int(port))


@dataclass(frozen=True)
class Device:
    """What a device knows about itself."""

    product_id: str
    name: str
    secret: str

    @property
    def client_id(self) -> str:
        return self.product_id + self.name

    @property
    def path(self) -> str:
        return f"/products/{self.product_id}/devices/{self.name}"

    def topic(self, prefix: str) -> str:
        return f"{prefix}/{self.product_id}/{self.name}"


class AdminError(Exception):
    def __init__(self, status: int, body: object):
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Admin:
    """The internal HTTP surface over the administration socket."""

    def __init__(self, socket_path: pathlib.Path):
        self._socket_path = str(socket_path)

    def request(self, method: str, path: str, body: object = None, timeout: float = 30) -> object:
        connection = _UnixConnection(self._socket_path, timeout)
        try:
            text = None if body is None else json.dumps(body)
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, "/internal/v1" + path, text, headers)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        answer = json.loads(raw) if raw else None
        if not 200 <= response.status < 300:
            raise AdminError(response.status, answer)
        return answer

    def operate(self, operation: str, body: object) -> tuple[int, dict]:
        """An operation of the console's surface: the status and the answer."""
        connection = _UnixConnection(self._socket_path, 90)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/api/v1/{operation}", json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def get(self, path: str) -> object:
        return self.request("GET", path)

    def post(self, path: str, body: object) -> object:
        return self.request("POST", path, body)

    def delete(self, path: str) -> object:
        return self.request("DELETE", path)

    def create_product(self, product_id: str, **fields: object) -> dict:
        return self.post("/products", {"id": product_id, "name": product_id, **fields})

    def create_device(self, product_id: str, name: str) -> Device:
        answer = self.post(f"/products/{product_id}/devices", {"names": [name]})
        created = answer["devices"][0]
        return Device(created["product_id"], created["name"], created["secret"])

    def create_user(self, name: str, **filters: list[str]) -> tuple[str, str]:
        answer = self.post("/mqtt-users", {"name": name, **filters})
        return answer["name"], answer["password"]

    def properties(self, device: Device) -> dict:
        return self.get(f"{device.path}/properties")["properties"]

    def log(self, device: Device, kind: str) -> list[dict]:
        return self.get(f"{device.path}/logs/{kind}")["entries"]


class Server:
    """One server process. `stop`, `kill` and `start` may follow one another; the data directory stays."""

    def __init__(self, data: pathlib.Path, *arguments: str, addresses: dict[str, str] | None = None):
        self.data = data
        self._arguments = arguments
        self._addresses = addresses or {}
        self._process: subprocess.Popen | None = None
        self._output = data.parent / f"{data.name}.log"
        self.admin = Admin(data / "run" / "admin.sock")
        self.start()

    def start(self, same_ports: bool = False) -> None:
        if same_ports:
            self._addresses = {name: f"{at.host}:{at.port}" for name, at in self._listening.items()}
        command = [str(server_binary()), "serve", "--data", str(self.data)]
        for name in LISTENERS:
            command += [f"--{name}", self._addresses.get(name, "127.0.0.1:0")]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *self._arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        ready_file = self.data / "run" / "listeners.json"
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"the server ended with {self._process.returncode}:\n{self.output()}")
            try:
                listening = json.loads(ready_file.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                listening = {}
            if listening.get("pid") == self._process.pid:
                self._listening = {name: Address.parse(listening[name]) for name in LISTENERS}
                return
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"the server was not ready within {READY_WITHIN_S} s:\n{self.output()}")

    @property
    def mqtt(self) -> Address:
        return self._listening["mqtt"]

    @property
    def mqtts(self) -> Address:
        return self._listening["mqtts"]

    @property
    def http(self) -> Address:
        return self._listening["http"]

    @property
    def https(self) -> Address:
        return self._listening["https"]

    @property
    def ca_file(self) -> str:
        return str(self.data / "ca.pem")

    def output(self) -> str:
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def open_descriptors(self) -> int:
        return len(list(pathlib.Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """An orderly stop; it must end with status 0 in time."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not stop the server:\n{self.output()}") from None
        assert status == 0, f"the server ended with {status} after SIGTERM:\n{self.output()}"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
