//! `solution clone`: a solution of the environment as a project folder.

use strata_ops::project::{self, ProjectRequest, ProjectView};

use super::Context;
use crate::args::ProjectArgs;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render::findings;
use crate::render::style::count;

pub(crate) fn clone(context: &Context<'_>, args: &ProjectArgs) -> Result<Exit, Failure> {
    let request =
        ProjectRequest { solution: args.name(), parent: args.output_directory.clone(), kind: args.package_type.into() };
    let workspace = context.open()?;
    let progress = Progress::start(context.output.shows_progress());
    let report = |phase, done, total| progress.report(phase, done, total);
    let view = project::clone(&workspace, context.at(), &request, args.write.plan, &report)?;
    drop(progress);
    context.output.answer(&view, || text(&view))?;
    if view.written {
        context.output.hint(&format!("import it with `strata import {}`", view.folder.display()));
    }
    Ok(Exit::Done)
}

fn text(view: &ProjectView) -> String {
    let verb = if view.written { "wrote" } else { "would write" };
    let mut text = format!(
        "{verb} {}: {} {}, {} in {}\n",
        view.folder.display(),
        view.unique_name,
        view.version,
        count(view.components, "component"),
        count(view.files, "file"),
    );
    for note in &view.notes {
        text.push_str(&format!("  {}: {}\n", note.part, note.message));
    }
    findings::of_plan(&mut text, &view.findings, false);
    text
}
