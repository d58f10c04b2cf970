"""The actions that the platform must serve, by the vendor's service, and those that its reference says that it serves."""

from __future__ import annotations

import re

from server_process import REPOSITORY

SERVED_VERSIONS = [
    ("iotexplorer", "2019-04-23"), ("iotvideo", "2021-11-25"), ("iotvideo", "2020-12-15"), ("iotcloud", "2021-04-08"),
]
PAGE = REPOSITORY / "docs" / "reference" / "operations.md"


def documented() -> dict[str, set[str]]:
    """The served actions of each version, as the reference page lists them."""
    served: dict[str, set[str]] = {version: set() for _, version in SERVED_VERSIONS}
    versions: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            versions = re.findall(r"\d{4}-\d\d-\d\d", line)
        elif (row := re.match(r"\| (\w+) \|", line)) and row.group(1) != "Operation":
            for version in versions:
                served.setdefault(version, set()).add(row.group(1))
    return served


DOCUMENTED = documented()

# What must be served, whatever the reference says. An action that is missing here may be served too.
PROMISED = {
    "iotexplorer": """
        CreateProject ModifyProject DeleteProject DescribeProject GetProjectList DescribeInstance DescribeLicenseOverview
        CreateStudioProduct ModifyStudioProduct DeleteStudioProduct DescribeStudioProduct GetStudioProductList
        SearchStudioProduct ReleaseStudioProduct ModifyProductDynamicRegister DescribeProductDynamicRegister
        DescribeModelDefinition ModifyModelDefinition
        CreateDevice DeleteDevice DeleteDevices DescribeDevice GetDeviceList UpdateDevicesEnableState
        DescribeDeviceData DescribeDeviceDataHistory ControlDeviceData ListEventHistory CallDeviceActionAsync
        CallDeviceActionSync CallDeviceRRPCSync PublishMessage BatchPublishMessage
        CreateBatchProduction DescribeBatchProduction GetBatchProductionsList
        CreateTopicPolicy ModifyTopicPolicy DeleteTopicPolicy DescribeTopicPolicy ListTopicPolicy
        DescribeSubscribedTopicPolicy
        CreatePrivateCA UpdatePrivateCA DeletePrivateCA DescribePrivateCA DescribePrivateCAs
        DescribePrivateCABindedProducts DescribeProductCA UpdateProductPrivateCA DeleteProductPrivateCA
        BindUserDevice RevokeBindUserDevice ShareDeviceToUser RevokeShareDeviceFromUser DirectBindDeviceInFamily
        GetFamilyDeviceUserList ModifyApplication
        GenSingleDeviceSignatureOfPublic GetDeviceSumStatistics DescribeActivateDevice DescribeActivateLicenseService
        """.split(),
    "iotvideo": """
        DescribeDeviceStatusLog DescribeDeviceCommLog DescribeSDKLog ModifyDeviceLogLevel DescribeDeviceDataStats
        DescribeMessageDataStats ImportModelDefinition
        """.split(),
    "iotcloud": "ListLog ListLogPayload ListSDKLog UpdateDeviceLogLevel".split(),
}
