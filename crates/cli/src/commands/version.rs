//! `solution version`: another version for a package on disk.

use strata_ops::version::{self, NewVersion};

use super::{Context, solution};
use crate::args::VersionArgs;
use crate::failure::{Exit, Failure};
use crate::render::style::clean;

pub(crate) fn version(context: &Context<'_>, args: &VersionArgs) -> Result<Exit, Failure> {
    context.refuse_at("solution version")?;
    let new = match (&args.new.set, args.new.bump) {
        (Some(text), _) => NewVersion::Set(solution::parsed(text)?),
        (None, Some(part)) => NewVersion::Bump(part.into()),
        (None, None) => return Err(Failure::usage("--set or --bump says which version it gets")),
    };
    let view = version::stamp(&args.path, &new, args.write.plan)?;
    context.output.answer(&view, || {
        let (solution, from, to) = (clean(&view.solution), &view.from, &view.to);
        match (view.is_changed, args.write.plan) {
            (false, _) => format!("{solution} has version {to} already"),
            (true, true) => format!("would set {solution} from {from} to {to}"),
            (true, false) => format!("set {solution} from {from} to {to}"),
        }
    })?;
    if view.is_lower {
        context.output.remark("the version is lower than before: an import over the higher one is refused");
    }
    Ok(Exit::Done)
}
