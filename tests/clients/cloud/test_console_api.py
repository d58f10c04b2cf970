"""The console's API against its own description: requests made up from it by schemathesis never break the server, and every
answer has a status, a content type and a form that are described.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console import Console
from home import fresh, make_home
from server_process import Server

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
EXAMPLES = 6
SEED = 20261121


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of its own, because what is made up also deletes."""
    running = Server(tmp_path_factory.mktemp("console") / "data")
    yield running
    assert running.is_running(), running.output()
    running.stop()
    assert "panicked" not in running.output(), running.output()


@pytest.fixture(scope="module")
def console(own) -> Console:
    return Console.of(own)


@pytest.fixture(scope="module")
def objects(own, console) -> dict:
    """Things that exist, by the name of the member that names them; several, because some of them will be deleted."""
    homes = [make_home(console, own) for _ in range(5)]
    devices = [(each.product, each.device().name) for each in homes for _ in range(3)]
    batches = [each.batch(1) for each in homes]
    return {
        "ProjectId": [each.project for each in homes], "ProductId": [product for product, _ in devices],
        "DeviceName": [name for _, name in devices], "DeviceNames": [name for _, name in devices],
        "InstanceId": ["iot-public01"], "BatchProductionId": batches, "FieldName": ["brightness", "power_switch"],
        "ActionId": ["light_blink"], "Data": [json.dumps({"brightness": 5})], "InputParams": [json.dumps({"period": 5})],
    }


def test_the_same_operations_without_signatures_and_with_status_codes(console):
    project = console.call("CreateProject", {"ProjectName": fresh("console"), "ProjectDesc": ""})["Project"]["ProjectId"]
    assert console.call("DescribeProject", {"ProjectId": project})["Project"]["ProductCount"] == 0
    console.call("DeleteProject", {"ProjectId": project})
    for status, code, asked in (
        (404, "ResourceNotFound.ProjectNotExist", ("DescribeProject", {"ProjectId": project})),
        (400, "MissingParameter", ("DescribeProject", {})),
        (400, "InvalidParameter", ("DescribeProject", [])),
        (404, "InvalidAction", ("DescribeEverything", {})),
    ):
        found, answer = console.ask(*asked)
        assert (found, answer["Error"]["Code"]) == (status, code) and answer["RequestId"] and answer["Error"]["Message"]


def test_nothing_is_told_without_a_token(console):
    for authorization in ("", "Bearer wrong", "Basic cm9vdDpyb290"):
        status, answer = console.ask("GetProjectList", {}, Authorization=authorization)
        assert (status, answer["Error"]["Code"]) == (401, "AuthFailure.InvalidAuthorization")


def test_made_up_requests_are_answered_as_described(console, objects, tmp_path):
    address = f"http://{console.address.host}:{console.address.port}"
    command = [
        str(SCHEMATHESIS), "run", f"{address}/api/v1/openapi.json", "--header", f"Authorization: Bearer {console.token}",
        "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--workers", "2",
        "--max-examples", str(EXAMPLES), "--seed", str(SEED),
        "--request-timeout", "30", "--suppress-health-check", "all", "--generation-database", "none", "--no-color",
    ]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "console_hooks", "PYTHONPATH": str(HERE), "CONSOLE_OBJECTS": json.dumps(objects),
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
