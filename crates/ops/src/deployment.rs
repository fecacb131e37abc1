//! Deployment settings files: read, make from a package, check against one (L121).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;
use strata_engine::import;
use strata_engine::variables::{self, ProblemKind, Subject};
use strata_model::deployment_settings::{ConnectionSetting, DeploymentSettings, SettingsFile, VariableSetting};
use strata_model::environment::Footprint;
use strata_model::id::Digest;
use strata_model::options::ImportOptions;
use strata_model::rules::Rules;
use strata_store::StoreBodies;

use crate::package_bodies::{AllBodies, PackageBodies};
use crate::view::SettingsProblem;
use crate::{OpsError, Workspace, read_package};

/// Reads a deployment settings file.
pub fn read(path: &Path) -> Result<SettingsFile, OpsError> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    let settings = parse(&bytes).map_err(|message| {
        unreadable(io::Error::new(io::ErrorKind::InvalidData, format!("these are no deployment settings: {message}")))
    })?;
    Ok(SettingsFile { path: path.display().to_string(), digest: Digest::of(&bytes), settings })
}

/// Reads the settings of options that were saved, and refuses a file that has changed since.
pub fn read_again(options: &mut ImportOptions) -> Result<(), OpsError> {
    let Some(saved) = &options.settings else { return Ok(()) };
    let found = read(Path::new(&saved.path))?;
    if found.digest != saved.digest {
        let message = format!("{} is not the file that was planned with", saved.path);
        return Err(OpsError::request(strata_model::code::ErrorCode::STALE_PLAN, message).hint("plan again"));
    }
    options.settings = Some(Box::new(found));
    Ok(())
}

/// Makes the settings that a package takes, to be filled in; needs no environment.
pub fn create(package: &Path) -> Result<DeploymentSettings, OpsError> {
    let declared = declared(&nowhere()?, package, &DeploymentSettings::default())?;
    let variable = |variable: variables::DeclaredVariable| VariableSetting {
        schema_name: variable.schema_name,
        value: String::new(),
    };
    let connection = |reference: variables::DeclaredReference| ConnectionSetting {
        logical_name: reference.logical_name,
        connection_id: String::new(),
        connector_id: reference.connector_id.unwrap_or_default(),
    };
    Ok(DeploymentSettings {
        environment_variables: declared.variables.into_iter().map(variable).collect(),
        connection_references: declared.references.into_iter().map(connection).collect(),
        others: Vec::new(),
    })
}

/// Writes settings to a file; one that is there is replaced only where that is asked for.
pub fn write(path: &Path, settings: &DeploymentSettings, replace: bool) -> Result<(), OpsError> {
    let unwritable = |source| OpsError::Unwritable { path: path.to_owned(), source };
    let mut json = serde_json::to_vec_pretty(settings).map_err(|error| unwritable(io::Error::other(error)))?;
    json.push(b'\n');
    let mut how = fs::OpenOptions::new();
    how.write(true).create_new(!replace).create(true).truncate(true);
    let mut file = how.open(path).map_err(unwritable)?;
    io::Write::write_all(&mut file, &json).map_err(unwritable)
}

/// Compares settings with a package, and with what an environment has already where one is named.
pub fn check(workspace: Option<&Workspace>, package: &Path, settings: &Path) -> Result<Vec<SettingsProblem>, OpsError> {
    let file = read(settings)?;
    let declared = match workspace {
        Some(workspace) => declared(workspace, package, &file.settings)?,
        None => declared(&nowhere()?, package, &file.settings)?,
    };
    let problems = variables::problems(&declared, &file.settings).into_iter();
    Ok(problems
        .map(|problem| SettingsProblem {
            kind: match problem.subject {
                Subject::EnvironmentVariable => "environmentvariable",
                Subject::ConnectionReference => "connectionreference",
                Subject::Section => "section",
            },
            name: problem.name,
            problem: match problem.kind {
                ProblemKind::Missing => "missing",
                ProblemKind::Unknown => "unknown",
                ProblemKind::Empty => "empty",
                ProblemKind::Duplicate => "duplicate",
                ProblemKind::Type => "type",
                ProblemKind::Connector => "connector",
            },
            message: problem.message,
        })
        .collect())
}

/// A fresh environment that vanishes with the value.
fn nowhere() -> Result<Workspace, OpsError> {
    let workspace = Workspace::in_memory()?;
    workspace.environment_to_write()?;
    Ok(workspace)
}

fn declared(
    workspace: &Workspace,
    path: &Path,
    settings: &DeploymentSettings,
) -> Result<variables::Declared, OpsError> {
    let package = read_package(path)?;
    let environment = workspace.environment()?;
    let store = workspace.store();
    let headers = store.snapshot(&environment, None, &Footprint::default())?;
    let file = SettingsFile { path: String::new(), digest: Digest::of(b""), settings: settings.clone() };
    let options = ImportOptions { settings: Some(Box::new(file)), ..ImportOptions::pac() };
    let seen = store.snapshot(&environment, None, &import::footprint(&headers, &package, &options))?;
    let package_bodies = PackageBodies::new(&package);
    let bodies = AllBodies { package: Some(&package_bodies), files: BTreeMap::new(), store: StoreBodies::new(store) };
    let declared = import::declared(&seen, &package, settings, &Rules::OURS, &bodies);
    match bodies.store.take_error() {
        Some(error) => Err(error.into()),
        None => Ok(declared),
    }
}

/// Reads `pac`'s JSON. A number, a truth value or a document stands for the text that it is written as.
fn parse(bytes: &[u8]) -> Result<DeploymentSettings, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let Value::Object(sections) = json else { return Err("an object is expected".to_owned()) };
    let mut settings = DeploymentSettings::default();
    for (section, content) in &sections {
        match section.as_str() {
            "EnvironmentVariables" => {
                for entry in entries(section, content)? {
                    let (schema_name, value) = (name(section, entry, "SchemaName")?, text(entry, "Value"));
                    settings.environment_variables.push(VariableSetting { schema_name, value });
                }
            }
            "ConnectionReferences" => {
                for entry in entries(section, content)? {
                    settings.connection_references.push(ConnectionSetting {
                        logical_name: name(section, entry, "LogicalName")?,
                        connection_id: text(entry, "ConnectionId"),
                        connector_id: text(entry, "ConnectorId"),
                    });
                }
            }
            // Editors look for their schema here.
            "$schema" => {}
            other => settings.others.push(other.to_owned()),
        }
    }
    Ok(settings)
}

fn entries<'a>(section: &str, content: &'a Value) -> Result<&'a [Value], String> {
    match content {
        Value::Null => Ok(&[]),
        Value::Array(entries) => Ok(entries),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(format!("`{section}` is not a list"))
        }
    }
}

fn name(section: &str, entry: &Value, key: &str) -> Result<String, String> {
    let name = entry.get(key).and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| format!("an entry of `{section}` has no `{key}`"))
}

fn text(entry: &Value, key: &str) -> String {
    match entry.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l121_the_file_of_pac_is_read_whatever_a_value_is_written_as() {
        let json = r#"{"EnvironmentVariables":[{"SchemaName":"a","Value":"x"},{"SchemaName":"b","Value":5},
            {"SchemaName":"c","Value":{"d":[1]}},{"SchemaName":"e","Value":null},{"SchemaName":"f"}],
            "ConnectionReferences":[{"LogicalName":"r","ConnectionId":"1","ConnectorId":"/x"}],"Conections":[1]}"#;
        let with_mark = [b"\xef\xbb\xbf".as_slice(), json.as_bytes()].concat();
        let settings = parse(&with_mark).expect("settings");
        let values: Vec<_> = settings.environment_variables.iter().map(|setting| setting.value.as_str()).collect();
        assert_eq!(values, ["x", "5", r#"{"d":[1]}"#, "", ""]);
        assert_eq!(settings.connection_references[0].connection_id, "1");
        assert_eq!(settings.others, ["Conections"]);
        let written = serde_json::to_string(&settings).expect("JSON");
        assert!(written.starts_with(r#"{"EnvironmentVariables":[{"SchemaName":"a","Value":"x"}"#), "{written}");
        assert_eq!(parse(b"{}").expect("nothing given"), DeploymentSettings::default());
        for wrong in ["[]", "{", r#"{"EnvironmentVariables":{}}"#, r#"{"ConnectionReferences":[{"Name":"x"}]}"#] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
