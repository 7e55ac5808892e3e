//! Where options come from: command line, environment, configuration file.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::OptionsError;
use super::table::{OPTIONS, OptionSpec, Takes};

/// The name of the option that names the configuration file.
const CONFIG_FILE: &str = "config_file_path";
/// Read when no other file is named; may be absent.
const DEFAULT_CONFIG_FILE: &str = "./config.toml";
/// Prefixes of environment variables, the strongest first.
const PREFIXES: [&str; 2] = ["QUARRY_", "MEILI_"];

/// The text of each option that was given, from its strongest source.
#[derive(Debug, Default, Clone)]
pub(crate) struct RawOptions {
    values: BTreeMap<&'static str, String>,
}

impl RawOptions {
    /// The text of an option.
    pub(crate) fn text(&self, name: &'static str) -> Option<&str> {
        debug_assert!(OPTIONS.iter().any(|spec| spec.name == name), "`{name}` is not in the table");
        self.values.get(name).map(String::as_str)
    }

    /// Sets an option that was not given.
    pub(crate) fn set_default(&mut self, name: &'static str, value: &str) {
        self.values.entry(name).or_insert_with(|| value.to_owned());
    }

    /// Reads all sources.
    ///
    /// - `variable`: the value of an environment variable
    pub(crate) fn read(
        matches: &ArgMatches,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<RawOptions, OptionsError> {
        let file = configuration_file(matches, variable)?;
        let mut values = BTreeMap::new();
        for spec in OPTIONS {
            let value = from_command_line(matches, spec)
                .or_else(|| from_environment(spec.variable(), variable))
                .or_else(|| file.get(spec.name).filter(|_| !spec.is_ignored_in_file).cloned());
            if let Some(value) = value {
                values.insert(spec.name, value);
            }
        }
        Ok(RawOptions { values })
    }
}

/// Adds every option to a command.
pub(crate) fn command_line(command: Command) -> Command {
    let config = Arg::new(CONFIG_FILE).long("config-file-path").num_args(1).help("Configuration file, TOML");
    OPTIONS.iter().map(argument).fold(command.arg(config), Command::arg)
}

fn argument(spec: &OptionSpec) -> Arg {
    let argument = Arg::new(spec.name).long(spec.flag()).help(spec.help);
    match spec.takes {
        Takes::Value => argument.num_args(1).allow_hyphen_values(true),
        Takes::Nothing => argument.action(ArgAction::SetTrue),
        Takes::OptionalSeconds => argument.num_args(0..=1).default_missing_value("true"),
    }
}

fn from_command_line(matches: &ArgMatches, spec: &OptionSpec) -> Option<String> {
    if matches.value_source(spec.name) != Some(ValueSource::CommandLine) {
        return None;
    }
    match spec.takes {
        Takes::Nothing => Some("true".to_owned()),
        Takes::Value | Takes::OptionalSeconds => matches.get_one::<String>(spec.name).cloned(),
    }
}

fn from_environment(name: String, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    PREFIXES.iter().find_map(|prefix| variable(&format!("{prefix}{name}")))
}

/// The options of the configuration file. A default file that does not exist holds none.
fn configuration_file(
    matches: &ArgMatches,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, OptionsError> {
    let named = matches
        .get_one::<String>(CONFIG_FILE)
        .cloned()
        .or_else(|| from_environment(CONFIG_FILE.to_uppercase(), variable));
    let path = PathBuf::from(named.as_deref().unwrap_or(DEFAULT_CONFIG_FILE));
    match std::fs::read_to_string(&path) {
        Ok(text) => parse_file(path, &text),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(source) => Err(OptionsError::UnreadableFile { path, source }),
    }
}

fn parse_file(path: PathBuf, text: &str) -> Result<BTreeMap<String, String>, OptionsError> {
    let malformed = |detail: String| OptionsError::MalformedFile { path: path.clone(), detail };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| malformed(error.to_string()))?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if key == CONFIG_FILE {
            return Err(OptionsError::ConfigurationFileInside);
        }
        if !OPTIONS.iter().any(|spec| spec.name == key) {
            return Err(malformed(format!("unknown key `{key}`")));
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => return Err(malformed(format!("`{key}` must be a string, a number or a boolean"))),
        };
        values.insert(key, value);
    }
    Ok(values)
}
