"""The life of a product, walked with the vendor's command line `tccli`, which only gets another `--endpoint`.

The keys come through the environment variables that it reads, the version of the video service through `--version`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from home import LAMP_MODEL, fresh
from lamp import OUTPUT, Lamp
from vendor_cloud import REGION, VERSIONS, Cloud, eventually

TCCLI = Path(sys.executable).parent / "tccli"


class Refused(Exception):
    """What tccli says when the server answers with an error."""

    def __init__(self, printed: str):
        super().__init__(printed)
        found = re.search(r"code:(\S+) message:(.*) requestId:(\S+)", printed, re.DOTALL)
        assert found, f"tccli did not understand the answer: {printed}"
        self.code, self.message, self.request_id = found.groups()


class CommandLine:
    def __init__(self, cloud: Cloud, home: Path):
        self._cloud = cloud
        # A home of its own, so that no configuration of this machine's user is read or written.
        self._environment = {
            **os.environ, "HOME": str(home), "TENCENTCLOUD_REGION": REGION,
            "TENCENTCLOUD_SECRET_ID": cloud.key.secret_id, "TENCENTCLOUD_SECRET_KEY": cloud.key.secret_key,
        }

    def __call__(self, action: str, *arguments: str, service: str = "iotexplorer", **members: object) -> dict:
        """Runs one action; what is not given as a member goes into the command line as it stands."""
        command = [str(TCCLI), service, action, "--endpoint", f"http://{self._cloud.endpoint}", "--version", VERSIONS[service]]
        command += arguments
        for name, value in members.items():
            command += ["--" + name, value if isinstance(value, str) else json.dumps(value)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Refused(done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        assert answer.pop("RequestId")
        return answer


@pytest.fixture(scope="module")
def tccli(cloud, tmp_path_factory) -> CommandLine:
    return CommandLine(cloud, tmp_path_factory.mktemp("tccli"))


def test_a_whole_life(tccli, server):
    began_ms = int(time.time() * 1000) - 60_000

    project = tccli("CreateProject", ProjectName=fresh("life"), ProjectDesc="a walk")["Project"]["ProjectId"]
    product = tccli(
        "CreateStudioProduct", ProjectId=project, ProductName=fresh("lamps"), ProductDesc="", CategoryId=1, ProductType=0,
        EncryptionType="2", NetType="wifi", DataProtocol=1,
    )["Product"]["ProductId"]
    tccli("ModifyModelDefinition", ProductId=product, ModelSchema=json.dumps(LAMP_MODEL))
    model = json.loads(tccli("DescribeModelDefinition", ProductId=product)["Model"]["ModelDefine"])
    assert [each["id"] for each in model["actions"]] == ["light_blink"]
    psk = tccli("CreateDevice", ProductId=product, DeviceName="hall")["Data"]["DevicePsk"]
    hall = {"ProductId": product, "DeviceName": "hall"}
    topic = f"{product}/${{deviceName}}/greetings"
    tccli("CreateTopicPolicy", ProductId=product, TopicName=topic, Privilege=3)
    assert {"TopicName": topic, "Privilege": 3} in tccli("ListTopicPolicy", ProductId=product)["Topics"]

    with Lamp(product, "hall", psk).start(server.mqtt) as lamp:
        lamp.report(brightness=42)
        listed = tccli("GetDeviceList", ProductId=product, Offset=0, Limit=10)
        assert [(each["DeviceName"], each["Status"]) for each in listed["Devices"]] == [("hall", 1)]
        assert json.loads(tccli("DescribeDeviceData", **hall)["Data"])["brightness"]["Value"] == 42

        told = json.loads(tccli("ControlDeviceData", **hall, Data='{"power_switch":1}')["Result"])
        assert told == {"Sent": 1, "pushResult": 0} and lamp.next()[1]["params"] == {"power_switch": 1}
        called = tccli("CallDeviceActionSync", **hall, ActionId="light_blink", InputParams='{"period":3}')
        assert json.loads(called["OutputParams"]) == OUTPUT and lamp.next()[1]["actionId"] == "light_blink"
        sent = tccli("CallDeviceActionAsync", **hall, ActionId="light_blink", InputParams='{"period":4}')
        assert lamp.next()[1]["clientToken"] == sent["ClientToken"]
        own = topic.replace("${deviceName}", "hall")
        assert lamp.client.subscribe(own, 1) == 1
        tccli("PublishMessage", **hall, Topic=own, Payload="good morning", Qos=1)
        assert lamp.next() == (own, b"good morning")

        lamp.post_event("low_voltage", "alert", voltage=3.1)
        between = {"MinTime": began_ms, "MaxTime": int(time.time() * 1000) + 60_000}
        history = tccli("DescribeDeviceDataHistory", **hall, **between, FieldName="brightness")
        assert [each["Value"] for each in history["Results"]] == ["42"]
        events = tccli("ListEventHistory", **hall, Type="alert")["EventHistory"]
        assert [each["EventId"] for each in events] == ["low_voltage"]
        came = tccli("DescribeDeviceStatusLog", service="iotvideo", **hall, **between)["Results"]
        assert [each["Type"] for each in came] == ["Online"]
        said = tccli("DescribeDeviceCommLog", service="iotvideo", **hall, **between, Type="device")["Results"]
        assert any("low_voltage" in each["Data"] for each in said)

        register = tccli("ModifyProductDynamicRegister", ProductId=product, RegisterType=1, RegisterLimit=5)
        assert register["RegisterType"] == 1 and register["ProductSecret"]
        # Lists can be written member by member, or as JSON, as further down.
        tccli(
            "UpdateDevicesEnableState", "--cli-unfold-argument", "--DevicesItems.0.ProductId", product,
            "--DevicesItems.0.DeviceName", "hall", Status=0,
        )
        lamp.client.disconnects.get(timeout=10)
    with Lamp(product, "hall", psk) as lamp:
        assert lamp.knock(server.mqtt) != 0

    with pytest.raises(Refused) as refused:
        tccli("DeleteStudioProduct", ProductId=product)
    assert refused.value.code == "UnsupportedOperation.DevicesExistUnderProduct" and refused.value.message
    assert tccli("DeleteDevices", DevicesItems=[hall]) == {"ResultCode": "", "ResultMessage": ""}
    tccli("DeleteStudioProduct", ProductId=product)
    tccli("DeleteProject", ProjectId=project)
    with pytest.raises(Refused) as refused:
        tccli("DescribeProject", ProjectId=project)
    assert refused.value.code == "ResourceNotFound.ProjectNotExist"

