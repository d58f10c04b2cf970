//! Calls with the first tenant's own key, of everything that the table has.

use serde_json::Value;
use yizhan_management_tests::tenants;
use yizhan_operations::{Version, find_in_console};

/// Calls an operation in the first version that has it, the console's own ones in ours.
pub fn call(operation: &str, request: &Value) -> Value {
    let version = find_in_console(operation)
        .and_then(|operation| operation.versions().first().copied())
        .unwrap_or(Version::Own);
    let mut call = tenants().first.client.tc3(operation, &request.to_string());
    call.version = version.as_str().to_owned();
    call.send()
}

/// The answer of an operation that must succeed.
#[track_caller]
pub fn done(operation: &str, request: &Value) -> Value {
    let answer = call(operation, request);
    assert!(answer.get("Error").is_none(), "{operation}: {answer}");
    answer
}

/// The code of an operation that must be refused.
#[track_caller]
pub fn refused(operation: &str, request: &Value) -> String {
    let answer = call(operation, request);
    answer["Error"]["Code"].as_str().unwrap_or_else(|| panic!("{operation} was done: {answer}")).to_owned()
}
