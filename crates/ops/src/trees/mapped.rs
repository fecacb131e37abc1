//! Mapping files at work: which file on disk stands for which file of a tree.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use strata_model::package::PackageNote;
use strata_package::tree::map::{Map, Source};
use strata_package::tree::{MissingFile, NamedFile};

use super::read_file;
use crate::OpsError;

/// A mapping file and what of it has been used.
pub(super) struct Mapping {
    path: PathBuf,
    map: Map,
    /// Paths of the map are relative to it.
    folder: PathBuf,
    fitted: BTreeSet<usize>,
}

impl Mapping {
    pub(super) fn read(path: &Path, folder: &Path) -> Result<Self, OpsError> {
        let bytes = read_file(path)?;
        let name = path.display().to_string();
        let variable = |name: &str| env::var(name).ok();
        let map = Map::parse(&name, &bytes, &variable).map_err(|error| OpsError::Map(Box::new(error)))?;
        Ok(Self { path: path.to_owned(), map, folder: folder.to_owned(), fitted: BTreeSet::new() })
    }

    /// Puts mapped files in the place of those in the tree.
    pub(super) fn replace(&mut self, files: &mut [NamedFile]) -> Result<(), OpsError> {
        for (path, bytes) in files {
            self.fitted.extend(self.map.fitting(tree_path(path)));
            if let Some(source) = self.map.find(tree_path(path)) {
                *bytes = self.content(&source)?;
            }
        }
        Ok(())
    }

    /// Adds missing files that are mapped; tells whether there were any.
    pub(super) fn supply(&mut self, missing: &[MissingFile], files: &mut Vec<NamedFile>) -> Result<bool, OpsError> {
        let mut supplied = false;
        let prefix =
            if files.iter().any(|(path, _)| path.eq_ignore_ascii_case("src/Other/Solution.xml")) { "src/" } else { "" };
        for file in missing {
            self.fitted.extend(self.map.fitting(&file.path));
            if let Some(source) = self.map.find(&file.path) {
                files.push((format!("{prefix}{}", file.path), self.content(&source)?));
                supplied = true;
            }
        }
        Ok(supplied)
    }

    /// An element that fits nothing is a mistake (package-format §7.1).
    pub(super) fn check_used(&self) -> Result<(), OpsError> {
        let name = self.path.display().to_string();
        let used = self.map.check_used(&name, &|rule| self.fitted.contains(&rule));
        used.map_err(|error| OpsError::Map(Box::new(error)))
    }

    fn content(&self, source: &Source) -> Result<Vec<u8>, OpsError> {
        let direct = self.folder.join(&source.path);
        let found = match &source.search {
            _ if direct.is_file() => Some(direct.clone()),
            Some((folder, name)) => search(&self.folder.join(folder), name, 0),
            None => None,
        };
        let Some(found) = found else {
            let line = self.map.line(source.rule).unwrap_or_default();
            let message = format!("{}, line {line}: {} is not there", self.path.display(), direct.display());
            return Err(OpsError::request(strata_model::code::ErrorCode::MISSING_FILE, message));
        };
        read_file(&found)
    }
}

/// A path of the solution, whether or not the tree stands in a project.
fn tree_path(path: &str) -> &str {
    path.strip_prefix("src/").unwrap_or(path)
}

/// Finds a file by name in and below a folder, the shallowest first by name.
fn search(folder: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let is_it = |path: &&PathBuf| {
        path.is_file() && path.file_name().is_some_and(|own| own.to_string_lossy().eq_ignore_ascii_case(name))
    };
    if let Some(found) = entries.iter().find(is_it) {
        return Some(found.clone());
    }
    let is_folder = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let folders = entries.iter().filter(is_folder).filter(|_| depth < 32);
    folders.into_iter().find_map(|below| search(below, name, depth + 1))
}

/// Leaves files out of an unpacked tree that a map says are elsewhere.
pub(super) fn leave_out(map: &Path, files: &mut Vec<NamedFile>, notes: &mut Vec<PackageNote>) -> Result<(), OpsError> {
    let mut mapping = Mapping::read(map, Path::new(""))?;
    let mut kept = Vec::with_capacity(files.len());
    for (path, bytes) in std::mem::take(files) {
        mapping.fitted.extend(mapping.map.fitting(&path));
        match mapping.map.find(&path) {
            Some(source) => {
                notes.push(PackageNote {
                    part: path,
                    message: format!("not written: the map has it in {}", source.path),
                });
            }
            None => kept.push((path, bytes)),
        }
    }
    *files = kept;
    mapping.check_used()
}
