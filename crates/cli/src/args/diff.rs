//! Arguments of `diff`.

use clap::Args;

const HELP: &str = "\
Examples:
  strata diff Core_1_0.zip Core_1_1.zip
  strata diff src/ env:dev/Core --format json
  strata diff Core.zip Core_managed.zip --include-kind

Listed are the components that came, went, changed or have another name, and every value that differs in them; of
texts the lines. Exit code 0 whatever differs, unless --detailed-exitcode is given: then 2 when anything is listed.";

#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub(crate) struct DiffArgs {
    /// The earlier side: a .zip, a .cab, an unpacked folder, or env:NAME/SOLUTION
    #[arg(value_name = "A")]
    pub(crate) before: String,
    /// The later side
    #[arg(value_name = "B")]
    pub(crate) after: String,
    /// The solution to take of folders that hold several
    #[arg(long, visible_alias = "name", value_name = "U")]
    pub(crate) solution_name: Option<String>,
    /// Exit with 2 when there are differences
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// List what differs only because one package is managed and the other is not, too
    #[arg(long)]
    pub(crate) include_kind: bool,
}
