//! Products (management API facts §4.2.2; console guide, 产品管理, 产品开发): making, changing, searching, publishing and
//! the rules of dynamic registration.

mod change;
mod create;
mod dynamic_registration;
mod entry;
mod list;

use crate::operation::{Audit, EXPLORER, EXPLORER_AND_VIDEO, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateStudioProduct",
        EXPLORER,
        Audit::Write,
        text!("Make a product in a project", "新建产品"),
        handler!(create::create: create::CreateStudioProduct => entry::OneProduct),
    ),
    Operation::new(
        "ModifyStudioProduct",
        EXPLORER,
        Audit::Write,
        text!("Change a product's name, description and switches", "修改产品"),
        handler!(change::modify: change::ModifyStudioProduct => entry::OneProduct),
    ),
    Operation::new(
        "DeleteStudioProduct",
        EXPLORER,
        Audit::Write,
        text!("Delete a product without devices", "删除产品"),
        handler!(change::delete: change::DeleteStudioProduct => Nothing),
    ),
    Operation::new(
        "ReleaseStudioProduct",
        EXPLORER,
        Audit::Write,
        text!("Publish a product, or withdraw it", "发布或撤回产品"),
        handler!(change::release: change::ReleaseStudioProduct => Nothing),
    ),
    Operation::new(
        "DescribeStudioProduct",
        EXPLORER,
        Audit::Read,
        text!("One product", "获取产品详情"),
        handler!(list::describe: list::DescribeStudioProduct => entry::OneProduct),
    ),
    Operation::new(
        "GetStudioProductList",
        EXPLORER,
        Audit::Read,
        text!("The products of a project, page by page", "获取产品列表"),
        handler!(list::list: list::GetStudioProductList => list::ProductList),
    ),
    Operation::new(
        "SearchStudioProduct",
        EXPLORER,
        Audit::Read,
        text!("Products by name, id or tag", "搜索产品"),
        handler!(list::search: list::SearchStudioProduct => list::ProductList),
    ),
    Operation::new(
        "ModifyProductDynamicRegister",
        EXPLORER_AND_VIDEO,
        Audit::Write,
        text!("Say whether a product's devices may register themselves", "修改产品动态注册"),
        handler!(dynamic_registration::modify: dynamic_registration::ModifyProductDynamicRegister => dynamic_registration::Rule),
    ),
    Operation::new(
        "DescribeProductDynamicRegister",
        EXPLORER_AND_VIDEO,
        Audit::Read,
        text!("Whether a product's devices may register themselves", "查询产品动态注册"),
        handler!(dynamic_registration::describe: dynamic_registration::DescribeProductDynamicRegister => dynamic_registration::Rule),
    ),
];
