//! `diff`: two packages, folders or solutions of environments compared.

use std::path::Path;

use strata_ops::compare::{self, DiffOptions};

use super::Context;
use crate::args::DiffArgs;
use crate::failure::{Exit, Failure};
use crate::render;

pub(crate) fn diff(context: &Context<'_>, args: &DiffArgs) -> Result<Exit, Failure> {
    context.refuse_at("diff")?;
    let options = DiffOptions { sees_kind: args.include_kind };
    let view = compare::compare(&context.location(), &args.before, &args.after, options)?;
    context.output.answer(&view, || render::diff::text(&view, context.global.verbose))?;
    Ok(if args.detailed_exitcode && !view.changes.is_empty() { Exit::Changes } else { Exit::Done })
}

/// Shows everything a package says, a line for each value.
pub(crate) fn contents(context: &Context<'_>, path: &Path) -> Result<Exit, Failure> {
    context.refuse_at("solution show --path")?;
    let contents = compare::contents(path)?;
    context.output.answer(&contents, || render::diff::contents(&contents))?;
    Ok(Exit::Done)
}
