//! Virtual devices (console guide, 虚拟设备调试): the server plays a device's part, so that a product can be tried before
//! there is hardware. Started, stopped, told how to behave and what to say.

mod change;
mod describe;
mod say;

use yizhan_virtual_devices::VirtualDeviceError;

use crate::failure::{Code, Failure};
use crate::operation::{Audit, CONSOLE, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "StartVirtualDevice",
        CONSOLE,
        Audit::Write,
        text!("Let the server play a device's part", "启动虚拟设备"),
        handler!(change::start: change::StartVirtualDevice => describe::DescribedVirtualDevice),
    ),
    Operation::new(
        "StopVirtualDevice",
        CONSOLE,
        Audit::Write,
        text!("Stop playing a device's part", "停止虚拟设备"),
        handler!(change::stop: change::StopVirtualDevice => Nothing),
    ),
    Operation::new(
        "ModifyVirtualDevice",
        CONSOLE,
        Audit::Write,
        text!("Change how a virtual device behaves", "修改虚拟设备的行为设置"),
        handler!(change::modify: change::ModifyVirtualDevice => describe::DescribedVirtualDevice),
    ),
    Operation::new(
        "DescribeVirtualDevice",
        CONSOLE,
        Audit::Read,
        text!("How a virtual device behaves and is doing", "查看虚拟设备详情"),
        handler!(describe::one: describe::DescribeVirtualDevice => describe::DescribedVirtualDevice),
    ),
    Operation::new(
        "DescribeVirtualDevices",
        CONSOLE,
        Audit::Read,
        text!("The virtual devices of a product or of the account", "获取虚拟设备列表"),
        handler!(describe::many: describe::DescribeVirtualDevices => describe::DescribedVirtualDevices),
    ),
    Operation::new(
        "ReportAsVirtualDevice",
        CONSOLE,
        Audit::Ledger,
        text!("Let a virtual device report properties", "虚拟设备上报属性"),
        handler!(say::report: say::ReportAsVirtualDevice => say::SaidAsVirtualDevice),
    ),
    Operation::new(
        "PostEventAsVirtualDevice",
        CONSOLE,
        Audit::Ledger,
        text!("Let a virtual device post an event", "虚拟设备上报事件"),
        handler!(say::post: say::PostEventAsVirtualDevice => say::SaidAsVirtualDevice),
    ),
];

impl From<VirtualDeviceError> for Failure {
    fn from(error: VirtualDeviceError) -> Self {
        let code = match error {
            VirtualDeviceError::Occupied => Code::DeviceIsConnected,
            VirtualDeviceError::NoModel => Code::ModelDefineNil,
            VirtualDeviceError::NoKey => Code::ProductNotSupportPsk,
            VirtualDeviceError::LimitReached(_) => Code::VirtualDeviceExceedLimit,
            VirtualDeviceError::Invalid(_) => Code::InvalidParameterValue,
            VirtualDeviceError::NotRunning => Code::VirtualDeviceNotRunning,
            VirtualDeviceError::Offline => Code::DeviceOffline,
            VirtualDeviceError::Store(error) => return error.into(),
        };
        Self::new(code).because(error.to_string())
    }
}
