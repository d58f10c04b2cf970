//! What is configured, and where each value comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::failure::Outcome;

/// Where a setting's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingSource {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File,
    /// The command line.
    CommandLine,
}

/// One setting.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Setting {
    /// Its section in the file.
    pub section: String,
    /// Its name in the section.
    pub key: String,
    /// The value in force; none for a secret.
    pub value: Value,
    /// The value where nobody sets another.
    pub default: Value,
    /// What it means.
    pub about: String,
    /// What it means, in Chinese; empty where nobody has written it.
    pub about_zh: String,
    /// Where the value comes from: `default`, `file` or `command-line`.
    pub source: SettingSource,
    /// Whether it is a secret, which is not shown.
    pub is_secret: bool,
}

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeConfiguration {}

/// Every setting.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configuration {
    /// By section and name.
    settings: Vec<Setting>,
    /// Where the configuration file is looked for; settings are read when the server starts.
    file: String,
}

pub(crate) async fn describe(call: Call, _request: DescribeConfiguration) -> Outcome<Configuration> {
    call.operator()?;
    let parts = &call.platform().system.parts;
    let file = parts.data.join("yizhan.toml").display().to_string();
    Ok(Configuration { settings: parts.settings.clone(), file })
}
