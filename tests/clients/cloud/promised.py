"""The actions that the platform must serve, by the vendor's service. An action that is missing here may be served too."""

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
