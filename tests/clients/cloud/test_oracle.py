"""Every action that is served, called with every sample that the vendor documents, and answered as the vendor declares.

The vendor's command line carries machine-readable descriptions of its API; they are the judge here. What is served is asked
from the server itself and compared with what must be served, so that no action falls out of sight.
"""

from __future__ import annotations

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

import vendor_models
from preparations import prepared
from promised import DOCUMENTED, PROMISED, SERVED_VERSIONS
from sample_world import World
from vendor_cloud import VERSIONS as NEWEST

NOT_SERVED = {"UnsupportedOperation", "InvalidAction"}

# --- samples that cannot succeed here: the code with which they are refused, and why ------------------------------------

REFUSED = {
    ("iotexplorer", "CallDeviceActionSync", 1): ("FailedOperation.Timeout", "the sample shows a device that does not answer"),
    ("iotexplorer", "CallDeviceActionSync", 2): ("FailedOperation.ActionUnreachable", "the sample shows a device that is away"),
    ("iotexplorer", "CreateDevice", 0): ("UnsupportedOperation", "a LoRa device needs a network server, which is not here"),
    ("iotexplorer", "CreateBatchProduction", 0): ("ResourceNotFound.CannotGetFromUrl", "the file's address is made up"),
    ("iotvideo", "ModifyModelDefinition", 0): ("InvalidParameterValue.ModelDefineInvalid", "an empty object is no thing model"),
    ("iotcloud", "ListLog", 0): ("InvalidParameterValue", "the sample shows words that are no search"),
}


# --- the tests -----------------------------------------------------------------------------------------------------------

SAMPLES = [
    sample
    for service, version in SERVED_VERSIONS
    for action in vendor_models.actions(service, version)
    if action in DOCUMENTED[version]
    for sample in vendor_models.samples(service, version, action)
]


def is_served(cloud, service: str, version: str, action: str) -> bool:
    """Asked with an empty request: whatever else is wrong with it, an action that is not served says so."""
    try:
        cloud.call(action, {}, service=service, version=version)
    except TencentCloudSDKException as refused:
        return refused.get_code() not in NOT_SERVED
    return True


@pytest.mark.parametrize("service,version", SERVED_VERSIONS)
def test_the_server_serves_what_its_reference_lists_and_refuses_the_rest(cloud, service, version):
    known = set(vendor_models.actions(service, version))
    served = {action for action in known if is_served(cloud, service, version, action)}
    assert served == DOCUMENTED[version] & known


@pytest.mark.parametrize("service", PROMISED)
def test_what_is_promised_is_served(service):
    assert set(PROMISED[service]) - DOCUMENTED[NEWEST[service]] == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.label)
def test_a_documented_sample_is_answered_as_declared(cloud, server, console, uin, sample):
    where = {"service": sample.service, "version": sample.version}
    world = World.make(cloud, server, console, uin)
    try:
        members = prepared(world, sample)
        caller = cloud.using(method=sample.method)
        if refusal := REFUSED.get((sample.service, sample.action, sample.number)):
            assert caller.refusal(sample.action, members, **where) == refusal[0], refusal[1]
            return
        answer = caller.call(sample.action, members, **where)
        # An older version is answered like the newest, whose shapes have some members more.
        assert vendor_models.differences(sample.service, NEWEST[sample.service], sample.action, answer) == []
    finally:
        world.close()
