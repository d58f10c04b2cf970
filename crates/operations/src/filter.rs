//! Conditions of searches: up to ten, each with one value (facts §4.3, GetDeviceList and SearchStudioProduct).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::failure::{Code, Failure, Outcome};

/// Conditions one search may have.
const MAX_FILTERS: usize = 10;
/// A condition whose name begins so is about the tag of the key behind it.
pub(crate) const TAG: &str = "tag:";

/// One condition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    /// What it is about; `tag:KEY` for the tag of that key.
    name: String,
    /// One value.
    values: Vec<String>,
}

/// The conditions as pairs of name and value.
pub(crate) fn conditions(filters: Option<Vec<Filter>>) -> Outcome<Vec<(String, String)>> {
    let filters = filters.unwrap_or_default();
    if filters.len() > MAX_FILTERS {
        let why = format!("Filters has at most {MAX_FILTERS} conditions");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let pair = |filter: Filter| match <[String; 1]>::try_from(filter.values) {
        Ok([value]) => Ok((filter.name, value)),
        Err(_) => {
            let why = format!("the condition {} needs exactly one value", filter.name);
            Err(Failure::new(Code::InvalidParameterValue).because(why))
        }
    };
    filters.into_iter().map(pair).collect()
}

/// There is no condition of this name.
pub(crate) fn unknown_filter(name: &str) -> Failure {
    let shown: String = name.chars().take(64).collect();
    Failure::new(Code::InvalidParameterValue).because(format!("Filters knows no condition {shown}"))
}
