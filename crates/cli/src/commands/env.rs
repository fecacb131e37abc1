//! `env`: the environments of a store.

use serde::Serialize;
use strata_model::code::ErrorCode;
use strata_model::environment::{Environment, Footprint};
use strata_model::version::Version;
use strata_ops::environments::{self, SettingsChange};
use strata_ops::view::EnvironmentEntry;
use strata_ops::{OpsError, Request, Workspace};

use super::{Context, write};
use crate::args::{EnvCommand, SettingsArgs};
use crate::failure::{Exit, Failure};
use crate::output::is_interactive;
use crate::render::tables;

pub(crate) fn run(context: &Context<'_>, command: &EnvCommand) -> Result<Exit, Failure> {
    match command {
        EnvCommand::List => {
            context.refuse_at("env list")?;
            let entries = environments::list(&context.open()?)?;
            context.output.answer(&entries, || tables::environments(&entries))?;
            return Ok(Exit::Done);
        }
        EnvCommand::Show => return show(context),
        EnvCommand::Create { .. }
        | EnvCommand::Select { .. }
        | EnvCommand::Set { .. }
        | EnvCommand::Delete { .. }
        | EnvCommand::Copy { .. } => context.refuse_at("env")?,
    }
    match command {
        EnvCommand::List | EnvCommand::Show => Ok(Exit::Done),
        EnvCommand::Create { name, settings, display_name, block_unmanaged, write } => {
            let change = change(settings, display_name.as_ref(), *block_unmanaged)?;
            create(context, name, &change, write.plan)
        }
        EnvCommand::Select { name, write } => select(context, name, write.plan),
        EnvCommand::Set { settings, display_name, block_unmanaged, write } => {
            let change = change(settings, display_name.as_ref(), *block_unmanaged)?;
            set(context, &change, write.plan)
        }
        EnvCommand::Delete { name, write } => delete(context, name, write.plan),
        EnvCommand::Copy { from, to, write } => copy(context, from, to, write.plan),
    }
}

/// What `--plan` of a command that is no operation would do.
#[derive(Serialize)]
struct Would<'a> {
    operation: &'static str,
    environment: &'a EnvironmentEntry,
    /// Where a copy is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

fn change(
    settings: &SettingsArgs,
    display_name: Option<&String>,
    block_unmanaged: Option<bool>,
) -> Result<SettingsChange, Failure> {
    let platform_version = match &settings.platform_version {
        // No version is the platform's refusal, not the command line's.
        Some(text) => Some(
            Version::parse(text)
                .map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))?,
        ),
        None => None,
    };
    Ok(SettingsChange {
        display_name: display_name.cloned(),
        platform_version,
        desktop_flow_schema: settings.desktop_flow_schema.map(Into::into),
        block_unmanaged,
        languages: (!settings.language.is_empty()).then(|| settings.language.clone()),
    })
}

fn show(context: &Context<'_>) -> Result<Exit, Failure> {
    let workspace = context.open()?;
    let mut entry = environments::show(&workspace)?;
    if let Some(at) = context.at() {
        let environment = workspace.environment()?;
        let snapshot = workspace.store().snapshot(&environment, Some(at), &Footprint::default());
        let then = snapshot.map_err(OpsError::from)?.environment.settings;
        entry = EnvironmentEntry {
            display_name: then.display_name,
            platform_version: then.platform_version.to_string(),
            desktop_flow_schema: then.desktop_flow_schema,
            block_unmanaged: then.block_unmanaged,
            languages: then.languages,
            operation: at,
            ..entry
        };
    }
    context.output.answer(&entry, || tables::environment(&entry))?;
    Ok(Exit::Done)
}

fn create(context: &Context<'_>, name: &str, change: &SettingsChange, plan_only: bool) -> Result<Exit, Failure> {
    // Tried in memory first: a name that cannot be must not make a store.
    let tried = environments::create(&Workspace::in_memory()?, name, change)?;
    if plan_only {
        refuse_existing(context, name)?;
        return would(context, "create-environment", "create", &tried, None);
    }
    let entry = environments::create(&context.open_or_create()?, name, change)?;
    context.output.answer(&entry, || format!("created environment {}", entry.name))?;
    if !entry.selected {
        context.output.hint(&format!("use it with `strata env select {0}`, or once with `-e {0}`", entry.name));
    }
    Ok(Exit::Done)
}

fn select(context: &Context<'_>, name: &str, plan_only: bool) -> Result<Exit, Failure> {
    let workspace = context.open()?;
    if plan_only {
        return would(context, "select-environment", "select", &entry_of(&workspace, name)?, None);
    }
    let entry = environments::select(&workspace, name)?;
    context.output.answer(&entry, || format!("selected environment {}", entry.name))?;
    Ok(Exit::Done)
}

fn set(context: &Context<'_>, change: &SettingsChange, plan_only: bool) -> Result<Exit, Failure> {
    let request = |environment: &Environment| Request::Settings(change.over(&environment.settings));
    if plan_only {
        return write::show_plan_in_words(context, request, |environment| {
            tables::settings(&environment.name, &environment.settings, &change.over(&environment.settings))
        });
    }
    let (workspace, environment) = context.open_to_write()?;
    write::apply(context, &workspace, &environment, &request(&environment))?;
    let entry = environments::show(&workspace)?;
    context.output.answer(&entry, || tables::environment(&entry))?;
    Ok(Exit::Done)
}

fn delete(context: &Context<'_>, name: &str, plan_only: bool) -> Result<Exit, Failure> {
    let workspace = context.open()?;
    let entry = entry_of(&workspace, name)?;
    if plan_only {
        return would(context, "delete-environment", "delete", &entry, None);
    }
    if !context.global.yes && is_interactive() {
        let question = format!(
            "Delete environment {} with its {} operations? This cannot be undone.",
            entry.name, entry.operation
        );
        if !context.output.ask(&question) {
            return Err(Failure::Declined);
        }
    }
    let entry = environments::delete(&workspace, name)?;
    context.output.answer(&entry, || format!("deleted environment {}", entry.name))?;
    Ok(Exit::Done)
}

fn copy(context: &Context<'_>, from: &str, to: &str, plan_only: bool) -> Result<Exit, Failure> {
    let workspace = context.open()?;
    if plan_only {
        let source = entry_of(&workspace, from)?;
        let named = environments::create(&Workspace::in_memory()?, to, &SettingsChange::default())?;
        refuse_existing(context, to)?;
        let copied = EnvironmentEntry { name: named.name, selected: false, ..source.clone() };
        return would(context, "copy-environment", "copy", &copied, Some(&source.name));
    }
    let entry = environments::copy(&workspace, from, to)?;
    context.output.answer(&entry, || format!("copied environment {from} to {}", entry.name))?;
    Ok(Exit::Done)
}

fn would(
    context: &Context<'_>,
    operation: &'static str,
    verb: &str,
    environment: &EnvironmentEntry,
    from: Option<&str>,
) -> Result<Exit, Failure> {
    let text = || match from {
        Some(from) => format!("would {verb} environment {from} to {}", environment.name),
        None => format!("would {verb} environment {}", environment.name),
    };
    context.output.answer(&Would { operation, environment, from }, text)?;
    Ok(Exit::Done)
}

fn entry_of(workspace: &Workspace, name: &str) -> Result<EnvironmentEntry, Failure> {
    // Known under the name it was made with, and refused with "did you mean" where it is not.
    let environment = workspace.environment_named(name)?;
    let found = environments::list(workspace)?.into_iter().find(|entry| entry.name == environment.name);
    let gone = || OpsError::request(ErrorCode::NOT_FOUND, format!("there is no environment `{name}`"));
    Ok(found.ok_or_else(gone)?)
}

fn refuse_existing(context: &Context<'_>, name: &str) -> Result<(), Failure> {
    if !context.store_exists() {
        return Ok(());
    }
    match context.open()?.store().environment(name).map_err(OpsError::from)? {
        Some(there) => {
            let message = format!("there is an environment `{}` already", there.name);
            Err(OpsError::request(ErrorCode::ALREADY_EXISTS, message).into())
        }
        None => Ok(()),
    }
}
