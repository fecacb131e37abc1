//! Environments: list, show, create, select, delete, copy; settings are a [`Request`](crate::Request).

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::environment::{DesktopFlowSchema, Environment, Settings};
use strata_model::version::Version;

use crate::view::EnvironmentEntry;
use crate::workspace::DEFAULT_ENVIRONMENT;
use crate::{OpsError, Workspace};

/// Settings that a caller names; the others stay as they are.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    pub display_name: Option<String>,
    pub platform_version: Option<Version>,
    pub desktop_flow_schema: Option<DesktopFlowSchema>,
    pub block_unmanaged: Option<bool>,
    /// The full list; the first is the base language.
    pub languages: Option<Vec<u32>>,
}

impl SettingsChange {
    /// Returns the settings after the change.
    pub fn over(&self, before: &Settings) -> Settings {
        let mut after = before.clone();
        after.display_name = self.display_name.clone().unwrap_or(after.display_name);
        after.platform_version = self.platform_version.clone().unwrap_or(after.platform_version);
        after.desktop_flow_schema = self.desktop_flow_schema.unwrap_or(after.desktop_flow_schema);
        after.block_unmanaged = self.block_unmanaged.unwrap_or(after.block_unmanaged);
        if let Some(languages) = self.languages.as_ref().filter(|list| !list.is_empty()) {
            let mut named = BTreeSet::new();
            // The base language stays first.
            after.languages = languages.iter().copied().filter(|language| named.insert(*language)).collect();
        }
        after
    }
}

/// Lists the environments by name.
pub fn list(workspace: &Workspace) -> Result<Vec<EnvironmentEntry>, OpsError> {
    let environments = workspace.store().environments()?;
    environments.iter().map(|environment| entry(workspace, environment)).collect()
}

/// Shows the environment that is meant.
pub fn show(workspace: &Workspace) -> Result<EnvironmentEntry, OpsError> {
    entry(workspace, &workspace.environment()?)
}

/// Creates an environment.
pub fn create(workspace: &Workspace, name: &str, change: &SettingsChange) -> Result<EnvironmentEntry, OpsError> {
    check_name(name)?;
    let settings = change.over(&Settings::fresh(name));
    let environment = workspace.store().environment_create(name, &settings)?;
    entry(workspace, &environment)
}

/// Makes an environment the one that commands mean when they name none.
pub fn select(workspace: &Workspace, name: &str) -> Result<EnvironmentEntry, OpsError> {
    let environment = workspace.environment_named(name)?;
    workspace.store().select(&environment.name)?;
    entry(workspace, &environment)
}

/// Deletes an environment with its history.
pub fn delete(workspace: &Workspace, name: &str) -> Result<EnvironmentEntry, OpsError> {
    let environment = workspace.environment_named(name)?;
    let shown = entry(workspace, &environment)?;
    workspace.store().environment_delete(environment.no)?;
    Ok(shown)
}

/// Copies an environment, history included.
pub fn copy(workspace: &Workspace, from: &str, to: &str) -> Result<EnvironmentEntry, OpsError> {
    check_name(to)?;
    let environment = workspace.environment_named(from)?;
    let copied = workspace.store().environment_copy(environment.no, to)?;
    entry(workspace, &copied)
}

fn entry(workspace: &Workspace, environment: &Environment) -> Result<EnvironmentEntry, OpsError> {
    let selected = workspace.store().selected()?.unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned());
    let settings = &environment.settings;
    Ok(EnvironmentEntry {
        name: environment.name.clone(),
        display_name: settings.display_name.clone(),
        platform_version: settings.platform_version.to_string(),
        desktop_flow_schema: settings.desktop_flow_schema,
        block_unmanaged: settings.block_unmanaged,
        languages: settings.languages.clone(),
        operation: environment.operation,
        selected: environment.name.eq_ignore_ascii_case(&selected),
    })
}

/// Names stand in URLs and on command lines.
pub(crate) fn check_name(name: &str) -> Result<(), OpsError> {
    let starts_well = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if starts_well && is_plain && name.len() <= 64 {
        return Ok(());
    }
    let message = format!("`{name}` cannot name an environment: letters, digits, `-`, `_` and `.`, at most 64");
    Err(OpsError::request(ErrorCode::INVALID_ENVIRONMENT_NAME, message))
}
