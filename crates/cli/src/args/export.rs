//! Arguments of `solution export`.

use std::path::PathBuf;

use clap::Args;

use super::WriteFlags;

const EXPORT_HELP: &str = "\
Examples:
  strata solution export --name ContosoCore --path ContosoCore.zip
  strata solution export --name ContosoCore --path ContosoCore_managed.zip --managed --version 1.1.0.0 --overwrite
  strata solution export ContosoCore --path out/ --managed

Only published definitions go out; drafts are named. The same solution gives the same bytes each time.";

/// What is exported, and where to.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct ExportArgs {
    /// Unique name of the solution
    #[arg(value_name = "NAME", required_unless_present = "name")]
    unique_name: Option<String>,
    /// The same as NAME
    #[arg(short, long, visible_alias = "solution-name", value_name = "U", conflicts_with = "unique_name")]
    name: Option<String>,
    /// A .zip, or the folder that gets one [default: NAME_1_0_0_0.zip]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
    /// Export as managed
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    managed: Option<bool>,
    /// Version that the solution gets, the same or a higher one
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Replace the file where it exists
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

impl ExportArgs {
    pub(crate) fn name(&self) -> String {
        self.name.clone().or_else(|| self.unique_name.clone()).unwrap_or_default()
    }

    pub(crate) fn is_managed(&self) -> bool {
        self.managed.unwrap_or(false)
    }
}
