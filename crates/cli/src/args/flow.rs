//! Arguments of the commands about desktop flows.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::WriteFlags;

/// Stands for every desktop flow that is named.
const NAME: &str = "Name or id of a desktop flow";
const DEFINITION: &str =
    "A script, a <Workflow> element as it stands in a package, or the JSON file that belongs to one";

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// List the desktop flows with their schema and binaries, and say which can run
    List,
    /// Create a desktop flow, in the environment's schema
    Create(CreateFlowArgs),
    /// Save a flow as its designer does: in the environment's schema, with new binaries where it is converted
    #[command(after_help = SAVE_HELP)]
    Save(SaveArgs),
    /// Do what is documented for a flow whose binaries collide
    #[command(after_help = REPAIR_HELP)]
    Repair {
        #[arg(value_name = "NAME", help = NAME)]
        flow: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Bind a flow and its binaries as its runtime would; the script is not carried out
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateFlowArgs {
    /// Name of the flow
    pub(crate) name: String,
    /// Unmanaged solution it is made in
    #[arg(long, visible_alias = "name", value_name = "U")]
    pub(crate) solution_name: String,
    #[arg(long, value_name = "FILE", help = DEFINITION)]
    pub(crate) definition: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

#[derive(Debug, Args)]
pub(crate) struct SaveArgs {
    #[arg(value_name = "NAME", help = NAME)]
    pub(crate) flow: String,
    #[arg(long, value_name = "FILE", help = DEFINITION)]
    pub(crate) definition: Option<PathBuf>,
    /// Version of Power Automate for desktop [default: the newest]
    #[arg(long, value_name = "V")]
    pub(crate) client_version: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[arg(value_name = "NAME", help = NAME)]
    pub(crate) flow: String,
    /// Where the run is started
    #[arg(long, value_enum, ignore_case = true, default_value_t = RunMode::Local)]
    pub(crate) mode: RunMode,
    /// Version of Power Automate for desktop [default: the newest]
    #[arg(long, value_name = "V")]
    pub(crate) client_version: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunMode {
    Local,
    Cloud,
}

const SAVE_HELP: &str = "\
Examples:
  strata flow save 'Invoice entry'
  strata flow save 'Invoice entry' --definition script.robin

Where the environment stores flows in schema v2, a flow of schema v1 gets binaries whose ids are this environment's own:
importing the flow from elsewhere then makes binaries that collide.";

const REPAIR_HELP: &str = "\
Examples:
  strata flow repair 'Invoice entry' --plan
  strata flow repair 'Invoice entry'

A managed flow: its solution is deleted; import it again. Where others need the solution, the flow loses its unmanaged
layer and its unmanaged binaries instead. An unmanaged flow is deleted; import it again.";

const RUN_HELP: &str = "\
Examples:
  strata flow run 'Invoice entry'
  strata flow run 'Invoice entry' --mode cloud --client-version 2.28

Exit code 1 when the run fails. The flow need not be switched on.";
