//! What is known of one device, and how it is known: how it stands and why we think so, how far its attempts to connect
//! come and which step fails, and its data in the resolution of a screen.

mod attempts;
mod login;
mod series;
mod state;

use crate::operation::{Audit, CONSOLE, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeDeviceState",
        CONSOLE,
        Audit::Read,
        text!("How a device stands, with the evidence for it", "查询设备状态及依据"),
        handler!(state::describe: state::DescribeDeviceState => state::DescribedState),
    ),
    Operation::new(
        "DescribeConnectAttempts",
        CONSOLE,
        Audit::Read,
        text!("How far a device's attempts to connect come, and which step fails", "查询设备连接过程"),
        handler!(attempts::describe: attempts::DescribeConnectAttempts => attempts::ConnectAttempts),
    ),
    Operation::new(
        "DescribeDeviceLogin",
        CONSOLE,
        Audit::Read,
        text!("All that a device needs to connect: ports, names, signature and key", "查询设备连接参数"),
        handler!(login::describe: login::DescribeDeviceLogin => login::DeviceLoginData),
    ),
    Operation::new(
        "DescribeDeviceDataSeries",
        CONSOLE,
        Audit::Read,
        text!("Properties and events of a device over time, summed up for a chart", "查询设备数据曲线"),
        handler!(series::describe: series::DescribeDeviceDataSeries => series::DeviceDataSeries),
    ),
];
