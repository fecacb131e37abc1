//! Components and a skeleton become the files of a package: the inverse of reading one.
//!
//! A skeleton is what no component of a package owns: its manifest, its `customizations.xml` with the components cut out,
//! stray files. An installed solution keeps the one that it came with, so what nobody here knows leaves as it arrived; a
//! solution that was made by hand gets a plain one. What a component says is copied byte for byte.
//!
//! Not here: which components a solution exports and what they say, and the zip ([`crate::write`]).

mod document;
mod home;
mod layout;
mod manifest;
mod plain;
mod template;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::ComponentKey;
use strata_model::package::{Manifest, Package, PackagedComponent, Presence};
use strata_xml::line_column;

use crate::Limits;
use crate::container::part_name;
use crate::content_types::CONTENT_TYPES;
use document::Slot;
use home::Home;

/// One component that goes into a package.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    pub key: ComponentKey,
    /// In the case that people wrote it in.
    pub name: Cow<'a, str>,
    /// The table, or other component, that it is a part of.
    pub parent: Option<ComponentKey>,
    /// As in [`strata_model::package::Definition::home`].
    pub home: Option<Cow<'a, str>>,
    /// A table that is there for reference yields to what the skeleton says of it.
    pub presence: Presence,
    pub bytes: Cow<'a, [u8]>,
    /// Member files: path and content.
    pub files: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
}

/// What no component owns.
#[derive(Debug, Clone)]
pub struct Skeleton<'a> {
    pub solution: Cow<'a, [u8]>,
    pub customizations: Cow<'a, [u8]>,
    /// Path and content of files.
    pub strays: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
}

/// Which components that a skeleton holds for reference stay in it.
#[derive(Debug, Clone, Default)]
pub struct Shells {
    pub components: BTreeSet<ComponentKey>,
    /// The definitions of unmodified tables too; without them only their names stay.
    pub tables: bool,
}

/// Why components and a skeleton are no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AssembleError {
    pub message: String,
}

impl AssembleError {
    fn damaged(what: &str, bytes: &[u8], offset: usize, message: &str) -> Self {
        let (line, column) = line_column(bytes, offset);
        Self { message: format!("{what}, line {line}, column {column}: {message}") }
    }
}

impl<'a> Piece<'a> {
    /// Takes a component from a package.
    pub fn of(package: &'a Package, component: &'a PackagedComponent) -> Self {
        let file = |index: &usize| {
            let part = &package.parts[*index];
            (Cow::Borrowed(part.path.as_str()), Cow::Borrowed(part.bytes.as_slice()))
        };
        Self {
            key: component.key.clone(),
            name: Cow::Borrowed(&component.name),
            parent: component.parent.clone(),
            home: component.definition.home.as_deref().map(Cow::Borrowed),
            presence: component.presence,
            bytes: package.bytes(&component.definition),
            files: component.definition.files.iter().map(file).collect(),
        }
    }
}

impl<'a> Skeleton<'a> {
    /// Takes a package's own; of folders, the files that only a tree has are left out.
    pub fn of(package: &'a Package) -> Self {
        let mut skeleton =
            Self { solution: package.bytes(&package.residue), customizations: Cow::Borrowed(b""), strays: Vec::new() };
        for part in package.residue.files.iter().map(|file| &package.parts[*file]) {
            skeleton.take(Cow::Borrowed(&part.path), Cow::Borrowed(&part.bytes));
        }
        skeleton
    }

    /// Puts one together from what is kept with an installed solution: its manifest, and paths and contents of files.
    pub fn kept(solution: Cow<'a, [u8]>, files: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, [u8]>)>) -> Self {
        let mut skeleton = Self { solution, customizations: Cow::Borrowed(b""), strays: Vec::new() };
        files.into_iter().for_each(|(path, bytes)| skeleton.take(path, bytes));
        skeleton
    }

    fn take(&mut self, path: Cow<'a, str>, bytes: Cow<'a, [u8]>) {
        if path.ends_with("#skeleton") {
            self.customizations = bytes;
        } else if !path.eq_ignore_ascii_case(CONTENT_TYPES) && !is_of_tree(&path) {
            self.strays.push((path, bytes));
        }
    }

    /// What a solution that came from no package begins with.
    pub fn plain(manifest: &Manifest) -> Self {
        let customizations = plain::customizations(&manifest.languages).into_bytes();
        Self {
            solution: Cow::Owned(plain::solution(manifest).into_bytes()),
            customizations: Cow::Owned(customizations),
            strays: Vec::new(),
        }
    }
}

/// Returns the components that a skeleton holds for reference, tables around others included.
pub fn shells(skeleton: &Skeleton<'_>) -> Result<Vec<ComponentKey>, AssembleError> {
    Ok(document::components(&skeleton.customizations)?.into_iter().collect())
}

/// Puts components that are there for reference into a skeleton.
pub(crate) fn fill_skeleton(skeleton: &[u8], pieces: &[Piece<'_>]) -> Result<Vec<u8>, AssembleError> {
    let templates = document::templates(skeleton)?;
    let mut slot = Slot::default();
    for piece in pieces {
        if let Home::Document(steps) = home::of(piece, &templates) {
            slot.put(steps, piece);
        }
    }
    let components = document::components(skeleton)?;
    document::fill(skeleton, &slot, &Shells { components, tables: true }, pieces.len() * 1_024)
}

/// Files that hold nothing but the order and the empty places of a tree.
fn is_of_tree(path: &str) -> bool {
    let lower = path.to_lowercase();
    lower.starts_with("other/") || lower.starts_with("entities/")
}

/// What a component is called may not lead out of the package (D13).
fn check_path(path: &str) -> Result<(), AssembleError> {
    let checked = part_name(path, &Limits::default());
    checked.map(|_| ()).map_err(|error| AssembleError { message: error.to_string() })
}

/// Makes the files of a package, `customizations.xml` first and `solution.xml` last, as servers have them; the content
/// types are the zip writer's to add.
///
/// What the manifest says and the skeleton's does not is written; the rest of the skeleton's manifest stays as it is.
pub fn assemble(
    manifest: &Manifest,
    skeleton: &Skeleton<'_>,
    shells: &Shells,
    pieces: &[Piece<'_>],
) -> Result<Vec<(String, Vec<u8>)>, AssembleError> {
    let templates = document::templates(&skeleton.customizations)?;
    let mut slot = Slot::default();
    let mut members: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut shared: BTreeMap<&str, Vec<&Piece<'_>>> = BTreeMap::new();
    let mut size = 0;
    let whole: BTreeMap<usize, Piece<'_>> =
        pieces.iter().enumerate().filter_map(|(index, piece)| Some((index, template::with_texts(piece)?))).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let piece = whole.get(&index).unwrap_or(piece);
        match home::of(piece, &templates) {
            Home::Document(steps) => {
                size += piece.bytes.len() + 16;
                slot.put(steps, piece);
            }
            Home::File(path) => {
                members.insert(path, piece.bytes.to_vec());
            }
            Home::Shared(path) => shared.entry(path).or_default().push(piece),
        }
        for (path, bytes) in &piece.files {
            members.entry(path.to_string()).or_insert_with(|| bytes.to_vec());
        }
    }
    for (path, pieces) in shared {
        members.insert(path.to_owned(), document::of_pieces(path, &pieces));
    }
    for (path, bytes) in &skeleton.strays {
        members.entry(path.to_string()).or_insert_with(|| bytes.to_vec());
    }
    members.keys().try_for_each(|path| check_path(path))?;
    let customizations = document::fill(&skeleton.customizations, &slot, shells, size)?;
    let solution = manifest::write(&skeleton.solution, manifest)?;
    let root = |name: &str, bytes| (name.to_owned(), bytes);
    Ok([root("customizations.xml", customizations)]
        .into_iter()
        .chain(members)
        .chain([root("solution.xml", solution)])
        .collect())
}
