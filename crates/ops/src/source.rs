//! Packages from disk, a `.zip`, a `.cab` or an unpacked folder, and packages that were sent.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use strata_model::package::Package;
use strata_package::{Limits, ReadPackageError};

use crate::OpsError;

/// Where the package of an import is.
#[derive(Debug, Clone)]
pub enum PackageSource {
    Path(PathBuf),
    /// It was sent; the name stands for a path in messages and in history.
    Bytes {
        name: String,
        bytes: Arc<Vec<u8>>,
    },
}

impl From<PathBuf> for PackageSource {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for PackageSource {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl PackageSource {
    /// Takes a package that was sent.
    pub fn sent(name: impl Into<String>, bytes: impl Into<Arc<Vec<u8>>>) -> Self {
        Self::Bytes { name: name.into(), bytes: bytes.into() }
    }

    /// Reads the package.
    pub fn read(&self) -> Result<Package, OpsError> {
        match self {
            Self::Path(path) => read_package(path),
            Self::Bytes { name, bytes } => strata_package::read(bytes.to_vec(), &Limits::default())
                .map_err(|source| unfit(Path::new(name), source)),
        }
    }

    /// Returns the path, or the name that stands for one.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Bytes { name, .. } => Path::new(name),
        }
    }
}

fn unfit(path: &Path, source: ReadPackageError) -> OpsError {
    OpsError::Package { path: path.to_owned(), source: Box::new(source) }
}

/// Reads the package at a path. A solution of a folder that holds several is named by its own folder,
/// `FOLDER/solutions/NAME`.
pub fn read_package(path: &Path) -> Result<Package, OpsError> {
    let limits = Limits::default();
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    let package = |source: ReadPackageError| unfit(path, source);
    if let Some((root, solution)) = solution_of_tree(path) {
        let parts = folder_files(&root, &limits)?;
        return strata_package::read_tree(parts, Some(&solution), &limits).map_err(package);
    }
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        let parts = folder_files(path, &limits)?;
        return strata_package::read_parts(parts, &limits).map_err(package);
    }
    if metadata.len() > limits.inflated_bytes_max {
        return Err(unreadable(io::Error::other("the file is larger than a package may be, even inflated")));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    strata_package::read(bytes, &limits).map_err(package)
}

/// Returns the path that means one solution of a folder which may hold several; other paths stay.
pub fn choose_solution(path: PathBuf, solution: Option<&str>) -> PathBuf {
    let Some(solution) = solution else { return path };
    let below = |folder: &str| Some(path.join(folder)).filter(|folder| folder.is_dir());
    let solutions = below("solutions").or_else(|| below("src/solutions"));
    solutions.map_or_else(|| path.clone(), |solutions| solutions.join(solution))
}

/// Splits the folder of one solution's manifests from the tree that it is in; whether it is there is for the reader to
/// say, who knows the others.
fn solution_of_tree(path: &Path) -> Option<(PathBuf, String)> {
    let solutions = path.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "solutions"))?;
    let name = path.file_name()?.to_str()?.to_owned();
    if path.exists() && !path.join("solution.yml").is_file() || !solutions.is_dir() {
        return None;
    }
    let root = solutions.parent().filter(|root| !root.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some((root.to_owned(), name))
}

/// Reads the files below a folder, in path order, since the order of a directory is the file system's.
pub(crate) fn folder_files(root: &Path, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, OpsError> {
    let mut files = FolderFiles { root, parts: Vec::new(), bytes: 0, limits };
    files.collect(root, 0)?;
    files.parts.sort();
    Ok(files.parts)
}

/// Reads the package at a path, and does something else beside it as soon as the solution's name is known: which is
/// early for zips, and never for the others.
pub(crate) fn read_package_beside<T: Send>(
    source: &PackageSource,
    beside: impl FnOnce(&str) -> T + Send,
) -> Result<(Package, Option<T>), OpsError> {
    let limits = Limits::default();
    let path = source.path();
    if let PackageSource::Bytes { bytes, .. } = source {
        return read_beside(path, bytes.to_vec(), beside);
    }
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    if solution_of_tree(path).is_some() {
        return read_package(path).map(|package| (package, None));
    }
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() || metadata.len() > limits.inflated_bytes_max {
        return read_package(path).map(|package| (package, None));
    }
    read_beside(path, fs::read(path).map_err(unreadable)?, beside)
}

fn read_beside<T: Send>(
    path: &Path,
    bytes: Vec<u8>,
    beside: impl FnOnce(&str) -> T + Send,
) -> Result<(Package, Option<T>), OpsError> {
    let limits = Limits::default();
    let name = strata_package::peek_name(&bytes, &limits);
    thread::scope(|scope| {
        let other = name.map(|name| scope.spawn(move || beside(&name)));
        let package = strata_package::read(bytes, &limits);
        // What could not be done beside is done later.
        let done = other.and_then(|other| other.join().ok());
        Ok((package.map_err(|source| unfit(path, source))?, done))
    })
}

struct FolderFiles<'a> {
    root: &'a Path,
    parts: Vec<(String, Vec<u8>)>,
    bytes: u64,
    limits: &'a Limits,
}

impl FolderFiles<'_> {
    fn collect(&mut self, folder: &Path, depth: usize) -> Result<(), OpsError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| OpsError::Unreadable { path, source }
        };
        if depth > 32 {
            return Err(unreadable(folder)(io::Error::other("folders are nested deeper than 32")));
        }
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let entry = entry.map_err(unreadable(folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(unreadable(&path))?;
            if entry.file_name() == ".git" || kind.is_symlink() {
                // A link could lead out of the tree; a repository's own files are not the package's (D13).
                continue;
            }
            if kind.is_dir() {
                self.collect(&path, depth + 1)?;
                continue;
            }
            let size = entry.metadata().map_err(unreadable(&path))?.len();
            self.bytes += size;
            if self.bytes > self.limits.inflated_bytes_max || self.parts.len() >= self.limits.entries_max {
                return Err(unreadable(self.root)(io::Error::other("the folder is larger than the limits allow")));
            }
            let bytes = fs::read(&path).map_err(unreadable(&path))?;
            self.parts.push((relative(self.root, &path), bytes));
        }
        Ok(())
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let below: PathBuf = path.strip_prefix(root).unwrap_or(path).to_owned();
    let steps: Vec<_> = below.iter().map(|step| step.to_string_lossy().into_owned()).collect();
    steps.join("/")
}
