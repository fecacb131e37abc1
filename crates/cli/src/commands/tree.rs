//! `unpack` and `pack`: zips to folders and back.

use std::fs;

use strata_ops::OpsError;
use strata_ops::trees::{self, PackRequest, UnpackRequest};

use super::Context;
use crate::args::{PackArgs, TreeFlags, UnpackArgs};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render::tree as text;

pub(crate) fn unpack(context: &Context<'_>, args: &UnpackArgs) -> Result<Exit, Failure> {
    context.refuse_at("unpack")?;
    let request = UnpackRequest {
        zip: args.zip(),
        folder: args.folder(),
        package_type: args.tree.package_type.map(Into::into),
        layout: args.layout.into(),
        take: args.take.map(Into::into),
        map: args.tree.map.clone(),
        localize: args.localize(),
        single: args.tree.single(),
        allow_delete: args.allow_delete,
        dry_run: !args.allow_write || args.plan,
        clobber: args.clobber,
        verify: args.verify,
    };
    let progress = Progress::start(context.output.shows_progress());
    let answer = trees::unpack(&request, &|phase, done, total| progress.report(phase, done, total))?;
    drop(progress);
    for note in &answer.notes {
        context.output.remark(&format!("{}: {}", note.part, note.message));
    }
    log(&args.tree, || text::unpacked(&answer, true))?;
    context.output.answer(&answer, || text::unpacked(&answer, context.global.verbose))?;
    if !answer.changes.stale.is_empty() {
        context.output.hint("stale files are packed like all others: delete them with --allowDelete");
    }
    Ok(Exit::Done)
}

pub(crate) fn pack(context: &Context<'_>, args: &PackArgs) -> Result<Exit, Failure> {
    context.refuse_at("pack")?;
    let request = PackRequest {
        folder: args.folder(),
        zip: args.zip(),
        package_type: args.tree.package_type.map(Into::into),
        solution: args.solution_name.clone(),
        allow_missing: args.allow_missing,
        map: args.tree.map.clone(),
        localize: args.tree.localize,
        single: args.tree.single(),
        dry_run: args.plan,
    };
    let progress = Progress::start(context.output.shows_progress());
    let answer = trees::pack(&request, &|phase, done, total| progress.report(phase, done, total))?;
    drop(progress);
    for note in &answer.notes {
        context.output.remark(&format!("{}: {}", note.part, note.message));
    }
    log(&args.tree, || text::packed(&answer))?;
    context.output.answer(&answer, || text::packed(&answer))?;
    Ok(Exit::Done)
}

fn log(flags: &TreeFlags, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let Some(path) = &flags.log else { return Ok(()) };
    let unwritable = |source| OpsError::Unwritable { path: path.clone(), source };
    Ok(fs::write(path, text()).map_err(unwritable)?)
}
