//! The topics of a product and what its devices may do with them (management API facts §4.2.8; console guide, Topic
//! 管理). A custom topic is `PRODUCTID/${deviceName}/SUFFIX`; the platform's own topics begin with `$`, are shown with
//! the others and cannot be changed.

mod list;
mod name;
mod policy;

use crate::operation::{Audit, EXPLORER, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateTopicPolicy",
        EXPLORER,
        Audit::Write,
        text!("Add a topic to a product", "创建 Topic"),
        handler!(policy::create: policy::CreateTopicPolicy => Nothing),
    ),
    Operation::new(
        "ModifyTopicPolicy",
        EXPLORER,
        Audit::Write,
        text!("Rename a topic of a product, or change what devices may do with it", "更新 Topic 信息"),
        handler!(policy::modify: policy::ModifyTopicPolicy => Nothing),
    ),
    Operation::new(
        "DeleteTopicPolicy",
        EXPLORER,
        Audit::Write,
        text!("Delete a topic of a product", "删除 Topic"),
        handler!(policy::delete: policy::DeleteTopicPolicy => Nothing),
    ),
    Operation::new(
        "DescribeTopicPolicy",
        EXPLORER,
        Audit::Read,
        text!("What devices may do with a topic", "查看 Topic 详情"),
        handler!(list::describe: list::DescribeTopicPolicy => list::TopicPolicy),
    ),
    Operation::new(
        "ListTopicPolicy",
        EXPLORER,
        Audit::Read,
        text!("The topics of a product", "获取 Topic 列表"),
        handler!(list::list: list::ListTopicPolicy => list::TopicPolicies),
    ),
    Operation::new(
        "DescribeSubscribedTopicPolicy",
        EXPLORER,
        Audit::Read,
        text!("The topics that a device subscribes to now", "获取设备已订阅 Topic 列表"),
        handler!(list::subscribed: list::DescribeSubscribedTopicPolicy => list::SubscribedTopics),
    ),
];
