//! Commands that are promised but not in this version: each answers so, whatever flags follow.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::failure::Failure;

/// The group (empty for the top) and the names in it.
const NOT_YET: &[(&str, &[&str])] =
    &[("", &["pack", "unpack", "serve", "merge", "clone"]), ("solution", &["pack", "unpack"])];

const REST: &str = "rest";

/// Adds the commands, hidden from help.
pub(crate) fn add_to(mut command: Command) -> Command {
    for (group, names) in NOT_YET {
        if group.is_empty() {
            command = command.subcommands(names.iter().map(|name| stub(name)));
        } else {
            command = command.mut_subcommand(group, |group| group.subcommands(names.iter().map(|name| stub(name))));
        }
    }
    command
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
    let Some((name, below)) = matches.subcommand() else { return Ok(()) };
    let (group, name) = match below.subcommand() {
        Some((inner, _)) => (name, inner),
        None => ("", name),
    };
    let is_stub = NOT_YET.iter().any(|(in_group, names)| *in_group == group && names.contains(&name));
    if !is_stub {
        return Ok(());
    }
    let said: Vec<_> = [group, name].into_iter().filter(|word| !word.is_empty()).collect();
    Err(Failure::unsupported(format!("`strata {}` is not supported in this version", said.join(" "))))
}
