//! The data of a device and what it is asked to do (management API facts §4.2.5, §8.1; console guide, 设备调试): last
//! values, history, events, control and action calls.

mod action;
mod control;
mod events;
mod history;
mod latest;

pub(crate) use control::source_of;

use crate::operation::{Audit, EXPLORER, EXPLORER_AND_VIDEO, EXPLORER_AND_VIDEO_2021, Operation, VIDEO};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeDeviceData",
        EXPLORER_AND_VIDEO,
        Audit::Read,
        text!("A device's last reported values", "获取设备属性数据"),
        handler!(latest::describe: latest::DescribeDeviceData => latest::DeviceData),
    ),
    Operation::new(
        "DescribeDeviceDataHistory",
        EXPLORER_AND_VIDEO,
        Audit::Read,
        text!("The history of one property of a device", "获取设备历史数据"),
        handler!(history::describe: history::DescribeDeviceDataHistory => history::DataHistory),
    ),
    Operation::new(
        "ControlDeviceData",
        EXPLORER_AND_VIDEO,
        Audit::Ledger,
        text!("Set properties of a device, or report them in its name", "设置设备数据"),
        handler!(control::control: control::ControlDeviceData => control::Controlled),
    ),
    Operation::new(
        "ListEventHistory",
        EXPLORER,
        Audit::Read,
        text!("The events that a device posted", "获取设备的历史事件"),
        handler!(events::list: events::ListEventHistory => events::EventHistory),
    ),
    Operation::new(
        "DescribeDeviceEventHistory",
        VIDEO,
        Audit::Read,
        text!("The events that a device posted", "获取设备的历史事件"),
        handler!(events::list: events::ListEventHistory => events::EventHistory),
    ),
    Operation::new(
        "CallDeviceActionSync",
        EXPLORER_AND_VIDEO_2021,
        Audit::Ledger,
        text!("Call an action of a device and wait for its answer", "同步调用设备行为"),
        handler!(action::call_sync: action::CallDeviceAction => action::Answered),
    ),
    Operation::new(
        "CallDeviceActionAsync",
        EXPLORER_AND_VIDEO_2021,
        Audit::Ledger,
        text!("Call an action of a device without waiting", "异步调用设备行为"),
        handler!(action::call_async: action::CallDeviceAction => action::Called),
    ),
    Operation::new(
        "DescribeDeviceActionHistory",
        VIDEO,
        Audit::Read,
        text!("The ended action calls of a device", "获取设备动作历史"),
        handler!(action::history: action::DescribeDeviceActionHistory => action::ActionHistories),
    ),
];
