//! `flow`: list desktop flows, bind one as its runtime would.

use strata_model::version::Version;
use strata_ops::flows::{self, Client, Mode};

use super::Context;
use crate::args::{FlowCommand, RunArgs, RunMode};
use crate::failure::{Exit, Failure};
use crate::render::flows as text;

pub(crate) fn run(context: &Context<'_>, command: &FlowCommand) -> Result<Exit, Failure> {
    match command {
        FlowCommand::List => {
            let entries = flows::list(&context.open()?, context.at())?;
            context.output.answer(&entries, || text::list(&entries, context.global.verbose))?;
            Ok(Exit::Done)
        }
        FlowCommand::Run(args) => start(context, args),
    }
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
