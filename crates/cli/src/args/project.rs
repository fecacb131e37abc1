//! Arguments of `solution clone`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strata_ops::project::ProjectKind;

use super::WriteFlags;

const CLONE_HELP: &str = "\
Examples:
  strata solution clone --name ContosoCore --outputDirectory src
  strata solution clone ContosoCore --packagetype Unmanaged

The project's folder is named after the solution; the unpacked solution stands in its `src`.";

/// What the tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TreeKind {
    Unmanaged,
    Managed,
    Both,
}

impl From<TreeKind> for ProjectKind {
    fn from(kind: TreeKind) -> Self {
        match kind {
            TreeKind::Unmanaged => Self::Unmanaged,
            TreeKind::Managed => Self::Managed,
            TreeKind::Both => Self::Both,
        }
    }
}

/// What is cloned, and where to.
#[derive(Debug, Clone, Args)]
#[command(after_help = CLONE_HELP)]
pub(crate) struct ProjectArgs {
    /// Unique name of the solution
    #[arg(value_name = "NAME", required_unless_present = "name")]
    unique_name: Option<String>,
    /// The same as NAME
    #[arg(short, long, visible_alias = "solution-name", value_name = "U", conflicts_with = "unique_name")]
    name: Option<String>,
    /// The folder that gets the project's [default: the current one]
    #[arg(short, long = "outputDirectory", visible_alias = "output-directory", value_name = "D")]
    pub(crate) output_directory: Option<PathBuf>,
    /// Which packages the tree can be packed into
    #[arg(short, long = "packagetype", value_enum, ignore_case = true, default_value = "both")]
    pub(crate) package_type: TreeKind,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

impl ProjectArgs {
    pub(crate) fn name(&self) -> String {
        self.name.clone().or_else(|| self.unique_name.clone()).unwrap_or_default()
    }
}
