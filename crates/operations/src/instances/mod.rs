//! Instances: what projects sit in, with their quotas (management API facts §4.2.1; console guide, 实例管理), and the way
//! of a product with its devices from one instance to another.

mod change;
mod describe;
mod migrate;

use crate::operation::{Audit, CONSOLE, EXPLORER, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeInstance",
        EXPLORER,
        Audit::Read,
        text!("An instance with its quotas and what is used of them", "查询实例信息"),
        handler!(describe::describe: describe::DescribeInstance => describe::DescribedInstance),
    ),
    Operation::new(
        "DescribeInstances",
        CONSOLE,
        Audit::Read,
        text!("The account's instances", "查询实例列表"),
        handler!(describe::list: describe::DescribeInstances => describe::InstanceList),
    ),
    Operation::new(
        "CreateInstance",
        CONSOLE,
        Audit::Write,
        text!("Make an enterprise instance", "新建企业实例"),
        handler!(change::create: change::CreateInstance => describe::DescribedInstance),
    ),
    Operation::new(
        "ModifyInstance",
        CONSOLE,
        Audit::Write,
        text!("Change an instance's remark and device limit", "修改实例"),
        handler!(change::modify: change::ModifyInstance => describe::DescribedInstance),
    ),
    Operation::new(
        "DeleteInstance",
        CONSOLE,
        Audit::Write,
        text!("Delete an enterprise instance without projects", "删除企业实例"),
        handler!(change::delete: change::DeleteInstance => Nothing),
    ),
    Operation::new(
        "MigrateProduct",
        CONSOLE,
        Audit::Write,
        text!("Take a product with its devices to another instance", "设备迁移"),
        handler!(migrate::migrate: migrate::MigrateProduct => migrate::MigratedProduct),
    ),
    Operation::new(
        "DescribeMigrations",
        CONSOLE,
        Audit::Read,
        text!("Which products were taken from one instance to another", "查询设备迁移记录"),
        handler!(migrate::list: migrate::DescribeMigrations => migrate::MigrationList),
    ),
];
