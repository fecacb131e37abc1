//! Merges what two people made of one package (`solution merge`): packages, folders, or single files of folders.
//!
//! What both changed is a conflict: listed, and in text files marked as git marks it. Where the result is a zip, which
//! nobody can mark, the preferred side's value stands.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

pub use strata_engine::three_way::Prefer;
use strata_engine::three_way::{self, Conflict, Files, MergedPackage};
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::id::Guid;
use strata_model::package::Package;
use strata_package::assemble::{self, Piece, Shells, Skeleton};
use strata_package::{Limits, ReadPackageError, write};

use crate::target_file::replace;
use crate::view::{ConflictView, MergeView};
use crate::{OpsError, read_package, source};

/// What to merge, and where the result goes.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    pub base: PathBuf,
    pub ours: PathBuf,
    pub theirs: PathBuf,
    pub out: PathBuf,
    /// Whose value stands where both have changed one; `None` leaves that open.
    pub prefer: Option<Prefer>,
    /// A file that is there is replaced.
    pub overwrite: bool,
    pub plan_only: bool,
}

/// Merges, and writes the result.
pub fn merge(request: &MergeRequest) -> Result<MergeView, OpsError> {
    let sides = [&request.base, &request.ours, &request.theirs];
    let mut kinds = Vec::with_capacity(sides.len());
    for side in sides {
        kinds.push(is_package(side)?);
    }
    refuse_existing(request)?;
    match kinds.as_slice() {
        [true, true, true] if is_tree(request) => trees(request),
        [true, true, true] => packages(request),
        [false, false, false] => documents(request),
        _ => {
            let message = "packages and single files cannot be merged with each other";
            Err(OpsError::request(ErrorCode::INVALID_VALUE, message)
                .hint("give three packages, or three files of trees"))
        }
    }
}

/// Tells a package from a file of a tree.
fn is_package(path: &Path) -> Result<bool, OpsError> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(true);
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let is_named = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip") || extension.eq_ignore_ascii_case("cab"));
    Ok(is_named || bytes.starts_with(b"PK") || bytes.starts_with(b"MSCF"))
}

/// The result may take the place of our side, as merge drivers of git want it.
fn refuse_existing(request: &MergeRequest) -> Result<(), OpsError> {
    let is_ours = match (fs::canonicalize(&request.out), fs::canonicalize(&request.ours)) {
        (Ok(out), Ok(ours)) => out == ours,
        (_, _) => false,
    };
    let is_new = match fs::read_dir(&request.out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !request.out.exists(),
    };
    if request.overwrite || is_ours || is_new {
        return Ok(());
    }
    let error = OpsError::request(ErrorCode::ALREADY_EXISTS, format!("{} exists already", request.out.display()));
    Err(error.hint("replace it with --overwrite, or name another file"))
}

/// The result is a tree where a folder is named, or nothing that is a file's name and our side is a tree.
fn is_tree(request: &MergeRequest) -> bool {
    request.out.is_dir() || (request.ours.is_dir() && request.out.extension().is_none())
}

/// Merges the files of three trees, and says of components what the packages say that the trees make.
fn trees(request: &MergeRequest) -> Result<MergeView, OpsError> {
    let sides = [&request.base, &request.ours, &request.theirs];
    if let Some(file) = sides.into_iter().find(|side| !side.is_dir()) {
        let message = format!("{} is no folder: a tree can only come of three trees", file.display());
        return Err(
            OpsError::request(ErrorCode::INVALID_VALUE, message).hint("unpack it, or name a .zip for the result")
        );
    }
    let (base, ours, theirs) =
        (read_package(&request.base)?, read_package(&request.ours)?, read_package(&request.theirs)?);
    refuse_strangers(&base, &ours, &theirs)?;
    let files =
        |side: &Path| Ok::<Files, OpsError>(source::folder_files(side, &Limits::default())?.into_iter().collect());
    let (of_base, of_ours, of_theirs) = (files(&request.base)?, files(&request.ours)?, files(&request.theirs)?);
    let merged = three_way::merge_folders(&of_base, &of_ours, &of_theirs, request.prefer);
    if !request.plan_only {
        write_tree(&request.out, &merged.files)?;
    }
    // The same conflicts, by component where they have one.
    let mut conflicts = three_way::merge(&base, &ours, &theirs, request.prefer.unwrap_or(Prefer::Ours)).conflicts;
    if conflicts.is_empty() {
        conflicts = merged.conflicts;
    }
    let said = view(request, &conflicts, Some(&ours), !merged.marked.is_empty());
    Ok(MergeView { files: merged.marked, ..said })
}

/// Writes the files that differ from what is there, each as a whole, and takes away what the result does not hold.
fn write_tree(out: &Path, files: &Files) -> Result<(), OpsError> {
    let unwritable = |path: &Path, source| OpsError::Unwritable { path: path.to_owned(), source };
    let before: Files = match out.is_dir() {
        true => source::folder_files(out, &Limits::default())?.into_iter().collect(),
        false => Files::new(),
    };
    let target = |path: &str| path.split('/').fold(out.to_owned(), |at, step| at.join(step));
    for (path, bytes) in files.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)) {
        let target = target(path);
        let folder = target.parent().unwrap_or(out);
        fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        replace(&target, bytes)?;
    }
    for path in before.keys().filter(|path| !files.contains_key(*path)) {
        let target = target(path);
        fs::remove_file(&target).map_err(|source| unwritable(&target, source))?;
    }
    Ok(())
}

fn packages(request: &MergeRequest) -> Result<MergeView, OpsError> {
    let (base, ours, theirs) =
        (read_package(&request.base)?, read_package(&request.ours)?, read_package(&request.theirs)?);
    refuse_strangers(&base, &ours, &theirs)?;
    let prefer = request.prefer.unwrap_or(Prefer::Ours);
    let merged = three_way::merge(&base, &ours, &theirs, prefer);
    let files = files(&merged, request)?;
    let bytes = write::zip(&files);
    // What we write we can read, or nobody gets it.
    let unfit = |source: ReadPackageError| OpsError::Package { path: request.out.clone(), source: Box::new(source) };
    strata_package::read(bytes.clone(), &Limits::default()).map_err(unfit)?;
    if !request.plan_only {
        replace(&request.out, &bytes)?;
    }
    Ok(view(request, &merged.conflicts, Some(&ours), false))
}

/// Three versions of one solution, of one kind.
fn refuse_strangers(base: &Package, ours: &Package, theirs: &Package) -> Result<(), OpsError> {
    let name = |package: &Package| package.manifest.unique_name.clone();
    for other in [ours, theirs] {
        if !name(other).eq_ignore_ascii_case(&name(base)) {
            let message = format!("these are not versions of one solution: {} and {}", name(base), name(other));
            return Err(
                OpsError::request(ErrorCode::INVALID_VALUE, message).hint("see what differs with `strata diff`")
            );
        }
    }
    if ours.is_managed() != theirs.is_managed() {
        let message = "one side is managed and the other is not";
        return Err(
            OpsError::request(ErrorCode::INVALID_VALUE, message).hint("merge what is unmanaged, and export it anew")
        );
    }
    Ok(())
}

/// Puts the merged package together.
fn files(merged: &MergedPackage<'_>, request: &MergeRequest) -> Result<Vec<(String, Vec<u8>)>, OpsError> {
    let unfit = |source: ReadPackageError| OpsError::Package { path: request.out.clone(), source: Box::new(source) };
    let manifest = strata_package::read_manifest(&merged.solution).map_err(unfit)?;
    let borrowed = |(path, bytes): &(Cow<'_, str>, Cow<'_, [u8]>)| (path.to_string(), bytes.to_vec());
    let strays: Vec<_> = merged.strays.iter().map(borrowed).collect();
    let skeleton = Skeleton {
        solution: Cow::Borrowed(&merged.solution),
        customizations: Cow::Borrowed(&merged.skeleton),
        strays: strays.into_iter().map(|(path, bytes)| (Cow::Owned(path), Cow::Owned(bytes))).collect(),
    };
    let keys = merged.components.iter().map(|component| component.key.clone());
    let shells = Shells { components: keys.chain(merged.references.iter().cloned()).collect(), tables: true };
    let piece = |component: &three_way::MergedComponent<'_>| Piece {
        key: component.key.clone(),
        name: Cow::Owned(component.name.to_owned()),
        parent: component.parent.cloned(),
        home: component.home.map(|home| Cow::Owned(home.to_owned())),
        presence: component.presence,
        bytes: Cow::Owned(component.bytes.to_vec()),
        files: component
            .files
            .iter()
            .map(borrowed)
            .map(|(path, bytes)| (Cow::Owned(path), Cow::Owned(bytes)))
            .collect(),
    };
    let pieces: Vec<Piece<'_>> = merged.components.iter().map(piece).collect();
    let assembled = assemble::assemble(&manifest, &skeleton, &shells, &pieces);
    assembled.map_err(|error| {
        OpsError::request(ErrorCode::INVALID_DEFINITION, format!("the merged package cannot be written: {error}"))
    })
}

/// Merges single files: what both changed is marked in texts, unless a side is preferred.
fn documents(request: &MergeRequest) -> Result<MergeView, OpsError> {
    let read = |path: &Path| fs::read(path).map_err(|source| OpsError::Unreadable { path: path.to_owned(), source });
    let (base, ours, theirs) = (read(&request.base)?, read(&request.ours)?, read(&request.theirs)?);
    let merged = three_way::merge_documents(&base, &ours, &theirs, request.prefer.unwrap_or(Prefer::Ours));
    let mut bytes = merged.bytes;
    let mut is_marked = false;
    if !merged.conflicts.is_empty() && request.prefer.is_none() {
        let other = three_way::merge_documents(&base, &ours, &theirs, Prefer::Theirs);
        if let Some(marked) = three_way::marked(&bytes, &other.bytes) {
            (bytes, is_marked) = (marked, true);
        }
    }
    if !request.plan_only {
        replace(&request.out, &bytes)?;
    }
    Ok(view(request, &merged.conflicts, None, is_marked))
}

fn view(request: &MergeRequest, conflicts: &[Conflict], package: Option<&Package>, is_marked: bool) -> MergeView {
    let resolved = request.prefer.map(|prefer| match prefer {
        Prefer::Ours => "ours",
        Prefer::Theirs => "theirs",
    });
    let conflict = |conflict: &Conflict| ConflictView {
        component: reference(conflict.component.as_ref(), package),
        path: conflict.path.clone(),
        base: conflict.base.clone(),
        ours: conflict.ours.clone(),
        theirs: conflict.theirs.clone(),
    };
    MergeView {
        merged: request.out.display().to_string(),
        conflicts: conflicts.iter().map(conflict).collect(),
        resolved: resolved.filter(|_| !conflicts.is_empty()),
        is_marked,
        files: Vec::new(),
    }
}

/// Names what a conflict is about; a single file is about nothing that has a name.
fn reference(key: Option<&ComponentKey>, package: Option<&Package>) -> Option<ComponentRef> {
    let package = package?;
    let nowhere = Guid::of_environment("");
    let Some(key) = key else {
        let name = &package.manifest.unique_name;
        let solution = ComponentKey::new(ComponentType::named("solution"), name);
        return Some(ComponentRef::new(nowhere, &solution, name, None, None));
    };
    let known = package.components.iter().find(|component| component.key == *key);
    let (name, id, display) = known.map_or((key.as_str(), None, None), |component| {
        (component.name.as_str(), component.id, component.display_name.as_deref())
    });
    Some(ComponentRef::new(nowhere, key, name, id, display))
}
