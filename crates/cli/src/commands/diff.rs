//! `diff`: two packages, folders or solutions of environments compared.

use std::path::{Path, PathBuf};

use strata_ops::choose_solution;
use strata_ops::compare::{self, DiffOptions};

use super::Context;
use crate::args::DiffArgs;
use crate::failure::{Exit, Failure};
use crate::render;

pub(crate) fn diff(context: &Context<'_>, args: &DiffArgs) -> Result<Exit, Failure> {
    if [&args.before, &args.after].into_iter().all(|side| compare::of_environment(side).is_none()) {
        context.refuse_at("diff of files")?;
    }
    let options = DiffOptions { sees_kind: args.include_kind, at: context.at() };
    let side = |text: &str| match text.starts_with("env:") {
        true => text.to_owned(),
        false => choose_solution(PathBuf::from(text), args.solution_name.as_deref()).to_string_lossy().into_owned(),
    };
    let view = compare::compare(&context.location(), &side(&args.before), &side(&args.after), options)?;
    context.output.answer(&view, || render::diff::text(&view, context.global.verbose))?;
    view.notes.iter().for_each(|note| context.output.remark(note));
    Ok(if args.detailed_exitcode && !view.changes.is_empty() { Exit::Changes } else { Exit::Done })
}

/// Shows everything a package says, a line for each value.
pub(crate) fn contents(context: &Context<'_>, path: &Path) -> Result<Exit, Failure> {
    context.refuse_at("solution show --path")?;
    let contents = compare::contents(path)?;
    context.output.answer(&contents, || render::diff::contents(&contents))?;
    Ok(Exit::Done)
}
