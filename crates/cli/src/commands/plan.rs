//! `plan`: what an operation would do, with gates for pipelines, and saved for later.

use strata_model::options::ImportOptions;
use strata_ops::{Request, plan_file};

use super::{Context, import, write};
use crate::args::{GateKind, PlanArgs};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render;

pub(crate) fn plan(context: &Context<'_>, args: &PlanArgs) -> Result<Exit, Failure> {
    if args.compare {
        return compare(context, args);
    }
    let request = request(context, args)?;
    if context.global.at.is_some() {
        return Err(Failure::unsupported("planning against a past state (--at) is not supported in this version"));
    }
    let (workspace, environment) = context.open_to_plan()?;
    let prepared = write::plan(context, &workspace, &environment, &request)?;
    if let Some(out) = &args.out {
        plan_file::save(out, &environment.name, &request, &prepared, context.global.verbose)?;
    }
    write::answer_plan(context, &environment, &prepared)?;
    if let Some(out) = &args.out {
        context.output.hint(&format!("carry it out with `strata solution apply {}`", out.display()));
    }
    let tripped: Vec<_> =
        args.fail_on.iter().copied().filter(|kind| plan_file::trips(&prepared.plan, (*kind).into())).collect();
    if !tripped.is_empty() {
        let names: Vec<_> = tripped.into_iter().map(name).collect();
        context.output.hint(&format!("--fail-on: the plan has {}", names.join(", ")));
        return Ok(Exit::Gate);
    }
    let has_changes = !prepared.plan.is_refused() && prepared.plan.has_changes();
    Ok(if args.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Done })
}

/// Shows what each action would make of the package.
fn compare(context: &Context<'_>, args: &PlanArgs) -> Result<Exit, Failure> {
    context.refuse_at("plan --compare")?;
    let Some(path) = args.package.get() else {
        return Err(Failure::usage("a package is needed: FILE or --path FILE"));
    };
    let options = ImportOptions { list_unchanged: context.global.verbose, ..import::options(&args.flags)? };
    let (workspace, environment) = context.open_to_plan()?;
    let comparison = {
        let progress = Progress::start(context.output.shows_progress());
        let report = |phase, done, total| progress.report(phase, done, total);
        strata_ops::compare(&workspace, &environment, &path.into(), &options, &report)?
    };
    context.output.answer(&comparison, || render::comparison::text(&comparison))?;
    let has_changes = comparison.update.summary.touches() || comparison.upgrade.summary.touches();
    Ok(if args.detailed_exitcode && has_changes { Exit::Changes } else { Exit::Done })
}

fn request(context: &Context<'_>, args: &PlanArgs) -> Result<Request, Failure> {
    let options = ImportOptions { list_unchanged: context.global.verbose, ..import::options(&args.flags)? };
    match (args.package.get(), &args.uninstall, &args.apply_upgrade) {
        (_, Some(solution), _) => Ok(Request::Uninstall { solution: solution.clone() }),
        (_, None, Some(solution)) => Ok(Request::ApplyUpgrade { solution: solution.clone() }),
        (Some(path), None, None) => Ok(Request::Import { package: path.into(), options }),
        (None, None, None) => {
            Err(Failure::usage("something to plan is needed: FILE, --path FILE, --uninstall U or --apply-upgrade U"))
        }
    }
}

fn name(kind: GateKind) -> String {
    clap::ValueEnum::to_possible_value(&kind).map_or_else(String::new, |value| value.get_name().to_owned())
}
