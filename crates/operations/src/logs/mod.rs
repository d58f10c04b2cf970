//! Logs (management API facts §8.1, §8.2, §9; console guide, 设备日志): online and offline, messages, problems, commands,
//! and what devices log themselves. The vendor's iotexplorer has no names for these; those of its sister services are
//! served for any product.

mod all;
mod commands;
mod device;
mod hub;
mod keywords;
mod level;
mod rows;
mod sdk;

use crate::operation::{Audit, CONSOLE, HUB_2018, HUB_2021, Nothing, Operation, VIDEO};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeDeviceStatusLog",
        VIDEO,
        Audit::Read,
        text!("When a device came online and went offline", "获取设备上下线日志"),
        handler!(device::status: device::DescribeDeviceLog => device::StatusLog),
    ),
    Operation::new(
        "DescribeDeviceCommLog",
        VIDEO,
        Audit::Read,
        text!("The messages from and to a device", "获取设备通讯日志"),
        handler!(device::communication: device::DescribeDeviceCommLog => device::CommLog),
    ),
    Operation::new(
        "DescribeDiagnosticLog",
        CONSOLE,
        Audit::Read,
        text!("What went wrong between a device and the platform", "查询云端诊断日志"),
        handler!(device::diagnostic: device::DescribeDeviceLog => device::DiagnosticLog),
    ),
    Operation::new(
        "DescribeCommands",
        CONSOLE,
        Audit::Read,
        text!("The newest controls and action calls of a device and how far each has come", "查询设备指令"),
        handler!(commands::describe: commands::DescribeCommands => commands::Commands),
    ),
    Operation::new(
        "DescribeLogs",
        CONSOLE,
        Audit::Read,
        text!("All logs of devices in one list, newest first", "查询设备的全部日志"),
        handler!(all::describe: all::DescribeLogs => all::Logs),
    ),
    Operation::new(
        "DescribeSDKLog",
        VIDEO,
        Audit::Read,
        text!("What devices logged themselves", "获取设备 SDK 日志"),
        handler!(sdk::list::<rows::OldSdkLogItem>: keywords::ListByKeywords => sdk::SdkLog<rows::OldSdkLogItem>),
    ),
    Operation::new(
        "ModifyDeviceLogLevel",
        VIDEO,
        Audit::Write,
        text!("Set how much a device is to log", "更新设备日志级别"),
        handler!(level::put: level::PutLogLevel => Nothing),
    ),
    Operation::new(
        "UpdateDeviceLogLevel",
        HUB_2021,
        Audit::Write,
        text!("Set how much a device is to log", "设置设备上报的日志级别"),
        handler!(level::put: level::PutLogLevel => Nothing),
    ),
    Operation::new(
        "ListLog",
        HUB_2021,
        Audit::Read,
        text!("Connections and problems of devices, by keywords", "查看日志信息"),
        handler!(hub::behaviour::<rows::LogItem>: keywords::ListByKeywords => hub::Log<rows::LogItem>),
    ),
    Operation::new(
        "ListLog",
        HUB_2018,
        Audit::Read,
        text!("Connections and problems of devices, by keywords", "查看日志信息"),
        handler!(hub::behaviour::<rows::OldLogItem>: keywords::ListByKeywords => hub::Log<rows::OldLogItem>),
    ),
    Operation::new(
        "ListLogPayload",
        HUB_2021,
        Audit::Read,
        text!("Messages from and to devices, by keywords", "获取日志内容列表"),
        handler!(hub::payload::<rows::PayloadLogItem>: keywords::ListByKeywords => hub::Log<rows::PayloadLogItem>),
    ),
    Operation::new(
        "ListLogPayload",
        HUB_2018,
        Audit::Read,
        text!("Messages from and to devices, by keywords", "获取日志内容列表"),
        handler!(hub::payload::<rows::OldPayloadLogItem>: keywords::ListByKeywords => hub::Log<rows::OldPayloadLogItem>),
    ),
    Operation::new(
        "ListSDKLog",
        HUB_2021,
        Audit::Read,
        text!("What devices logged themselves, by keywords", "获取设备上报的日志"),
        handler!(sdk::list::<rows::SdkLogItem>: keywords::ListByKeywords => sdk::SdkLog<rows::SdkLogItem>),
    ),
    Operation::new(
        "ListSDKLog",
        HUB_2018,
        Audit::Read,
        text!("What devices logged themselves, by keywords", "获取设备上报的日志"),
        handler!(sdk::list::<rows::OldSdkLogItem>: keywords::ListByKeywords => sdk::SdkLog<rows::OldSdkLogItem>),
    ),
];
