//! `check`: static checks of packages, with a gate for pipelines.

use std::path::PathBuf;

use strata_ops::check::{self, CheckAnswer, CheckRequest};
use strata_ops::{Location, Workspace};

use super::Context;
use crate::args::CheckArgs;
use crate::failure::{Exit, Failure};
use crate::render;

pub(crate) fn check(context: &Context<'_>, args: &CheckArgs) -> Result<Exit, Failure> {
    context.refuse_at("check")?;
    if let Some(id) = &args.explain {
        return explain(context, id);
    }
    let mut answer = run(context, args)?;
    for warning in &answer.warnings {
        context.output.remark(warning);
    }
    let unreadable = answer.unreadable.take();
    // A fault that a rule speaks of is an answer too; the command fails all the same.
    if unreadable.is_none() || !answer.report.findings.is_empty() {
        let verbose = context.global.verbose;
        context.output.answer(&answer.report.findings, || render::check::report(&answer, verbose))?;
    }
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    let Some(level) = args.fail_on.filter(|level| answer.report.reaches((*level).into())) else {
        return Ok(Exit::Done);
    };
    let name = clap::ValueEnum::to_possible_value(&level).map_or_else(String::new, |value| value.get_name().to_owned());
    context.output.hint(&format!("--fail-on: there are findings that are {name} or worse"));
    Ok(Exit::Gate)
}

/// One rule is an object, all of them are an array.
fn explain(context: &Context<'_>, id: &str) -> Result<Exit, Failure> {
    let rules = check::explain(id)?;
    match rules.as_slice() {
        [rule] => context.output.answer(rule, || render::check::rule(rule))?,
        all => context.output.answer(&all, || render::check::rules(all))?,
    }
    Ok(Exit::Done)
}

fn run(context: &Context<'_>, args: &CheckArgs) -> Result<CheckAnswer, Failure> {
    // A file of that name goes before an environment.
    let file = args.against.as_ref().map(PathBuf::from).filter(|path| path.exists());
    let environment = args.against.as_deref().filter(|_| file.is_none());
    let workspace = match environment {
        Some(name) => Some(Workspace::open(&Location { environment: Some(name.to_owned()), ..context.location() })?),
        None => None,
    };
    let request = CheckRequest {
        paths: args.paths(),
        against: file,
        baseline: args.baseline.clone(),
        sarif: args.sarif.clone(),
        rules: args.rules.clone(),
        overrides: args.rule_level_override.clone(),
        exclude: args.exclude.clone(),
        suppressions: args.suppressions.clone(),
    };
    let target = workspace.as_ref().zip(environment);
    Ok(check::check(&request, target)?)
}
