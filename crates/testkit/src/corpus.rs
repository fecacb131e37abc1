//! Finds the corpus: real packages and unpacked trees that are too large for this repository.
//!
//! It lies in the folder that `STRATA_CORPUS` names, else in `shared/corpus` next to the workspace. A test that needs it
//! returns early where there is none; where a build machine says that there should be one, its absence fails.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use tar::Archive;

const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");

/// A folder of real packages.
#[derive(Debug)]
pub struct Corpus {
    root: PathBuf,
}

/// A zip of the corpus.
#[derive(Debug)]
pub struct Sample {
    /// Below the corpus's root, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// An unpacked solution of the corpus.
#[derive(Debug)]
pub struct Tree {
    /// Of the archive, below the corpus's root, with `/`.
    pub path: String,
    /// Path below the tree's root and content of each file, in path order.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Corpus {
    /// Returns the corpus, or prints why the test is skipped.
    ///
    /// # Panics
    ///
    /// When there is none although both `CI` and `STRATA_CORPUS` are set.
    pub fn find() -> Option<Self> {
        let named = std::env::var_os("STRATA_CORPUS");
        let is_expected = named.is_some() && std::env::var_os("CI").is_some();
        let root = named.map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from);
        if root.is_dir() {
            return Some(Self { root });
        }
        assert!(!is_expected, "no corpus at {}, which STRATA_CORPUS names", root.display());
        report_skip(&root);
        None
    }

    /// Reads the zips, one at a time, in path order.
    ///
    /// # Panics
    ///
    /// The iterator does when a file cannot be read.
    pub fn packages(&self) -> impl Iterator<Item = Sample> + use<'_> {
        self.files(".zip").into_iter().map(|path| Sample { bytes: read(&path), path: self.relative(&path) })
    }

    /// Reads the trees in the XML layout, one at a time, in path order.
    ///
    /// # Panics
    ///
    /// The iterator does when an archive cannot be read.
    pub fn trees(&self) -> impl Iterator<Item = Tree> + use<'_> {
        self.files(".src.tar.gz").into_iter().map(|path| Tree { files: unpack(&path), path: self.relative(&path) })
    }

    /// Reads the trees in the YAML layout, one at a time, in path order.
    ///
    /// # Panics
    ///
    /// The iterator does when an archive cannot be read.
    pub fn yaml_trees(&self) -> impl Iterator<Item = Tree> + use<'_> {
        self.files(".yaml.tar.gz").into_iter().map(|path| Tree { files: unpack(&path), path: self.relative(&path) })
    }

    /// Lists the files, up to one folder deep, whose name ends so.
    fn files(&self, suffix: &str) -> Vec<PathBuf> {
        let mut paths: Vec<_> = list(&self.root)
            .into_iter()
            .flat_map(|path| if path.is_dir() { list(&path) } else { vec![path] })
            .filter(|path| path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.ends_with(suffix)))
            .collect();
        paths.sort();
        paths
    }

    fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).expect("listed below the root");
        below.to_string_lossy().replace('\\', "/")
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
fn report_skip(root: &Path) {
    eprintln!("skipped: no corpus at {}", root.display());
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path()).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn unpack(path: &Path) -> Vec<(String, Vec<u8>)> {
    unpack_bytes(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the files of a compressed tar; the one folder around them is dropped.
fn unpack_bytes(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut archive = Archive::new(GzDecoder::new(bytes));
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).replace('\\', "/");
        let below = name.trim_start_matches("./").split_once('/').map_or(name.as_str(), |(_, below)| below).to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.push((below, content));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_zips_and_trees_have_a_manifest() {
        let Some(corpus) = Corpus::find() else { return };
        let mut packages = 0;
        for package in corpus.packages() {
            assert!(package.bytes.starts_with(b"PK"), "{}", package.path);
            packages += 1;
        }
        let mut trees = 0;
        for tree in corpus.trees() {
            assert!(tree.files.iter().any(|(path, _)| path == "Other/Solution.xml"), "{}", tree.path);
            trees += 1;
        }
        assert!(packages > 0 && trees > 0, "{packages} packages and {trees} trees");
        assert!(corpus.yaml_trees().all(|tree| !tree.files.is_empty()));
    }
}
