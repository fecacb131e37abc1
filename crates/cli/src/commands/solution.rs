//! `solution`: create, list, show, apply a saved plan, delete, publish.

use std::path::Path;

use strata_model::code::ErrorCode;
use strata_model::id::Guid;
use strata_model::version::Version;
use strata_ops::jobs::{self, WhichJob};
use strata_ops::plan_file::Saved;
use strata_ops::view::SolutionEntry;
use strata_ops::{NewClone, NewSolution};
use strata_ops::{OpsError, PublishScope, Request, Workspace, plan_file, solutions, workbook};

use super::{
    Context, by_hand, check, dependencies, deployment, diff, export, import, merge, plan, project, tree, version, write,
};
use crate::args::{CloneArgs, SolutionCommand, SolutionName};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render::{history as history_text, tables};

pub(crate) fn run(context: &Context<'_>, command: &SolutionCommand) -> Result<Exit, Failure> {
    match command {
        SolutionCommand::Import(args) => import::import(context, args),
        SolutionCommand::Plan(args) => plan::plan(context, args),
        SolutionCommand::Export(args) => export::export(context, args),
        SolutionCommand::Clone(args) => project::clone(context, args),
        SolutionCommand::Check(args) => check::check(context, args),
        SolutionCommand::Unpack(args) => tree::unpack(context, args),
        SolutionCommand::Pack(args) => tree::pack(context, args),
        SolutionCommand::Diff(args) => diff::diff(context, args),
        SolutionCommand::List { all } => {
            let entries = solutions::list(&context.open()?, context.at(), *all)?;
            context.output.answer(&entries, || tables::solutions(&entries))?;
            entries.iter().for_each(|entry| ways_out(context, entry));
            Ok(Exit::Done)
        }
        SolutionCommand::Show { path: Some(path), solution_name, contents, .. } => {
            let path = strata_ops::choose_solution(path.clone(), solution_name.as_deref());
            if *contents {
                return diff::contents(context, &path);
            }
            context.refuse_at("solution show --path")?;
            let detail = solutions::show_package(&path)?;
            context.output.answer(&detail, || tables::package(&detail, context.global.verbose))?;
            Ok(Exit::Done)
        }
        SolutionCommand::Show { contents: true, path: None, .. } => {
            Err(Failure::usage("--contents shows what a package holds: name one with --path FILE"))
        }
        SolutionCommand::Show { unique_name, solution_name, path: None, .. } => {
            let name = solution_name.as_deref().or(unique_name.as_deref()).unwrap_or_default();
            let detail = solutions::show(&context.open()?, context.at(), name)?;
            context.output.answer(&detail, || tables::solution(&detail, context.global.verbose))?;
            Ok(Exit::Done)
        }
        SolutionCommand::Create { name, publisher, version, display_name, write } => {
            context.refuse_at("solution create")?;
            create(context, &name.get(), publisher, version, display_name.as_ref(), write.plan)
        }
        SolutionCommand::Apply { file, write } => {
            context.refuse_at("solution apply")?;
            if write.plan { show_saved(context, file) } else { apply(context, file) }
        }
        SolutionCommand::Delete { name, write } => {
            context.refuse_at("solution delete")?;
            delete(context, name, write.plan)
        }
        SolutionCommand::OnlineVersion { name, solution_version, write } => {
            context.refuse_at("solution online-version")?;
            online_version(context, &name.get(), solution_version, write.plan)
        }
        SolutionCommand::Merge(args) => merge::merge(context, args),
        SolutionCommand::Version(args) => version::version(context, args),
        SolutionCommand::History => {
            let entries = jobs::solution_history(&context.open()?, context.at())?;
            context.output.answer(&entries, || history_text::solutions(&entries))?;
            Ok(Exit::Done)
        }
        SolutionCommand::Log { job, out } => log(context, job, out.as_deref()),
        SolutionCommand::CreateSettings { package, settings_file, overwrite, write } => {
            deployment::create(context, package, settings_file.as_deref(), *overwrite, write.plan)
        }
        SolutionCommand::CheckSettings { package, settings_file } => deployment::check(context, package, settings_file),
        SolutionCommand::Upgrade { name, write } => {
            context.refuse_at("solution upgrade")?;
            upgrade(context, &name.get(), write.plan)
        }
        SolutionCommand::ClonePatch(args) => {
            context.refuse_at("solution clone-patch")?;
            cloned(context, &Request::ClonePatch(new_clone(args)?), args.write.plan)
        }
        SolutionCommand::CloneSolution(args) => {
            context.refuse_at("solution clone-solution")?;
            cloned(context, &Request::CloneSolution(new_clone(args)?), args.write.plan)
        }
        SolutionCommand::Dependencies { name, question } => dependencies::of_solution(context, &name.get(), *question),
        SolutionCommand::AddSolutionComponent(args) => by_hand::add(context, args),
        SolutionCommand::RemoveSolutionComponent(args) => by_hand::remove(context, args),
        SolutionCommand::Publish { solution_name, write } => {
            context.refuse_at("solution publish")?;
            let request = Request::Publish(solution_name.clone().map_or(PublishScope::All, PublishScope::Solution));
            if write.plan {
                return write::open_and_show_plan(context, |_, _| Ok(request));
            }
            let (workspace, environment) = context.open_to_write()?;
            write::carry_out_and_answer(context, &workspace, &environment, &request, write::Care::Plain)?;
            Ok(Exit::Done)
        }
    }
}

/// A half-finished upgrade has two ways out (L79, L83); one whose base solution is gone has one (L81).
fn ways_out(context: &Context<'_>, entry: &SolutionEntry) {
    let name = &entry.unique_name;
    if entry.lost_base {
        context.output.hint(&format!(
            "the base solution of {name} is gone, so it cannot be applied: give it up with `strata solution delete \
             --solution-name {name}`"
        ));
    }
    if !entry.pending_upgrade {
        return;
    }
    context.output.hint(&format!(
        "{name} has a pending upgrade: apply it with `strata solution upgrade --solution-name {name}` (see first what \
         that does: `--plan`), or give it up with `strata solution delete --solution-name {name}_Upgrade`"
    ));
}

fn create(
    context: &Context<'_>,
    name: &str,
    publisher: &str,
    version: &str,
    display_name: Option<&String>,
    plan_only: bool,
) -> Result<Exit, Failure> {
    let version = parsed(version)?;
    let request = Request::CreateSolution(NewSolution {
        unique_name: name.to_owned(),
        publisher: publisher.to_owned(),
        version,
        friendly_name: display_name.cloned(),
        id: None,
    });
    if plan_only {
        let would = format!("would create solution {name} (unmanaged) of publisher {publisher}");
        return write::show_plan_in_words(context, |_| request, |_| would);
    }
    let (workspace, environment) = context.open_to_write()?;
    write::apply(context, &workspace, &environment, &request)?;
    let entry = solutions::entry_of(&workspace, name)?;
    context
        .output
        .answer(&entry, || format!("created solution {} {} (unmanaged)", entry.unique_name, entry.version))?;
    Ok(Exit::Done)
}

/// Reads a version: text that is none is the platform's refusal, not the command line's.
pub(crate) fn parsed(version: &str) -> Result<Version, OpsError> {
    Version::parse(version).map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))
}

fn upgrade(context: &Context<'_>, name: &str, plan_only: bool) -> Result<Exit, Failure> {
    // Where there is no store there is nothing to upgrade: nothing is made.
    let workspace = context.open()?;
    let environment = workspace.environment()?;
    let request = Request::ApplyUpgrade { solution: name.to_owned() };
    if plan_only {
        return write::show_plan(context, &workspace, &environment, &request);
    }
    write::carry_out_and_answer(context, &workspace, &environment, &request, write::Care::Destructive)?;
    context.output.hint("take it back with `strata undo`");
    Ok(Exit::Done)
}

fn new_clone(args: &CloneArgs) -> Result<NewClone, OpsError> {
    let version = args.version.as_deref().map(parsed).transpose()?;
    Ok(NewClone { solution: args.name.get(), version, friendly_name: args.display_name.clone() })
}

/// Answers with the entry of the solution that came of it (R20).
fn cloned(context: &Context<'_>, request: &Request, plan_only: bool) -> Result<Exit, Failure> {
    let workspace = context.open()?;
    let environment = workspace.environment()?;
    if plan_only {
        return write::show_plan(context, &workspace, &environment, request);
    }
    let applied = write::apply(context, &workspace, &environment, request)?;
    let name = applied.plan.solution.as_ref().map(|solution| solution.unique_name.as_str()).unwrap_or_default();
    let entry = solutions::entry_of(&workspace, name)?;
    context.output.answer(&entry, || match &entry.parent_solution {
        Some(parent) => format!("created patch {} {} of {parent}", entry.unique_name, entry.version),
        None => format!("rolled up {} {}", entry.unique_name, entry.version),
    })?;
    write::remarks(context, &applied);
    Ok(Exit::Done)
}

fn online_version(context: &Context<'_>, name: &str, version: &str, plan_only: bool) -> Result<Exit, Failure> {
    let version = parsed(version)?;
    // Where there is no store there is no solution: nothing is made.
    let workspace = context.open()?;
    let environment = workspace.environment()?;
    let request = Request::OnlineVersion { solution: name.to_owned(), version };
    if plan_only {
        return write::show_plan(context, &workspace, &environment, &request);
    }
    write::carry_out_and_answer(context, &workspace, &environment, &request, write::Care::Plain)?;
    Ok(Exit::Done)
}

fn log(context: &Context<'_>, job: &str, out: Option<&Path>) -> Result<Exit, Failure> {
    let which = match Guid::parse(job) {
        Some(id) => WhichJob::Id(id),
        None if job.eq_ignore_ascii_case("last") => WhichJob::Last,
        None => return Err(Failure::usage(format!("`{job}` is no job: its id is expected, or `last`"))),
    };
    let log = jobs::log(&context.open()?, context.at(), which)?;
    if let Some(out) = out {
        std::fs::write(out, workbook::write(&log))
            .map_err(|source| OpsError::Unwritable { path: out.to_owned(), source })?;
    }
    context.output.answer(&log, || history_text::log(&log, context.global.verbose))?;
    if let Some(out) = out {
        context.output.hint(&format!("{} opens in a spreadsheet", out.display()));
    }
    Ok(Exit::Done)
}

fn delete(context: &Context<'_>, name: &SolutionName, plan_only: bool) -> Result<Exit, Failure> {
    // Where there is no store there is nothing to delete: nothing is made.
    let workspace = context.open()?;
    let environment = workspace.environment()?;
    let request = Request::Uninstall { solution: name.get() };
    if plan_only {
        return write::show_plan(context, &workspace, &environment, &request);
    }
    write::carry_out_and_answer(context, &workspace, &environment, &request, write::Care::Destructive)?;
    context.output.hint("take it back with `strata undo`");
    Ok(Exit::Done)
}

fn apply(context: &Context<'_>, file: &Path) -> Result<Exit, Failure> {
    let saved = plan_file::read(file)?;
    refuse_other_environment(context, &saved)?;
    let carry_out = |workspace: &Workspace| {
        let progress = Progress::start(context.output.shows_progress());
        plan_file::apply(workspace, file, &|phase, done, total| progress.report(phase, done, total))
    };
    if !context.store_exists() {
        // Tried in memory first: a plan that cannot be carried out must not make a store.
        let fresh = Workspace::in_memory()?;
        fresh.environment_to_write()?;
        carry_out(&fresh)?;
        context.open_or_create()?.environment_to_write()?;
    }
    let workspace = context.open()?;
    let applied = carry_out(&workspace)?;
    let environment = workspace.environment_named(&saved.environment)?;
    write::answer_applied(context, &environment, &applied, false)?;
    import::suggest_next(context, &applied);
    Ok(Exit::Done)
}

/// Plans a saved plan's request anew, and refuses it where applying would.
fn show_saved(context: &Context<'_>, file: &Path) -> Result<Exit, Failure> {
    let saved = plan_file::read(file)?;
    refuse_other_environment(context, &saved)?;
    let (workspace, environment) = context.open_to_plan()?;
    let environment = match context.store_exists() {
        true => workspace.environment_named(&saved.environment)?,
        false => environment,
    };
    let prepared = write::plan(context, &workspace, &environment, &saved.request)?;
    let digest = prepared.package.as_ref().map(|package| package.digest);
    if prepared.plan.base != saved.base || digest != saved.digest {
        let message = "the environment or the package is not what the plan was made for";
        return Err(OpsError::request(ErrorCode::STALE_PLAN, message).hint("plan again").into());
    }
    write::answer_plan(context, &environment, &prepared)
}

/// A plan is for one environment; naming another is a mistake, not a wish.
fn refuse_other_environment(context: &Context<'_>, saved: &Saved) -> Result<(), Failure> {
    match context.environment_asked() {
        Some(asked) if !asked.eq_ignore_ascii_case(&saved.environment) => {
            let message = format!("the plan was made for environment {}, not {asked}", saved.environment);
            Err(OpsError::request(ErrorCode::STALE_PLAN, message).into())
        }
        _ => Ok(()),
    }
}
