//! The version of a package on disk: another text in its manifest, everything else as it was (`solution version`).

use std::fs;
use std::path::{Path, PathBuf};

use strata_model::code::ErrorCode;
use strata_model::version::{Version, VersionPart};
use strata_package::{Limits, ReadPackageError, stamp, write};

use crate::target_file::replace;
use crate::view::VersionView;
use crate::{OpsError, read_package};

/// Which version a package gets.
#[derive(Debug, Clone)]
pub enum NewVersion {
    Set(Version),
    /// One higher in that part.
    Bump(VersionPart),
}

/// Gives a package or a folder another version; `plan_only` only says which.
pub fn stamp(path: &Path, new: &NewVersion, plan_only: bool) -> Result<VersionView, OpsError> {
    let package = read_package(path)?;
    let from = package.manifest.version;
    let to = match new {
        NewVersion::Set(version) => version.clone(),
        NewVersion::Bump(part) => from
            .bumped(*part)
            .map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))?,
    };
    let is_changed = from.as_str() != to.as_str();
    if is_changed && !plan_only {
        match path.is_dir() {
            true => stamp_folder(path, &to)?,
            false => stamp_file(path, &to)?,
        }
    }
    Ok(VersionView {
        path: path.display().to_string(),
        solution: package.manifest.unique_name,
        is_lower: to < from,
        from: from.to_string(),
        to: to.to_string(),
        is_changed,
    })
}

fn stamp_file(path: &Path, version: &Version) -> Result<(), OpsError> {
    let bytes = fs::read(path).map_err(|source| OpsError::Unreadable { path: path.to_owned(), source })?;
    if !bytes.starts_with(b"PK") {
        let error = OpsError::request(ErrorCode::UNSUPPORTED, "a cabinet can be read and not written");
        return Err(error.hint("unpack it, and pack a zip"));
    }
    let unfit = |source: ReadPackageError| OpsError::Package { path: path.to_owned(), source: Box::new(source) };
    let mut files = strata_package::read_files(&bytes, &Limits::default()).map_err(unfit)?;
    for (part, content) in files.iter_mut().filter(|(part, _)| part.eq_ignore_ascii_case("solution.xml")) {
        *content = stamp::xml(part, content, version).map_err(unfit)?;
    }
    replace(path, &write::zip(&files))
}

fn stamp_folder(path: &Path, version: &Version) -> Result<(), OpsError> {
    let manifest = manifest_of(path)?;
    let part = manifest.strip_prefix(path).unwrap_or(&manifest).display().to_string();
    let unfit = |source: ReadPackageError| OpsError::Package { path: path.to_owned(), source: Box::new(source) };
    let content = fs::read(&manifest).map_err(|source| OpsError::Unreadable { path: manifest.clone(), source })?;
    let is_yaml = manifest.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("yml"));
    let stamped = match is_yaml {
        true => stamp::yaml(&part, &content, version),
        false => stamp::xml(&part, &content, version),
    };
    replace(&manifest, &stamped.map_err(unfit)?)
}

/// Finds the manifest of a tree: `Other/Solution.xml`, at its root or below `src`, or the one of its YAML solution.
fn manifest_of(folder: &Path) -> Result<PathBuf, OpsError> {
    let inside = |steps: &[&str]| steps.iter().try_fold(folder.to_owned(), |at, step| child(&at, step));
    let yaml = |of: &[&str]| {
        let solutions = inside(of)?;
        let mut manifests: Vec<_> =
            fs::read_dir(solutions).ok()?.filter_map(|entry| child(&entry.ok()?.path(), "solution.yml")).collect();
        manifests.sort();
        (manifests.len() == 1).then(|| manifests.remove(0))
    };
    let found = yaml(&["solutions"])
        .or_else(|| yaml(&["src", "solutions"]))
        .or_else(|| inside(&["Other", "Solution.xml"]))
        .or_else(|| inside(&["src", "Other", "Solution.xml"]));
    found.ok_or_else(|| {
        let message = format!("the manifest of {} was not found", folder.display());
        OpsError::request(ErrorCode::NOT_FOUND, message)
            .hint("Other/Solution.xml or solutions/NAME/solution.yml holds it")
    })
}

/// Returns the entry of a folder that bears a name, whatever its case.
fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = folder.join(name);
    if plain.exists() {
        return Some(plain);
    }
    let mut entries = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    entries.find(|path| path.file_name().and_then(|own| own.to_str()).is_some_and(|own| own.eq_ignore_ascii_case(name)))
}
