//! Accounts and access: sub-accounts, their API keys, policies, why somebody may or may not do something, and what was
//! done. Names and members are those of the vendor's access management (CAM 2019-01-16), where it has the operation.
//!
//! Who may use them: a root account, for its own sub-accounts; and a sub-account whose policies allow `cam:NAME` on
//! `qcs::cam::uin/ROOT:*`. Such a sub-account can give itself every right, as at the vendor's, so it is a second root in
//! all but name; only the keys of the root account itself stay out of its reach. Root accounts are made by the operator
//! (`yizhan admin account`).

mod audit_log;
mod entry;
mod explain;
mod keys;
mod people;
mod policies;
mod refusals;
mod users;

use crate::operation::{Audit, CONSOLE, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "AddUser",
        CONSOLE,
        Audit::Write,
        text!("Make a sub-account, on request with a password or an API key", "创建子账号"),
        handler!(users::add: users::AddUser => users::AddedUser),
    ),
    Operation::new(
        "UpdateUser",
        CONSOLE,
        Audit::Write,
        text!("Change a sub-account's remark or login, enable or disable it", "更新子账号"),
        handler!(users::update: users::UpdateUser => users::UpdatedUser),
    ),
    Operation::new(
        "DeleteUser",
        CONSOLE,
        Audit::Write,
        text!("Delete a sub-account", "删除子账号"),
        handler!(users::delete: users::DeleteUser => Nothing),
    ),
    Operation::new(
        "GetUser",
        CONSOLE,
        Audit::Read,
        text!("One sub-account", "查询子账号"),
        handler!(users::get: users::GetUser => entry::UserEntry),
    ),
    Operation::new(
        "ListUsers",
        CONSOLE,
        Audit::Read,
        text!("The account's sub-accounts", "拉取子账号列表"),
        handler!(users::list: users::ListUsers => users::UserList),
    ),
    Operation::new(
        "CreateAccessKey",
        CONSOLE,
        Audit::Write,
        text!("Make an API key; its secret half is shown once", "创建访问密钥"),
        handler!(keys::create: keys::CreateAccessKey => keys::CreatedAccessKey),
    ),
    Operation::new(
        "UpdateAccessKey",
        CONSOLE,
        Audit::Write,
        text!("Enable or disable an API key", "更新访问密钥"),
        handler!(keys::update: keys::UpdateAccessKey => Nothing),
    ),
    Operation::new(
        "DeleteAccessKey",
        CONSOLE,
        Audit::Write,
        text!("Delete an API key", "删除访问密钥"),
        handler!(keys::delete: keys::DeleteAccessKey => Nothing),
    ),
    Operation::new(
        "ListAccessKeys",
        CONSOLE,
        Audit::Read,
        text!("An account's API keys, without their secret halves", "列出访问密钥"),
        handler!(keys::list: keys::ListAccessKeys => keys::AccessKeyList),
    ),
    Operation::new(
        "GetSecurityLastUsed",
        CONSOLE,
        Audit::Read,
        text!("When and from where API keys were last used", "获取密钥最近使用情况"),
        handler!(keys::last_used: keys::GetSecurityLastUsed => keys::LastUsedList),
    ),
    Operation::new(
        "CreatePolicy",
        CONSOLE,
        Audit::Write,
        text!("Make a policy", "创建策略"),
        handler!(policies::create: policies::CreatePolicy => policies::CreatedPolicy),
    ),
    Operation::new(
        "UpdatePolicy",
        CONSOLE,
        Audit::Write,
        text!("Change a policy for all to whom it is attached", "更新策略"),
        handler!(policies::update: policies::UpdatePolicy => policies::CreatedPolicy),
    ),
    Operation::new(
        "DeletePolicy",
        CONSOLE,
        Audit::Write,
        text!("Delete policies and their attachments", "删除策略"),
        handler!(policies::delete: policies::DeletePolicy => Nothing),
    ),
    Operation::new(
        "GetPolicy",
        CONSOLE,
        Audit::Read,
        text!("One policy with its document", "查看策略详情"),
        handler!(policies::get: policies::GetPolicy => policies::PolicyDetail),
    ),
    Operation::new(
        "ListPolicies",
        CONSOLE,
        Audit::Read,
        text!("The account's policies, page by page", "查询策略列表"),
        handler!(policies::list: policies::ListPolicies => policies::PolicyList),
    ),
    Operation::new(
        "AttachUserPolicy",
        CONSOLE,
        Audit::Write,
        text!("Attach a policy to a sub-account", "绑定策略到子账号"),
        handler!(policies::attach: policies::AttachUserPolicy => Nothing),
    ),
    Operation::new(
        "DetachUserPolicy",
        CONSOLE,
        Audit::Write,
        text!("Take a policy away from a sub-account", "解除绑定到子账号的策略"),
        handler!(policies::detach: policies::DetachUserPolicy => Nothing),
    ),
    Operation::new(
        "ListAttachedUserPolicies",
        CONSOLE,
        Audit::Read,
        text!("The policies that are attached to a sub-account", "查询子账号关联的策略列表"),
        handler!(policies::attached: policies::ListAttachedUserPolicies => policies::AttachedPolicyList),
    ),
    Operation::new(
        "GeneratePolicy",
        CONSOLE,
        Audit::Read,
        text!("A policy document made from choices", "策略生成器"),
        handler!(explain::generated: explain::GeneratePolicy => explain::GeneratedPolicy),
    ),
    Operation::new(
        "ExplainAccess",
        CONSOLE,
        Audit::Read,
        text!("Whether an account may do something, and which statement decides", "权限判定说明"),
        handler!(explain::explained: explain::ExplainAccess => explain::ExplainedAccess),
    ),
    Operation::new(
        "DescribeAuditLog",
        CONSOLE,
        Audit::Read,
        text!("What was done with the account's objects, by whom, the newest first", "查询操作审计日志"),
        handler!(audit_log::describe: audit_log::DescribeAuditLog => audit_log::AuditLog),
    ),
];

#[cfg(test)]
mod tests {
    use yizhan_people::policy::{Policy, READ_OPERATIONS, decide};
    use yizhan_vocabulary::Uin;

    use crate::operation::Audit;
    use crate::resource::Resource;
    use crate::table::operations;

    #[test]
    fn what_the_generator_calls_reading_changes_nothing() {
        let actions: Vec<String> =
            READ_OPERATIONS.iter().map(|name| format!("\"iotexplorer:{name}\"")).collect();
        let document = format!(
            r#"{{"version":"2.0","statement":{{"effect":"allow","action":[{}],"resource":"*"}}}}"#,
            actions.join(",")
        );
        let policy = [Policy::parse(&document, Uin::FIRST).unwrap()];
        let resource = Resource::Account(Uin::FIRST).to_string();
        let writes = operations().filter(|operation| operation.audit() != Audit::Read);
        for operation in writes {
            assert!(
                !decide(&policy, operation.name(), &resource).allowed,
                "{operation:?} reads by its name only"
            );
        }
    }
}
