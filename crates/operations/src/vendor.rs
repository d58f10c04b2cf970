//! The names of all actions that the vendor's API has, served here or not, so that a client which calls one that is not
//! served learns that, instead of being told that there is no such thing.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::operation::Version;

/// Blocks of names, each behind its version in brackets and perhaps a group behind `=`; lines with `#` are for people.
const NAMES: &str = include_str!("vendor_actions.txt");

static ACTIONS: LazyLock<HashSet<(Version, &'static str)>> =
    LazyLock::new(|| vendor_actions().map(|action| (action.version, action.name)).collect());

/// An action of the vendor's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorAction {
    /// The version that has it.
    pub version: Version,
    /// What it belongs to; empty where nothing says so.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// Every action of the vendor's, version by version.
pub fn vendor_actions() -> impl Iterator<Item = VendorAction> {
    let lines = NAMES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut version, mut group) = (None, "");
    lines.filter_map(move |line| {
        if let Some(text) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            (version, group) = (Version::of_text(text), "");
            return None;
        }
        if let Some(title) = line.strip_prefix("= ") {
            group = title;
            return None;
        }
        version.map(|version| VendorAction { version, group, name: line })
    })
}

/// Whether the vendor has an action of this name in a version.
pub fn is_vendor_action(version: Version, name: &str) -> bool {
    ACTIONS.contains(&(version, name) as &(Version, &str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_actions_of_the_vendor_are_known_in_their_version_only() {
        let count = |version| vendor_actions().filter(|action| action.version == version).count();
        assert_eq!(
            Version::ALL.iter().map(|version| count(*version)).collect::<Vec<_>>(),
            [268, 108, 79, 73, 69]
        );
        assert_eq!(ACTIONS.len(), vendor_actions().count(), "no name twice in a version");
        assert!(is_vendor_action(Version::Explorer20190423, "CreateStudioProduct"));
        assert!(!is_vendor_action(Version::Video20211125, "CreateStudioProduct"));
        assert!(!is_vendor_action(Version::Explorer20190423, "createStudioProduct"));
    }

    #[test]
    fn what_is_served_for_a_version_of_the_vendors_is_an_action_of_it() {
        for operation in crate::operations() {
            for version in operation.versions() {
                let name = operation.name();
                assert!(is_vendor_action(*version, name), "{name} is not in {}", version.as_str());
            }
        }
    }
}
