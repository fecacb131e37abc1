//! Files that are replaced as a whole: what was there stays until the new content is on disk.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::OpsError;

/// Writes a file beside the target and puts it in its place; on any error the target is as it was.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    let unwritable = |source| OpsError::Unwritable { path: target.to_owned(), source };
    let name = target.file_name().ok_or_else(|| unwritable(io::Error::other("this names no file")))?;
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    let beside = target.with_file_name(beside);
    let written = write(&beside, target, bytes);
    if written.is_err() {
        // What is left of the attempt is no use to anybody, and may not exist.
        fs::remove_file(&beside).ok();
    }
    written.map_err(unwritable)
}

fn write(beside: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    if let Ok(before) = fs::metadata(target) {
        fs::set_permissions(beside, before.permissions())?;
    }
    fs::rename(beside, target)
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
        fs::write(taken.join("c"), b"").expect("a file");
        assert!(replace(&taken, b"new").is_err());
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}
