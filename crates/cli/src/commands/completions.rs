//! `completions`: scripts for shells.

use clap_complete::Shell;

use super::Context;
use crate::args::Cli;
use crate::failure::{Exit, Failure};

pub(crate) fn print(context: &Context<'_>, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = <Cli as clap::CommandFactory>::command();
    clap_complete::generate(shell, &mut command, "strata", &mut script);
    context.output.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
