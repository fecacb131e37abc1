//! Deployment settings: the values and connections that one environment gives to a package (L121).
//!
//! The file is `pac`'s JSON and its keys are the file's words. Here it is data only; reading it is the shell's, what
//! it means is the engine's.

use serde::{Deserialize, Serialize};

use crate::id::Digest;

/// What a deployment settings file says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DeploymentSettings {
    #[serde(rename = "EnvironmentVariables")]
    pub environment_variables: Vec<VariableSetting>,
    #[serde(rename = "ConnectionReferences")]
    pub connection_references: Vec<ConnectionSetting>,
    /// Sections that nobody reads, a misspelt one for example.
    #[serde(skip)]
    pub others: Vec<String>,
}

impl DeploymentSettings {
    /// Returns the variables that a value is given for.
    pub fn given_variables(&self) -> impl Iterator<Item = &VariableSetting> {
        self.environment_variables.iter().filter(|setting| !setting.value.trim().is_empty())
    }
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariableSetting {
    #[serde(rename = "SchemaName")]
    pub schema_name: String,
    /// Empty: none is given.
    #[serde(rename = "Value")]
    pub value: String,
}

/// The connection that a connection reference takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionSetting {
    #[serde(rename = "LogicalName")]
    pub logical_name: String,
    /// Empty: none is given.
    #[serde(rename = "ConnectionId")]
    pub connection_id: String,
    #[serde(rename = "ConnectorId")]
    pub connector_id: String,
}

/// A deployment settings file in the options of an import: a plan names it, and does not repeat its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsFile {
    pub path: String,
    /// Of the file's bytes: a saved plan refuses another file.
    pub digest: Digest,
    #[serde(skip)]
    pub settings: DeploymentSettings,
}
