//! From arguments to an answer: one module per family of commands.
//!
//! A command opens what it needs through [`Context`], asks `strata-ops`, and hands the answer to
//! [`Output`]. Commands that write share the way in [`mod@write`].

mod by_hand;
mod check;
mod completions;
mod component;
mod dependencies;
mod deployment;
mod diff;
mod env;
mod export;
mod flow;
mod history;
mod import;
mod merge;
mod plan;
mod project;
mod publisher;
mod row;
mod serve;
mod solution;
mod tree;
mod version;
mod write;

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, ValueEnum};
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_ops::{Location, OpsError, Workspace};

use crate::args::{self, Cli, Color, Command, DEFAULT_STORE, Format, Global};
use crate::failure::{Exit, Failure, USAGE};
use crate::output::Output;

/// Sets the format where the command line does not.
const FORMAT_VARIABLE: &str = "STRATA_FORMAT";

/// Runs a command line and returns its exit code.
pub(crate) fn run(argv: &[OsString]) -> u8 {
    let argv = &spelled_out(argv);
    let matches = match Cli::command().try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) => return usage(argv, &error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage(argv, &error),
    };
    let output = match format(&cli.global) {
        Ok(format) => Output::new(&cli.global, format),
        Err(failure) => {
            guessed_output(argv).failure(&failure);
            return failure.exit_code();
        }
    };
    let context = Context { global: &cli.global, output };
    match dispatch(&context, &cli.command) {
        Ok(exit) => exit.code(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit_code()
        }
    }
}

/// Writes the short flags of several letters out that `pac` has for some commands, and joins its switches with their value.
fn spelled_out(argv: &[OsString]) -> Vec<OsString> {
    let is_meant = |names: &[&str]| argv.iter().any(|word| names.iter().any(|name| word == *name));
    let for_components = is_meant(&["add-solution-component", "remove-solution-component"]);
    let for_trees = is_meant(&["pack", "unpack"]);
    let mut spelled: Vec<OsString> = Vec::with_capacity(argv.len());
    for word in argv {
        let text = word.to_str().unwrap_or_default();
        let long = match text {
            "-sn" if for_components => Some("--solution-name"),
            "-ct" if for_components => Some("--componentType"),
            "-arc" if for_components => Some("--AddRequiredComponents"),
            _ if for_trees => args::PAC_FLAGS.iter().find(|(short, _)| *short == text).map(|(_, long)| *long),
            _ => None,
        };
        let is_value = for_trees && matches!(text.to_lowercase().as_str(), "true" | "false");
        match spelled.last_mut() {
            Some(switch) if is_value && args::SWITCHES.iter().any(|known| switch == *known) => {
                switch.push(format!("={}", text.to_lowercase()));
            }
            Some(_) | None => spelled.push(long.map_or_else(|| word.clone(), Into::into)),
        }
    }
    spelled
}

/// Returns the format of the command line, else of `STRATA_FORMAT`; an empty variable counts as none.
fn format(global: &Global) -> Result<Format, Failure> {
    let variable = std::env::var(FORMAT_VARIABLE).ok().filter(|text| !text.is_empty());
    match (global.format, variable) {
        (Some(format), _) => Ok(format),
        (None, Some(text)) => Format::from_str(&text, true)
            .map_err(|_| Failure::usage(format!("{FORMAT_VARIABLE} is `{text}`, and neither `text` nor `json`"))),
        (None, None) => Ok(Format::Text),
    }
}

fn dispatch(context: &Context<'_>, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Import(args) => import::import(context, args),
        Command::Plan(args) => plan::plan(context, args),
        Command::Check(args) => check::check(context, args),
        Command::Diff(args) => diff::diff(context, args),
        Command::Unpack(args) => tree::unpack(context, args),
        Command::Pack(args) => tree::pack(context, args),
        Command::Export(args) => export::export(context, args),
        Command::Layers(args) => component::layers(context, args),
        Command::Solution(command) => solution::run(context, command),
        Command::Component(command) => component::run(context, command),
        Command::Flow(command) => flow::run(context, command),
        Command::Row(command) => row::run(context, command),
        Command::Publisher(command) => publisher::run(context, command),
        Command::Env(command) => env::run(context, command),
        Command::History(args) => history::run(context, args),
        Command::Undo(flags) => history::undo(context, flags),
        Command::Restore(args) => history::restore(context, args),
        Command::Serve(args) => serve::serve(context, args),
        Command::Completions { shell } => completions::print(context, *shell),
    }
}

/// The global flags and the output of one run.
pub(crate) struct Context<'a> {
    pub(crate) global: &'a Global,
    pub(crate) output: Output,
}

impl Context<'_> {
    /// Returns the operation of `--at`.
    pub(crate) fn at(&self) -> Option<Operation> {
        self.global.at.map(Operation)
    }

    /// Refuses `--at` where there is no past to show.
    pub(crate) fn refuse_at(&self, command: &str) -> Result<(), Failure> {
        match self.global.at {
            None => Ok(()),
            Some(_) => Err(Failure::usage(format!("--at shows the past: `{command}` does not take it"))),
        }
    }

    fn location(&self) -> Location {
        Location { store: self.store().to_owned(), environment: self.environment_asked().map(str::to_owned) }
    }

    /// Returns the environment that the command line or `STRATA_ENVIRONMENT` names.
    pub(crate) fn environment_asked(&self) -> Option<&str> {
        self.global.environment.as_deref().filter(|name| !name.is_empty())
    }

    /// Opens a store that exists; makes nothing.
    pub(crate) fn open(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::open(&self.location())?)
    }

    /// Opens the store and the environment for writing; both come into being where they may.
    pub(crate) fn open_to_write(&self) -> Result<(Workspace, Environment), Failure> {
        self.refuse_missing_environment()?;
        let workspace = Workspace::open_or_create(&self.location())?;
        let environment = workspace.environment_to_write()?;
        Ok((workspace, environment))
    }

    /// Opens the store for a new environment.
    pub(crate) fn open_or_create(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::open_or_create(&self.location())?)
    }

    /// Opens an environment to plan in: the one that is meant, or a fresh default one in memory (R5).
    pub(crate) fn open_to_plan(&self) -> Result<(Workspace, Environment), Failure> {
        self.refuse_missing_environment()?;
        let workspace = Workspace::open_to_plan(&self.location())?;
        let is_default = |name: &str| name.eq_ignore_ascii_case(strata_ops::DEFAULT_ENVIRONMENT);
        let selected = workspace.store().selected().map_err(OpsError::from)?;
        let name = self.environment_asked().map(str::to_owned).or(selected);
        let means_default = name.as_deref().is_none_or(is_default);
        let is_there =
            workspace.store().environment(strata_ops::DEFAULT_ENVIRONMENT).map_err(OpsError::from)?.is_some();
        if means_default && !is_there {
            let fresh = Workspace::in_memory()?;
            let environment = fresh.environment_to_write()?;
            return Ok((fresh, environment));
        }
        let environment = workspace.environment()?;
        Ok((workspace, environment))
    }

    /// Returns the store that is meant; an empty variable counts as none.
    fn store(&self) -> &str {
        if self.global.store.is_empty() { DEFAULT_STORE } else { &self.global.store }
    }

    /// Tells whether the store is there.
    pub(crate) fn store_exists(&self) -> bool {
        Path::new(self.store()).exists()
    }

    /// A store that does not exist holds no environment but the default one to come.
    fn refuse_missing_environment(&self) -> Result<(), Failure> {
        let asked = self.environment_asked().filter(|name| !name.eq_ignore_ascii_case(strata_ops::DEFAULT_ENVIRONMENT));
        let is_url = self.store().contains("://");
        match asked {
            Some(name) if !self.store_exists() && !is_url => {
                let message = format!("there is no environment `{name}`");
                let error = OpsError::request(ErrorCode::NOT_FOUND, message);
                Err(error.hint(format!("make it with `strata env create {name}`")).into())
            }
            _ => Ok(()),
        }
    }
}

/// Answers a command line that could not be read, or that asked for help.
fn usage(argv: &[OsString], error: &clap::Error) -> u8 {
    let output = guessed_output(argv);
    let text = error.render().ansi().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match output.text(&text) {
            Ok(()) => 0,
            Err(failure) => failure.exit_code(),
        };
    }
    if output.is_json() {
        output.failure(&Failure::Usage { message: first_paragraph(error), hints: suggestions(error) });
    } else {
        output.talk(text.trim_end());
    }
    USAGE
}

fn first_paragraph(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a subcommand or arguments are needed: see --help".to_owned();
    }
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

fn suggestions(error: &clap::Error) -> Vec<String> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let named = kinds.iter().filter_map(|kind| error.get(*kind)).flat_map(|value| match value {
        ContextValue::String(name) => vec![name.clone()],
        ContextValue::Strings(names) => names.clone(),
        _ => Vec::new(),
    });
    named.map(|name| format!("did you mean `{name}`?")).collect()
}

/// Makes the output that a command line seems to want, without understanding the rest of it.
fn guessed_output(argv: &[OsString]) -> Output {
    let words: Vec<_> = argv.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let value = |flag: &str| {
        let glued = format!("{flag}=");
        let apart = words.windows(2).find(|pair| pair[0] == flag).map(|pair| pair[1]);
        words.iter().find_map(|word| word.strip_prefix(glued.as_str())).or(apart)
    };
    let from_environment = std::env::var(FORMAT_VARIABLE).ok();
    let format = value("--format").or(from_environment.as_deref());
    let color = value("--color").and_then(|word| Color::from_str(word, true).ok());
    Output::guessed(format.is_some_and(|word| word.eq_ignore_ascii_case("json")), color.unwrap_or(Color::Auto))
}
