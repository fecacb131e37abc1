//! One kind of component alone: its folders are written, or taken into a package that exists.

use std::path::Path;

use strata_package::Limits;
use strata_package::tree::{self, NamedFile, Newline, Unpack};

use super::{in_package, zip_files};
use crate::OpsError;

/// The kinds that can be unpacked and packed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleComponent {
    WebResource,
    Plugin,
    Workflow,
}

impl SingleComponent {
    /// Tells whether a file of a tree belongs to the kind.
    pub(super) fn holds(self, path: &str) -> bool {
        let tops: &[&str] = match self {
            Self::WebResource => &["WebResources"],
            Self::Plugin => &["PluginAssemblies", "SdkMessageProcessingSteps"],
            Self::Workflow => &["Workflows"],
        };
        let top = path.split('/').next().unwrap_or(path);
        tops.iter().any(|known| known.eq_ignore_ascii_case(top))
    }
}

/// Returns the tree of the package at a path, with what a folder holds of one kind in the place of its own.
pub(super) fn over(
    single: SingleComponent,
    files: Vec<NamedFile>,
    zip: &Path,
    limits: &Limits,
) -> Result<Vec<NamedFile>, OpsError> {
    let options = Unpack { newline: Newline::CrLf };
    let tree = tree::unpack(zip_files(zip, limits)?, &options, limits).map_err(|error| in_package(zip, error))?;
    let mut merged = tree.files;
    merged.retain(|(path, _)| !single.holds(path));
    let below = |(path, bytes): NamedFile| {
        let path = path.strip_prefix("src/").map_or(path.clone(), str::to_owned);
        single.holds(&path).then_some((path, bytes))
    };
    merged.extend(files.into_iter().filter_map(below));
    Ok(merged)
}
