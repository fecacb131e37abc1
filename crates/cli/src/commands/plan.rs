//! `plan`: what an operation would do, with gates for pipelines, and saved for later.

use strata_model::options::ImportOptions;
use strata_ops::{Request, plan_file};

use super::{Context, import, write};
use crate::args::{GateKind, PlanArgs};
use crate::failure::{Exit, Failure};

pub(crate) fn plan(context: &Context<'_>, args: &PlanArgs) -> Result<Exit, Failure> {
    let request = request(context, args)?;
    if args.compare {
        return Err(Failure::unsupported("`plan --compare` is not supported in this version"));
    }
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

fn request(context: &Context<'_>, args: &PlanArgs) -> Result<Request, Failure> {
    let options = ImportOptions { list_unchanged: context.global.verbose, ..import::options(&args.flags)? };
    if args.apply_upgrade.is_some() {
        return Err(Failure::unsupported("`plan --apply-upgrade` is not supported in this version"));
    }
    match (args.package.get(), &args.uninstall) {
        (_, Some(solution)) => Ok(Request::Uninstall { solution: solution.clone() }),
        (Some(path), None) => Ok(Request::Import { path, options }),
        (None, None) => {
            Err(Failure::usage("something to plan is needed: FILE, --path FILE, --uninstall U or --apply-upgrade U"))
        }
    }
}

fn name(kind: GateKind) -> String {
    clap::ValueEnum::to_possible_value(&kind).map_or_else(String::new, |value| value.get_name().to_owned())
}
