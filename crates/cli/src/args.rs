//! What can be typed (spec `cli.md` §1, §4): names and flags that scripts depend on.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use strata_model::environment::DesktopFlowSchema;
use strata_ops::plan_file;

mod by_hand;
mod check;
mod diff;
mod export;
mod flow;
mod import;
mod merge;
mod project;
mod row;
mod serve;
mod solution;
mod tree;

pub(crate) use by_hand::{AddArgs, CreateArgs, ListedArgs};
pub(crate) use check::CheckArgs;
pub(crate) use diff::DiffArgs;
pub(crate) use export::ExportArgs;
pub(crate) use flow::{CreateFlowArgs, FlowCommand, RunArgs, RunMode, SaveArgs};
pub(crate) use import::{ImportArgs, ImportFlags, PlanArgs};
pub(crate) use merge::MergeArgs;
pub(crate) use project::ProjectArgs;
pub(crate) use row::RowCommand;
pub(crate) use serve::ServeArgs;
pub(crate) use solution::{
    CloneArgs, PublisherCommand, SettingsPackage, SolutionCommand, SolutionName, SolutionQuestion, VersionArgs,
};

pub(crate) use tree::{PAC_FLAGS, PackArgs, SWITCHES, TreeFlags, UnpackArgs};

/// Plan, carry out, inspect and undo Dataverse solution operations in a local environment.
#[derive(Debug, Parser)]
#[command(name = "strata", version, propagate_version = false, max_term_width = 110, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  strata import ContosoCore_1_0_0_0_managed.zip
  strata plan ContosoCore_1_1_0_0_managed.zip --action upgrade
  strata layers attribute:contoso_order.contoso_total
  strata undo

A store (./strata.db) and an environment `default` come into being with the first command that writes.";

/// The store that is used when none is named.
pub(crate) const DEFAULT_STORE: &str = "./strata.db";

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Store to use: a file
    #[arg(
        long,
        global = true,
        env = "STRATA_STORE",
        value_name = "FILE",
        default_value = DEFAULT_STORE,
        hide_env = true
    )]
    pub(crate) store: String,
    /// Environment to use [default: the selected one]
    #[arg(short, long, global = true, env = "STRATA_ENVIRONMENT", value_name = "NAME", hide_env = true)]
    pub(crate) environment: Option<String>,
    /// Format of the answer [default: text]
    #[arg(long, global = true, value_enum, ignore_case = true)]
    pub(crate) format: Option<Format>,
    /// Show the state as it was after this operation (reading commands)
    #[arg(long, global = true, value_name = "OP", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) at: Option<i64>,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// No hints, no progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// List everything
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Do not ask before destructive operations
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Import a solution package
    Import(ImportArgs),
    /// Show what an operation would do; changes nothing
    Plan(PlanArgs),
    /// Show the layers of a component and which one decides each property
    Layers(LayersArgs),
    /// Look for mistakes in packages, without an environment
    Check(CheckArgs),
    /// Compare two packages, folders or solutions of environments
    Diff(DiffArgs),
    /// Unpack a package into a folder, one file for each component
    Unpack(UnpackArgs),
    /// Pack a folder into a package
    Pack(PackArgs),
    /// Export a solution as a package
    Export(ExportArgs),
    /// Solutions: list, show, import, plan, apply, delete, publish, export
    #[command(subcommand)]
    Solution(SolutionCommand),
    /// Components: list, show, layers, create, edit, switch, delete, remove the unmanaged layer
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Desktop flows: list, create, save, run, repair
    #[command(subcommand)]
    Flow(FlowCommand),
    /// Rows of tables: create, list, get, update, delete, count, import
    #[command(subcommand)]
    Row(RowCommand),
    /// Publishers
    #[command(subcommand)]
    Publisher(PublisherCommand),
    /// Environments of the store
    #[command(subcommand, visible_alias = "environment")]
    Env(EnvCommand),
    /// Every operation, newest first
    History(HistoryArgs),
    /// Undo the last operation; again to go further back
    Undo(WriteFlags),
    /// Return to the state after an operation, as a new operation
    Restore(RestoreArgs),
    /// Serve the Web API to clients of Dataverse
    Serve(ServeArgs),
    /// Print a completion script for a shell
    Completions {
        /// Shell that the script is for
        shell: clap_complete::Shell,
    },
}

/// What every writing command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct WriteFlags {
    /// Show what it would do and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// Create an environment
    Create {
        /// Name of the environment: letters, digits, `-`, `_` and `.`
        name: String,
        #[command(flatten)]
        settings: SettingsArgs,
        /// Name for people
        #[arg(long, value_name = "S")]
        display_name: Option<String>,
        /// Refuse unmanaged customizations
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
        block_unmanaged: Option<bool>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// List the environments
    List,
    /// Show an environment
    Show,
    /// Choose the environment that commands use
    Select {
        /// Name of the environment
        name: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Change settings
    #[command(arg_required_else_help = true)]
    Set {
        #[command(flatten)]
        settings: SettingsArgs,
        /// Name for people
        #[arg(long, value_name = "S")]
        display_name: Option<String>,
        /// Refuse unmanaged customizations
        #[arg(long, value_name = "BOOL")]
        block_unmanaged: Option<bool>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Delete an environment with its history
    Delete {
        /// Name of the environment
        name: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Copy an environment, history included
    Copy {
        /// Environment to copy
        from: String,
        /// Name of the copy
        to: String,
        #[command(flatten)]
        write: WriteFlags,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// Version of the platform
    #[arg(long, value_name = "9.2.x.y")]
    pub(crate) platform_version: Option<String>,
    /// Where desktop flows keep their content
    #[arg(long, value_enum, ignore_case = true, value_name = "SCHEMA")]
    pub(crate) desktop_flow_schema: Option<FlowSchema>,
    /// Languages as LCIDs, the base language first
    #[arg(long, value_name = "LCID", value_delimiter = ',')]
    pub(crate) language: Vec<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FlowSchema {
    V1,
    V2,
}

impl From<FlowSchema> for DesktopFlowSchema {
    fn from(schema: FlowSchema) -> Self {
        match schema {
            FlowSchema::V1 => Self::V1,
            FlowSchema::V2 => Self::V2,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// List components
    List {
        /// Only those of a solution
        #[arg(long, visible_alias = "name", value_name = "U")]
        solution_name: Option<String>,
        /// Only those of a type, as a name or number
        #[arg(long = "type", value_name = "TYPE")]
        component_type: Option<String>,
        /// Only those with an unmanaged layer
        #[arg(long)]
        unmanaged_layer: bool,
        /// The platform's own too
        #[arg(long)]
        all: bool,
    },
    /// Show the resolved definition of a component
    Show {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        /// Count drafts too, as makers see it
        #[arg(long)]
        unpublished: bool,
    },
    /// Show the layers of a component and which one decides each property
    Layers(LayersArgs),
    /// Edit the unmanaged layer
    #[command(after_help = SET_HELP)]
    Set {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: Option<String>,
        /// Property and its new value
        #[arg(long, short, value_name = "PATH=VALUE", num_args = 1.., required = true)]
        property: Vec<String>,
        /// Unmanaged solution that the edit is made in
        #[arg(long, visible_alias = "name", value_name = "U")]
        solution_name: Option<String>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Create an unmanaged component
    Create(CreateArgs),
    /// Delete an unmanaged component, its data included
    Delete {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Switch a flow, a process, a plug-in step or a rule on
    Activate {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Switch it off
    Deactivate {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Take what names another component out of one: a control off a form, a table out of an app
    #[command(after_help = REMOVE_DEPENDENCY_HELP)]
    RemoveDependency {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        /// The component that it is to need no longer; may be given several times
        #[arg(long, value_name = "TYPE:NAME", required = true)]
        on: Vec<String>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Show what a component needs, who needs it, or who stands against its deletion
    #[command(after_help = DEPENDENCIES_HELP)]
    Dependencies {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        #[command(flatten)]
        question: ComponentQuestion,
    },
    /// Remove the unmanaged layer
    RemoveActive {
        #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
        component: String,
        #[command(flatten)]
        write: WriteFlags,
    },
}

/// Stands for every component that is named (spec `cli.md` §3).
const COMPONENT: &str =
    "Type and name of a component; an id or a display name does too, TABLE.DISPLAY NAME for forms and views";

const DEPENDENCIES_HELP: &str = "\
Examples:
  strata component dependencies attribute:contoso_order.contoso_total --dependent
  strata component dependencies entity:contoso_order --delete
  strata component dependencies 'workflow:Post invoice' --required --at 12

The answer is grouped by the solution that brought the component named in it; what is unmanaged stands under Active.";

/// What is asked of a component: *Uses*, *Used by*, *Delete blocked by*.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ComponentQuestion {
    /// What it needs (Uses)
    #[arg(long)]
    pub(crate) required: bool,
    /// Who needs it, its own parts included (Used by)
    #[arg(long)]
    pub(crate) dependent: bool,
    /// Who stands against its deletion, or that of what would go along (Delete blocked by)
    #[arg(long)]
    pub(crate) delete: bool,
}

const REMOVE_DEPENDENCY_HELP: &str = "\
Examples:
  strata component remove-dependency savedquery:'contoso_order.Active orders' --on attribute:contoso_order.contoso_total
  strata component remove-dependency appmodule:contoso_sales --on entity:contoso_order --plan

The edit goes into the unmanaged layer. Forms, views, apps and site maps have to be published for it to count.";

const SET_HELP: &str = "\
Examples:
  strata component set attribute:contoso_order.contoso_total --property MaxLength=400
  strata component set entity:contoso_order --property 'LocalizedNames/LocalizedName[1033]@description=Order'

Properties are named as `strata component show TYPE:NAME` lists them.

Of forms, site maps, apps and ribbons, PATH= without an attribute takes the element away, PATH=<xml/> puts one in,
and PATH@ordinalvalue=N moves a tab, a section, an area or a link to position N (a cell: column × 10000 + N).";

#[derive(Debug, Args)]
#[command(after_help = LAYERS_HELP)]
pub(crate) struct LayersArgs {
    #[arg(value_name = "TYPE:NAME", help = COMPONENT)]
    pub(crate) component: String,
    /// Count drafts too, as makers see it
    #[arg(long)]
    pub(crate) unpublished: bool,
}

const LAYERS_HELP: &str = "\
Examples:
  strata layers attribute:contoso_order.contoso_total
  strata layers entity:account --format json
  strata layers systemform:{f9b47531-31b6-53e7-80af-e6de4d58365b} --at 12

TYPE is a name (entity, attribute, systemform, savedquery, workflow, webresource …) or a number;
NAME is a schema name, TABLE.COLUMN, a GUID, or a display name that only one component has.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// List the operations
    List,
    /// Show one operation with every layer it changed
    Show {
        #[arg(value_name = "OP", help = "Number of an operation, as `strata history` lists it", value_parser = clap::value_parser!(i64).range(0..))]
        operation: i64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[arg(value_name = "OP", help = "Number of an operation, as `strata history` lists it", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) operation: i64,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

/// A gate of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateKind {
    Failure,
    Delete,
    Dataloss,
    Masked,
    Collision,
    Warning,
}

impl From<GateKind> for plan_file::Gate {
    fn from(kind: GateKind) -> Self {
        match kind {
            GateKind::Failure => Self::Failure,
            GateKind::Delete => Self::Delete,
            GateKind::Dataloss => Self::Dataloss,
            GateKind::Masked => Self::Masked,
            GateKind::Collision => Self::Collision,
            GateKind::Warning => Self::Warning,
        }
    }
}

/// A package: `FILE` or `--path FILE`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PackagePath {
    /// A .zip, a .cab or an unpacked folder
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The same as FILE
    #[arg(short, long, value_name = "FILE", conflicts_with = "file")]
    path: Option<PathBuf>,
    /// The solution to take of a folder that holds several
    #[arg(long, visible_alias = "name", value_name = "U")]
    solution_name: Option<String>,
}

impl PackagePath {
    pub(crate) fn get(&self) -> Option<PathBuf> {
        let path = self.path.clone().or_else(|| self.file.clone())?;
        Some(strata_ops::choose_solution(path, self.solution_name.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn without_help(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        found.extend(command.get_about().is_none().then(|| path.clone()));
        let silent = command.get_arguments().filter(|argument| argument.get_help().is_none());
        found.extend(silent.map(|argument| format!("{path} {}", argument.get_id())));
        command.get_subcommands().for_each(|each| without_help(each, &path, found));
    }

    #[test]
    fn every_command_and_argument_says_what_it_is() {
        let mut found = Vec::new();
        without_help(&Cli::command(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
