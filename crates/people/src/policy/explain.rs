//! Why a request may pass or may not, in words: the deciding statement, or what comes nearest to one.

use std::borrow::Borrow;

use super::decide::{Decision, StatementAt, decide};
use super::document::{Effect, Policy};
use super::pattern::Request;

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The reasons in English.
    pub en: String,
    /// The reasons in Chinese.
    pub zh: String,
}

/// Explains what the policies, each behind its name, say about a request.
pub fn explain<P: Borrow<Policy>>(policies: &[(&str, P)], operation: &str, resource: &str) -> Explanation {
    let plain: Vec<&Policy> = policies.iter().map(|(_, policy)| policy.borrow()).collect();
    let decision = decide(&plain, operation, resource);
    let (en, zh) = match (decision.decided_by, decision.allowed) {
        (Some(at), true) => {
            let (name, number) = named(policies, at);
            (
                format!("Allowed by statement {number} of policy {name}; no statement denies it."),
                format!("由策略 {name} 的第 {number} 条语句允许,且没有语句拒绝。"),
            )
        }
        (Some(at), false) => {
            let (name, number) = named(policies, at);
            (
                format!("Denied by statement {number} of policy {name}; deny wins over every allow."),
                format!("被策略 {name} 的第 {number} 条语句拒绝,拒绝优先于允许。"),
            )
        }
        (None, _) => nothing_applies(policies, &plain, operation, resource),
    };
    Explanation { decision, en, zh }
}

fn named<P>(policies: &[(&str, P)], at: StatementAt) -> (String, usize) {
    (policies[at.policy].0.to_owned(), at.statement + 1)
}

fn nothing_applies<P>(
    policies: &[(&str, P)],
    plain: &[&Policy],
    operation: &str,
    resource: &str,
) -> (String, String) {
    if policies.is_empty() {
        return (
            "Refused: no policy is attached to the account.".to_owned(),
            "未授权:该账号没有关联任何策略。".to_owned(),
        );
    }
    let request = Request::of(operation, resource);
    if let Some(foreign) =
        request.account.filter(|account| plain.iter().all(|policy| policy.owner() != *account))
    {
        return (
            format!("Refused: the object belongs to account {foreign}, of which the policies say nothing."),
            format!("未授权:资源属于账号 {foreign},所关联的策略不涉及该账号。"),
        );
    }
    let mut en = "Refused: no statement allows this operation on this resource.".to_owned();
    let mut zh = "未授权:没有语句允许对该资源执行此操作。".to_owned();
    let near = |test: fn(&super::Statement, &Request<'_>) -> bool| {
        plain.iter().enumerate().find_map(|(policy_at, policy)| {
            let found = policy
                .statements()
                .iter()
                .position(|statement| statement.effect() == Effect::Allow && test(statement, &request))?;
            Some(named(policies, StatementAt { policy: policy_at, statement: found }))
        })
    };
    if let Some((name, number)) = near(super::Statement::names_action) {
        en.push_str(&format!(
            " Statement {number} of policy {name} names the operation, but not the resource."
        ));
        zh.push_str(&format!("策略 {name} 的第 {number} 条语句包含该操作,但不包含该资源。"));
    }
    if let Some((name, number)) = near(super::Statement::names_resource) {
        en.push_str(&format!(
            " Statement {number} of policy {name} names the resource, but not the operation."
        ));
        zh.push_str(&format!("策略 {name} 的第 {number} 条语句包含该资源,但不包含该操作。"));
    }
    (en, zh)
}
