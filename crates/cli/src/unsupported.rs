//! Commands that are promised but not in this version: each answers so, whatever flags follow.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::failure::Failure;

const NOT_YET: &[&str] = &["serve"];

const REST: &str = "rest";

/// Adds the commands, hidden from help.
pub(crate) fn add_to(command: Command) -> Command {
    command.subcommands(NOT_YET.iter().map(|name| stub(name)))
}

fn stub(name: &'static str) -> Command {
    Command::new(name).about("Not supported in this version").hide(true).disable_help_subcommand(true).arg(
        Arg::new(REST)
            .action(ArgAction::Append)
            .num_args(0..)
            .value_parser(value_parser!(OsString))
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .hide(true),
    )
}

/// Refuses a command line that means one of them.
pub(crate) fn refuse(matches: &ArgMatches) -> Result<(), Failure> {
    match matches.subcommand_name().filter(|name| NOT_YET.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::unsupported(format!("`strata {name}` is not supported in this version"))),
    }
}
