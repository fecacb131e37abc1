//! The two layouts of a folder: which one it is in, and the way into and out of each.

use std::path::Path;

use strata_model::code::ErrorCode;
use strata_model::package::Mode;
use strata_package::tree::{self, MissingFile, NamedFile, Pack, PackError, Packed};
use strata_package::yaml::{self, Detected, PackOptions};
use strata_package::{Limits, ReadPackageError, read_manifest};

use crate::OpsError;
use crate::source::folder_files;

/// How a folder is arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Xml,
    Yaml,
}

impl Layout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Yaml => "yaml",
        }
    }
}

/// Refuses to write one layout into a folder of the other.
pub(super) fn check_same(folder: &Path, layout: Layout) -> Result<(), OpsError> {
    let has_solution = |entry: std::fs::DirEntry| entry.path().join("solution.yml").is_file();
    let solutions = std::fs::read_dir(folder.join("solutions"));
    let other = match layout {
        Layout::Xml => solutions.is_ok_and(|entries| entries.flatten().any(has_solution)).then_some("YAML"),
        Layout::Yaml => folder.join("Other/Solution.xml").is_file().then_some("XML"),
    };
    match other {
        None => Ok(()),
        Some(name) => {
            let message = format!("{} holds a solution in the {name} layout", folder.display());
            let error = OpsError::request(ErrorCode::ALREADY_EXISTS, message);
            Err(error.hint("unpack into a folder of its own, or in that layout with --layout"))
        }
    }
}

/// Packs files in whichever layout they are; `solution` is the one that is meant of several.
pub(super) fn pack(
    files: &[NamedFile],
    solution: Option<&str>,
    managed: Option<bool>,
    limits: &Limits,
) -> Result<Packed, PackError> {
    if !matches!(yaml::detect(files.iter().map(|(path, _)| path.as_str())), Detected::Yaml { .. }) {
        return tree::pack(files.to_vec(), &Pack { managed }, limits);
    }
    let options = PackOptions { solution: solution.map(str::to_owned), managed };
    let packed = yaml::pack(files, &options, limits).map_err(PackError::from)?;
    if packed.missing.is_empty() {
        let manifest = packed.files.iter().find(|(path, _)| path == "solution.xml").map(|(_, bytes)| bytes.as_slice());
        let is_managed = read_manifest(manifest.unwrap_or_default())?.mode == Mode::Managed;
        return Ok(Packed { files: packed.files, is_managed, notes: packed.notes });
    }
    let missing = packed.missing.into_iter();
    let missing = missing.map(|missing| MissingFile { path: missing.message, named_by: missing.file });
    Err(PackError::Missing(missing.collect()))
}

/// Files of a YAML tree that fit what the folder holds already, and those that no solution takes any more.
pub(super) fn joined(
    folder: &Path,
    files: Vec<NamedFile>,
    limits: &Limits,
) -> Result<(Vec<NamedFile>, Vec<String>), OpsError> {
    let existing = if folder.exists() { folder_files(folder, limits)? } else { Vec::new() };
    let unreadable = |error: ReadPackageError| super::in_package(folder, error);
    let joined = yaml::join(&existing, files, None, limits).map_err(unreadable)?;
    if joined.conflicts.is_empty() {
        return Ok((joined.files, joined.stale));
    }
    let lines: Vec<_> = joined.conflicts.iter().map(ToString::to_string).collect();
    let message = format!("another solution of the folder says something else: {}", lines.join("; "));
    let error = OpsError::request(ErrorCode::ALREADY_EXISTS, message);
    Err(error.hint("unpack into a folder of its own, or make the solutions agree first"))
}
