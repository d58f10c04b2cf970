//! Projects: what products sit in (management API facts §4.2.1; console guide, 项目管理).

mod change;
mod entry;
mod list;

use crate::operation::{Audit, EXPLORER, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateProject",
        EXPLORER,
        Audit::Write,
        text!("Make a project in an instance", "新建项目"),
        handler!(change::create: change::CreateProject => entry::ChangedProject),
    ),
    Operation::new(
        "ModifyProject",
        EXPLORER,
        Audit::Write,
        text!("Change a project's name and description", "修改项目"),
        handler!(change::modify: change::ModifyProject => entry::ChangedProject),
    ),
    Operation::new(
        "DeleteProject",
        EXPLORER,
        Audit::Write,
        text!("Delete a project without products", "删除项目"),
        handler!(change::delete: change::DeleteProject => crate::operation::Nothing),
    ),
    Operation::new(
        "DescribeProject",
        EXPLORER,
        Audit::Read,
        text!("One project with its counters", "查询项目详情"),
        handler!(list::describe: list::DescribeProject => list::DescribedProject),
    ),
    Operation::new(
        "GetProjectList",
        EXPLORER,
        Audit::Read,
        text!("The account's projects, page by page", "获取项目列表"),
        handler!(list::list: list::GetProjectList => list::ProjectList),
    ),
];
