//! Activation codes: how many devices of which kind an instance may have made (management API facts §4.2.15; console guide,
//! 激活码概览). The vendor sells them; here the operator of the installation hands them out in pools, or does not: then
//! nothing is limited.

mod overview;
mod pools;

use crate::operation::{Audit, CONSOLE, EXPLORER, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeLicenseOverview",
        EXPLORER,
        Audit::Read,
        text!("An instance's activation codes by kind", "查询激活码总览"),
        handler!(overview::overview: overview::NamedInstance => overview::Overview),
    ),
    Operation::new(
        "DescribeActivateDevice",
        EXPLORER,
        Audit::Read,
        text!("An instance's devices by kind, and the activation codes for them", "查询设备激活码使用详情"),
        handler!(overview::devices: overview::NamedInstance => overview::ActivatedDevices),
    ),
    Operation::new(
        "DescribeActivateLicenseService",
        EXPLORER,
        Audit::Read,
        text!("An instance's activation codes of added services", "查询增值服务激活码"),
        handler!(overview::services: overview::DescribeServices => overview::Services),
    ),
    Operation::new(
        "DescribeLicensePools",
        CONSOLE,
        Audit::Read,
        text!("The pools of an instance's activation codes", "查询激活码池"),
        handler!(pools::list: overview::NamedInstance => pools::Pools),
    ),
    Operation::new(
        "AddLicensePool",
        CONSOLE,
        Audit::Write,
        text!("Give an instance activation codes, and limits with them", "添加激活码池"),
        handler!(pools::add: pools::AddLicensePool => pools::AddedPool),
    )
    .for_operator(),
    Operation::new(
        "RemoveLicensePool",
        CONSOLE,
        Audit::Write,
        text!("Take a pool of activation codes away; devices stay", "删除激活码池"),
        handler!(pools::remove: pools::RemoveLicensePool => crate::operation::Nothing),
    )
    .for_operator(),
];
