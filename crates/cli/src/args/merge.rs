//! Arguments of `solution merge`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strata_ops::three_way::Prefer;

use super::WriteFlags;

const HELP: &str = "\
Examples:
  strata solution merge Core_1_0.zip Core_anna.zip Core_ben.zip --out Core_1_1.zip
  strata solution merge base/ ours/ theirs/ --out merged/
  strata solution merge %O %A %B --out %A        (as a merge driver of git: docs/git.md)

Takes packages, folders, or single files of folders. What both sides changed, each in its own way, is listed as a
conflict, and the exit code is 3. In files the conflicts are marked as git marks them; in a zip our value stands, or that of
the side that --prefer names.";

#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub(crate) struct MergeArgs {
    /// What both sides came from
    #[arg(value_name = "BASE")]
    pub(crate) base: PathBuf,
    /// One side
    #[arg(value_name = "OURS")]
    pub(crate) ours: PathBuf,
    /// The other side
    #[arg(value_name = "THEIRS")]
    pub(crate) theirs: PathBuf,
    /// Where the result goes; may be OURS
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Settle conflicts: take the value of this side
    #[arg(long, value_enum, ignore_case = true, value_name = "SIDE")]
    pub(crate) prefer: Option<Side>,
    /// Replace what is there
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Side {
    Ours,
    Theirs,
}

impl From<Side> for Prefer {
    fn from(side: Side) -> Self {
        match side {
            Side::Ours => Self::Ours,
            Side::Theirs => Self::Theirs,
        }
    }
}
