//! What somebody may do somewhere, for the console: it shows what is not opened as disabled, with the reason. The
//! operations themselves decide, each time, about the object that is meant.

use yizhan_people::{Account, AccountRights};
use yizhan_vocabulary::Uin;

use crate::operation::Operation;
use crate::resource::Resource;
use crate::table::{console_operations, is_about_access};

/// The names of the console's operations that an account may use on some object; those for the operator of the installation
/// only in the first root account.
pub fn opened_operations(account: &Account, rights: Option<&AccountRights>) -> Vec<&'static str> {
    let root = account.root();
    let opened = |operation: &&'static Operation| {
        let resource = match () {
            () if operation.is_for_operator() && root != Uin::FIRST => return false,
            () if operation.is_own() => return true,
            () if operation.is_for_operator() => Resource::Installation(root),
            () if is_about_access(operation.name()) => Resource::Access(root),
            () => Resource::Account(root),
        };
        rights.is_none_or(|rights| rights.opens(operation.name(), &resource.to_string()))
    };
    console_operations().into_iter().filter(opened).map(Operation::name).collect()
}

/// Whether an account is the operator of the installation, at least in part.
pub fn is_operator(account: &Account, rights: Option<&AccountRights>) -> bool {
    let installation = Resource::Installation(account.root()).to_string();
    account.root() == Uin::FIRST
        && rights.is_none_or(|rights| {
            let for_operator =
                console_operations().into_iter().filter(|operation| operation.is_for_operator());
            for_operator.into_iter().any(|operation| rights.decide(operation.name(), &installation).allowed)
        })
}
