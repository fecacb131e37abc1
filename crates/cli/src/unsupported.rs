//! Commands that are promised but not in this version: each answers so, whatever flags follow.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::failure::Failure;

/// The group (empty for the top) and the names in it.
const NOT_YET: &[(&str, &[&str])] = &[
    ("", &["diff", "check", "pack", "unpack", "flow", "serve", "merge", "clone", "export"]),
    ("solution", &["export", "clone", "merge", "dependencies", "pack", "unpack", "diff", "check", "version"]),
    ("component", &["dependencies"]),
];

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
    let (group, name, rest) = match below.subcommand() {
        Some((inner, rest)) => (name, inner, rest),
        None => ("", name, below),
    };
    let is_stub = NOT_YET.iter().any(|(in_group, names)| *in_group == group && names.contains(&name));
    if !is_stub {
        return Ok(());
    }
    let mut said = vec![group, name];
    // `flow` is a group of its own: its first word says which command is meant.
    let rest: Vec<_> = rest.get_many::<OsString>(REST).into_iter().flatten().filter_map(|word| word.to_str()).collect();
    if name == "flow" {
        said.extend(rest.first().filter(|word| !word.starts_with('-')));
    }
    let said: Vec<_> = said.into_iter().filter(|word| !word.is_empty()).collect();
    Err(Failure::unsupported(format!("`strata {}` is not supported in this version", said.join(" "))))
}
