//! `solution create-settings` and `check-settings`: deployment settings of a package.

use std::path::Path;

use strata_model::code::ErrorCode;
use strata_ops::{OpsError, deployment};

use super::Context;
use crate::args::SettingsPackage;
use crate::failure::{Exit, Failure};
use crate::render::style::count;
use crate::render::tables;

/// Makes settings to be filled in; a file that exists may hold what was filled in before.
pub(crate) fn create(
    context: &Context<'_>,
    package: &SettingsPackage,
    file: Option<&Path>,
    overwrite: bool,
    plan_only: bool,
) -> Result<Exit, Failure> {
    context.refuse_at("solution create-settings")?;
    let settings = deployment::create(&package.get())?;
    if let (Some(file), false) = (file, plan_only) {
        if file.exists() && !overwrite {
            let error = OpsError::request(ErrorCode::ALREADY_EXISTS, format!("{} exists already", file.display()));
            return Err(error.hint("replace it with --overwrite, or name another file").into());
        }
        deployment::write(file, &settings, overwrite)?;
    }
    let counted = format!(
        "{}, {}",
        count(settings.environment_variables.len(), "environment variable"),
        count(settings.connection_references.len(), "connection reference")
    );
    context.output.answer(&settings, || match (file, plan_only) {
        (Some(file), false) => format!("wrote {}: {counted}", file.display()),
        (Some(file), true) => format!("would write {}: {counted}", file.display()),
        (None, _) => serde_json::to_string_pretty(&settings).unwrap_or_default(),
    })?;
    Ok(Exit::Done)
}

/// Checks settings against the package, and against the environment where one is named.
pub(crate) fn check(context: &Context<'_>, package: &SettingsPackage, file: &Path) -> Result<Exit, Failure> {
    context.refuse_at("solution check-settings")?;
    let workspace = match context.environment_asked() {
        Some(_) => Some(context.open()?),
        None => None,
    };
    let problems = deployment::check(workspace.as_ref(), &package.get(), file)?;
    context.output.answer(&problems, || tables::settings_problems(&problems))?;
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Gate })
}
