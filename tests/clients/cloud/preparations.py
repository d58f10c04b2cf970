"""What must be there before a documented sample can be sent, by action, and the members that it is then sent with."""

from __future__ import annotations

import base64
import json

from home import Home, fresh
from sample_world import World, authority
from vendor_cloud import eventually
from vendor_models import Sample

PREPARED = {}


def prepared(world: World, sample: Sample) -> dict:
    """Makes the world ready for a sample and returns the members of the call."""
    instead = PREPARED[sample.action](world, sample) if sample.action in PREPARED else {}
    return world.rewritten(sample, **instead)


def prepares(*actions: str):
    """Marks what makes the world ready for the samples of some actions and returns what replaces their members."""

    def marked(function):
        for action in actions:
            PREPARED[action] = function
        return function

    return marked


@prepares("DeleteProject")
def an_empty_project(world: World, sample: Sample) -> dict:
    made = world.cloud.call("CreateProject", {"ProjectName": fresh("empty"), "ProjectDesc": ""})
    return {"ProjectId": made["Project"]["ProjectId"]}


@prepares("CreateProject", "ModifyProject")
def a_new_project_name(world: World, sample: Sample) -> dict:
    return {"ProjectName": fresh("sample")}


@prepares("DeleteStudioProduct", "DeleteProduct")
def no_devices(world: World, sample: Sample) -> dict:
    world.cloud.call("DeleteDevice", world.address)
    return {}


@prepares("CreateDevice")
def a_new_device_name(world: World, sample: Sample) -> dict:
    return {"DeviceName": fresh("new")}


@prepares(
    "DescribeDeviceData", "DescribeDeviceDataHistory", "ListEventHistory", "DescribeDeviceEventHistory", "CallDeviceActionAsync",
)
def a_living_lamp(world: World, sample: Sample) -> dict:
    world.start_lamp()
    return {}


@prepares("ControlDeviceData")
def a_lamp_that_may_be_away(world: World, sample: Sample) -> dict:
    if "不在线" not in sample.title:
        world.start_lamp()
    return {}


@prepares("CallDeviceActionSync")
def a_lamp_that_may_be_away_or_silent(world: World, sample: Sample) -> dict:
    if "不在线" not in sample.title:
        world.start_lamp()
        world.lamp.silent = "超时" in sample.title
    return {}


@prepares("CallDeviceRRPCSync", "PublishRRPCMessage")
def a_lamp_that_answers_calls(world: World, sample: Sample) -> dict:
    world.start_lamp()
    world.lamp.answer_calls(world.topic)
    return {"Topic": world.topic}


@prepares("PublishMessage")
def a_lamp_that_listens(world: World, sample: Sample) -> dict:
    world.start_lamp()
    assert world.lamp.client.subscribe(world.topic, 1) == 1
    return {"Topic": world.topic}


@prepares("BatchPublishMessage")
def a_lamp_that_listens_among_many(world: World, sample: Sample) -> dict:
    a_lamp_that_listens(world, sample)
    return {"Topic": f"{world.home.product}/${{deviceName}}/data"}


@prepares("DescribeSubscribedTopicPolicy")
def a_lamp_with_subscriptions(world: World, sample: Sample) -> dict:
    world.start_lamp()
    return {}


@prepares("CreateBatchProduction")
def a_released_product(world: World, sample: Sample) -> dict:
    world.cloud.call("ReleaseStudioProduct", {"ProductId": world.home.product, "DevStatus": "released"})
    return {}


@prepares("DescribeBatchProduction", "GetBatchProductionsList")
def a_batch(world: World, sample: Sample) -> dict:
    return {"BatchProductionId": world.home.batch(2)}


@prepares("DescribeBatch", "DescribeBatchs")
def a_batch_of_the_video_service(world: World, sample: Sample) -> dict:
    members = {"ProductId": world.home.product, "DevNum": 2, "DevPre": "made"}
    batch = {"BatchId": world.cloud.call("CreateBatch", members, service="iotvideo")["BatchId"]}
    made = lambda: world.cloud.call("DescribeBatch", batch, service="iotvideo")["Data"]["DevNumCreated"]
    eventually(lambda: made() == 2, "the devices of the batch are made")
    return batch


@prepares("CreateTopicPolicy")
def a_new_topic(world: World, sample: Sample) -> dict:
    return {"TopicName": f"{world.home.product}/${{deviceName}}/sample"}


@prepares("ModifyTopicPolicy", "DeleteTopicPolicy", "DescribeTopicPolicy", "ListTopicPolicy")
def a_topic(world: World, sample: Sample) -> dict:
    topic = a_new_topic(world, sample)
    world.cloud.call("CreateTopicPolicy", {"ProductId": world.home.product, "Privilege": 1, **topic})
    return {**topic, "NewTopicName": topic["TopicName"] + "/new"}


@prepares("CreatePrivateCA")
def a_new_authority(world: World, sample: Sample) -> dict:
    return world.new_authority()


@prepares("DeletePrivateCA", "DescribePrivateCA", "DescribePrivateCAs", "UpdateProductPrivateCA")
def an_authority(world: World, sample: Sample) -> dict:
    made = world.new_authority()
    world.cloud.call("CreatePrivateCA", made)
    return {**made, "ProductId": certificate_product(world)}


@prepares("UpdatePrivateCA")
def an_authority_and_its_successor(world: World, sample: Sample) -> dict:
    made = an_authority(world, sample)
    return authority(world.uin, made["CertName"])


@prepares("DescribeProductCA", "DeleteProductPrivateCA", "DescribePrivateCABindedProducts")
def an_authority_of_a_product(world: World, sample: Sample) -> dict:
    made = an_authority(world, sample)
    attached = {"ProductId": made["ProductId"], "CertName": made["CertName"]}
    world.cloud.call("UpdateProductPrivateCA", attached)
    return attached


def certificate_product(world: World) -> str:
    """A product whose devices sign in with certificates."""
    product = {
        "ProductName": fresh("cert"), "ProductDesc": "", "ProjectId": world.home.project, "CategoryId": 1, "ProductType": 0,
        "EncryptionType": "1", "NetType": "wifi", "DataProtocol": 1,
    }
    return world.cloud.call("CreateStudioProduct", product)["Product"]["ProductId"]


@prepares("DescribeDeviceClientKey")
def a_device_with_a_certificate_from_a_batch(world: World, sample: Sample) -> dict:
    home = Home(world.cloud, world.home.server, world.home.project, certificate_product(world))
    home.batch(1)
    devices = world.cloud.call("GetDeviceList", {"ProductId": home.product, "Offset": 0, "Limit": 10})["Devices"]
    return {"ProductId": home.product, "DeviceName": devices[0]["DeviceName"]}


@prepares("UpdateDevicePSK")
def a_new_secret(world: World, sample: Sample) -> dict:
    return {"Psk": base64.b64encode(bytes(16)).decode()}


@prepares("ListLogPayload", "ListSDKLog", "DescribeSDKLog")
def words_and_a_first_page(world: World, sample: Sample) -> dict:
    return {"Keywords": f"productid:{world.home.product} devicename:{world.lamp.name}", "Context": ""}


@prepares("ModifyApplication")
def an_application(world: World, sample: Sample) -> dict:
    members = {"ProjectId": world.home.project, "AppName": fresh("app"), "Products": json.dumps([world.home.product])}
    made = world.console.call("CreateApplication", members)["Application"]
    return {"IotAppID": made["IotAppID"], "AppName": fresh("app"), "AppKey": made["AndroidAppKey"]}


@prepares("BindUserDevice")
def an_application_and_a_free_device(world: World, sample: Sample) -> dict:
    return {"AppKey": an_application(world, sample)["AppKey"]}


@prepares("RevokeBindUserDevice", "ShareDeviceToUser", "GetFamilyDeviceUserList")
def a_bound_device(world: World, sample: Sample) -> dict:
    holder = {"AppKey": an_application(world, sample)["AppKey"], "OpenID": "nandy", "OwnerOpenID": "nandy"}
    world.cloud.call("BindUserDevice", {**world.address, **holder})
    return holder


@prepares("RevokeShareDeviceFromUser")
def a_shared_device(world: World, sample: Sample) -> dict:
    holder = a_bound_device(world, sample)
    world.cloud.call("ShareDeviceToUser", {**world.address, **holder, "ToOpenID": sample.members["ToOpenID"]})
    return holder


@prepares("DirectBindDeviceInFamily")
def a_family(world: World, sample: Sample) -> dict:
    application = an_application(world, sample)
    other = world.home.address(world.home.device())
    family = world.cloud.call("BindUserDevice", {**other, "AppKey": application["AppKey"], "OpenID": "nandy"})
    return {"IotAppID": application["IotAppID"], "UserID": family["UserID"], "FamilyId": family["FamilyId"], "RoomId": "0"}
