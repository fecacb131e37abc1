//! `solution unpack` and `solution pack`: zips to folders and back, without an environment.
//!
//! What is to be written is known and checked before the first file is: a package that cannot be unpacked, a tree that
//! lacks a file, a proof that fails leave everything as it was.

mod layout;
mod mapped;
mod request;
mod single;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use strata_model::code::ErrorCode;
use strata_model::package::{Manifest, PackageNote};
use strata_package::fidelity::compare;
use strata_package::tree::localize;
use strata_package::tree::{self, NamedFile, Newline, PackError, Packed, Tree, Unpack};
use strata_package::{Limits, ReadPackageError, read, read_files, read_manifest, write, yaml};

use crate::OpsError;
use crate::folder::{self, FolderChanges, Writing};
use crate::operation::{Phase, Progress};
use crate::source::folder_files;
use crate::target_file::Staged;

pub use layout::Layout;
pub use request::{PackRequest, UnpackRequest};
pub use single::SingleComponent;
pub use strata_package::tree::localize::Localize;
pub use strata_package::yaml::Take;

/// Of which kind a package is, or a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageType {
    Unmanaged,
    Managed,
    Both,
}

/// The solution that was unpacked or packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeSolution {
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    pub version: String,
}

/// What unpacking did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnpackAnswer {
    pub solution: TreeSolution,
    #[serde(rename = "packagetype")]
    pub package_type: &'static str,
    pub layout: &'static str,
    pub folder: String,
    /// False for a dry run.
    pub written: bool,
    #[serde(flatten)]
    pub changes: FolderChanges,
    /// How many leaves were proved to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<usize>,
    pub notes: Vec<PackageNote>,
}

/// What packing made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackAnswer {
    pub solution: TreeSolution,
    /// False for a dry run.
    pub written: bool,
    #[serde(rename = "zipfiles")]
    pub zips: Vec<PackedZip>,
    pub notes: Vec<PackageNote>,
}

/// One zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackedZip {
    pub path: String,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub files: usize,
    pub bytes: usize,
}

/// Unpacks a zip into a folder.
pub fn unpack(request: &UnpackRequest, progress: Progress<'_>) -> Result<UnpackAnswer, OpsError> {
    progress(Phase::Reading, 0, 0);
    check_fits(request)?;
    layout::check_same(&request.folder, request.layout)?;
    let limits = Limits::default();
    let options = Unpack { newline: newline_of(&request.folder) };
    let (zips, unpacked) = match request.package_type {
        Some(PackageType::Both) => unpack_pair(&request.zip, &options, &limits)?,
        Some(PackageType::Unmanaged | PackageType::Managed) | None => unpack_one(request, &options, &limits)?,
    };
    let Unpacked { manifest, tree: Tree { mut files, mut notes }, package_type } = unpacked;
    let verified = if request.verify { Some(verify(&zips, &files, &limits)?) } else { None };
    if let Some(localize) = request.localize {
        files.extend(localize::texts(&files, localize, options.newline));
        files.sort();
    }
    if let Some(map) = &request.map {
        mapped::leave_out(map, &mut files, &mut notes)?;
    }
    if let Some(single) = request.single {
        files.retain(|(path, _)| single.holds(path));
    }
    let mut left = Vec::new();
    if request.layout == Layout::Yaml {
        (files, left) = layout::joined(&request.folder, files, request.take, &limits)?;
    }
    let tops = tree::tops(&files);
    let is_own = |path: &str| match (request.layout, request.single) {
        (Layout::Yaml, _) => left.iter().any(|stale| stale == path),
        (Layout::Xml, Some(single)) => single.holds(path),
        (Layout::Xml, None) => tree::is_of_layout(path, &tops, request.localize.is_some()),
    };
    let how = Writing { allow_delete: request.allow_delete, clobber: request.clobber, is_own: &is_own };
    let changes = folder::changes(&request.folder, &files, how)?;
    if !request.dry_run {
        folder::write(&request.folder, &files, &changes, progress)?;
    }
    Ok(UnpackAnswer {
        solution: solution(&manifest),
        package_type,
        layout: request.layout.name(),
        folder: request.folder.display().to_string(),
        written: !request.dry_run,
        changes,
        verified,
        notes,
    })
}

/// What only the XML layout has.
fn check_fits(request: &UnpackRequest) -> Result<(), OpsError> {
    let asked = [
        (request.package_type == Some(PackageType::Both), "--packagetype Both"),
        (request.localize.is_some(), "--localize"),
        (request.single.is_some(), "--singleComponent"),
    ];
    match asked.iter().find(|(asked, _)| *asked && request.layout == Layout::Yaml) {
        None => Ok(()),
        Some((_, flag)) => {
            let message = format!("{flag} is of the XML layout; the YAML layout does not have it");
            Err(OpsError::request(ErrorCode::UNSUPPORTED, message))
        }
    }
}

struct Unpacked {
    manifest: Manifest,
    tree: Tree,
    package_type: &'static str,
}

/// A zip that was read, to be compared with what packing gives.
struct Zip {
    path: PathBuf,
    is_managed: bool,
}

fn unpack_one(request: &UnpackRequest, options: &Unpack, limits: &Limits) -> Result<(Vec<Zip>, Unpacked), OpsError> {
    let path = &request.zip;
    let files = zip_files(path, limits)?;
    let manifest = manifest_of(path, &files)?;
    let is_managed = manifest.mode == strata_model::package::Mode::Managed;
    let asked = request.package_type.map(|asked| asked == PackageType::Managed);
    if asked.is_some_and(|asked| asked != is_managed) {
        let message = format!("{} holds {} solution, and unpacking converts nothing", path.display(), kind(is_managed));
        let error = OpsError::request(ErrorCode::PACKAGE_TYPE_MISMATCH, message);
        return Err(error.hint(format!("give --packagetype {}, or none", type_name(is_managed))));
    }
    let tree = match request.layout {
        Layout::Xml => tree::unpack(files, options, limits),
        Layout::Yaml => yaml::unpack(&files, limits).map(|files| Tree { files, notes: Vec::new() }),
    };
    let tree = tree.map_err(|error| in_package(path, error))?;
    let zips = vec![Zip { path: path.clone(), is_managed }];
    Ok((zips, Unpacked { manifest, tree, package_type: type_name(is_managed) }))
}

/// Unpacks `X.zip` and `X_managed.zip` into one tree.
fn unpack_pair(path: &Path, options: &Unpack, limits: &Limits) -> Result<(Vec<Zip>, Unpacked), OpsError> {
    let (unmanaged, managed) = pair(path);
    let (plain, other) = (zip_files(&unmanaged, limits)?, zip_files(&managed, limits)?);
    let (manifest, other_manifest) = (manifest_of(&unmanaged, &plain)?, manifest_of(&managed, &other)?);
    for (path, manifest, wanted) in [(&unmanaged, &manifest, false), (&managed, &other_manifest, true)] {
        let is_managed = manifest.mode == strata_model::package::Mode::Managed;
        if is_managed != wanted {
            let message =
                format!("{} holds {} solution; {} is expected", path.display(), kind(is_managed), kind(wanted));
            return Err(OpsError::request(ErrorCode::PACKAGE_TYPE_MISMATCH, message));
        }
    }
    let (ours, theirs) = (solution(&manifest), solution(&other_manifest));
    if ours != theirs {
        let message = format!(
            "{} holds {} {}, and {} holds {} {}",
            unmanaged.display(),
            ours.unique_name,
            ours.version,
            managed.display(),
            theirs.unique_name,
            theirs.version
        );
        let error = OpsError::request(ErrorCode::PACKAGE_TYPE_MISMATCH, message);
        return Err(error.hint("export both kinds of one version"));
    }
    let tree = tree::unpack_both(plain, other, options, limits).map_err(|error| in_package(&unmanaged, error))?;
    let zips = vec![Zip { path: unmanaged, is_managed: false }, Zip { path: managed, is_managed: true }];
    Ok((zips, Unpacked { manifest, tree, package_type: "Both" }))
}

/// The names of an unmanaged and a managed zip that belong together.
fn pair(path: &Path) -> (PathBuf, PathBuf) {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let ending = path.extension().map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
    let stem = stem.strip_suffix("_managed").unwrap_or(&stem);
    (path.with_file_name(format!("{stem}{ending}")), path.with_file_name(format!("{stem}_managed{ending}")))
}

/// Packs the tree in memory and compares, leaf by leaf; returns how many leaves were compared.
fn verify(zips: &[Zip], files: &[NamedFile], limits: &Limits) -> Result<usize, OpsError> {
    let mut leaves = 0;
    let mut lost = Vec::new();
    for zip in zips {
        let before = read(read_file(&zip.path)?, limits).map_err(|error| in_package(&zip.path, error))?;
        let packed = layout::pack(files, None, Some(zip.is_managed), false, limits)
            .map_err(|error| not_packed(&zip.path, error))?;
        let after = read(write::zip(&packed.files), limits).map_err(|error| in_package(&zip.path, error))?;
        let fidelity = compare(&before, &after);
        leaves += fidelity.leaves;
        let named =
            |line: &String| if zips.len() > 1 { format!("{}: {line}", zip.path.display()) } else { line.clone() };
        lost.extend(fidelity.differing.iter().map(named));
    }
    if lost.is_empty() {
        return Ok(leaves);
    }
    let message = format!(
        "packing the tree would not give the package again: {} of {leaves} leaves differ: {}",
        lost.len(),
        lost.join("; ")
    );
    let error = OpsError::request(ErrorCode::NOT_LOSSLESS, message);
    Err(error.hint("nothing was written; unpack without --verify to take the tree as it is"))
}

/// Packs a folder into a zip, or two.
pub fn pack(request: &PackRequest, progress: Progress<'_>) -> Result<PackAnswer, OpsError> {
    progress(Phase::Reading, 0, 0);
    let limits = Limits::default();
    let mut files = folder_files(&request.folder, &limits)?;
    if let Some(single) = request.single {
        files = single::over(single, files, &request.zip, &limits)?;
    }
    let mut notes = Vec::new();
    if request.localize {
        files = localize::put_back(files, &mut notes).map_err(|error| in_package(&request.folder, error))?;
    }
    let kinds: Vec<Option<bool>> = match request.package_type {
        None => vec![None],
        Some(PackageType::Unmanaged) => vec![Some(false)],
        Some(PackageType::Managed) => vec![Some(true)],
        Some(PackageType::Both) => vec![Some(false), Some(true)],
    };
    let mut map = request.map.as_deref().map(|map| mapped::Mapping::read(map, &request.folder)).transpose()?;
    if let Some(map) = &mut map {
        map.replace(&mut files)?;
    }
    let mut packed = Vec::new();
    for managed in kinds {
        progress(Phase::Packing, 0, 0);
        packed.push(packed_with(request, &mut files, managed, map.as_mut(), &limits)?);
    }
    if let Some(map) = &map {
        map.check_used()?;
    }
    write_zips(request, packed, notes)
}

/// Packs; what is missing and the map supplies is added.
fn packed_with(
    request: &PackRequest,
    files: &mut Vec<NamedFile>,
    managed: Option<bool>,
    mut map: Option<&mut mapped::Mapping>,
    limits: &Limits,
) -> Result<Packed, OpsError> {
    loop {
        let error = match layout::pack(files, request.solution.as_deref(), managed, request.allow_missing, limits) {
            Ok(packed) => return Ok(packed),
            Err(error) => error,
        };
        if let (PackError::Missing(missing), Some(map)) = (&error, map.as_deref_mut())
            && map.supply(missing, files)?
        {
            continue;
        }
        return Err(not_packed(&request.folder, error));
    }
}

fn write_zips(request: &PackRequest, packed: Vec<Packed>, mut notes: Vec<PackageNote>) -> Result<PackAnswer, OpsError> {
    let mut solution_packed = None;
    let mut staged = Vec::new();
    let mut zips = Vec::new();
    let is_pair = packed.len() > 1;
    for one in packed {
        let path = match (is_pair, one.is_managed) {
            (false, _) => request.zip.clone(),
            (true, false) => pair(&request.zip).0,
            (true, true) => pair(&request.zip).1,
        };
        let manifest = manifest_of(&request.folder, &one.files)?;
        let zip = write::zip(&one.files);
        if !request.dry_run {
            staged.push(Staged::write(&path, &zip)?);
        }
        zips.push(PackedZip {
            path: path.display().to_string(),
            is_managed: one.is_managed,
            files: one.files.len() + 1,
            bytes: zip.len(),
        });
        solution_packed.get_or_insert_with(|| solution(&manifest));
        notes.extend(one.notes.into_iter().filter(|note| !is_known(note, &zips)));
    }
    staged.into_iter().try_for_each(|zip| zip.put(true))?;
    notes.dedup();
    let solution = solution_packed.expect("one package at least was packed");
    Ok(PackAnswer { solution, written: !request.dry_run, zips, notes })
}

/// The second of two packages has the notes of the first.
fn is_known(_: &PackageNote, zips: &[PackedZip]) -> bool {
    zips.len() > 1
}

fn not_packed(path: &Path, error: PackError) -> OpsError {
    match error {
        PackError::Unreadable(source) => OpsError::Package { path: path.to_owned(), source },
        PackError::OtherKind { is_managed } => {
            let message =
                format!("{} holds {} solution, and packing converts nothing", path.display(), kind(is_managed));
            OpsError::request(ErrorCode::PACKAGE_TYPE_MISMATCH, message)
                .hint(format!("give --packagetype {}, or none", type_name(is_managed)))
                .hint("a folder that was unpacked with --packagetype Both gives both kinds")
        }
        PackError::Missing(missing) => {
            let lines: Vec<_> =
                missing.iter().map(|file| format!("{} (named by {})", file.path, file.named_by)).collect();
            let what = if missing.len() == 1 { "a file is".to_owned() } else { format!("{} files are", missing.len()) };
            let message = format!("{what} named in {} and not there: {}", path.display(), lines.join("; "));
            OpsError::request(ErrorCode::MISSING_FILE, message)
                .hint("build what is built, or say with --map where it is")
        }
    }
}

fn kind(is_managed: bool) -> &'static str {
    if is_managed { "a managed" } else { "an unmanaged" }
}

fn type_name(is_managed: bool) -> &'static str {
    if is_managed { "Managed" } else { "Unmanaged" }
}

fn solution(manifest: &Manifest) -> TreeSolution {
    TreeSolution { unique_name: manifest.unique_name.clone(), version: manifest.version.as_str().to_owned() }
}

/// The line ends that the folder's manifest has, else those of the platform.
fn newline_of(folder: &Path) -> Newline {
    match fs::read(folder.join("Other/Solution.xml")) {
        Ok(bytes) if bytes.windows(2).any(|pair| pair == b"\r\n") => Newline::CrLf,
        Ok(bytes) if bytes.contains(&b'\n') => Newline::Lf,
        Ok(_) | Err(_) if cfg!(windows) => Newline::CrLf,
        Ok(_) | Err(_) => Newline::Lf,
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, OpsError> {
    fs::read(path).map_err(|source| OpsError::Unreadable { path: path.to_owned(), source })
}

fn zip_files(path: &Path, limits: &Limits) -> Result<Vec<NamedFile>, OpsError> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::Error::other("it is a folder; a zip is expected")));
    }
    if metadata.len() > limits.inflated_bytes_max {
        return Err(unreadable(io::Error::other("the file is larger than a package may be, even inflated")));
    }
    read_files(&read_file(path)?, limits).map_err(|error| in_package(path, error))
}

fn manifest_of(path: &Path, files: &[NamedFile]) -> Result<Manifest, OpsError> {
    let bytes = files.iter().find(|(name, _)| name.eq_ignore_ascii_case("solution.xml")).map(|(_, bytes)| bytes);
    read_manifest(bytes.map_or(&[], Vec::as_slice)).map_err(|error| in_package(path, error))
}

fn in_package(path: &Path, error: ReadPackageError) -> OpsError {
    OpsError::Package { path: path.to_owned(), source: Box::new(error) }
}
