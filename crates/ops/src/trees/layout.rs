//! The two layouts of a folder: which one it is in, and the way into and out of each.

use std::path::Path;

use strata_model::code::ErrorCode;
use strata_model::package::PackageNote;
use strata_package::tree::{self, MissingFile, NamedFile, Pack, PackError, Packed};
use strata_package::yaml::{self, Detected, Missing, PackOptions, Take};
use strata_package::{Limits, ReadPackageError};

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
    allow_missing: bool,
    limits: &Limits,
) -> Result<Packed, PackError> {
    let has_xml = files.iter().any(|(path, _)| path.to_lowercase().ends_with("other/solution.xml"));
    match yaml::detect(files.iter().map(|(path, _)| path.as_str())) {
        Detected::Yaml { .. } => {}
        // Packing says where the manifests belong.
        Detected::Misplaced(_) if !has_xml => {}
        Detected::Misplaced(_) | Detected::No => return tree::pack(files.to_vec(), &Pack { managed }, limits),
    }
    let options = PackOptions { solution: solution.map(str::to_owned), managed };
    let packed = yaml::pack(files, &options, limits).map_err(PackError::from)?;
    if packed.missing.is_empty() || allow_missing {
        let note = |missing: Missing| PackageNote { part: missing.file, message: missing.message };
        let notes = packed.missing.into_iter().map(note).chain(packed.notes).collect();
        return Ok(Packed { files: packed.files, is_managed: packed.is_managed, notes });
    }
    let file = |missing: Missing| {
        let line = missing.line.map_or_else(String::new, |line| format!(", line {line}"));
        MissingFile { path: missing.member.unwrap_or(missing.message), named_by: format!("{}{line}", missing.file) }
    };
    Err(PackError::Missing(packed.missing.into_iter().map(file).collect()))
}

/// Files of a YAML tree that fit what the folder holds already, and those that no solution takes any more.
pub(super) fn joined(
    folder: &Path,
    files: Vec<NamedFile>,
    take: Option<Take>,
    limits: &Limits,
) -> Result<(Vec<NamedFile>, Vec<String>), OpsError> {
    let existing = if folder.exists() { folder_files(folder, limits)? } else { Vec::new() };
    let unreadable = |error: ReadPackageError| super::in_package(folder, error);
    let joined = yaml::join(&existing, files, take, limits).map_err(unreadable)?;
    if joined.conflicts.is_empty() {
        return Ok((joined.files, joined.stale));
    }
    let lines: Vec<_> = joined.conflicts.iter().map(ToString::to_string).collect();
    let message = format!("another solution of the folder says something else: {}", lines.join("; "));
    let error = OpsError::request(ErrorCode::ALREADY_EXISTS, message);
    let error = error.hint("--take new writes what the package says, for all of them; --take old keeps what is there");
    Err(error.hint("or unpack into a folder of its own"))
}
