//! `solution merge`: what two people made of one package becomes one.

use strata_ops::three_way::{self, MergeRequest};

use super::Context;
use crate::args::MergeArgs;
use crate::failure::{Exit, Failure};
use crate::render;

pub(crate) fn merge(context: &Context<'_>, args: &MergeArgs) -> Result<Exit, Failure> {
    context.refuse_at("solution merge")?;
    let request = MergeRequest {
        base: args.base.clone(),
        ours: args.ours.clone(),
        theirs: args.theirs.clone(),
        out: args.out.clone(),
        prefer: args.prefer.map(Into::into),
        overwrite: args.overwrite,
        plan_only: args.write.plan,
    };
    let view = three_way::merge(&request)?;
    context.output.answer(&view, || render::merge::text(&view, args.write.plan))?;
    let is_open = !view.conflicts.is_empty() && view.resolved.is_none();
    Ok(if is_open { Exit::Gate } else { Exit::Done })
}
