//! `flow`: list, create, save, bind and repair desktop flows.

use std::fs;
use std::path::Path;

use strata_model::environment::Environment;
use strata_model::version::Version;
use strata_ops::flows::{self, Client, FlowWish, Mode, NewFlow, Repair, Save};
use strata_ops::view::PlanView;
use strata_ops::{OpsError, Request, Workspace};

use super::component::carry_out;
use super::{Context, write};
use crate::args::{CreateFlowArgs, FlowCommand, RunArgs, RunMode, SaveArgs};
use crate::failure::{Exit, Failure};
use crate::output::is_interactive;
use crate::render::flows as text;
use crate::render::plan::Tense;

pub(crate) fn run(context: &Context<'_>, command: &FlowCommand) -> Result<Exit, Failure> {
    match command {
        FlowCommand::List => {
            let entries = flows::list(&context.open()?, context.at())?;
            context.output.answer(&entries, || text::list(&entries, context.global.verbose))?;
            Ok(Exit::Done)
        }
        FlowCommand::Create(args) => create(context, args),
        FlowCommand::Save(args) => save(context, args),
        FlowCommand::Run(args) => start(context, args),
        FlowCommand::Repair { flow, write } => repair(context, flow, write.plan),
    }
}

fn create(context: &Context<'_>, args: &CreateFlowArgs) -> Result<Exit, Failure> {
    context.refuse_at("flow create")?;
    let definition = args.definition.as_deref().map(read).transpose()?;
    let new = NewFlow { name: args.name.clone(), solution: args.solution_name.clone(), definition };
    let request = Request::Flow(FlowWish::Create(new));
    carry_out(context, |_, _| Ok(request), args.write.plan, write::Care::Plain)
}

fn save(context: &Context<'_>, args: &SaveArgs) -> Result<Exit, Failure> {
    context.refuse_at("flow save")?;
    let definition = args.definition.as_deref().map(read).transpose()?;
    let client = client_version(args.client_version.as_deref())?;
    let request = |workspace: &Workspace, environment: &Environment| {
        let flow = flows::find(workspace, environment, None, &args.flow)?;
        Ok(Request::Flow(FlowWish::Save(Save { flow, definition, client })))
    };
    carry_out(context, request, args.write.plan, write::Care::Plain)
}

fn repair(context: &Context<'_>, name: &str, plan_only: bool) -> Result<Exit, Failure> {
    context.refuse_at("flow repair")?;
    let (workspace, environment) = if plan_only { context.open_to_plan()? } else { context.open_to_write()? };
    let flow = flows::find(&workspace, &environment, None, name)?;
    let Repair { request, mut view } = flows::repair(&workspace, &environment, &flow)?;
    let Some(request) = request else {
        context.output.answer(&view, || text::repair(&view))?;
        return Ok(Exit::Done);
    };
    let planned = write::plan(context, &workspace, &environment, &request)?;
    let seen = PlanView::of(&planned.plan, context.global.verbose);
    let would = || write::text(context, &environment, &planned.plan, &seen, Tense::Would);
    if plan_only {
        view.plan = Some(seen.clone());
        context.output.answer(&view, || format!("{}\n{}", text::repair(&view), would()))?;
        return Ok(Exit::Done);
    }
    let is_asked = !context.global.yes && is_interactive() && !planned.plan.is_refused();
    if is_asked {
        context.output.talk(text::repair(&view).trim_end());
        context.output.talk(would().trim_end());
        if !context.output.ask("Go ahead?") {
            return Err(Failure::Declined);
        }
    }
    let applied = write::apply(context, &workspace, &environment, &request)?;
    let mut done = PlanView::of(&applied.plan, context.global.verbose);
    done.applied_as = applied.recorded.then_some(applied.operation);
    view.plan = Some(done.clone());
    let tense = if is_asked { Tense::DidInBrief } else { Tense::Did };
    let did = || write::text(context, &environment, &applied.plan, &done, tense);
    context.output.answer(&view, || format!("{}\n{}", text::repair(&view), did()))?;
    if let Some(next) = &view.next {
        context.output.hint(&format!("now import it again: `{}`", next.command));
    }
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    Ok(fs::read(path).map_err(unreadable)?)
}

fn start(context: &Context<'_>, args: &RunArgs) -> Result<Exit, Failure> {
    let mode = match args.mode {
        RunMode::Local => Mode::Local,
        RunMode::Cloud => Mode::Cloud,
    };
    let client = Client { mode, version: client_version(args.client_version.as_deref())? };
    let run = flows::run(&context.open()?, context.at(), &args.flow, &client)?;
    context.output.answer(&run, || text::run(&run))?;
    run.error.iter().flat_map(|error| &error.hints).for_each(|hint| context.output.hint(hint));
    Ok(if run.error.is_some() { Exit::Failed } else { Exit::Done })
}

fn client_version(text: Option<&str>) -> Result<Option<Version>, Failure> {
    let read = |text| Version::parse(text).map_err(|_| Failure::usage(format!("`{text}` is no version of a client")));
    text.map(read).transpose()
}
