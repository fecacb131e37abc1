//! From the files of a zip to the files of a tree.
//!
//! The document is taken apart once ([`super::cut`]); the names of the pieces are settled, since two may want one file, the
//! files that are no documents get their place, and the pieces are laid out.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::package::{Mode, PackageNote};
use strata_xml::layout::{Namespace, Newline, document};

use super::cut::{Cutter, Piece};
use super::names::{self, Wish};
use super::spot::{self, Keeps};
use super::{NamedFile, manifest, pack};
use crate::node::Node;
use crate::places::Place;
use crate::{Limits, ReadPackageError, container, parallel, solution_xml};

/// How to unpack.
#[derive(Debug, Clone)]
pub struct Unpack {
    pub newline: Newline,
}

/// An unpacked solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// In path order.
    pub files: Vec<NamedFile>,
    /// What was odd, and what a tree cannot hold.
    pub notes: Vec<PackageNote>,
}

/// Unpacks the files of a zip, as the kind of package that its manifest says.
pub fn unpack(files: Vec<NamedFile>, options: &Unpack, limits: &Limits) -> Result<Tree, ReadPackageError> {
    let (manifest, files) = take(files, "solution.xml")?;
    let mode = solution_xml::read("solution.xml", &manifest.1)?.mode;
    let said = if mode == Mode::Managed { "1" } else { "0" };
    unpack_as(&manifest, files, mode == Mode::Managed, said, options, limits)
}

/// Unpacks the unmanaged and the managed package of one solution into one tree: the unmanaged one, and beside it those
/// files of the managed one that a tree can hold twice.
pub fn unpack_both(
    unmanaged: Vec<NamedFile>,
    managed: Vec<NamedFile>,
    options: &Unpack,
    limits: &Limits,
) -> Result<Tree, ReadPackageError> {
    let (manifest, files) = take(unmanaged, "solution.xml")?;
    let mut tree = unpack_as(&manifest, files, false, "2", options, limits)?;
    let (manifest, files) = take(managed, "solution.xml")?;
    let managed = unpack_as(&manifest, files, true, "2", options, limits)?;
    let plain: BTreeMap<String, Vec<u8>> = std::mem::take(&mut tree.files).into_iter().collect();
    let mut twins = Vec::new();
    for (path, bytes) in managed.files {
        if spot::plain_of(&path).is_some() {
            twins.push((path, bytes));
        } else if plain.get(&path).is_none_or(|other| *other != bytes) {
            let message = match plain.contains_key(&path) {
                true => "differs in the managed package; the tree keeps the unmanaged one",
                false => "stands in the managed package alone; the tree has no place for it",
            };
            tree.notes.push(PackageNote { part: path, message: message.to_owned() });
        }
    }
    tree.files = plain.into_iter().chain(twins).collect();
    tree.files.sort();
    Ok(tree)
}

/// Takes a file of the root out of the others.
fn take(mut files: Vec<NamedFile>, name: &str) -> Result<(NamedFile, Vec<NamedFile>), ReadPackageError> {
    let found = files.iter().position(|(path, _)| path.eq_ignore_ascii_case(name));
    let index = found.ok_or_else(|| ReadPackageError::not_a_package(format!("the package has no {name}")))?;
    let file = files.swap_remove(index);
    Ok((file, files))
}

fn unpack_as(
    manifest: &NamedFile,
    files: Vec<NamedFile>,
    is_managed: bool,
    said: &str,
    options: &Unpack,
    limits: &Limits,
) -> Result<Tree, ReadPackageError> {
    let ((part, bytes), members) = take(files, "customizations.xml")?;
    let members: Vec<_> =
        members.into_iter().filter(|(path, _)| !path.eq_ignore_ascii_case("[Content_Types].xml")).collect();
    let xml = |part: &str, bytes: &[u8], error: strata_xml::tokens::TokenError| {
        ReadPackageError::xml(part, bytes, error.offset, &error.message)
    };
    let root = Node::read_document(&bytes, (Place::Root, None), limits).map_err(|error| xml(&part, &bytes, error))?;
    let mut cutter = Cutter::new(&part, &bytes);
    for section in &root.children {
        cutter.section(section)?;
    }
    let solution =
        manifest::to_tree(&manifest.1, said, options.newline).map_err(|error| xml(&manifest.0, &manifest.1, error))?;
    let skeleton = cutter.skeleton(&root);
    let mut tree = Tree { files: Vec::new(), notes: Vec::new() };
    tree.files.push(("Other/Solution.xml".to_owned(), solution));
    tree.files.push(("Other/Customizations.xml".to_owned(), document(&skeleton, Namespace::Add, options.newline)));
    let Cutter { mut pieces, documents, formulas, .. } = cutter;
    let bases = settle(&mut pieces, &members, is_managed);
    place_members(members, &pieces, &bases, &formulas, &mut tree)?;
    drop_doubles(&mut pieces);
    let written = parallel::map(&pieces, |piece| piece.write(options.newline));
    let paths: Vec<_> = pieces.iter().map(|piece| piece.path.clone()).collect();
    tree.files.extend(paths.into_iter().zip(written));
    tree.files.extend(documents);
    check_paths(&mut tree.files, limits)?;
    Ok(tree)
}

/// Nothing leaves the folder, and no two files want one path (D13).
fn check_paths(files: &mut [NamedFile], limits: &Limits) -> Result<(), ReadPackageError> {
    for (path, _) in files.iter() {
        container::part_name(path, limits)?;
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    let mut seen = BTreeSet::new();
    for (path, _) in files.iter() {
        if !seen.insert(path.to_lowercase()) {
            let message = "two things of the package want this file of the tree";
            return Err(ReadPackageError::unsafe_package(message).in_part(path));
        }
    }
    Ok(())
}

/// Gives every piece its path and returns, for pieces that describe a file, that file's path in the tree.
fn settle(pieces: &mut [Piece<'_>], members: &[NamedFile], is_managed: bool) -> Vec<String> {
    let mut claimed = BTreeSet::new();
    for piece in pieces.iter_mut() {
        // The first who names a file in its own case has it.
        let is_first = piece.payload.as_ref().is_none_or(|path| claimed.insert(path.clone()));
        piece.payload = piece.payload.take().filter(|_| is_first);
    }
    let taken = members.iter().filter(|(path, _)| !claimed.contains(path)).map(|(path, _)| path.to_lowercase());
    let taken: BTreeSet<String> = taken.collect();
    let mut wishes: Vec<Wish> = pieces
        .iter()
        .map(|piece| {
            let path = spot::path_of(piece.spot, &piece.names, is_managed && piece.spot.has_twin);
            let path = if piece.spot.keeps == Keeps::Described { base_of(&path) } else { path };
            Wish { stem: stem(&path), path, identity: piece.identity.clone() }
        })
        .collect();
    names::settle(&mut wishes, &taken);
    for (piece, wish) in pieces.iter_mut().zip(&wishes) {
        piece.path.clone_from(&wish.path);
        if piece.spot.keeps == Keeps::Described {
            piece.path.push_str(".data.xml");
        }
    }
    wishes.into_iter().map(|wish| wish.path).collect()
}

fn base_of(path: &str) -> String {
    path.strip_suffix(".data.xml").unwrap_or(path).to_owned()
}

/// Where a suffix stands in a path: before the endings of its last step.
fn stem(path: &str) -> usize {
    let file = path.rfind('/').map_or(0, |at| at + 1);
    // Where the name stands in the folder, the suffix stands there too.
    let fixed = ["/AppModule.xml", "/AppModule_managed.xml", "/AppModuleSiteMap.xml", "/AppModuleSiteMap_managed.xml"];
    if let Some(ending) = fixed.iter().find(|ending| path.ends_with(**ending)) {
        return path.len() - ending.len();
    }
    let endings = ["_managed.xml", ".meta.xml", ".xml"];
    let ending = endings.iter().find(|ending| path.ends_with(**ending)).map(|ending| path.len() - ending.len());
    let dot = || path[file..].rfind('.').map(|at| file + at);
    ending.or_else(dot).filter(|at| *at > file).unwrap_or(path.len())
}

/// Two identical definitions of one component are one file.
fn drop_doubles(pieces: &mut Vec<Piece<'_>>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut doubles = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match seen.get(&piece.path) {
            Some(first) if pieces[*first].body.concat().trim_ascii() == piece.body.concat().trim_ascii() => {
                doubles.push(index);
            }
            Some(_) => {}
            None => {
                seen.insert(piece.path.clone(), index);
            }
        }
    }
    for double in doubles.into_iter().rev() {
        pieces.remove(double);
    }
}

/// Gives the files that are no documents their place in the tree.
fn place_members(
    members: Vec<NamedFile>,
    pieces: &[Piece<'_>],
    bases: &[String],
    formulas: &BTreeMap<String, String>,
    tree: &mut Tree,
) -> Result<(), ReadPackageError> {
    let payloads: BTreeMap<&str, &str> =
        pieces.iter().zip(bases).filter_map(|(piece, base)| Some((piece.payload.as_deref()?, base.as_str()))).collect();
    for (path, bytes) in members {
        let place = match payloads.get(path.as_str()) {
            Some(base) => (*base).to_owned(),
            None => {
                let place = member_place(&path, formulas);
                if pack::classify(&place) != pack::Class::Member(path.clone()) {
                    let message =
                        "an unpacked solution has its own files of this name, so the tree cannot hold this one";
                    return Err(ReadPackageError::unsafe_package(message).in_part(&path));
                }
                place
            }
        };
        tree.files.push((place, bytes));
    }
    Ok(())
}

fn member_place(path: &str, formulas: &BTreeMap<String, String>) -> String {
    if let Some(folder) = formulas.get(&path.to_lowercase())
        && let Some(file) = path.strip_prefix("Formulas/")
    {
        return format!("Entities/{folder}/Formulas/{file}");
    }
    match path.strip_prefix("Connector/") {
        Some(rest) => format!("Connectors/{rest}"),
        None => path.to_owned(),
    }
}
