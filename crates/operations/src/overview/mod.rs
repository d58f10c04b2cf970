//! What a person sees first: how much goes on, and what should be looked at (console guide, 设备概览).
//!
//! Nothing here is kept but what an account ignores: both answers are computed from the state of things when somebody
//! asks, so what was put right is gone from them by itself.
//!
//! What must stay true: numbers and things to look at are of objects that the caller may see; what concerns the
//! installation is for its operator alone.

mod attention;
mod ignore;
mod numbers;

use crate::call::Call;
use crate::operation::{Audit, CONSOLE, Nothing, Operation};
use crate::resource::Resource;

/// Whether the caller may see what concerns the installation.
fn sees_installation(call: &Call) -> bool {
    let caller = call.caller();
    caller.operator && call.may(&Resource::Installation(caller.owner))
}

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeOverview",
        CONSOLE,
        Audit::Read,
        text!("Devices, messages a second, how commands ended, and the machine", "查询概览数据"),
        handler!(numbers::describe: numbers::DescribeOverview => numbers::Overview),
    ),
    Operation::new(
        "DescribeAttention",
        CONSOLE,
        Audit::Read,
        text!("What should be looked at, the most urgent first", "查询待处理事项"),
        handler!(attention::describe: attention::DescribeAttention => attention::AttentionList),
    ),
    Operation::new(
        "IgnoreAttention",
        CONSOLE,
        Audit::Write,
        text!("Leave something out of what should be looked at, as long as it lasts", "忽略待处理事项"),
        handler!(ignore::ignore: ignore::NamedAttention => Nothing),
    ),
    Operation::new(
        "UnignoreAttention",
        CONSOLE,
        Audit::Write,
        text!("Tell again what was ignored", "取消忽略待处理事项"),
        handler!(ignore::unignore: ignore::NamedAttention => Nothing),
    ),
];
