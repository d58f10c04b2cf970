//! Where each setting comes from: nobody set it, the file did, or the command line.

use std::collections::HashSet;
use std::path::Path;

use schemars::schema_for;
use serde_json::Value;
use yizhan_operations::{Setting, SettingSource};

use super::chinese::about;
use super::show::{description, resolve};
use super::{Config, apply_override, read};

/// Endings of the names of settings that are not shown.
const SECRETS: [&str; 4] = ["secret", "password", "token", "private_key"];

/// A section and a key in it.
type Place = (String, String);

/// The configuration, and who set what.
pub struct Configured {
    /// What is in force.
    pub config: Config,
    in_file: HashSet<Place>,
    on_command_line: HashSet<Place>,
}

impl Configured {
    /// Reads `file`, if there is one, and applies the entries of the command line.
    pub(super) fn load(file: Option<&Path>, overrides: &[String]) -> anyhow::Result<Self> {
        let config = Config::load(file, overrides)?;
        let mut given = toml::Table::new();
        for entry in overrides {
            apply_override(&mut given, entry)?;
        }
        Ok(Self { config, in_file: places(&read(file)?), on_command_line: places(&given) })
    }

    /// Notes that a setting was given by an option of the command.
    pub fn on_command_line(&mut self, section: &str, key: &str) {
        self.on_command_line.insert((section.to_owned(), key.to_owned()));
    }

    /// Every setting, by section and name.
    pub fn settings(&self) -> anyhow::Result<Vec<Setting>> {
        let schema = schema_for!(Config).to_value();
        let (values, defaults) =
            (serde_json::to_value(&self.config)?, serde_json::to_value(Config::default())?);
        let mut settings = Vec::new();
        for (section, table) in &toml::Table::try_from(&self.config)? {
            let described = resolve(&schema, &schema["properties"][section]);
            for key in table.as_table().into_iter().flat_map(toml::Table::keys) {
                let is_secret = SECRETS.iter().any(|ending| key.ends_with(ending));
                let shown = |value: &Value| if is_secret { Value::Null } else { value[section][key].clone() };
                settings.push(Setting {
                    section: section.clone(),
                    key: key.clone(),
                    value: shown(&values),
                    default: shown(&defaults),
                    about: description(&described["properties"][key]).to_owned(),
                    about_zh: about(section, key).unwrap_or_default().to_owned(),
                    source: self.source(section, key),
                    is_secret,
                });
            }
        }
        Ok(settings)
    }

    fn source(&self, section: &str, key: &str) -> SettingSource {
        let place = (section.to_owned(), key.to_owned());
        if self.on_command_line.contains(&place) {
            SettingSource::CommandLine
        } else if self.in_file.contains(&place) {
            SettingSource::File
        } else {
            SettingSource::Default
        }
    }
}

fn places(table: &toml::Table) -> HashSet<Place> {
    let keys = |(section, keys): (&String, &toml::Value)| -> Vec<Place> {
        keys.as_table().into_iter().flatten().map(|(key, _)| (section.clone(), key.clone())).collect()
    };
    table.iter().flat_map(keys).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_says_where_its_value_is_from() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("yizhan.toml");
        std::fs::write(&file, "[journal]\nlog_days = 7\nhistory_days = 90\n").unwrap();
        let mut configured = Configured::load(Some(&file), &["journal.history_days=14".to_owned()]).unwrap();
        configured.on_command_line("listen", "mqtt");
        let settings = configured.settings().unwrap();
        let setting = |section: &str, key: &str| {
            let found = settings.iter().find(|it| it.section == section && it.key == key).unwrap();
            (found.source, found.value.clone(), found.default.clone())
        };
        assert_eq!(setting("journal", "log_days"), (SettingSource::File, 7.into(), 30.into()));
        assert_eq!(setting("journal", "history_days").0, SettingSource::CommandLine);
        assert_eq!(setting("journal", "history_days").1, 14);
        assert_eq!(setting("listen", "mqtt").0, SettingSource::CommandLine);
        assert_eq!(setting("log", "json").0, SettingSource::Default);
        assert!(settings.iter().all(|setting| !setting.about.is_empty()));
    }

    #[test]
    fn what_is_said_in_chinese_is_about_settings_that_there_are() {
        let configured = Configured::load(None, &[]).unwrap();
        let settings = configured.settings().unwrap();
        for (section, key, _) in super::super::chinese::ABOUT {
            assert!(settings.iter().any(|it| it.section == *section && it.key == *key), "{section}.{key}");
        }
    }
}
