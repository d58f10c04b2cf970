//! `yizhan config`: every setting with what it means, its value and its default, in the form of a configuration file.

use std::process::ExitCode;

use serde_json::Value;

use super::{Config, ConfigSource};
use crate::data_dir::DataDir;
use crate::output;

/// Show every setting, what it means and its value, as a configuration file.
///
/// Settings that have their default are shown as comments, so that the output can be saved as yizhan.toml and edited.
#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    settings: ConfigSource,
    /// The defaults, whatever is configured.
    #[arg(long)]
    defaults: bool,
}

impl Show {
    /// Prints the settings.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = if self.defaults { Config::default() } else { self.settings.load(&self.data)? };
        output::result(commented(&config)?.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// The whole configuration as TOML. The texts come from the settings' own documentation.
fn commented(config: &Config) -> anyhow::Result<String> {
    let schema = schemars::schema_for!(Config);
    let (values, defaults) = (table(config)?, table(&Config::default())?);
    let mut text = String::new();
    for (section, settings) in &values {
        let about = &schema.as_value()["properties"][section];
        comment(&mut text, description(about));
        text.push_str(&format!("[{section}]\n"));
        let described = resolve(schema.as_value(), about);
        for (key, value) in settings.as_table().into_iter().flatten() {
            text.push('\n');
            comment(&mut text, description(&described["properties"][key]));
            let default = &defaults[section][key];
            if value == default {
                text.push_str(&format!("# {key} = {value}\n"));
            } else {
                text.push_str(&format!("# default: {default}\n{key} = {value}\n"));
            }
        }
        text.push('\n');
    }
    Ok(text)
}

fn table(config: &Config) -> anyhow::Result<toml::Table> {
    Ok(toml::Table::try_from(config)?)
}

pub(super) fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    schema["$ref"].as_str().and_then(|path| root.pointer(path.trim_start_matches('#'))).unwrap_or(schema)
}

fn comment(text: &mut String, about: &str) {
    for line in about.lines() {
        text.push_str(&format!("# {line}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_what_the_command_prints() {
        let printed = commented(&Config::default()).unwrap();
        let kept = include_str!("../../../../docs/reference/configuration.toml");
        assert_eq!(
            kept.trim_end(),
            printed.trim_end(),
            "run: yizhan config --defaults > docs/reference/configuration.toml"
        );
    }

    #[test]
    fn every_setting_is_explained_and_what_was_set_stands_out() {
        let config = Config::load(None, &["journal.log_days=7".to_owned()]).unwrap();
        let printed = commented(&config).unwrap();
        assert!(printed.contains("# default: 30\nlog_days = 7\n"), "{printed}");
        let lines: Vec<&str> = printed.lines().collect();
        for pair in lines.windows(2) {
            let explained = pair[0].starts_with("# ") && !pair[0].contains(" = ");
            assert!(!pair[1].contains(" = ") || explained, "no explanation: {}", pair[1]);
        }
        let read: Config = toml::from_str(&printed).unwrap();
        assert_eq!(read, config);
    }
}
