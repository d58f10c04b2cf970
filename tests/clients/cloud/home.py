"""What a scenario of the management API starts from: a key made by the operator, a project with a product of lamps, devices."""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass

from lamp import Lamp
from server_process import REPOSITORY, Server, server_binary
from vendor_cloud import Cloud, Key, eventually

LAMP_MODEL = json.loads((REPOSITORY / "tests/clients/lamp_model.json").read_text())
CUSTOM_CATEGORY, PSK, WIFI, THING_MODEL = 1, "2", "wifi", 1
BATCH_DONE = 3
PRODUCT = {
    "CategoryId": CUSTOM_CATEGORY, "ProductType": 0, "EncryptionType": PSK, "NetType": WIFI, "DataProtocol": THING_MODEL,
    "ProductDesc": "made by a test",
}

_numbers = itertools.count(1)


def fresh(prefix: str) -> str:
    """A name that nothing else in this run has."""
    return f"{prefix}{next(_numbers)}"


def administer(server: Server, *arguments: str) -> dict:
    """Runs `yizhan admin` against the server, as its operator does, and returns the JSON that it prints."""
    command = [str(server_binary()), "admin", "--data", str(server.data), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else {}


def new_key(server: Server, account: str = "root") -> Key:
    made = administer(server, "key", "create", account)
    return Key(made["secret_id"], made["secret_key"])


@dataclass(frozen=True)
class Home:
    """A project with a product of lamps, made through the API for one test."""

    cloud: Cloud
    server: Server
    project: str
    product: str

    def device(self, name: str | None = None) -> Lamp:
        name = name or fresh("lamp")
        made = self.cloud.call("CreateDevice", {"ProductId": self.product, "DeviceName": name})["Data"]
        return Lamp(self.product, name, made["DevicePsk"])

    def living(self) -> Lamp:
        """A device that is connected. Use as a context manager."""
        return self.device().start(self.server.mqtt)

    def batch(self, count: int) -> str:
        """Has devices made for a factory, which takes a released product, and waits for them. Returns the batch's id."""
        self.cloud.call("ReleaseStudioProduct", {"ProductId": self.product, "DevStatus": "released"})
        members = {"ProjectId": self.project, "ProductId": self.product, "BurnMethod": 0, "GenerationMethod": 0, "BatchCnt": count}
        batch = self.cloud.call("CreateBatchProduction", members)["BatchProductionId"]
        address = {"ProductId": self.product, "BatchProductionId": batch}
        eventually(lambda: self.cloud.call("DescribeBatchProduction", address)["Status"] == BATCH_DONE, "the batch is done")
        return batch

    @staticmethod
    def address(lamp: Lamp) -> dict:
        return {"ProductId": lamp.product_id, "DeviceName": lamp.name}


def make_home(cloud: Cloud, server: Server, **product) -> Home:
    project = cloud.call("CreateProject", {"ProjectName": fresh("project"), "ProjectDesc": "made by a test"})
    project_id = project["Project"]["ProjectId"]
    members = {"ProductName": fresh("lamps"), "ProjectId": project_id, **PRODUCT, **product}
    product_id = cloud.call("CreateStudioProduct", members)["Product"]["ProductId"]
    cloud.call("ModifyModelDefinition", {"ProductId": product_id, "ModelSchema": json.dumps(LAMP_MODEL)})
    return Home(cloud, server, project_id, product_id)
