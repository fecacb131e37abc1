//! `import`: a package goes into the environment.

use std::path::Path;

use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{Action, Change, OperationKind};
use strata_ops::{Applied, OpsError, Request, read_package};

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
        return write::open_and_show_plan(context, |_, _| Ok(Request::Import { path, options }));
    }
    refuse_unreadable(context, &path)?;
    let (workspace, environment) = context.open_to_write()?;
    let request = Request::Import { path, options };
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

/// Makes the options of an import out of its flags.
pub(crate) fn options(flags: &ImportFlags) -> Result<ImportOptions, Failure> {
    if flags.settings_file.is_some() {
        return Err(Failure::unsupported("--settings-file is not supported in this version"));
    }
    if let Some(caller) = flags.caller.as_deref().filter(|caller| !caller.eq_ignore_ascii_case("pac")) {
        return Err(Failure::unsupported(format!("--as {caller} is not supported in this version, only --as pac is")));
    }
    let named = flags.action.map(ImportAction::from);
    let action = match (flags.stage_and_upgrade, flags.import_as_holding) {
        (true, _) => Some(ImportAction::Upgrade),
        (_, true) => Some(ImportAction::Stage),
        (false, false) => named,
    };
    Ok(ImportOptions {
        action,
        overwrite_unmanaged_customizations: flags.force_overwrite,
        publish_workflows: flags.activate_plugins,
        publish_changes: flags.publish_changes,
        skip_product_update_dependencies: flags.skip_dependency_check,
        convert_to_managed: flags.convert_to_managed,
        skip_lower_version: flags.skip_lower_version,
        allow_lower_version: flags.allow_lower_version,
        assume_missing: flags.assume_missing,
        ..ImportOptions::pac()
    })
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
