//! `history`, `undo`, `restore`.

use strata_model::code::ErrorCode;
use strata_model::id::Operation;
use strata_ops::{OpsError, Request, history};

use super::{Context, write};
use crate::args::{HistoryArgs, HistoryCommand, RestoreArgs, WriteFlags};
use crate::failure::{Exit, Failure};
use crate::render;

pub(crate) fn run(context: &Context<'_>, args: &HistoryArgs) -> Result<Exit, Failure> {
    match args.command {
        None | Some(HistoryCommand::List) => {
            let entries = history::list(&context.open()?, context.at())?;
            context.output.answer(&entries, || render::history::list(&entries))?;
        }
        Some(HistoryCommand::Show { operation }) => {
            let workspace = context.open()?;
            if let Some(at) = context.at().filter(|at| at.0 < operation) {
                let message = format!("there was no operation {operation} yet at operation {at}");
                return Err(OpsError::request(ErrorCode::NOT_FOUND, message).into());
            }
            let detail = history::show(&workspace, Operation(operation))?;
            context.output.answer(&detail, || render::history::detail(&detail, context.global.verbose))?;
        }
    }
    Ok(Exit::Done)
}

pub(crate) fn undo(context: &Context<'_>, flags: &WriteFlags) -> Result<Exit, Failure> {
    context.refuse_at("undo")?;
    go_back(context, &Request::Undo, flags.plan)
}

pub(crate) fn restore(context: &Context<'_>, args: &RestoreArgs) -> Result<Exit, Failure> {
    context.refuse_at("restore")?;
    go_back(context, &Request::Restore(Operation(args.operation)), args.write.plan)
}

fn go_back(context: &Context<'_>, request: &Request, plan_only: bool) -> Result<Exit, Failure> {
    // Where there is no store there is no past: nothing is made.
    let workspace = context.open()?;
    let environment = workspace.environment()?;
    if plan_only {
        return write::show_plan(context, &workspace, &environment, request);
    }
    write::carry_out_and_answer(context, &workspace, &environment, request, write::Care::Destructive)?;
    context.output.hint("see what happened with `strata history`");
    Ok(Exit::Done)
}
