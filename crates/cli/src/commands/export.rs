//! `solution export`: a solution of the environment as a package.

use strata_ops::ExportOptions;
use strata_ops::export::{self, ExportView, Target};

use super::{Context, solution};
use crate::args::ExportArgs;
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::render::findings;
use crate::render::style::count;

pub(crate) fn export(context: &Context<'_>, args: &ExportArgs) -> Result<Exit, Failure> {
    let version = args.version.as_deref().map(solution::parsed).transpose()?;
    let options = ExportOptions { solution: args.name(), managed: args.is_managed(), version, only: None };
    let target = Target { path: args.path.clone(), overwrite: args.overwrite };
    let workspace = context.open()?;
    let view = if args.write.plan {
        export::plan(&workspace, context.at(), &options, &target)?
    } else {
        let progress = Progress::start(context.output.shows_progress());
        let report = |phase, done, total| progress.report(phase, done, total);
        export::export(&workspace, context.at(), &options, &target, &report)?
    };
    context.output.answer(&view, || text(&view, args.write.plan))?;
    Ok(Exit::Done)
}

fn text(view: &ExportView, is_plan: bool) -> String {
    let kind = if view.is_managed { "managed" } else { "unmanaged" };
    let verb = if is_plan { "would write" } else { "wrote" };
    let mut text = format!(
        "{verb} {}: {} {}, {kind}, {}\n",
        view.path.display(),
        view.unique_name,
        view.version,
        count(view.components, "component")
    );
    findings::of_plan(&mut text, &view.findings, false);
    text
}
