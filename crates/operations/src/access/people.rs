//! The way to accounts, keys' holders and policies: each lookup finds within the caller's family of accounts only, and
//! refuses a caller who may not administer it.

use std::sync::Arc;

use yizhan_people::{Account, StoredPolicy};
use yizhan_vocabulary::{ProductId, ProjectId, Uin};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

const NO_USER: Failure = Failure::new(Code::UserNotExist);

impl Call {
    /// A sub-account of the caller's root account, by its name.
    pub(super) fn user_named(&self, name: &str) -> Outcome<Arc<Account>> {
        let owner = self.access()?;
        self.platform().people.account_named(Some(owner), name).ok_or(NO_USER)
    }

    /// A sub-account of the caller's root account, by its number.
    pub(super) fn user(&self, uin: i64) -> Outcome<Arc<Account>> {
        let owner = self.access()?;
        let account = self.platform().people.account(Uin(uin));
        account.filter(|account| account.owner == Some(owner)).ok_or(NO_USER)
    }

    /// The caller's root account or one of its sub-accounts; the caller's own account if none is named.
    pub(super) fn family_member(&self, uin: Option<i64>) -> Outcome<Arc<Account>> {
        let owner = self.access()?;
        let account = self.platform().people.account(uin.map_or(self.caller().account, Uin));
        account.filter(|account| account.root() == owner).ok_or(NO_USER)
    }

    /// The account whose keys are meant. Those of the root account are nobody else's business: whoever could make one
    /// would be the root account.
    pub(super) fn key_holder(&self, uin: Option<i64>) -> Outcome<Arc<Account>> {
        let account = self.family_member(uin)?;
        let caller = self.caller();
        if account.is_root() && caller.account != account.uin {
            let why = "only the root account itself may use its own keys' operations";
            return Err(Failure::new(Code::UnauthorizedOperation).because(why));
        }
        Ok(account)
    }

    /// A policy of the caller's root account.
    pub(super) fn policy(&self, id: i64) -> Outcome<Arc<StoredPolicy>> {
        let owner = self.access()?;
        self.platform().people.policy(owner, id).ok_or(const { Failure::new(Code::PolicyIdNotFound) })
    }

    /// A project of the caller's root account, only to name it in a policy.
    pub(super) fn place_of_project(&self, id: &str) -> Outcome<ProjectId> {
        let owner = self.access()?;
        let id = ProjectId::parse(id).ok();
        let own = id.filter(|id| self.platform().devices.owner_of_project(id) == Some(owner));
        own.ok_or(const { Failure::new(Code::ProjectNotExist) })
    }

    /// A product of the caller's root account and its project, only to name it in a policy.
    pub(super) fn place_of_product(&self, id: &str) -> Outcome<(ProductId, ProjectId)> {
        let owner = self.access()?;
        let devices = &self.platform().devices;
        let product = ProductId::parse(id).ok().and_then(|id| devices.product(&id));
        let place = product.map(|product| (product.id, product.settings().profile.project.clone()));
        let own = place.filter(|(_, project)| devices.owner_of_project(project) == Some(owner));
        own.ok_or(const { Failure::new(Code::StudioProductNotExist) })
    }
}
