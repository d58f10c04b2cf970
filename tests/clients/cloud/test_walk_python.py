"""The life of a product, from its project to its end, walked with the vendor's Python SDK.

Nothing of the SDK is changed; a program that manages devices in the vendor's cloud does the same calls with another endpoint.
"""

from __future__ import annotations

import base64
import json
import time
from types import SimpleNamespace

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from home import LAMP_MODEL, PRODUCT, fresh, make_home
from lamp import CALL_ANSWER, OUTPUT, Lamp
from test_registration import decrypt, register_new
from vendor_cloud import HMAC_SHA1, MANNERS, TC3, eventually

OFFLINE, ONLINE, NEVER_ACTIVATED = 0, 1, 3
DISABLED, ENABLED = 0, 1


def refused_with(call, **members) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        call(**members)
    return refused.value.get_code()


def now_ms() -> int:
    return int(time.time() * 1000)


def test_a_whole_life(cloud, server):
    sdk, logs = cloud.typed(), cloud.typed_video()
    began_ms = now_ms() - 60_000

    # A project and a product with a model.
    project = sdk.CreateProject(ProjectName=fresh("life"), ProjectDesc="a walk").Project
    assert project.ProjectId.startswith("prj-") and abs(project.CreateTime - time.time()) < 60
    renamed = sdk.ModifyProject(ProjectId=project.ProjectId, ProjectName=fresh("renamed"), ProjectDesc="").Project
    listed = sdk.GetProjectList(Offset=0, Limit=100)
    assert listed.Total >= 1 and renamed.ProjectName in [each.ProjectName for each in listed.Projects]
    product = sdk.CreateStudioProduct(ProductName=fresh("lamps"), ProjectId=project.ProjectId, **PRODUCT).Product
    assert (product.DevStatus, product.NetType, product.ProjectId) == ("dev", "wifi", project.ProjectId)
    sdk.ModifyModelDefinition(ProductId=product.ProductId, ModelSchema=json.dumps(LAMP_MODEL))
    model = json.loads(sdk.DescribeModelDefinition(ProductId=product.ProductId).Model.ModelDefine)
    assert [each["id"] for each in model["properties"]] == [each["id"] for each in LAMP_MODEL["properties"]]
    assert sdk.DescribeProject(ProjectId=project.ProjectId).Project.ProductCount == 1

    # Two devices; one never comes.
    made = sdk.CreateDevice(ProductId=product.ProductId, DeviceName="hall").Data
    sdk.CreateDevice(ProductId=product.ProductId, DeviceName="cellar")
    hall = {"ProductId": product.ProductId, "DeviceName": "hall"}
    found = sdk.GetDeviceList(ProductId=product.ProductId, DeviceName="hal", Offset=0, Limit=10)
    assert (found.Total, found.Devices[0].DeviceName, found.Devices[0].Status) == (1, "hall", NEVER_ACTIVATED)
    assert sdk.DescribeDevice(**hall).Device.DevicePsk == made.DevicePsk

    with Lamp(product.ProductId, "hall", made.DevicePsk).start(server.mqtt) as lamp:
        device = sdk.DescribeDevice(**hall).Device
        assert (device.Status, device.EnableState) == (ONLINE, ENABLED)
        assert abs(device.FirstOnlineTime - time.time()) < 60 and device.LoginTime >= device.FirstOnlineTime

        # It reports, and is read.
        lamp.report(power_switch=0, brightness=41)
        lamp.report(brightness=42)
        data = json.loads(sdk.DescribeDeviceData(**hall).Data)
        assert data["brightness"]["Value"] == 42 and abs(data["brightness"]["LastUpdate"] - now_ms()) < 60_000

        # It is controlled, and does what it is told.
        told = json.loads(sdk.ControlDeviceData(**hall, Data=json.dumps({"power_switch": 1})).Result)
        assert told == {"Sent": 1, "pushResult": 0}
        topic, command = lamp.next()
        assert topic == f"$thing/down/property/{product.ProductId}/hall" and command["params"] == {"power_switch": 1}
        eventually(lambda: json.loads(sdk.DescribeDeviceData(**hall).Data)["power_switch"]["Value"] == 1, "the lamp is on")

        # Its action is called, with and without waiting.
        called = sdk.CallDeviceActionSync(**hall, ActionId="light_blink", InputParams=json.dumps({"period": 3}))
        assert (json.loads(called.OutputParams), called.Status) == (OUTPUT, "succ")
        assert lamp.next()[1]["params"] == {"period": 3}
        sent = sdk.CallDeviceActionAsync(**hall, ActionId="light_blink", InputParams=json.dumps({"period": 4}))
        assert lamp.next()[1]["clientToken"] == sent.ClientToken

        # History, events and logs.
        lamp.post_event("low_voltage", "alert", voltage=3.1)
        until_ms = now_ms() + 60_000
        between = {"MinTime": began_ms, "MaxTime": until_ms}
        history = sdk.DescribeDeviceDataHistory(**hall, **between, FieldName="brightness", Limit=10)
        assert (history.FieldName, history.Listover) == ("brightness", True)
        assert sorted(each.Value for each in history.Results) == ["41", "42"]
        events = sdk.ListEventHistory(**hall, Type="alert", StartTime=began_ms // 1000, EndTime=until_ms // 1000, Size=10)
        assert [(each.EventId, json.loads(each.Data)) for each in events.EventHistory] == [("low_voltage", {"voltage": 3.1})]
        status_log = logs.DescribeDeviceStatusLog(**hall, **between, Limit=10)
        assert [each.Type for each in status_log.Results] == ["Online"]
        up = logs.DescribeDeviceCommLog(**hall, **between, Limit=100, Type="device").Results
        down = logs.DescribeDeviceCommLog(**hall, **between, Limit=100, Type="shadow").Results
        assert any("low_voltage" in each.Data for each in up) and any("light_blink" in each.Data for each in down)
        assert sdk.GetDeviceSumStatistics(ProjectId=project.ProjectId).ActivationCount == 1

        # It is disabled: thrown out, and not let in again until it is enabled.
        sdk.UpdateDevicesEnableState(DevicesItems=[hall], Status=DISABLED)
        lamp.client.disconnects.get(timeout=10)
    assert sdk.DescribeDevice(**hall).Device.EnableState == DISABLED
    with Lamp(product.ProductId, "hall", made.DevicePsk) as lamp:
        assert lamp.knock(server.mqtt) != 0
    sdk.UpdateDevicesEnableState(DevicesItems=[hall], Status=ENABLED)
    with Lamp(product.ProductId, "hall", made.DevicePsk) as lamp:
        assert lamp.knock(server.mqtt) == 0
    told = json.loads(sdk.ControlDeviceData(**hall, Data=json.dumps({"power_switch": 0})).Result)
    assert told == {"Sent": 0, "pushResult": 23101}, "the lamp is away"

    # Nothing goes before what it holds.
    assert refused_with(sdk.DeleteProject, ProjectId=project.ProjectId) == "UnsupportedOperation.ProductExistUnderProject"
    assert refused_with(sdk.DeleteStudioProduct, ProductId=product.ProductId) == "UnsupportedOperation.DevicesExistUnderProduct"
    one = sdk.DeleteDevice(**hall)
    assert (one.ResultCode, one.ResultMessage) == ("", "")
    many = sdk.DeleteDevices(DevicesItems=[{"ProductId": product.ProductId, "DeviceName": "cellar"}])
    assert (many.ResultCode, many.ResultMessage) == ("", "")
    sdk.DeleteStudioProduct(ProductId=product.ProductId)
    sdk.DeleteProject(ProjectId=project.ProjectId)
    assert refused_with(sdk.DescribeDevice, **hall).startswith("ResourceNotFound.")
    assert refused_with(sdk.DescribeProject, ProjectId=project.ProjectId) == "ResourceNotFound.ProjectNotExist"


@pytest.mark.parametrize("sign,method", MANNERS)
def test_every_manner_of_signing_and_sending(cloud, home, sign, method):
    sdk = cloud.using(sign=sign, method=method).typed()
    name = fresh("device")
    sdk.CreateDevice(ProductId=home.product, DeviceName=name)
    items = [{"ProductId": home.product, "DeviceName": name}]
    sdk.UpdateDevicesEnableState(DevicesItems=items, Status=DISABLED)
    device = sdk.DescribeDevice(ProductId=home.product, DeviceName=name).Device
    assert (device.DeviceName, device.EnableState, device.ProductId) == (name, DISABLED, home.product)
    # Text of any script and marks that mean something in a URL survive the signature.
    described = "灯 & lamp? a=b+c%20;/\"'"
    changed = sdk.ModifyStudioProduct(ProductId=home.product, ProductName=fresh("灯"), ProductDesc=described, ModuleId=0)
    assert changed.Product.ProductDesc == described
    sdk.DeleteDevices(DevicesItems=items)
    assert refused_with(sdk.DescribeDevice, **items[0]) == "ResourceNotFound.DeviceNotExist"


@pytest.mark.parametrize("sign,method", [(TC3, "POST"), (HMAC_SHA1, "GET")])
def test_over_tls(cloud, home, server, sign, method):
    sdk = cloud.using(address=server.https, authority=server.ca_file, sign=sign, method=method).typed()
    assert sdk.DescribeStudioProduct(ProductId=home.product).Product.ProductId == home.product


def test_the_untyped_client_reaches_every_service(cloud, home):
    name = fresh("device")
    cloud.call("CreateDevice", {"ProductId": home.product, "DeviceName": name})
    address = {"ProductId": home.product, "DeviceName": name}
    assert cloud.call("DescribeDevice", address)["Device"]["DeviceName"] == name
    cloud.call("ModifyDeviceLogLevel", {**address, "LogLevel": 3}, service="iotvideo")
    assert cloud.call("DescribeDevice", address)["Device"]["LogLevel"] == 3
    cloud.call("UpdateDeviceLogLevel", {**address, "LogLevel": 1}, service="iotcloud")
    assert cloud.call("DescribeDevice", address)["Device"]["LogLevel"] == 1
    # The older version of the video service has the same operations.
    cloud.call("ModifyDeviceLogLevel", {**address, "LogLevel": 2}, service="iotvideo", version="2020-12-15")
    assert cloud.call("DescribeDevice", address)["Device"]["LogLevel"] == 2


def test_a_topic_of_ones_own(cloud, home):
    sdk = cloud.typed()
    topics = lambda: {each.TopicName: each.Privilege for each in sdk.ListTopicPolicy(ProductId=home.product).Topics}
    own = f"{home.product}/${{deviceName}}/greetings"
    sdk.CreateTopicPolicy(ProductId=home.product, TopicName=own, Privilege=3)
    assert topics()[own] == 3
    with home.living() as lamp:
        concrete = own.replace("${deviceName}", lamp.name)
        assert lamp.client.subscribe(concrete, 1) == 1
        subscribed = sdk.DescribeSubscribedTopicPolicy(**home.address(lamp)).Topics
        assert concrete in [each.TopicName for each in subscribed]
        sdk.PublishMessage(**home.address(lamp), Topic=concrete, Payload="good morning", Qos=1)
        assert lamp.next() == (concrete, b"good morning")
        sdk.PublishMessage(**home.address(lamp), Topic=concrete, Payload="AAH/", Qos=1, PayloadEncoding="base64")
        assert lamp.next() == (concrete, b"\x00\x01\xff")
        sent = sdk.BatchPublishMessage(ProductId=home.product, DeviceNames=[lamp.name, "nobody"], Topic=own, Payload="all", Qos=1)
        assert (sent.Total, sent.SuccessCount, [each.DeviceName for each in sent.Failures]) == (2, 1, ["nobody"])
        assert lamp.next() == (concrete, b"all")
    sdk.ModifyTopicPolicy(ProductId=home.product, TopicName=own, NewTopicName=own + "/new", Privilege=1)
    one = sdk.DescribeTopicPolicy(ProductId=home.product, TopicName=own + "/new")
    assert (one.TopicName, one.Privilege) == (own + "/new", 1)
    sdk.DeleteTopicPolicy(ProductId=home.product, TopicName=own + "/new")
    assert own not in topics() and own + "/new" not in topics()


def test_an_action_is_refused_when_the_device_is_away_and_when_it_stays_silent(cloud, home):
    sdk = cloud.typed()
    blink = {"ActionId": "light_blink", "InputParams": json.dumps({"period": 1})}
    away = home.device()
    assert refused_with(sdk.CallDeviceActionSync, **home.address(away), **blink) == "FailedOperation.ActionUnreachable"
    with home.living() as lamp:
        lamp.silent = True
        assert refused_with(sdk.CallDeviceActionSync, **home.address(lamp), **blink) == "FailedOperation.Timeout"
        unknown = {**blink, "ActionId": "dance"}
        refusal = refused_with(sdk.CallDeviceActionSync, **home.address(lamp), **unknown)
        assert refusal == "InvalidParameterValue.ActionNilOrNotExist"
        wrong = {**blink, "InputParams": json.dumps({"period": "long"})}
        assert refused_with(sdk.CallDeviceActionSync, **home.address(lamp), **wrong) == "InvalidParameter.ActionInputParamsInvalid"


def test_a_device_answers_calls_that_its_model_does_not_know(cloud, home):
    sdk = cloud.typed()
    with home.living() as lamp:
        own = f"{home.product}/{lamp.name}/data"
        lamp.answer_calls(own)
        for topic in ({}, {"Topic": own, "ReplyTopic": f"{home.product}/{lamp.name}/event"}):
            called = sdk.CallDeviceRRPCSync(**home.address(lamp), Payload=json.dumps({"how": "bright"}), **topic)
            assert called.Status == "Replied" and base64.b64decode(called.PayloadBase64) == CALL_ANSWER
            assert json.loads(lamp.next()[1])["how"] == "bright"
        # A topic of the answer means nothing without one of the question.
        half = {"Payload": "x", "ReplyTopic": own}
        assert refused_with(sdk.CallDeviceRRPCSync, **home.address(lamp), **half) == "InvalidParameterValue.TopicMismatch"


def test_a_device_registers_itself_with_the_product_secret(cloud, home, server):
    sdk = cloud.typed()
    settings = sdk.ModifyProductDynamicRegister(ProductId=home.product, RegisterType=2, RegisterLimit=10)
    assert (settings.RegisterType, settings.RegisterLimit) == (2, 10) and settings.ProductSecret
    assert sdk.DescribeProductDynamicRegister(ProductId=home.product).ProductSecret == settings.ProductSecret
    product = SimpleNamespace(id=home.product, secret=settings.ProductSecret)
    name = fresh("self-made")
    answer = register_new(server, product, name)
    credentials = decrypt(product, answer["Payload"], answer["Len"])
    with Lamp(home.product, name, credentials["psk"]).start(server.mqtt) as lamp:
        lamp.report(brightness=7)
    assert json.loads(sdk.DescribeDeviceData(ProductId=home.product, DeviceName=name).Data)["brightness"]["Value"] == 7
    sdk.ModifyProductDynamicRegister(ProductId=home.product, RegisterType=0, RegisterLimit=10)
    assert "Error" in register_new(server, product, fresh("too-late"))


def test_a_property_is_set_in_the_name_of_the_device(cloud, home):
    sdk = cloud.typed()
    lamp = home.address(home.device())
    stamp = now_ms() - 5_000
    sdk.ControlDeviceData(**lamp, Data=json.dumps({"brightness": 33}), Method="reported", DataTimestamp=stamp)
    assert json.loads(sdk.DescribeDeviceData(**lamp).Data)["brightness"] == {"Value": 33, "LastUpdate": stamp}


def test_a_released_product_can_be_taken_back(cloud, home):
    sdk = cloud.typed()
    status = lambda: sdk.DescribeStudioProduct(ProductId=home.product).Product.DevStatus
    sdk.ReleaseStudioProduct(ProductId=home.product, DevStatus="released")
    assert status() == "released"
    found = sdk.SearchStudioProduct(ProjectId=home.project, ProductId=home.product, DevStatus="released", Offset=0, Limit=10)
    assert [each.ProductId for each in found.Products] == [home.product]
    call = dict(ProductId=home.product, RegisterType=1, RegisterLimit=1)
    assert refused_with(sdk.ModifyProductDynamicRegister, **call) == "UnsupportedOperation.NoPermissionToReleasedProduct"
    sdk.ReleaseStudioProduct(ProductId=home.product, DevStatus="dev")
    assert status() == "dev"


def test_devices_are_made_for_a_factory(cloud, server):
    home = make_home(cloud, server)
    sdk = cloud.typed()
    batch = home.batch(3)
    assert batch.startswith("LC-")
    address = {"ProductId": home.product, "BatchProductionId": batch}
    done = sdk.DescribeBatchProduction(**address)
    assert (done.BatchCnt, done.SuccessCount) == (3, 3) and done.DownloadUrl
    batches = sdk.GetBatchProductionsList(ProjectId=home.project, Offset=0, Limit=10).BatchProductions
    assert [each.BatchProductionId for each in batches] == [batch]
    assert sdk.GetDeviceList(ProductId=home.product, Offset=0, Limit=10).Total == 3
