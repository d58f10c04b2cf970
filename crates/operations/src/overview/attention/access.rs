//! Keys and tokens that nobody uses, and logins by a password alone.

use std::sync::Arc;

use yizhan_people::{Account, ApiKey};
use yizhan_vocabulary::UnixMillis;

use super::{Finding, Look, Severity, kinds};
use crate::failure::Outcome;
use crate::platform::Platform;

/// Never used for so long after it was made.
const NEVER_DAYS: i64 = 30;
/// Not used for so long.
const UNUSED_DAYS: i64 = 90;

/// Whether a key of this age is one that nobody uses: never, and for how many days.
fn idle(look: &Look, created_at: UnixMillis, last_used: Option<UnixMillis>) -> Option<(bool, i64)> {
    let days = look.days_since(last_used.unwrap_or(created_at));
    match last_used {
        None => (days >= NEVER_DAYS).then_some((true, days)),
        Some(_) => (days >= UNUSED_DAYS).then_some((false, days)),
    }
}

/// Tokens of the administration interface.
pub(super) fn tokens(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let found = platform.store.tokens()?.into_iter().filter_map(|token| {
        let (never, days) = idle(look, token.created_at, token.last_used_at)?;
        let kind = if never { &kinds::TOKEN_NEVER_USED } else { &kinds::TOKEN_UNUSED };
        let finding = Finding::new(kind, Severity::Warning, &token.name);
        Some(finding.with("Name", token.name).with("Days", days))
    });
    Ok(found.collect())
}

/// The account and its sub-accounts.
fn accounts(look: &Look, platform: &Platform) -> impl Iterator<Item = Arc<Account>> {
    let root = platform.people.account(look.owner);
    root.into_iter().chain(platform.people.sub_accounts(look.owner))
}

/// Accounts whose password is all that keeps others out.
pub(super) fn single_factors(look: &Look, platform: &Platform) -> Vec<Finding> {
    let open = accounts(look, platform).filter(|account| account.is_usable());
    let found = open.filter_map(|account| {
        let login = platform.people.login_state(account.uin)?;
        let finding = Finding::new(&kinds::NO_SECOND_FACTOR, Severity::Notice, &account.uin.0.to_string());
        let named = finding.with("Account", account.name.as_str()).with("Uin", account.uin.0);
        (!login.second_factor).then_some(named)
    });
    found.collect()
}

/// API keys of the account and its sub-accounts.
pub(super) fn keys(look: &Look, platform: &Platform) -> Vec<Finding> {
    let people = &platform.people;
    let keys = accounts(look, platform).flat_map(|account| people.keys_of(account.uin));
    keys.filter(|key| key.usable().is_ok()).filter_map(|key| unused_key(look, &key)).collect()
}

fn unused_key(look: &Look, key: &Arc<ApiKey>) -> Option<Finding> {
    let (never, days) = idle(look, key.created_at(), key.last_use().map(|last| last.at))?;
    let kind = if never { &kinds::KEY_NEVER_USED } else { &kinds::KEY_UNUSED };
    let finding = Finding::new(kind, Severity::Notice, key.id());
    let account = key.account();
    Some(
        finding
            .with("SecretId", key.id().as_ref())
            .with("Account", account.name.as_str())
            .with("Uin", account.uin.0)
            .with("Days", days),
    )
}
