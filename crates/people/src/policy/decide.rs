//! The decision: deny wins, then allow, and what nobody allows is refused.

use std::borrow::Borrow;

use super::document::{Effect, Policy};
use super::pattern::Request;

/// Which statement decided: both count from 0, in the order in which the policies were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementAt {
    /// The policy.
    pub policy: usize,
    /// Its statement.
    pub statement: usize,
}

/// Whether a request may pass, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may pass.
    pub allowed: bool,
    /// The first statement that denied it, else the first that allowed it; `None` when no statement applied.
    pub decided_by: Option<StatementAt>,
}

/// Decides about `operation` on `resource` (`qcs::iotexplorer::uin/U:PATH`, without patterns). A policy says nothing about
/// what belongs to another root account.
pub fn decide<P: Borrow<Policy>>(policies: &[P], operation: &str, resource: &str) -> Decision {
    let request = Request::of(operation, resource);
    let mut allowed_by = None;
    for (policy_at, policy) in policies.iter().enumerate() {
        let policy = policy.borrow();
        if request.account != Some(policy.owner()) {
            continue;
        }
        for (statement_at, statement) in policy.statements().iter().enumerate() {
            if !(statement.names_action(&request) && statement.names_resource(&request)) {
                continue;
            }
            let here = Some(StatementAt { policy: policy_at, statement: statement_at });
            if statement.effect() == Effect::Deny {
                return Decision { allowed: false, decided_by: here };
            }
            allowed_by = allowed_by.or(here);
        }
    }
    Decision { allowed: allowed_by.is_some(), decided_by: allowed_by }
}

/// Whether the policies open `operation` somewhere: on some object, if not on all. `everything` is the resource of the whole
/// account in the operation's service; what is denied there is denied everywhere.
pub fn opens<P: Borrow<Policy>>(policies: &[P], operation: &str, everything: &str) -> bool {
    let whole = decide(policies, operation, everything);
    if whole.decided_by.is_some() {
        return whole.allowed;
    }
    let request = Request::of(operation, everything);
    policies.iter().map(Borrow::borrow).filter(|policy| request.account == Some(policy.owner())).any(
        |policy| {
            let allows = |statement: &super::Statement| {
                statement.effect() == Effect::Allow
                    && statement.concerns_objects()
                    && statement.names_action(&request)
            };
            policy.statements().iter().any(allows)
        },
    )
}
