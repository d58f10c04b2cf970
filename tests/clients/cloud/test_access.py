"""Sub-accounts and their policies, as programs with a sub-account's key meet them through the vendor's SDK."""

from __future__ import annotations

import json

import pytest

from home import PRODUCT, Home, fresh, make_home
from vendor_cloud import Cloud, Key

DENIED_PROJECT = "UnauthorizedOperation.NoPermissionToProject"
DENIED_PRODUCT = "UnauthorizedOperation.NoPermissionToStudioProduct"


class SubAccount:
    """A sub-account with a key, and the policies that the root account gives it."""

    def __init__(self, console, cloud: Cloud):
        self._console = console
        made = console.call("AddUser", {"Name": fresh("worker"), "UseApi": 1})
        self.uin, self.name = made["Uin"], made["Name"]
        self.cloud = cloud.using(key=Key(made["SecretId"], made["SecretKey"]))

    def may(self, *statements: dict) -> int:
        """Gives it one more policy. Returns the policy's id."""
        document = json.dumps({"version": "2.0", "statement": list(statements)})
        policy = self._console.call("CreatePolicy", {"PolicyName": fresh("policy"), "PolicyDocument": document})["PolicyId"]
        self._console.call("AttachUserPolicy", {"PolicyId": policy, "AttachUin": self.uin})
        return policy

    def explained(self, operation: str, home: Home) -> dict:
        asked = {"TargetUin": self.uin, "Operation": operation, "ProductId": home.product}
        return self._console.call("ExplainAccess", asked)


@pytest.fixture
def worker(console, cloud) -> SubAccount:
    return SubAccount(console, cloud)


def statement(effect: str, actions: list[str], *resources: str) -> dict:
    return {"effect": effect, "action": actions, "resource": list(resources)}


@pytest.fixture(scope="module")
def resource(uin):
    """How policies name what is in a home."""
    return lambda home, tail="": f"qcs::iotexplorer:gz:uin/{uin}:project/{home.project}/product/{home.product}{tail}"


def test_a_sub_account_may_do_nothing_until_a_policy_allows_it(worker, home):
    assert worker.cloud.refusal("DescribeProject", {"ProjectId": home.project}) == DENIED_PROJECT
    assert worker.cloud.refusal("DescribeStudioProduct", {"ProductId": home.product}) == DENIED_PRODUCT
    device = home.address(home.device())
    assert worker.cloud.refusal("DescribeDevice", device) == DENIED_PRODUCT
    assert worker.cloud.refusal("DeleteDevice", device) == DENIED_PRODUCT
    assert home.cloud.call("DescribeDevice", device)["Device"]["DeviceName"] == device["DeviceName"]
    assert worker.cloud.call("GetProjectList")["Projects"] == []


def test_a_policy_allows_some_operations_on_one_product(worker, cloud, server, home, resource):
    other = make_home(cloud, server)
    worker.may(statement("allow", ["iotexplorer:Describe*", "iotexplorer:CreateDevice"], resource(home), resource(home, "/*")))
    made = worker.cloud.call("CreateDevice", {"ProductId": home.product, "DeviceName": fresh("made")})["Data"]
    device = {"ProductId": home.product, "DeviceName": made["DeviceName"]}
    assert worker.cloud.call("DescribeDevice", device)["Device"]["DevicePsk"] == made["DevicePsk"]
    assert worker.cloud.refusal("DeleteDevice", device) == DENIED_PRODUCT
    assert worker.cloud.refusal("DescribeStudioProduct", {"ProductId": other.product}) == DENIED_PRODUCT
    assert worker.cloud.refusal("DescribeProject", {"ProjectId": home.project}) == DENIED_PROJECT
    # What does not exist is told as such, so that a typing error is not taken for a missing right.
    assert worker.cloud.refusal("DescribeStudioProduct", {"ProductId": "ZZZZZZZZZ9"}) == "ResourceNotFound.StudioProductNotExist"


def test_what_is_denied_stays_denied_whatever_is_allowed(worker, home, resource):
    worker.may(statement("allow", ["*"], "*"))
    device = home.address(home.device())
    worker.cloud.call("UpdateDevicesEnableState", {"DevicesItems": [device], "Status": 0})
    denying = worker.may(statement("deny", ["iotexplorer:DeleteDevice"], resource(home, "/*")))
    assert worker.cloud.refusal("DeleteDevice", device) == DENIED_PRODUCT
    assert worker.cloud.call("DescribeDevice", device)["Device"]["EnableState"] == 0
    worker._console.call("DetachUserPolicy", {"PolicyId": denying, "DetachUin": worker.uin})
    assert worker.cloud.call("DeleteDevice", device)["ResultMessage"] == ""


def test_the_decision_is_explained_with_the_statement_that_decides(worker, home, resource):
    assert worker.explained("DescribeStudioProduct", home)["Allowed"] is False
    allowing = worker.may(
        statement("allow", ["iotexplorer:Create*"], "*"), statement("allow", ["iotexplorer:Describe*"], resource(home)),
    )
    explained = worker.explained("DescribeStudioProduct", home)
    assert (explained["Allowed"], explained["PolicyId"], explained["Statement"]) == (True, allowing, 2)
    assert explained["ExplanationEn"] and explained["ExplanationZh"]
    denying = worker.may(statement("deny", ["*"], resource(home)))
    explained = worker.explained("DescribeStudioProduct", home)
    assert (explained["Allowed"], explained["PolicyId"], explained["Statement"]) == (False, denying, 1)
    assert worker.cloud.refusal("DescribeStudioProduct", {"ProductId": home.product}) == DENIED_PRODUCT


def test_a_generated_policy_says_what_was_chosen(worker, console, home):
    choice = {"Effect": "Allow", "Operations": "ReadOnly", "ProductId": home.product}
    document = json.loads(console.call("GeneratePolicy", {"Choices": [choice]})["PolicyDocument"])
    worker.may(*document["statement"])
    assert worker.cloud.call("DescribeStudioProduct", {"ProductId": home.product})["Product"]["ProductId"] == home.product
    renamed = {"ProductId": home.product, "ProductName": fresh("renamed"), "ProductDesc": "", "ModuleId": 0}
    assert worker.cloud.refusal("ModifyStudioProduct", renamed) == DENIED_PRODUCT


def test_a_sub_account_works_on_the_root_accounts_objects(worker, cloud):
    worker.may(statement("allow", ["iotexplorer:*"], "*"))
    project = worker.cloud.call("CreateProject", {"ProjectName": fresh("joint"), "ProjectDesc": ""})["Project"]["ProjectId"]
    members = {"ProductName": fresh("joint"), "ProjectId": project, **PRODUCT}
    product = worker.cloud.call("CreateStudioProduct", members)["Product"]
    assert cloud.call("DescribeStudioProduct", {"ProductId": product["ProductId"]})["Product"]["CreateUserId"] == worker.uin
    cloud.call("DeleteStudioProduct", {"ProductId": product["ProductId"]})
    cloud.call("DeleteProject", {"ProjectId": project})


def test_a_disabled_sub_account_is_not_let_in(worker, console):
    worker.cloud.call("GetProjectList")
    console.call("UpdateUser", {"Name": worker.name, "Enabled": False})
    assert worker.cloud.refusal("GetProjectList") == "AuthFailure.SecretIdNotFound"
    console.call("UpdateUser", {"Name": worker.name, "Enabled": True})
    worker.cloud.call("GetProjectList")
    console.call("UpdateAccessKey", {"AccessKeyId": worker.cloud.key.secret_id, "Status": "Inactive", "TargetUin": worker.uin})
    assert worker.cloud.refusal("GetProjectList") == "AuthFailure.SecretIdNotFound"


def test_who_did_what_is_written_down_and_secrets_are_not(worker, console, home):
    worker.may(statement("allow", ["*"], "*"))
    name, psk = fresh("traced"), "c2VjcmV0LXRoYXQtbm9ib2R5LXNob3VsZC1yZWFk"[:24]
    made = {"ProductId": home.product, "DeviceName": name, "DefinedPsk": psk}
    request_id = worker.cloud.call("CreateDevice", made)["RequestId"]
    entry = console.call("DescribeAuditLog", {"ActorUin": worker.uin, "Operation": "CreateDevice"})["Entries"][0]
    assert (entry["ActorUin"], entry["Outcome"], entry["RequestId"]) == (worker.uin, "ok", request_id)
    assert worker.cloud.key.secret_id in entry["Means"] and entry["Address"] == "127.0.0.1"
    assert entry["Resource"].endswith(f"product/{home.product}") or entry["Resource"].endswith(name)
    assert entry["Request"]["DeviceName"] == name and psk not in json.dumps(entry)
