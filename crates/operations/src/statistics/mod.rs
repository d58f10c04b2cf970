//! Statistics (management API facts §4.2.15, §8.1; console guide, 运营分析): totals, counts by day, and where devices are.

mod dates;
mod days;
mod distribution;
mod scope;
mod sum;

use crate::operation::{Audit, CONSOLE, EXPLORER, Operation, VIDEO_2021};

pub(crate) use dates::text_of;
pub(crate) use scope::products;

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "GetDeviceSumStatistics",
        EXPLORER,
        Audit::Read,
        text!("How many devices are activated, online and active", "拉取设备统计汇总数据"),
        handler!(sum::sum: sum::GetDeviceSumStatistics => sum::DeviceSum),
    ),
    Operation::new(
        "DescribeDeviceDataStats",
        VIDEO_2021,
        Audit::Read,
        text!("Devices made, activated and active, day by day", "查询设备数据统计"),
        handler!(days::devices: days::StatisticsSpan => days::DeviceStats),
    ),
    Operation::new(
        "DescribeMessageDataStats",
        VIDEO_2021,
        Audit::Read,
        text!("Messages up and down, day by day", "查询设备消息数量统计"),
        handler!(days::messages: days::StatisticsSpan => days::MessageStats),
    ),
    Operation::new(
        "DescribeMessageOverview",
        CONSOLE,
        Audit::Read,
        text!("Messages up and down and those that failed, day by day", "消息概览"),
        handler!(days::overview: days::StatisticsSpan => days::MessageOverview),
    ),
    Operation::new(
        "DescribeOnlineStats",
        CONSOLE,
        Audit::Read,
        text!("The most devices online at once, day by day", "在线设备统计"),
        handler!(days::online: days::StatisticsSpan => days::OnlineStats),
    ),
    Operation::new(
        "DescribeDeviceDistribution",
        CONSOLE,
        Audit::Read,
        text!("How many devices are where", "设备分布"),
        handler!(distribution::describe: distribution::DescribeDeviceDistribution => distribution::Distribution),
    ),
];
