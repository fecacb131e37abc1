//! Folders of unpacked solutions on disk: what writing files into one would change, and the writing.
//!
//! Only what differs is written. Everything that can fail is tried first: a folder that does not exist yet is made beside
//! its place and put there in one step; in one that exists every new file is written beside before the first takes its
//! place. Links are never followed, and nothing outside the folder is touched (D13).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use strata_package::tree::NamedFile;

use crate::OpsError;
use crate::operation::{Phase, Progress};

/// What stands in the way of a name that is ours alone for the time of writing.
const BESIDE: &str = ".strata-writing";

/// What writing files into a folder does; paths are below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FolderChanges {
    pub created: Vec<String>,
    pub changed: Vec<String>,
    pub deleted: Vec<String>,
    /// Files of the layout that the new content does not have; deleted where that is allowed.
    pub stale: Vec<String>,
    pub unchanged: usize,
}

/// How to write.
#[derive(Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub(crate) allow_delete: bool,
    /// Replace files that are marked as read-only.
    pub(crate) clobber: bool,
    /// Tells whether a path belongs to the layout, so that a file there which is not new is stale.
    pub(crate) is_own: &'a dyn Fn(&str) -> bool,
}

/// Finds out what writing would change; changes nothing.
pub(crate) fn changes(folder: &Path, files: &[NamedFile], how: Writing<'_>) -> Result<FolderChanges, OpsError> {
    let mut changes = FolderChanges::default();
    let present = present(folder)?;
    let present: BTreeSet<String> = present.into_iter().collect();
    let mut read_only = Vec::new();
    for (path, bytes) in files {
        let target = folder.join(path);
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_file() => {
                if is_same(&target, &metadata, bytes)? {
                    changes.unchanged += 1;
                } else {
                    if metadata.permissions().readonly() {
                        read_only.push(path.clone());
                    }
                    changes.changed.push(path.clone());
                }
            }
            Ok(_) => {
                return Err(in_the_way(&target));
            }
            Err(_) => {
                check_way(folder, path)?;
                changes.created.push(path.clone());
            }
        }
    }
    if let (Some(first), false) = (read_only.first(), how.clobber) {
        let error = io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only (--clobber replaces it)");
        return Err(unwritable(&folder.join(first))(error));
    }
    let new: BTreeMap<String, &str> = files.iter().map(|(path, _)| (path.to_lowercase(), path.as_str())).collect();
    let is_stale = |path: &String| match new.get(&path.to_lowercase()) {
        None => (how.is_own)(path),
        // Another case of a new name is another file, unless the file system does not regard case.
        Some(name) => name != path && (present.contains(*name) || !folder.join(name).exists()),
    };
    let stale = present.iter().filter(|path| is_stale(path)).cloned().collect();
    match how.allow_delete {
        true => changes.deleted = stale,
        false => changes.stale = stale,
    }
    Ok(changes)
}

/// Writes what [`changes`] has found.
pub(crate) fn write(
    folder: &Path,
    files: &[NamedFile],
    changes: &FolderChanges,
    progress: Progress<'_>,
) -> Result<(), OpsError> {
    let is_new = fs::symlink_metadata(folder).is_err();
    let beside = beside(folder);
    clear(&beside)?;
    let written = write_beside(&beside, files, changes, progress);
    let done = written.and_then(|()| match is_new {
        true => move_whole(&beside, folder),
        false => move_each(&beside, folder, changes),
    });
    // What could not be put in its place is of no use to anybody.
    let cleared = clear(&beside);
    done.and(cleared)
}

fn write_beside(
    beside: &Path,
    files: &[NamedFile],
    changes: &FolderChanges,
    progress: Progress<'_>,
) -> Result<(), OpsError> {
    let wanted: BTreeSet<&str> = changes.created.iter().chain(&changes.changed).map(String::as_str).collect();
    fs::create_dir_all(beside).map_err(unwritable(beside))?;
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    let mut done = 0;
    for (path, bytes) in files.iter().filter(|(path, _)| wanted.contains(path.as_str())) {
        let target = beside.join(path);
        if let Some(parent) = target.parent()
            && !folders.contains(parent)
        {
            fs::create_dir_all(parent).map_err(unwritable(parent))?;
            folders.insert(parent.to_owned());
        }
        fs::write(&target, bytes).map_err(unwritable(&target))?;
        done += 1;
        if done % 256 == 0 {
            progress(Phase::Files, done, wanted.len() as u64);
        }
    }
    Ok(())
}

fn move_whole(beside: &Path, folder: &Path) -> Result<(), OpsError> {
    fs::rename(beside, folder).map_err(unwritable(folder))
}

fn move_each(beside: &Path, folder: &Path, changes: &FolderChanges) -> Result<(), OpsError> {
    for path in changes.created.iter().chain(&changes.changed) {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(unwritable(parent))?;
        }
        fs::rename(beside.join(path), &target).map_err(unwritable(&target))?;
    }
    for path in &changes.deleted {
        let target = folder.join(path);
        fs::remove_file(&target).map_err(unwritable(&target))?;
        remove_empty(folder, &target);
    }
    Ok(())
}

/// Removes the folders that a deleted file has left empty.
fn remove_empty(folder: &Path, file: &Path) {
    let mut outer = file.parent();
    while let Some(parent) = outer.filter(|parent| *parent != folder && parent.starts_with(folder)) {
        // A folder that still holds something stays.
        if fs::remove_dir(parent).is_err() {
            return;
        }
        outer = parent.parent();
    }
}

/// A name beside the folder, on the same disk.
fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().map_or_else(|| "tree".into(), |name| name.to_string_lossy().into_owned());
    let hidden = format!("{BESIDE}-{name}-{}", std::process::id());
    match folder.file_name() {
        Some(_) => folder.parent().map_or_else(|| PathBuf::from(&hidden), |parent| parent.join(&hidden)),
        // `.` and `..` have no name of their own: inside is as near as can be.
        None => folder.join(&hidden),
    }
}

fn clear(beside: &Path) -> Result<(), OpsError> {
    match fs::remove_dir_all(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(beside)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> OpsError {
    let path = path.to_owned();
    move |source| OpsError::Unwritable { path: path.clone(), source }
}

fn in_the_way(path: &Path) -> OpsError {
    unwritable(path)(io::Error::other("a folder or a link is in the way"))
}

/// Checks that the folders on the way to a new file are folders or not there.
fn check_way(folder: &Path, path: &str) -> Result<(), OpsError> {
    let mut way = folder.to_owned();
    let steps: Vec<_> = path.split('/').collect();
    for step in &steps[..steps.len() - 1] {
        way.push(step);
        match fs::symlink_metadata(&way) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(unwritable(&way)(io::Error::other("a file or a link stands where a folder must be"))),
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

fn is_same(path: &Path, metadata: &fs::Metadata, bytes: &[u8]) -> Result<bool, OpsError> {
    if metadata.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let found = fs::read(path).map_err(|source| OpsError::Unreadable { path: path.to_owned(), source })?;
    Ok(found == bytes)
}

/// The files in a folder, by path below it; links are not followed, and a folder that is not there holds none.
fn present(folder: &Path) -> Result<Vec<String>, OpsError> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(OpsError::Unreadable { path: folder.to_owned(), source }),
        Ok(metadata) if !metadata.is_dir() => return Err(in_the_way(folder)),
        Ok(_) => {}
    }
    let mut found = Vec::new();
    collect(folder, "", 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, below: &str, depth: usize, found: &mut Vec<String>) -> Result<(), OpsError> {
    let unreadable = |source| OpsError::Unreadable { path: folder.to_owned(), source };
    if depth > 64 {
        return Err(unreadable(io::Error::other("folders are nested deeper than 64")));
    }
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if kind.is_dir() && name != ".git" {
            collect(&entry.path(), &path, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}
