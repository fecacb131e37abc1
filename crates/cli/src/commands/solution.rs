//! `solution`: create, list, show, apply a saved plan, delete, publish.

use std::fs;
use std::path::Path;

use strata_model::code::ErrorCode;
use strata_model::options::ImportOptions;
use strata_model::version::Version;
use strata_ops::NewSolution;
use strata_ops::{OpsError, Request, Workspace, plan_file, solutions};

use super::{Context, deployment, import, plan, write};
use crate::args::{SolutionCommand, SolutionName};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render::tables;

pub(crate) fn run(context: &Context<'_>, command: &SolutionCommand) -> Result<Exit, Failure> {
    match command {
        SolutionCommand::Import(args) => import::import(context, args),
        SolutionCommand::Plan(args) => plan::plan(context, args),
        SolutionCommand::List { all } => {
            let entries = solutions::list(&context.open()?, context.at(), *all)?;
            context.output.answer(&entries, || tables::solutions(&entries))?;
            Ok(Exit::Done)
        }
        SolutionCommand::Show { path: Some(path), .. } => {
            context.refuse_at("solution show --path")?;
            let detail = solutions::show_package(path)?;
            context.output.answer(&detail, || tables::package(&detail, context.global.verbose))?;
            Ok(Exit::Done)
        }
        SolutionCommand::Show { unique_name, solution_name, path: None } => {
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
        SolutionCommand::CreateSettings { package, settings_file, overwrite, write } => {
            deployment::create(context, package, settings_file.as_deref(), *overwrite, write.plan)
        }
        SolutionCommand::CheckSettings { package, settings_file } => deployment::check(context, package, settings_file),
        SolutionCommand::Publish { solution_name, write } => {
            context.refuse_at("solution publish")?;
            let request = Request::Publish { solution: solution_name.clone() };
            if write.plan {
                return write::open_and_show_plan(context, |_, _| Ok(request));
            }
            let (workspace, environment) = context.open_to_write()?;
            write::carry_out_and_answer(context, &workspace, &environment, &request, write::Care::Plain)?;
            Ok(Exit::Done)
        }
    }
}

fn create(
    context: &Context<'_>,
    name: &str,
    publisher: &str,
    version: &str,
    display_name: Option<&String>,
    plan_only: bool,
) -> Result<Exit, Failure> {
    // No version is the platform's refusal, not the command line's.
    let version = Version::parse(version)
        .map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))?;
    let request = Request::CreateSolution(NewSolution {
        unique_name: name.to_owned(),
        publisher: publisher.to_owned(),
        version,
        friendly_name: display_name.cloned(),
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
    let saved = Saved::read(file)?;
    saved.refuse_other_environment(context)?;
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
    let saved = Saved::read(file)?;
    saved.refuse_other_environment(context)?;
    let (workspace, environment) = context.open_to_plan()?;
    let environment = match context.store_exists() {
        true => workspace.environment_named(&saved.environment)?,
        false => environment,
    };
    let prepared = write::plan(context, &workspace, &environment, &saved.request)?;
    let digest = prepared.package.as_ref().map(|package| package.digest.to_string());
    if prepared.plan.base.0 != saved.base || digest != saved.digest {
        let message = "the environment or the package is not what the plan was made for";
        return Err(OpsError::request(ErrorCode::STALE_PLAN, message).hint("plan again").into());
    }
    write::answer_plan(context, &environment, &prepared)
}

/// What a plan file says of itself.
struct Saved {
    environment: String,
    base: i64,
    digest: Option<String>,
    request: Request,
}

impl Saved {
    fn read(file: &Path) -> Result<Self, Failure> {
        let unreadable = |source| OpsError::Unreadable { path: file.to_owned(), source };
        let no_plan = || unreadable(std::io::Error::other("this is no saved plan"));
        let bytes = fs::read(file).map_err(unreadable)?;
        let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| no_plan())?;
        let request = &json["request"];
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let meant = match (text(&request["path"]), text(&request["solution"])) {
            (Some(path), _) => {
                let options: Option<ImportOptions> = serde_json::from_value(request["options"].clone()).ok();
                match options {
                    Some(mut options) => {
                        strata_ops::deployment::read_again(&mut options)?;
                        Some(Request::Import { path: path.into(), options })
                    }
                    None => None,
                }
            }
            (None, Some(solution)) => Some(Request::Uninstall { solution }),
            (None, None) => None,
        };
        Ok(Self {
            environment: text(&json["environment"]).ok_or_else(no_plan)?,
            base: json["base"].as_i64().ok_or_else(no_plan)?,
            digest: text(&request["digest"]),
            request: meant.ok_or_else(no_plan)?,
        })
    }

    /// A plan is for one environment; naming another is a mistake, not a wish.
    fn refuse_other_environment(&self, context: &Context<'_>) -> Result<(), Failure> {
        match context.environment_asked() {
            Some(asked) if !asked.eq_ignore_ascii_case(&self.environment) => {
                let message = format!("the plan was made for environment {}, not {asked}", self.environment);
                Err(OpsError::request(ErrorCode::STALE_PLAN, message).into())
            }
            _ => Ok(()),
        }
    }
}
