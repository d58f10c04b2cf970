"""Fixtures: one server for the whole run, throw-away servers for tests that restart one, and a lamp product."""

from __future__ import annotations

import itertools
import json
import pathlib

import pytest

from server_process import Admin, Device, Server

HERE = pathlib.Path(__file__).parent
LAMP_MODEL = json.loads((HERE / "lamp_model.json").read_text())
LAMP = "LAMPPROD01"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The shared server. Tests keep out of each other's way by using their own devices, users and topics."""
    running = Server(tmp_path_factory.mktemp("shared") / "data")
    running.admin.create_product(LAMP, model=LAMP_MODEL)
    yield running
    alive = running.is_running()
    running.stop()
    output = running.output()
    assert alive, f"the server died during the tests:\n{output}"
    assert "panicked" not in output, output


@pytest.fixture
def own_server(tmp_path):
    """A server of the test's own, to be stopped, killed and started again."""
    running = Server(tmp_path / "data")
    yield running
    running.kill()


@pytest.fixture(scope="session")
def admin(server) -> Admin:
    return server.admin


_numbers = itertools.count(1)


@pytest.fixture
def lamp(admin) -> Device:
    """A new device of the lamp product."""
    return admin.create_device(LAMP, f"lamp{next(_numbers)}")


@pytest.fixture
def user(admin) -> tuple[str, str]:
    """A new ordinary MQTT user: name and password."""
    return admin.create_user(f"user{next(_numbers)}")


@pytest.fixture
def topic(request) -> str:
    """A topic that no other test uses."""
    return f"clients/{next(_numbers)}/{request.node.originalname}"
