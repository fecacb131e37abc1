//! Arguments of the commands about desktop flows.

use clap::{Args, Subcommand, ValueEnum};

/// Stands for every desktop flow that is named.
const NAME: &str = "Name or id of a desktop flow";

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// List the desktop flows with their schema and binaries, and say which can run
    List,
    /// Bind a flow and its binaries as its runtime would; the script is not carried out
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
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

const RUN_HELP: &str = "\
Examples:
  strata flow run 'Invoice entry'
  strata flow run 'Invoice entry' --mode cloud --client-version 2.28

Exit code 1 when the run fails. The flow need not be switched on.";
