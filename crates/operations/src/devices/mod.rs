//! Devices (management API facts §4.2.4; console guide, 设备管理): making, finding, enabling and deleting them.

mod change;
mod create;
mod entry;
mod list;
mod video;

pub(crate) use change::delete_one;

use crate::operation::{Audit, CONSOLE, EXPLORER, Nothing, Operation, VIDEO};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateDevice",
        EXPLORER,
        Audit::Write,
        text!("Make a device and show its credentials", "创建设备"),
        handler!(create::create: create::CreateDevice => create::CreatedDevice),
    ),
    Operation::new(
        "CreateDevices",
        CONSOLE,
        Audit::Write,
        text!("Make several devices and show their credentials", "批量创建设备"),
        handler!(create::create_many: create::CreateDevices => create::CreatedDevices),
    ),
    Operation::new(
        "DeleteDevice",
        EXPLORER,
        Audit::Write,
        text!("Delete a device", "删除设备"),
        handler!(change::delete: change::DeleteDevice => change::BatchOutcome),
    ),
    Operation::new(
        "DeleteDevices",
        EXPLORER,
        Audit::Write,
        text!("Delete several devices", "批量删除设备"),
        handler!(change::delete_many: change::DeleteDevices => change::BatchOutcome),
    ),
    Operation::new(
        "UpdateDevicesEnableState",
        EXPLORER,
        Audit::Write,
        text!("Enable or disable several devices", "批量禁用启用设备"),
        handler!(change::enable_many: change::UpdateDevicesEnableState => change::BatchOutcome),
    ),
    Operation::new(
        "DescribeDevice",
        EXPLORER,
        Audit::Read,
        text!("One device with its key", "查看设备详情"),
        handler!(list::describe: list::DescribeDevice => list::DescribedDevice),
    ),
    Operation::new(
        "GetDeviceList",
        EXPLORER,
        Audit::Read,
        text!("The devices of a product or a project, page by page", "获取产品的设备列表"),
        handler!(list::list: list::GetDeviceList => list::DeviceList),
    ),
    Operation::new(
        "DescribeDevice",
        VIDEO,
        Audit::Read,
        text!("One device with its key", "获取设备信息"),
        handler!(video::describe: video::OneDevice => video::VideoDevice),
    ),
    Operation::new(
        "DescribeDevices",
        VIDEO,
        Audit::Read,
        text!("The devices of a product, page by page", "获取设备列表"),
        handler!(video::list: video::DescribeDevices => video::DeviceList),
    ),
    Operation::new(
        "ModifyDevice",
        VIDEO,
        Audit::Write,
        text!("Enable or disable a device", "修改设备"),
        handler!(video::modify: video::ModifyDevice => Nothing),
    ),
    Operation::new(
        "DeleteDevice",
        VIDEO,
        Audit::Write,
        text!("Delete a device", "删除设备"),
        handler!(video::delete: video::OneDevice => Nothing),
    ),
];
