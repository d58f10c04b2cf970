"""What the management API refuses, and with which of the vendor's codes: bad signatures, other people's objects, bad requests."""

from __future__ import annotations

import copy
import http.client
import json
import time
from types import SimpleNamespace

import pytest
import requests
from tencentcloud.common import abstract_client
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

import vendor_models
from home import LAMP_MODEL, PRODUCT, fresh, new_key
from preparations import prepared
from promised import DOCUMENTED
from sample_world import World
from server_process import Server
from vendor_cloud import HMAC_SHA256, MANNERS, TC3, VERSIONS, Cloud, Key

PAGE, BATCH, MESSAGES = 100, 100, 200


# --- who calls ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign,method", MANNERS)
class TestSignatures:
    def test_a_wrong_secret(self, cloud, sign, method):
        wrong = Key(cloud.key.secret_id, cloud.key.secret_key[:-1] + "~")
        refusal = cloud.using(key=wrong, sign=sign, method=method).refusal("GetProjectList")
        assert refusal == "AuthFailure.SignatureFailure"

    def test_a_secret_id_that_nobody_has(self, cloud, sign, method):
        nobody = Key("AKID" + "x" * 32, cloud.key.secret_key)
        refusal = cloud.using(key=nobody, sign=sign, method=method).refusal("GetProjectList")
        assert refusal == "AuthFailure.SecretIdNotFound"

    @pytest.mark.parametrize("off_s", [-600, 600])
    def test_a_clock_that_is_wrong(self, cloud, sign, method, off_s, monkeypatch):
        clock = SimpleNamespace(time=lambda: time.time() + off_s)
        monkeypatch.setattr(abstract_client, "time", clock)
        refusal = cloud.using(sign=sign, method=method).refusal("GetProjectList")
        assert refusal == "AuthFailure.SignatureExpire"

    def test_a_clock_that_is_a_little_wrong_is_fine(self, cloud, sign, method, monkeypatch):
        clock = SimpleNamespace(time=lambda: time.time() - 120)
        monkeypatch.setattr(abstract_client, "time", clock)
        assert cloud.using(sign=sign, method=method).call("GetProjectList")["RequestId"]

    def test_the_same_call_many_times_a_second_is_fine(self, cloud, home, sign, method):
        caller = cloud.using(sign=sign, method=method)
        members = {"ProductId": home.product, "ProductName": fresh("same"), "ProductDesc": "", "ModuleId": 0}
        assert len({caller.call("ModifyStudioProduct", members)["RequestId"] for _ in range(5)}) == 5


@pytest.mark.parametrize("sign,method,later_s", [(TC3, "POST", 3.2), (HMAC_SHA256, "GET", 0)])
def test_a_recorded_request_that_changes_something_cannot_be_sent_again(cloud, home, monkeypatch, sign, method, later_s):
    recorded = []
    send = requests.Session.send
    with monkeypatch.context() as listening:
        listening.setattr(requests.Session, "send", lambda self, sent, **how: recorded.append(sent) or send(self, sent, **how))
        cloud.using(sign=sign, method=method).call("CreateDevice", {"ProductId": home.product, "DeviceName": fresh("recorded")})
    # The newer scheme has no nonce: only after a moment is an equal request no longer the same client's next one.
    time.sleep(later_s)
    again = requests.Session().send(recorded[0]).json()["Response"]
    assert again["Error"]["Code"] == "AuthFailure.SignatureExpire", again


def test_a_key_that_asks_too_often_is_held_up_and_no_other(tmp_path):
    running = Server(tmp_path / "data", "--set", "access.key_requests=4", "--set", "access.key_changes=1")
    too_often = "RequestLimitExceeded"
    try:
        hasty, calm = (Cloud(running.http, new_key(running)) for _ in range(2))
        codes = [outcome(hasty, "GetProjectList", {}, "iotexplorer") for _ in range(20)]
        assert codes[0] != too_often and too_often in codes
        assert calm.call("GetProjectList")["Total"] == 1
        time.sleep(1.1)
        # Less may be changed than looked at.
        projects = [{"ProjectName": fresh("hasty"), "ProjectDesc": ""} for _ in range(3)]
        made = [outcome(hasty, "CreateProject", each, "iotexplorer") for each in projects]
        assert made[0] != too_often and too_often in made[1:]
        assert hasty.call("GetProjectList")["Total"] == 1 + sum(each != too_often for each in made)
    finally:
        running.kill()


def ask(cloud, method: str = "POST", body: bytes | str = b"{}", path: str = "/", **headers: str):
    """One request without any SDK. Returns status, headers and the `Response` object."""
    connection = http.client.HTTPConnection(cloud.address.host, cloud.address.port, timeout=30)
    connection.request(method, path, body if method == "POST" else None, headers)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    return response.status, response.headers, json.loads(raw)["Response"]


ACTION = {"X-TC-Action": "GetProjectList", "X-TC-Version": "2019-04-23", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    "headers,code",
    [
        ({}, "MissingParameter"),
        ({"X-TC-Action": "GetProjectList"}, "MissingParameter"),
        (ACTION, "AuthFailure.InvalidAuthorization"),
        ({**ACTION, "Authorization": "SKIP"}, "AuthFailure.InvalidAuthorization"),
        ({**ACTION, "Authorization": "TC3-HMAC-SHA256 Credential=a"}, "AuthFailure.InvalidAuthorization"),
    ],
)
def test_every_answer_has_the_form_that_the_sdks_read(cloud, headers, code):
    stamp = {"X-TC-Timestamp": str(int(time.time()))} if headers else {}
    status, answered, response = ask(cloud, **headers, **stamp)
    # Any other status or content type hides the error from the vendor's Python SDK.
    assert (status, answered["Content-Type"]) == (200, "application/json")
    assert response["RequestId"] and response["Error"]["Message"]
    assert response["Error"]["Code"] == code


def test_messages_are_in_the_language_that_is_asked_for(cloud):
    project = {"ProjectId": "prj-00000000"}
    english = cloud.refused("DescribeProject", project).get_message()
    chinese = cloud.using(language="zh-CN").refused("DescribeProject", project).get_message()
    assert english.isascii() and "项目" in chinese


# --- which action -------------------------------------------------------------------------------------------------------


def test_actions_and_versions_that_do_not_exist_or_are_not_served(cloud):
    assert cloud.refusal("DescribeEverything") == "InvalidAction"
    assert cloud.refusal("DescribeProject", version="2018-01-01") == "NoSuchVersion"
    assert cloud.refusal("DescribeDeviceStatusLog") == "InvalidAction", "it is in another service"
    assert cloud.refusal("CreateLoRaGateway") == "UnsupportedOperation"


# --- whose object -------------------------------------------------------------------------------------------------------

# Identifiers, and what stands for one that nobody has.
ABSENT = {
    "ProductId": "ZZZZZZZZZ9", "ProductID": "ZZZZZZZZZ9", "ProductIds": "ZZZZZZZZZ9", "ProjectId": "prj-zzzzzzz9",
    "InstanceId": "iot-zzzzzzz9", "CertName": "nobodys", "BatchProductionId": "LC-zzzzzzz9", "Keywords": "productid:ZZZZZZZZZ9",
    "IotAppID": "nobodysApp00", "AppKey": "inobonobodysApp00",
}


def with_an_identifier() -> list[tuple[str, str]]:
    return [
        (service, action)
        for service, version in VERSIONS.items()
        for action in sorted(DOCUMENTED[version] & set(vendor_models.actions(service, version)))
        # The name of a new authority is required too, and is nobody's yet.
        if names_an_object(service, version, action) and action != "CreatePrivateCA"
    ]


def names_an_object(service: str, version: str, action: str) -> bool:
    required = vendor_models.required_members(service, version, action)
    return any(member["name"] in ABSENT or member["name"] == "DevicesItems" for member in required)


def outcome(cloud, action: str, members: dict, service: str):
    """The code of a refusal, or the answer without what differs from call to call."""
    try:
        answer = cloud.call(action, members, service=service)
    except TencentCloudSDKException as refused:
        return refused.get_code()
    return {name: value for name, value in answer.items() if name != "RequestId"}


def seen(world: World) -> list:
    project = outcome(world.cloud, "DescribeProject", {"ProjectId": world.home.project}, "iotexplorer")
    product = outcome(world.cloud, "DescribeStudioProduct", {"ProductId": world.home.product}, "iotexplorer")
    model = outcome(world.cloud, "DescribeModelDefinition", {"ProductId": world.home.product}, "iotexplorer")
    device = outcome(world.cloud, "DescribeDevice", world.address, "iotexplorer")
    topics = outcome(world.cloud, "ListTopicPolicy", {"ProductId": world.home.product}, "iotexplorer")
    return [project, product, model, device, topics]


@pytest.mark.parametrize("service,action", with_an_identifier())
def test_another_accounts_objects_are_as_if_they_did_not_exist(cloud, other_cloud, server, console, uin, service, action):
    sample = vendor_models.samples(service, VERSIONS[service], action)[0]
    world = World.make(cloud, server, console, uin)
    try:
        members = prepared(world, sample)
        if action.startswith("Create") and "ProductName" in members:
            members["ProductName"] = fresh("foreign")
        before = seen(world)
        foreign = outcome(other_cloud, action, members, service)
        assert foreign == outcome(other_cloud, action, without_objects(members), service)
        assert isinstance(foreign, str) or is_empty(foreign), foreign
        assert seen(world) == before
    finally:
        world.close()


def without_objects(members: dict) -> dict:
    """The same request for objects that nobody has."""

    def changed(name: str, value: object) -> object:
        if isinstance(value, dict):
            return without_objects(value)
        if isinstance(value, list):
            return [changed(name, each) for each in value]
        return ABSENT.get(name, value)

    return {name: changed(name, value) for name, value in members.items()}


def is_empty(answer: dict) -> bool:
    """Whether an answer that is no refusal says that nothing was done, or that there is nothing."""
    told = [value for value in answer.values() if value is not True]
    return bool(answer.get("ResultCode")) or not any(told)


def test_lists_hold_only_what_is_the_callers(cloud, other_cloud, home):
    projects = other_cloud.call("GetProjectList", {"Offset": 0, "Limit": 100})["Projects"]
    assert home.project not in [each["ProjectId"] for each in projects]
    products = other_cloud.call("GetStudioProductList", {"Offset": 0, "Limit": 100})["Products"]
    assert home.product not in [each["ProductId"] for each in products]
    # A project of one's own and a product of somebody else's do not go together.
    own = other_cloud.call("CreateProject", {"ProjectName": fresh("own"), "ProjectDesc": ""})["Project"]["ProjectId"]
    members = {"ProjectId": own, "ProductId": home.product, "BurnMethod": 0, "GenerationMethod": 0, "BatchCnt": 1}
    assert other_cloud.refusal("CreateBatchProduction", members) == "ResourceNotFound.StudioProductNotExist"


# --- what is asked ------------------------------------------------------------------------------------------------------


def test_a_required_parameter_is_missing(cloud, home):
    refused = cloud.refused("CreateDevice", {"ProductId": home.product})
    assert (refused.get_code(), "DeviceName" in refused.get_message()) == ("MissingParameter", True)
    refused = cloud.refused("DeleteDevices", {"DevicesItems": [{"ProductId": home.product}]})
    assert (refused.get_code(), "DeviceName" in refused.get_message()) == ("MissingParameter", True)


@pytest.mark.parametrize(
    "action,members",
    [
        ("DescribeProject", {"ProjectId": 5}),
        ("DescribeProject", {"ProjectId": ["prj-1"]}),
        ("GetProjectList", {"Limit": "many"}),
        ("GetProjectList", {"Limit": 1.5}),
        ("GetProjectList", {"Limit": {"value": 1}}),
        ("DeleteDevices", {"DevicesItems": "all"}),
        ("DeleteDevices", {"DevicesItems": [1]}),
    ],
)
def test_a_parameter_of_another_type(cloud, action, members):
    assert cloud.refusal(action, members) == "InvalidParameter"


def test_numbers_and_switches_may_be_text_and_unknown_parameters_are_passed_over(cloud, home):
    lamp = home.device()
    listed = cloud.call("GetDeviceList", {"ProductId": home.product, "Offset": "0", "Limit": "10", "Colour": "green"})
    assert lamp.name in [each["DeviceName"] for each in listed["Devices"]]
    gone = cloud.call("DeleteDevice", {**home.address(lamp), "ForceDelete": "true"})
    assert (gone["ResultCode"], gone["ResultMessage"]) == ("", "")


@pytest.mark.parametrize(
    "action,members",
    [
        ("GetProjectList", {"Limit": PAGE + 1}),
        ("GetProjectList", {"Offset": -1}),
        ("GetStudioProductList", {"Limit": 10_000_000_000}),
        ("GetDeviceList", {"Limit": PAGE + 1}),
        ("SearchStudioProduct", {"Limit": -5}),
    ],
)
def test_a_page_beyond_the_bounds(cloud, home, action, members):
    assert cloud.refusal(action, {"ProductId": home.product, **members}) == "InvalidParameterValue"


def test_too_much_at_once(cloud, home):
    many = [{"ProductId": home.product, "DeviceName": f"device{number}"} for number in range(BATCH + 1)]
    assert cloud.refusal("DeleteDevices", {"DevicesItems": many}) == "InvalidParameterValue"
    assert cloud.refusal("UpdateDevicesEnableState", {"DevicesItems": many, "Status": 1}) == "InvalidParameterValue"
    names = [f"device{number}" for number in range(MESSAGES + 1)]
    message = {"ProductId": home.product, "DeviceNames": names, "Topic": f"{home.product}/${{deviceName}}/data", "Payload": "x"}
    assert cloud.refusal("BatchPublishMessage", message) == "InvalidParameterValue"
    assert cloud.refusal("DescribeProject", {"ProjectId": "x" * (11 * 1024 * 1024)}) == "RequestSizeLimitExceeded"


def test_names_that_are_taken_or_not_allowed(cloud, home):
    lamp = home.device()
    assert cloud.refusal("CreateDevice", home.address(lamp)) == "InvalidParameterValue.DeviceAlreadyExist"
    for name in ("", "with blank", "灯", "x" * 49, "a/b", "a+"):
        refusal = cloud.refusal("CreateDevice", {"ProductId": home.product, "DeviceName": name})
        assert refusal == "InvalidParameterValue.DeviceNameInvalid", name
    project = cloud.call("DescribeProject", {"ProjectId": home.project})["Project"]["ProjectName"]
    again = {"ProjectName": project, "ProjectDesc": ""}
    assert cloud.refusal("CreateProject", again) == "UnsupportedOperation.ProjectDupKeyExist"
    product = cloud.call("DescribeStudioProduct", {"ProductId": home.product})["Product"]["ProductName"]
    again = {"ProductName": product, "ProjectId": home.project, **PRODUCT}
    assert cloud.refusal("CreateStudioProduct", again) == "InvalidParameterValue.ProductAlreadyExist"


# --- which model --------------------------------------------------------------------------------------------------------


def model(change=None) -> str:
    made = copy.deepcopy(LAMP_MODEL)
    if change:
        change(made)
    return json.dumps(made)


def with_property(**definition):
    fields = {"name": "X", "desc": "", "mode": "rw", "define": {"type": "bool", "mapping": {"0": "a", "1": "b"}}, **definition}
    return model(lambda made: made["properties"].append({"id": "extra", **fields}))


def with_type(**define):
    return with_property(define=define)


def with_event(**definition):
    fields = {"id": "extra", "name": "X", "desc": "", "type": "info", "params": [], **definition}
    return model(lambda made: made["events"].append({name: value for name, value in fields.items() if value is not None}))


SWITCH = {"id": "one", "name": "X", "define": {"type": "bool", "mapping": {"0": "a", "1": "b"}}}
INT = {"type": "int", "unit": "", "step": "1", "min": "0", "max": "100", "start": "0"}
VALUE = "InvalidParameterValue.ModelDefine"


@pytest.mark.parametrize(
    "schema,code",
    [
        ("", VALUE + "Nil"),
        ("{", VALUE + "Invalid"),
        ("[]", VALUE + "Invalid"),
        (model(lambda made: made["properties"].append(made["properties"][0])), VALUE + "DupID"),
        (with_property(mode="often"), VALUE + "ErrorModel"),
        (with_type(type="colour"), VALUE + "ErrorType"),
        (with_type(type="bool", mapping={"0": "a"}), VALUE + "PropBoolMappingError"),
        (with_type(type="enum", mapping={}), VALUE + "PropEnumMappingError"),
        (with_type(**{**INT, "min": "100", "max": "0"}), VALUE + "PropRangeError"),
        (with_type(**{**INT, "step": "x"}), VALUE + "PropRangeError"),
        (with_type(**{**INT, "max": "99999999999999999999"}), VALUE + "PropRangeOverflow"),
        (with_event(type=None), "MissingParameter.ModelDefineEventTypeError"),
        (with_event(type="rumour"), VALUE + "EventTypeError"),
        (with_event(params=[SWITCH, SWITCH]), VALUE + "EventParamsDupID"),
        (with_event(params=[{"id": "one", "name": "X"}]), VALUE + "EventPropError"),
        (with_event(params=[{**SWITCH, "id": f"p{number}"} for number in range(100)]), VALUE + "EventParamsExceedLimit"),
        (with_event(params=[{**SWITCH, "id": "not a name"}]), VALUE + "EventPropNameError"),
    ],
    ids=lambda value: value if value.startswith((VALUE, "Missing")) else "",
)
def test_a_malformed_model(cloud, home, schema, code):
    before = cloud.call("DescribeModelDefinition", {"ProductId": home.product})["Model"]["ModelDefine"]
    refusal = cloud.refusal("ModifyModelDefinition", {"ProductId": home.product, "ModelSchema": schema})
    assert refusal == code
    assert cloud.call("DescribeModelDefinition", {"ProductId": home.product})["Model"]["ModelDefine"] == before


def test_what_does_not_fit_the_model(cloud, home):
    lamp = home.address(home.device())
    between = {"MinTime": 1, "MaxTime": 2, "FieldName": "colour"}
    assert cloud.refusal("DescribeDeviceDataHistory", {**lamp, **between}).startswith("InvalidParameterValue")
    for data in ('{"brightness":101}', '{"brightness":"bright"}', '{"colour":1}', "[]", "{"):
        assert cloud.refusal("ControlDeviceData", {**lamp, "Data": data}).startswith("InvalidParameterValue"), data
