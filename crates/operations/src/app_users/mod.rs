//! Applications and the people who use them, from the side of whoever owns the application (management API facts §4.2.14;
//! console guide, 应用开发): its own back end binds devices for its users and shares them, without a token of theirs. The
//! vendor's API only changes applications; making, listing and deleting them are the console's own operations.

mod applications;
mod binding;
mod change;
mod entry;
mod holders;
mod refusal;
mod sharing;

use crate::operation::{Audit, CONSOLE, EXPLORER, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateApplication",
        CONSOLE,
        Audit::Write,
        text!("Make an application with its key pairs", "新建应用"),
        handler!(applications::create: applications::CreateApplication => entry::OneApplication),
    ),
    Operation::new(
        "DescribeApplications",
        CONSOLE,
        Audit::Read,
        text!("The account's applications without their secrets, page by page", "获取应用列表"),
        handler!(applications::list: applications::DescribeApplications => applications::ApplicationList),
    ),
    Operation::new(
        "DescribeApplication",
        CONSOLE,
        Audit::Read,
        text!("One application with its secrets", "查看应用详情"),
        handler!(applications::describe: applications::DescribeApplication => entry::OneApplication),
    ),
    Operation::new(
        "ModifyApplication",
        EXPLORER,
        Audit::Write,
        text!("Change an application: name, products, push services", "更新应用信息"),
        handler!(change::modify: change::ModifyApplication => entry::OneApplication),
    ),
    Operation::new(
        "DeleteApplication",
        CONSOLE,
        Audit::Write,
        text!("Delete an application with its users and what they bound", "删除应用"),
        handler!(applications::delete: applications::DeleteApplication => Nothing),
    ),
    Operation::new(
        "BindUserDevice",
        EXPLORER,
        Audit::Write,
        text!("Bind a device for a user by OpenID", "绑定设备到用户"),
        handler!(binding::bind: binding::BindUserDevice => binding::BoundUser),
    ),
    Operation::new(
        "RevokeBindUserDevice",
        EXPLORER,
        Audit::Write,
        text!("Take a device back from a user", "解除用户绑定的设备"),
        handler!(binding::revoke: binding::RevokeBindUserDevice => Nothing),
    ),
    Operation::new(
        "DirectBindDeviceInFamily",
        EXPLORER,
        Audit::Write,
        text!("Bind a device in a family by its id", "直接绑定设备和家庭"),
        handler!(binding::bind_directly: binding::DirectBindDeviceInFamily => binding::BoundDevice),
    ),
    Operation::new(
        "ShareDeviceToUser",
        EXPLORER,
        Audit::Write,
        text!("Share a device with a user by OpenID", "分享设备给用户"),
        handler!(sharing::share: sharing::ShareDeviceToUser => sharing::SharedDevice),
    ),
    Operation::new(
        "RevokeShareDeviceFromUser",
        EXPLORER,
        Audit::Write,
        text!("End the sharing of a device with a user", "取消对用户的设备分享"),
        handler!(sharing::revoke: sharing::RevokeShareDeviceFromUser => Nothing),
    ),
    Operation::new(
        "GetFamilyDeviceUserList",
        EXPLORER,
        Audit::Read,
        text!("Who may use a bound device", "获取设备绑定的用户列表"),
        handler!(holders::list: holders::GetFamilyDeviceUserList => holders::DeviceUsers),
    ),
];
