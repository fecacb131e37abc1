//! `import`: a package goes into the environment.

use std::path::Path;

use strata_model::options::{Caller, ImportAction, ImportOptions};
use strata_model::plan::{Action, Change, OperationKind};
use strata_ops::{Applied, OpsError, Request, deployment, read_package};

use super::{Context, write};
use crate::args::{ImportArgs, ImportFlags};
use crate::failure::{Exit, Failure};

pub(crate) fn import(context: &Context<'_>, args: &ImportArgs) -> Result<Exit, Failure> {
    context.refuse_at("import")?;
    let Some(path) = args.package.get() else { return Err(Failure::usage("a package is needed: FILE or --path FILE")) };
    let options = ImportOptions { list_unchanged: context.global.verbose, ..options(&args.flags)? };
    // A path that cannot be read must not make a store.
    std::fs::metadata(&path).map_err(|source| OpsError::Unreadable { path: path.clone(), source })?;
    if args.write.plan {
        return write::open_and_show_plan(context, |_, _| Ok(Request::Import { package: path.into(), options }));
    }
    refuse_unreadable(context, &path)?;
    let (workspace, environment) = context.open_to_write()?;
    let request = Request::Import { package: path.into(), options };
    let applied = write::apply(context, &workspace, &environment, &request)?;
    write::answer_applied(context, &environment, &applied, false)?;
    suggest_next(context, &applied);
    Ok(Exit::Done)
}

/// Reads the package once more where the store would be new: a package that cannot be read makes none.
fn refuse_unreadable(context: &Context<'_>, path: &Path) -> Result<(), Failure> {
    if !context.store_exists() {
        read_package(path)?;
    }
    Ok(())
}

/// Makes the options of an import: the caller's defaults, and what was given over them.
pub(crate) fn options(flags: &ImportFlags) -> Result<ImportOptions, Failure> {
    let settings = match &flags.settings_file {
        Some(file) => Some(Box::new(deployment::read(file)?)),
        None => None,
    };
    let caller = flags.caller.as_deref().and_then(Caller::named).unwrap_or(Caller::default_one());
    let defaults = ImportOptions::of(caller);
    let is_on = |flag: Option<bool>, default: bool| flag.unwrap_or(default);
    let options = ImportOptions {
        action: action(flags, defaults.default_action)?,
        overwrite_unmanaged_customizations: is_on(flags.force_overwrite, defaults.overwrite_unmanaged_customizations),
        publish_workflows: is_on(flags.activate_plugins, defaults.publish_workflows),
        publish_changes: is_on(flags.publish_changes, defaults.publish_changes),
        skip_product_update_dependencies: is_on(flags.skip_dependency_check, defaults.skip_product_update_dependencies),
        convert_to_managed: is_on(flags.convert_to_managed, defaults.convert_to_managed),
        skip_lower_version: is_on(flags.skip_lower_version, defaults.skip_lower_version),
        allow_lower_version: is_on(flags.allow_lower_version, defaults.allow_lower_version),
        assume_missing: flags.assume_missing,
        settings,
        ..defaults
    };
    if options.skip_lower_version && options.allow_lower_version {
        return Err(Failure::usage("--skip-lower-version and --allow-lower-version exclude each other"));
    }
    Ok(options)
}

/// Returns the action that is named; `--stage-and-upgrade=false` names the update.
fn action(flags: &ImportFlags, default: ImportAction) -> Result<Option<ImportAction>, Failure> {
    let named = [
        flags.action.map(ImportAction::from),
        flags.stage_and_upgrade.filter(|is_on| *is_on).map(|_| ImportAction::Upgrade),
        flags.import_as_holding.filter(|is_on| *is_on).map(|_| ImportAction::Stage),
    ];
    let mut named = named.into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(_), Some(_)) => {
            Err(Failure::usage("--action, --stage-and-upgrade and --import-as-holding exclude each other"))
        }
        (Some(action), None) => Ok(Some(action)),
        (None, _) if flags.stage_and_upgrade == Some(false) && default == ImportAction::Upgrade => {
            Ok(Some(ImportAction::Update))
        }
        (None, _) => Ok(None),
    }
}

/// Names what there is to look at now.
pub(crate) fn suggest_next(context: &Context<'_>, applied: &Applied) {
    if applied.plan.operation == OperationKind::Skip || !applied.recorded {
        return;
    }
    // A modified component has more to show than a new one.
    let changes = &applied.plan.changes;
    let with = |action: Action| changes.iter().find(|change: &&Change| change.action == action);
    if let Some(change) = with(Action::Modify).or_else(|| with(Action::Create)) {
        let component = &change.component;
        context.output.hint(&format!("see its layers with `strata layers {}:{}`", component.type_name, component.name));
    }
    context.output.hint("take it back with `strata undo`");
}
