//! Files that commands write: beside their place first, and there only when they are whole.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use strata_model::code::ErrorCode;

use crate::OpsError;

/// A file that is whole, and not in its place yet; it goes when nobody puts it there.
pub(crate) struct Staged {
    path: PathBuf,
    beside: PathBuf,
}

impl Staged {
    /// Writes the bytes beside the place where they go.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self, OpsError> {
        let unwritable = |source| OpsError::Unwritable { path: path.to_owned(), source };
        if path.is_dir() {
            return Err(unwritable(io::Error::other("it is a folder")));
        }
        let staged = Self { path: path.to_owned(), beside: beside(path) };
        write_new(&staged.beside, bytes).map_err(unwritable)?;
        Ok(staged)
    }

    /// Puts the file in its place; one that is there is replaced only where that is asked for.
    pub(crate) fn put(self, overwrite: bool) -> Result<(), OpsError> {
        let (beside, path) = (&self.beside, &self.path);
        let put = match overwrite {
            true => fs::rename(beside, path),
            // A link to what is there fails, whoever made it meanwhile; a rename would replace it.
            false => fs::hard_link(beside, path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                _ if path.exists() => Err(io::Error::from(io::ErrorKind::AlreadyExists)),
                // Not every file system has links.
                _ => fs::rename(beside, path),
            }),
        };
        put.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                OpsError::request(ErrorCode::ALREADY_EXISTS, format!("{} exists already", path.display()))
            }
            _ => OpsError::Unwritable { path: path.clone(), source: error },
        })
    }
}

/// Writes a file in the place of whatever is there, and leaves who may read it as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    let staged = Staged::write(path, bytes)?;
    if let Ok(before) = fs::metadata(path) {
        let unwritable = |source| OpsError::Unwritable { path: path.to_owned(), source };
        fs::set_permissions(&staged.beside, before.permissions()).map_err(unwritable)?;
    }
    staged.put(true)
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Where it has been renamed there is nothing left to remove.
        fs::remove_file(&self.beside).ok();
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_replaced_or_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a.zip");
        fs::write(&target, b"old").expect("a file");
        replace(&target, b"new").expect("replaced");
        assert_eq!(fs::read(&target).expect("a file"), b"new");
        assert!(replace(&folder.path().join("nowhere/a.zip"), b"new").is_err());
        let taken = folder.path().join("b");
        fs::create_dir(&taken).expect("a folder");
        assert!(replace(&taken, b"new").is_err());
        let entries = fs::read_dir(folder.path()).expect("a folder");
        let left: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
