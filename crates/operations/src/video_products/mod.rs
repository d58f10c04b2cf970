//! Products as the video API has them (management API facts §8.1). They are ordinary products, in the account's first project,
//! with a few particulars of their hardware; everything else about them is asked with the operations of all products.

mod change;
mod entry;
mod list;

use crate::operation::{Audit, Nothing, Operation, VIDEO};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateProduct",
        VIDEO,
        Audit::Write,
        text!("Make a video product", "创建音视频产品"),
        handler!(change::create: change::CreateProduct => entry::OneProduct),
    ),
    Operation::new(
        "ModifyProduct",
        VIDEO,
        Audit::Write,
        text!("Change a video product's name and description", "修改音视频产品"),
        handler!(change::modify: change::ModifyProduct => Nothing),
    ),
    Operation::new(
        "DeleteProduct",
        VIDEO,
        Audit::Write,
        text!("Delete a video product without devices", "删除音视频产品"),
        handler!(change::delete: change::DeleteProduct => Nothing),
    ),
    Operation::new(
        "DescribeProduct",
        VIDEO,
        Audit::Read,
        text!("One product as the video API shows it", "获取音视频产品详情"),
        handler!(list::describe: list::DescribeProduct => entry::OneProduct),
    ),
    Operation::new(
        "DescribeProducts",
        VIDEO,
        Audit::Read,
        text!("The video products of the account, page by page", "获取音视频产品列表"),
        handler!(list::list: list::DescribeProducts => list::ProductPage),
    ),
];
