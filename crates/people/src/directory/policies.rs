//! Policies of root accounts, and what the attached ones let a sub-account do.

use std::collections::BTreeMap;
use std::sync::Arc;

use yizhan_store::PolicyRow;
use yizhan_vocabulary::{Uin, UnixMillis};

use super::accounts::no_account;
use super::snapshot::Snapshot;
use super::{Account, People};
use crate::error::PeopleError;
use crate::policy::{
    Decision, Explanation, PRESETS, Policy, Preset, decide, explain, opens, preset, preset_named,
};

/// What a policy denies so that operations answer without keys and secrets. It is no operation.
pub const SHOW_SECRETS: &str = "ShowSecrets";
/// The longest name and description of a policy, in characters (access management, CreatePolicy).
const MAX_NAME: usize = 128;
const MAX_DESCRIPTION: usize = 1_024;

/// A policy as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Its number.
    pub id: i64,
    /// The root account.
    pub owner: Uin,
    /// Its name.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The document, as it was given.
    pub document: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
    /// What it is made of, if nobody made it here.
    pub preset: Option<&'static Preset>,
    policy: Policy,
}

/// A policy that is to be made.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// The root account.
    pub owner: Uin,
    /// Its name, unique in the root account.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The document.
    pub document: String,
}

impl StoredPolicy {
    pub(super) fn of(row: PolicyRow) -> Self {
        let policy = Policy::parse(&row.document, row.owner).unwrap_or_else(|error| {
            // What it denied must stay denied, and what it allowed is not known.
            tracing::error!(policy = row.id, %error, "a stored policy cannot be read; it denies everything");
            Policy::closed(row.owner)
        });
        Self::with(row, policy)
    }

    fn with(row: PolicyRow, policy: Policy) -> Self {
        let PolicyRow { id, owner, name, description, document, created_at, updated_at } = row;
        Self { id, owner, name, description, document, created_at, updated_at, preset: None, policy }
    }

    /// A preset policy as a root account has it.
    fn preset(preset: &'static Preset, owner: Uin) -> Self {
        Self {
            id: preset.id,
            owner,
            name: preset.name.to_owned(),
            description: preset.en.to_owned(),
            document: preset.document.to_owned(),
            created_at: UnixMillis(0),
            updated_at: UnixMillis(0),
            preset: Some(preset),
            policy: Policy::parse(preset.document, owner).expect("preset documents are tested"),
        }
    }

    fn row(&self) -> PolicyRow {
        PolicyRow {
            id: self.id,
            owner: self.owner,
            name: self.name.clone(),
            description: self.description.clone(),
            document: self.document.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// What the attached policies let a sub-account do.
#[derive(Debug, Default)]
pub struct AccountRights {
    policies: Vec<Arc<StoredPolicy>>,
    compiled: Vec<Arc<Policy>>,
}

impl AccountRights {
    pub(super) fn of(policies: Vec<Arc<StoredPolicy>>) -> Self {
        let compiled = policies.iter().map(|stored| Arc::new(stored.policy.clone())).collect();
        Self { policies, compiled }
    }

    /// Whether the account may do `operation` on `resource`.
    pub fn decide(&self, operation: &str, resource: &str) -> Decision {
        decide(&self.compiled, operation, resource)
    }

    /// Whether the account may do `operation` on something; `everything` is the resource of the whole account.
    pub fn opens(&self, operation: &str, everything: &str) -> bool {
        opens(&self.compiled, operation, everything)
    }

    /// Whether a statement takes the sight of secrets away on the whole account, as preset policies that only look do.
    pub fn hides_secrets(&self, everything: &str) -> bool {
        let decision = self.decide(SHOW_SECRETS, everything);
        decision.decided_by.is_some() && !decision.allowed
    }

    /// The same with the reasons, and the policy that decided.
    pub fn explain(&self, operation: &str, resource: &str) -> (Explanation, Option<Arc<StoredPolicy>>) {
        let named: Vec<(&str, &Policy)> =
            self.policies.iter().map(|stored| (stored.name.as_str(), &stored.policy)).collect();
        let explanation = explain(&named, operation, resource);
        let decided = explanation.decision.decided_by.map(|at| Arc::clone(&self.policies[at.policy]));
        (explanation, decided)
    }

    /// The policies, by number.
    pub fn policies(&self) -> &[Arc<StoredPolicy>] {
        &self.policies
    }
}

/// Policies and whom they are attached to, in a picture of the directory.
#[derive(Clone, Default)]
pub(super) struct Policies {
    by_id: BTreeMap<i64, Arc<StoredPolicy>>,
    rights: BTreeMap<Uin, Arc<AccountRights>>,
}

impl Policies {
    pub fn insert(&mut self, policy: StoredPolicy) -> Arc<StoredPolicy> {
        let policy = Arc::new(policy);
        self.by_id.insert(policy.id, Arc::clone(&policy));
        for account in self.attached_to(policy.id) {
            let changed = self.rights[&account]
                .policies
                .iter()
                .map(|old| if old.id == policy.id { Arc::clone(&policy) } else { Arc::clone(old) });
            let changed = changed.collect();
            self.set(account, changed);
        }
        policy
    }

    fn remove(&mut self, id: i64) {
        self.by_id.remove(&id);
        for account in self.attached_to(id) {
            self.detach(account, id);
        }
    }

    pub fn attach(&mut self, account: Uin, id: i64) {
        if let Some(policy) = self.by_id.get(&id).cloned() {
            self.add(account, policy);
        }
    }

    /// Attaches a preset; one of another release says nothing here.
    pub fn attach_preset(&mut self, account: Uin, owner: Uin, name: &str) {
        match preset_named(name) {
            Some(preset) => self.add(account, Arc::new(StoredPolicy::preset(preset, owner))),
            None => tracing::error!(%account, name, "the account has a preset policy that is not known here"),
        }
    }

    fn add(&mut self, account: Uin, policy: Arc<StoredPolicy>) {
        let id = policy.id;
        let mut policies = self.of_account(account).policies.clone();
        if let Err(place) = policies.binary_search_by_key(&id, |policy| policy.id) {
            policies.insert(place, policy);
        }
        self.set(account, policies);
    }

    fn detach(&mut self, account: Uin, id: i64) {
        let mut policies = self.of_account(account).policies.clone();
        policies.retain(|policy| policy.id != id);
        self.set(account, policies);
    }

    pub fn forget_account(&mut self, account: Uin) {
        self.rights.remove(&account);
    }

    fn set(&mut self, account: Uin, policies: Vec<Arc<StoredPolicy>>) {
        self.rights.insert(account, Arc::new(AccountRights::of(policies)));
    }

    fn of_account(&self, account: Uin) -> Arc<AccountRights> {
        self.rights.get(&account).cloned().unwrap_or_default()
    }

    fn attached_to(&self, id: i64) -> Vec<Uin> {
        let has = |rights: &AccountRights| rights.policies.iter().any(|policy| policy.id == id);
        self.rights.iter().filter(|(_, rights)| has(rights)).map(|(account, _)| *account).collect()
    }
}

impl People {
    /// What an account may do with the objects of its root account; `None` for a root account, which may do everything.
    pub fn rights(&self, account: &Account) -> Option<Arc<AccountRights>> {
        (!account.is_root()).then(|| self.0.current.load().policies.of_account(account.uin))
    }

    /// The policies that a root account made, by number.
    pub fn policies(&self, owner: Uin) -> Vec<Arc<StoredPolicy>> {
        let current = self.0.current.load();
        current.policies.by_id.values().filter(|policy| policy.owner == owner).cloned().collect()
    }

    /// The preset policies as a root account has them.
    pub fn presets(&self, owner: Uin) -> Vec<Arc<StoredPolicy>> {
        PRESETS.iter().map(|preset| Arc::new(StoredPolicy::preset(preset, owner))).collect()
    }

    /// A policy that a root account made or every one has.
    pub fn policy(&self, owner: Uin, id: i64) -> Option<Arc<StoredPolicy>> {
        if let Some(preset) = preset(id) {
            return Some(Arc::new(StoredPolicy::preset(preset, owner)));
        }
        let policy = self.0.current.load().policies.by_id.get(&id).cloned();
        policy.filter(|policy| policy.owner == owner)
    }

    /// The sub-accounts of a root account that a policy is attached to.
    pub fn attached_to(&self, owner: Uin, policy: i64) -> Vec<Uin> {
        let current = self.0.current.load();
        let mut attached = current.policies.attached_to(policy);
        attached.retain(|account| current.accounts.get(account).is_some_and(|sub| sub.owner == Some(owner)));
        attached
    }

    /// Makes a policy.
    pub fn create_policy(&self, new: NewPolicy) -> Result<Arc<StoredPolicy>, PeopleError> {
        check_name(&new.name)?;
        if preset_named(&new.name).is_some() {
            return Err(PeopleError::Conflict(format!("{} is the name of a preset policy", new.name)));
        }
        check_description(&new.description)?;
        let policy = Policy::parse(&new.document, new.owner)?;
        let mut change = self.change();
        if !change.next.accounts.get(&new.owner).is_some_and(|account| account.is_root()) {
            return Err(no_account(new.owner));
        }
        let limit = self.0.settings.max_policies_per_account;
        if change.next.policies.by_id.values().filter(|policy| policy.owner == new.owner).count() >= limit {
            return Err(PeopleError::LimitReached(format!("there are {limit} policies already")));
        }
        let now = self.0.clock.now();
        let NewPolicy { owner, name, description, document } = new;
        let mut row =
            PolicyRow { id: 0, owner, name, description, document, created_at: now, updated_at: now };
        row.id = change.store().create_policy(&row)?;
        let stored = change.next.policies.insert(StoredPolicy::with(row, policy));
        change.publish();
        Ok(stored)
    }

    /// Changes a policy's description or document, or both; for everybody whom it is attached to, at once.
    pub fn change_policy(
        &self,
        owner: Uin,
        id: i64,
        description: Option<String>,
        document: Option<String>,
    ) -> Result<Arc<StoredPolicy>, PeopleError> {
        let mut change = self.change();
        let mut row = change.next.own_policy(owner, id)?.row();
        row.description = description.unwrap_or(row.description);
        row.document = document.unwrap_or(row.document);
        row.updated_at = self.0.clock.now();
        check_description(&row.description)?;
        let policy = Policy::parse(&row.document, owner)?;
        change.store().change_policy(&row)?;
        let stored = change.next.policies.insert(StoredPolicy::with(row, policy));
        change.publish();
        Ok(stored)
    }

    /// Deletes policies of a root account: all of them or none. Whoever had them attached loses what they allowed.
    pub fn delete_policies(&self, owner: Uin, ids: &[i64]) -> Result<(), PeopleError> {
        let mut change = self.change();
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        for id in &ids {
            change.next.own_policy(owner, *id)?;
        }
        change.store().delete_policies(&ids)?;
        ids.iter().for_each(|id| change.next.policies.remove(*id));
        change.publish();
        Ok(())
    }

    /// Attaches a policy to a sub-account of the same root account.
    pub fn attach_policy(&self, owner: Uin, account: Uin, id: i64) -> Result<(), PeopleError> {
        let mut change = self.change();
        let preset = preset(id);
        if preset.is_none() {
            change.next.own_policy(owner, id)?;
        }
        change.next.own_sub(owner, account)?;
        let limit = self.0.settings.max_attachments;
        let rights = change.next.policies.of_account(account);
        if rights.policies.len() >= limit && rights.policies.iter().all(|policy| policy.id != id) {
            return Err(PeopleError::LimitReached(format!(
                "{limit} policies are attached to the account already"
            )));
        }
        if let Some(preset) = preset {
            change.store().attach_preset(account, preset.name)?;
            change.next.policies.attach_preset(account, owner, preset.name);
        } else {
            change.store().attach_policy(account, id)?;
            change.next.policies.attach(account, id);
        }
        change.publish();
        Ok(())
    }

    /// Takes a policy away from a sub-account.
    pub fn detach_policy(&self, owner: Uin, account: Uin, id: i64) -> Result<(), PeopleError> {
        let mut change = self.change();
        let preset = preset(id);
        if preset.is_none() {
            change.next.own_policy(owner, id)?;
        }
        change.next.own_sub(owner, account)?;
        match preset {
            Some(preset) => change.store().detach_preset(account, preset.name)?,
            None => change.store().detach_policy(account, id)?,
        }
        change.next.policies.detach(account, id);
        change.publish();
        Ok(())
    }
}

impl Snapshot {
    fn own_policy(&self, owner: Uin, id: i64) -> Result<&StoredPolicy, PeopleError> {
        if let Some(preset) = preset(id) {
            return Err(PeopleError::Invalid(format!(
                "{} is a preset policy; nobody changes it",
                preset.name
            )));
        }
        let policy = self.policies.by_id.get(&id).filter(|policy| policy.owner == owner);
        policy.map(Arc::as_ref).ok_or_else(|| PeopleError::NotFound(format!("policy {id}")))
    }

    fn own_sub(&self, owner: Uin, account: Uin) -> Result<&Account, PeopleError> {
        let sub = self.accounts.get(&account).filter(|sub| sub.owner == Some(owner));
        sub.map(Arc::as_ref).ok_or_else(|| no_account(account))
    }
}

fn check_name(name: &str) -> Result<(), PeopleError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed);
    fits.then_some(()).ok_or_else(|| {
        PeopleError::Invalid(format!("a policy's name has 1 to {MAX_NAME} letters, digits or any of +=,.@_-"))
    })
}

fn check_description(text: &str) -> Result<(), PeopleError> {
    let fits = text.chars().count() <= MAX_DESCRIPTION;
    fits.then_some(()).ok_or_else(|| {
        PeopleError::Invalid(format!("a description has at most {MAX_DESCRIPTION} characters"))
    })
}
