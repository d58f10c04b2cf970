//! The table of all operations.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::operation::{Operation, Version};
use crate::{
    access, app_users, batches, certificates, data, devices, evidence, fleet, instances, jobs, licences,
    logs, messages, overview, own_account, products, projects, statistics, system, tags, thing_model, topics,
    video_products, virtual_devices,
};

/// Every group's operations.
const GROUPS: &[&[Operation]] = &[
    instances::OPERATIONS,
    projects::OPERATIONS,
    products::OPERATIONS,
    devices::OPERATIONS,
    fleet::OPERATIONS,
    evidence::OPERATIONS,
    batches::OPERATIONS,
    data::OPERATIONS,
    virtual_devices::OPERATIONS,
    messages::OPERATIONS,
    topics::OPERATIONS,
    statistics::OPERATIONS,
    tags::OPERATIONS,
    logs::OPERATIONS,
    thing_model::OPERATIONS,
    video_products::OPERATIONS,
    certificates::OPERATIONS,
    app_users::OPERATIONS,
    licences::OPERATIONS,
    access::OPERATIONS,
    own_account::OPERATIONS,
    jobs::OPERATIONS,
    system::OPERATIONS,
    overview::OPERATIONS,
];

static BY_VERSION: LazyLock<HashMap<(Version, &'static str), &'static Operation>> = LazyLock::new(|| {
    let each = |operation: &'static Operation| {
        operation.versions().iter().map(move |version| ((*version, operation.name()), operation))
    };
    operations().flat_map(each).collect()
});

static IN_CONSOLE: LazyLock<HashMap<&'static str, &'static Operation>> = LazyLock::new(|| {
    let mut chosen: HashMap<&'static str, &'static Operation> = HashMap::new();
    for operation in operations() {
        let kept = chosen.entry(operation.name()).or_insert(operation);
        if rank(operation) < rank(kept) {
            *kept = operation;
        }
    }
    chosen
});

/// Where a name has two forms, the console has its own or iotexplorer's.
fn rank(operation: &Operation) -> u8 {
    match operation.versions() {
        [] => 0,
        versions if versions.contains(&Version::Explorer20190423) => 1,
        versions if versions.contains(&Version::Video20211125) => 2,
        _ => 3,
    }
}

/// Whether an operation concerns accounts, keys and policies, which policies name in a service of their own.
pub(crate) fn is_about_access(name: &str) -> bool {
    access::OPERATIONS.iter().any(|operation| operation.name() == name)
}

/// Every operation, group by group.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    GROUPS.iter().copied().flatten()
}

/// The operation that a version of the API has under this name.
pub fn find(version: Version, name: &str) -> Option<&'static Operation> {
    if version == Version::Own {
        return find_in_console(name);
    }
    BY_VERSION.get(&(version, name) as &(Version, &str)).copied()
}

/// The operation that the console has under this name.
pub fn find_in_console(name: &str) -> Option<&'static Operation> {
    IN_CONSOLE.get(name).copied()
}

/// The console's operations, by name.
pub fn console_operations() -> Vec<&'static Operation> {
    let mut all: Vec<_> = IN_CONSOLE.values().copied().collect();
    all.sort_unstable_by_key(|operation| operation.name());
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_means_one_operation_in_a_version_and_has_its_summary_in_both_languages() {
        let mut seen = HashSet::new();
        for operation in operations() {
            for version in operation.versions() {
                assert!(seen.insert((*version, operation.name())), "{operation:?} twice in {version:?}");
            }
            let summary = operation.summary();
            assert!(!summary.en.is_empty() && !summary.zh.is_empty(), "{operation:?}");
            assert!(
                summary.zh.chars().any(|letter| letter > '\u{2e80}'),
                "{operation:?} has no Chinese summary"
            );
        }
    }
}
