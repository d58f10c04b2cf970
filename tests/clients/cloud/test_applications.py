"""Applications from the side of whoever owns one: made in the console, then used by a back end with the vendor's SDK to
bind devices for its users, to share them, and to take them back."""

from __future__ import annotations

import json
import re

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from home import Home, fresh, make_home
from test_access import SubAccount, statement

OWNER, SHARER = 1, 0
NEW_OWNER_EVICTS, BOUND_IS_REFUSED = 1, 2


def refusal(call, *arguments, **members) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        call(*arguments, **members)
    assert refused.value.get_request_id()
    return refused.value.get_code()


class Application:
    """An application that serves a home's product, and a back end that acts for its users."""

    def __init__(self, console, home: Home):
        members = {"ProjectId": home.project, "AppName": fresh("app"), "Products": json.dumps([home.product])}
        self.made = console.call("CreateApplication", members)["Application"]
        self.id, self.key = self.made["IotAppID"], self.made["IOSAppKey"]
        self.home, self.sdk = home, home.cloud.typed()

    def _device(self, lamp) -> dict:
        return {"AppKey": self.key, **Home.address(lamp)}

    def bind(self, lamp, user: str, **more):
        return self.sdk.BindUserDevice(OpenID=user, **{**self._device(lamp), **more})

    def take_back(self, lamp, user: str, **more):
        return self.sdk.RevokeBindUserDevice(OpenID=user, **{**self._device(lamp), **more})

    def share(self, lamp, owner: str, to: str, **more):
        return self.sdk.ShareDeviceToUser(OwnerOpenID=owner, ToOpenID=to, **{**self._device(lamp), **more})

    def unshare(self, lamp, owner: str, to: str):
        return self.sdk.RevokeShareDeviceFromUser(OwnerOpenID=owner, ToOpenID=to, **self._device(lamp))

    def users(self, lamp) -> list:
        return self.sdk.GetFamilyDeviceUserList(**Home.address(lamp)).UserList


@pytest.fixture(scope="module")
def application(console, home) -> Application:
    return Application(console, home)


def test_a_device_is_bound_for_a_user_shared_and_taken_back(application, home):
    with home.living() as lamp:
        assert lamp.client.subscribe(f"$thing/down/service/{lamp.product_id}/{lamp.name}", 1) == 1
        bound = application.bind(lamp, "nandy", NickName="Nandy")
        assert re.fullmatch(r"\d{18}", bound.UserID) and bound.FamilyId.startswith("f_")
        assert lamp.next()[1]["method"] == "bind_device"
        again = application.bind(lamp, "nandy")
        assert (again.UserID, again.FamilyId) == (bound.UserID, bound.FamilyId)
        assert lamp.next()[1]["method"] == "bind_device"

        shared = application.share(lamp, "nandy", "zz", ToNickName="zz")
        assert shared.OwnerUserID == bound.UserID != shared.ToUserID
        assert application.share(lamp, "nandy", "zz").ToUserID == shared.ToUserID
        owner, sharer = application.users(lamp)
        assert (owner.UserId, owner.Role, owner.FamilyId, owner.FamilyName) == (bound.UserID, OWNER, bound.FamilyId, "default")
        assert (sharer.UserId, sharer.Role) == (shared.ToUserID, SHARER)

        for _ in range(2):
            application.unshare(lamp, "nandy", "zz")
            assert len(application.users(lamp)) == 1
        for _ in range(2):
            application.take_back(lamp, "nandy")
        assert lamp.next()[1]["method"] == "unbind_device"
        assert refusal(application.users, lamp) == "ResourceNotFound.DeviceNotBind"


def test_a_bound_device_is_deleted_only_by_force_and_its_binding_can_be_taken_back_afterwards(application, home):
    lamp, other = home.device(), home.device()
    application.bind(lamp, "nandy")
    refused = application.sdk.DeleteDevice(**Home.address(lamp))
    assert (refused.ResultCode, refused.ResultMessage) == ("fail", "device has binded family")
    both = [Home.address(other), Home.address(lamp)]
    assert application.sdk.DeleteDevices(DevicesItems=both).ResultCode == "fail"
    assert application.sdk.DescribeDevice(**Home.address(other)).Device.DeviceName == other.name
    deleted = application.sdk.DeleteDevice(**Home.address(lamp), ForceDelete=True)
    assert (deleted.ResultCode, deleted.ResultMessage) == ("", "")
    application.take_back(lamp, "nandy")


def test_a_new_owner_evicts_the_old_one_unless_the_product_is_made_otherwise(application, home):
    lamp = home.device()
    application.bind(lamp, "first")
    application.share(lamp, "first", "friend")
    second = application.bind(lamp, "second", FamilyName="summer house")
    (owner,) = application.users(lamp)
    assert (owner.UserId, owner.FamilyName) == (second.UserID, "summer house")
    product = {"ProductId": home.product, "ProductName": fresh("lamps"), "ProductDesc": "", "ModuleId": 0}
    application.sdk.ModifyStudioProduct(**product, BindStrategy=BOUND_IS_REFUSED)
    try:
        assert refusal(application.bind, lamp, "third") == "UnsupportedOperation.CannotReBindFamily"
        assert application.bind(lamp, "second", FamilyName="summer house").FamilyId == second.FamilyId
    finally:
        application.sdk.ModifyStudioProduct(**product, BindStrategy=NEW_OWNER_EVICTS)


def test_a_device_is_bound_in_a_family_by_its_id(application, home):
    bound = application.bind(home.device(), "direct")
    lamp = home.device()
    place = {"IotAppID": application.id, "UserID": bound.UserID, "FamilyId": bound.FamilyId, **Home.address(lamp)}
    info = application.sdk.DirectBindDeviceInFamily(**place).AppDeviceInfo
    assert (info.DeviceId, info.FamilyId, info.RoomId) == (f"{home.product}/{lamp.name}", bound.FamilyId, "0")
    assert application.users(lamp)[0].UserId == bound.UserID
    stranger = application.bind(home.device(), "stranger").UserID
    bind = application.sdk.DirectBindDeviceInFamily
    assert refusal(bind, **{**place, "UserID": stranger}) == "UnauthorizedOperation.NoPermissionToFamily"
    assert refusal(bind, **{**place, "FamilyId": "f_none"}) == "UnauthorizedOperation.NoPermissionToFamily"
    assert refusal(bind, **{**place, "IotAppID": "none"}) == "UnauthorizedOperation.AppNoPermission"
    assert refusal(bind, **{**place, "RoomId": "attic"}) == "InvalidParameter"


def test_what_cannot_be_bound_or_shared_is_refused_with_the_published_codes(application, console, home):
    lamp, unknown = home.device(), Home.address(home.device()) | {"DeviceName": "nobody"}
    assert refusal(application.bind, lamp, "u", AppKey="none") == "InvalidParameterValue.InvalidAppKey"
    assert refusal(application.bind, lamp, "u", RoomId="attic") == "InvalidParameterValue"
    assert refusal(application.bind, lamp, "") == "InvalidParameterValue"
    virtual = {"DeviceName": "~virtualDev"}
    assert refusal(application.bind, lamp, "u", **virtual) == "UnsupportedOperation.VirtualDeviceCannotBind"
    assert refusal(application.bind, lamp, "u", **unknown) == "ResourceNotFound.DeviceNotExist"
    sub = make_home(home.cloud, home.server, NetType="sub_zigbee")
    served = json.dumps([home.product, sub.product])
    application.sdk.ModifyApplication(IotAppID=application.id, Products=served)
    assert refusal(application.bind, sub.device(), "u") == "UnsupportedOperation.ProductIsSubProduct"
    unserved = make_home(home.cloud, home.server).device()
    assert refusal(application.bind, unserved, "u") == "UnauthorizedOperation.NoPermissionToStudioProduct"

    assert refusal(application.share, lamp, "owner", "zz") == "ResourceNotFound.DeviceNotBound"
    application.bind(lamp, "owner")
    assert refusal(application.share, lamp, "owner", "owner") == "InvalidParameterValue.ShareDeviceToSelf"
    assert refusal(application.share, lamp, "zz", "third") == "UnauthorizedOperation.NoPermissionToShareDevice"
    assert refusal(application.unshare, lamp, "zz", "third") == "UnauthorizedOperation.NoPermissionToShareDevice"

    users = application.sdk.GetFamilyDeviceUserList
    assert refusal(users, **unknown) == "InvalidParameterValue.DeviceNotExist"
    assert refusal(users, ProductId="short", DeviceName="lamp") == "InvalidParameterValue.ProductIDInvalid"
    assert refusal(users, ProductId=home.product, DeviceName="a b") == "InvalidParameterValue.DeviceNameInvalid"


def test_an_application_is_made_changed_found_and_deleted(console, home):
    made = Application(console, home)
    keys = [made.made[name] for name in ("IOSAppKey", "AndroidAppKey", "MiniProgramAppKey")]
    assert len(set(keys)) == 3 and all(key.endswith(made.id) for key in keys)
    assert made.made["IOSAppSecret"] and made.made["CreateTime"].endswith("Z")

    push = {"TPNSiOSAccessID": "1600000001", "TPNSiOSSecretKey": "s3cret", "TPNSiOSPushEnvironment": "dev"}
    changed = made.sdk.ModifyApplication(IotAppID=made.id, Description="ours", **push).Application
    assert (changed.AppName, changed.Description) == (made.made["AppName"], "ours")
    assert (changed.TPNSiOSSecretKey, changed.IOSAppSecret) == ("s3cret", made.made["IOSAppSecret"])
    assert json.loads(changed.Products) == [home.product]

    listed = console.call("DescribeApplications", {"ProjectId": home.project, "AppName": made.made["AppName"]})
    (entry,) = listed["Applications"]
    assert (listed["Total"], entry["IotAppID"], entry["IOSAppKey"]) == (1, made.id, keys[0])
    assert not any(entry[name] for name in entry if name.endswith(("Secret", "SecretKey")))

    modify = made.sdk.ModifyApplication
    assert refusal(modify, IotAppID="none", AppName="x") == "ResourceNotFound.AppNotExists"
    assert refusal(modify, IotAppID=made.id, AppName="x" * 65) == "InvalidParameterValue.AppNameTooLong"
    other = Application(console, home).made["AppName"]
    assert refusal(modify, IotAppID=made.id, AppName=other) == "InvalidParameterValue.AppExists"
    assert refusal(modify, IotAppID=made.id, PushEnvironment="moon") == "InvalidParameterValue.PushEnvironmentInvalid"
    region = refusal(modify, IotAppID=made.id, TPNSAndroidRegion="moon")
    assert region == "InvalidParameterValue.TPNSAndroidValidationFailed"
    strange = json.dumps(["NOPRODUCT0"])
    assert refusal(modify, IotAppID=made.id, Products=strange) == "UnauthorizedOperation.NoPermissionToStudioProduct"

    lamp = home.device()
    made.bind(lamp, "nandy")
    console.call("DeleteApplication", {"IotAppID": made.id})
    assert refusal(made.users, lamp) == "ResourceNotFound.DeviceNotBind"
    assert refusal(made.bind, lamp, "nandy") == "InvalidParameterValue.InvalidAppKey"


def test_applications_of_another_root_account_do_not_exist(application, other_cloud, server):
    theirs = make_home(other_cloud, server)
    lamp, sdk = theirs.device(), other_cloud.typed()
    bind = {"AppKey": application.key, "OpenID": "nandy", **Home.address(lamp)}
    assert refusal(sdk.BindUserDevice, **bind) == "InvalidParameterValue.InvalidAppKey"
    assert refusal(sdk.ModifyApplication, IotAppID=application.id, AppName="x") == "ResourceNotFound.AppNotExists"
    ours = Home.address(application.home.device())
    assert refusal(sdk.BindUserDevice, **{**bind, **ours}) == "ResourceNotFound.StudioProductNotExist"


def test_what_is_done_with_applications_is_in_the_audit_log_without_their_secrets(console, home):
    made = Application(console, home)
    made.sdk.ModifyApplication(IotAppID=made.id, TPNSAndroidSecretKey="pushsecret123")
    lamp = home.device()
    bound = made.bind(lamp, "audited")
    entries = console.call("DescribeAuditLog", {"Limit": 10})["Entries"]
    newest = {entry["Operation"]: entry for entry in reversed(entries)}
    assert bound.FamilyId in str(newest["BindUserDevice"]["After"])
    assert newest["BindUserDevice"]["Resource"].endswith(f"/product/{home.product}/device/{lamp.name}")
    assert newest["ModifyApplication"]["Resource"].endswith(f":project/{home.project}/application/{made.id}")
    text = json.dumps(entries)
    secrets = [made.made[name] for name in made.made if name.endswith("AppSecret")]
    assert len(secrets) == 3 and not any(secret in text for secret in [*secrets, "pushsecret123"])


def test_a_sub_account_binds_and_sees_what_its_policies_open(application, console, home, uin):
    worker = SubAccount(console, home.cloud)
    lamp = home.device()
    bind = {"AppKey": application.key, "OpenID": "nandy", **Home.address(lamp)}
    assert worker.cloud.refusal("BindUserDevice", bind) == "UnauthorizedOperation.NoPermissionToStudioProduct"
    change = {"IotAppID": application.id, "Description": "theirs"}
    assert worker.cloud.refusal("ModifyApplication", change) == "UnauthorizedOperation.AppNoPermission"
    there = f"qcs::iotexplorer:gz:uin/{uin}:project/{home.project}"
    worker.may(statement("allow", ["iotexplorer:BindUserDevice"], f"{there}/product/{home.product}/*"))
    assert worker.cloud.refusal("BindUserDevice", bind) == "UnauthorizedOperation.AppNoPermission"
    both = ["iotexplorer:BindUserDevice", "iotexplorer:ModifyApplication"]
    worker.may(statement("allow", both, f"{there}/application/{application.id}"))
    assert worker.cloud.call("BindUserDevice", bind)["FamilyId"]
    assert worker.cloud.call("ModifyApplication", change)["Application"]["Description"] == "theirs"
