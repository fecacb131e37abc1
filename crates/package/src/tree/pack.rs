//! From the files of a tree to the files of a zip.
//!
//! Every file is sorted into what it is: a piece of the document, a file that goes along, or nothing of the solution. What
//! the skeleton has no place for gets one, with a note. Nothing is dropped: what a file names and the tree lacks is an error
//! that lists all of it.

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::package::{Mode, PackageNote};
use strata_xml::layout::without_head;

use super::spot::{self, Keeps, Match};
use super::{NamedFile, compose, manifest, members, peek};
use crate::customizations_xml::Root;
use crate::node::Node;
use crate::places::Place;
use crate::{Limits, ReadPackageError, container, folder, parallel, solution_xml};

/// How to pack.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Whether the managed or the unmanaged package of a tree of both is wanted; a tree of one kind gives that.
    pub managed: Option<bool>,
}

/// A packed solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Of the zip, without its content types.
    pub files: Vec<NamedFile>,
    pub is_managed: bool,
    /// What was odd, and what was left out.
    pub notes: Vec<PackageNote>,
}

/// A file that the tree names and does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    /// Where it is expected in the tree.
    pub path: String,
    pub named_by: String,
}

/// Why a tree could not be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackError {
    /// A file of the tree is not what it should be.
    Unreadable(Box<ReadPackageError>),
    /// Files that others name are not there.
    Missing(Vec<MissingFile>),
    /// The tree is of the other kind, and packing converts nothing.
    OtherKind { is_managed: bool },
}

impl From<ReadPackageError> for PackError {
    fn from(error: ReadPackageError) -> Self {
        Self::Unreadable(Box::new(error))
    }
}

/// What a path of a tree is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Class<'p> {
    Manifest,
    Skeleton,
    /// The names of relationships in their order.
    RelationshipList,
    Piece(Match<'p>),
    /// A text of an e-mail template.
    Document,
    /// A file of the zip, and its path there.
    Member(String),
    /// Not of the solution; why.
    Other(&'static str),
}

/// Tells what a path of a tree is.
pub(super) fn classify(path: &str) -> Class<'_> {
    let lower = path.to_lowercase();
    match lower.as_str() {
        "other/solution.xml" => return Class::Manifest,
        "other/customizations.xml" => return Class::Skeleton,
        "other/relationships.xml" => return Class::RelationshipList,
        _ => {}
    }
    if let Some(found) = spot::find(path) {
        return Class::Piece(found);
    }
    let file = lower.rsplit('/').next().unwrap_or(&lower);
    if lower.starts_with("templates/emaildocuments/") {
        return Class::Document;
    }
    if lower.split('/').any(|step| step.starts_with('.')) || matches!(file, "thumbs.db" | "desktop.ini") {
        return Class::Other("hidden files are not of the solution");
    }
    if lower.starts_with("other/") {
        return Class::Other("the layout has no such file");
    }
    if lower.starts_with("canvasapps/src/") {
        return Class::Other("sources of canvas apps are packed in their .msapp files");
    }
    if lower.starts_with("resources/") && file.ends_with(".resx") {
        return Class::Other("texts by language are used when they are asked for");
    }
    let top = lower.split('/').next().unwrap_or_default();
    if file.ends_with(".cdsproj") && !lower.contains('/') || matches!(top, "bin" | "obj") {
        return Class::Other("files of a project are not of the solution");
    }
    Class::Member(member_path(path))
}

/// The path that a member file has in a zip.
pub(super) fn member_path(path: &str) -> String {
    folder::zip_path(path)
}

/// A file that is a piece of the document.
pub(super) struct Piece<'t> {
    pub(super) path: &'t str,
    pub(super) found: Match<'t>,
    pub(super) node: Node<'t>,
}

impl<'t> Piece<'t> {
    /// The element with the comments before it.
    pub(super) fn bytes(&self) -> &'t [u8] {
        without_head(&self.node.bytes[..self.node.end])
    }

    /// What is an item of the document here: the element itself, or what stands in the element that repeats its container.
    fn items(&self) -> Vec<&Node<'t>> {
        match self.node.item {
            Some(_) => vec![&self.node],
            None => self.node.children.iter().filter(|child| child.item.is_some()).collect(),
        }
    }
}

/// What of a tree goes into the document.
pub(super) struct Sources<'t> {
    pub(super) skeleton: Node<'t>,
    /// Names of relationships in their order.
    pub(super) order: Vec<String>,
    /// In path order.
    pub(super) pieces: Vec<Piece<'t>>,
}

/// Packs the files of a tree.
pub fn pack(files: Vec<NamedFile>, options: &Pack, limits: &Limits) -> Result<Packed, PackError> {
    let mut named = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        named.push((container::part_name(&path, limits)?, bytes));
    }
    let tree = folder::find(container::unique(named)?.files)?;
    let (path, skeleton) = (&tree.manifest, &tree.customizations);
    let bytes = tree.files.iter().find(|(other, _)| other == path).map_or(&[][..], |(_, bytes)| bytes);
    let is_managed = kind(solution_xml::read(path, bytes)?.mode, options.managed)?;
    let solution = manifest::to_zip(bytes, if is_managed { "1" } else { "0" })
        .map_err(|error| ReadPackageError::xml(path, bytes, error.offset, &error.message))?;
    let skeleton = skeleton.clone();
    let mut chosen = folder::choose_variants(tree.files, is_managed);
    chosen.sort_by_cached_key(|(path, _)| path.to_lowercase());
    let (documents, others): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|(path, _)| is_document(path));
    let sources = Sources::read(&documents, &skeleton, limits)?;
    sources.check_doubles()?;
    let mut notes = Vec::new();
    let document = compose::document(&sources, &others, &mut notes)?;
    let members = members::place(&sources.pieces, others, limits, &mut notes)?;
    let mut out = vec![("customizations.xml".to_owned(), document)];
    out.extend(members);
    out.push(("solution.xml".to_owned(), solution));
    Ok(Packed { files: out, is_managed, notes })
}

fn kind(mode: Mode, wanted: Option<bool>) -> Result<bool, PackError> {
    match (mode, wanted) {
        (Mode::Both, wanted) => Ok(wanted.unwrap_or(false)),
        (Mode::Managed, Some(false)) => Err(PackError::OtherKind { is_managed: true }),
        (Mode::Unmanaged, Some(true)) => Err(PackError::OtherKind { is_managed: false }),
        (Mode::Managed, Some(true) | None) => Ok(true),
        (Mode::Unmanaged, Some(false) | None) => Ok(false),
    }
}

/// Tells whether a file goes into the document.
fn is_document(path: &str) -> bool {
    matches!(classify(path), Class::Skeleton | Class::RelationshipList | Class::Piece(_))
}

impl<'t> Sources<'t> {
    fn read(files: &'t [NamedFile], skeleton: &str, limits: &Limits) -> Result<Self, ReadPackageError> {
        let read = parallel::map(files, |(path, bytes)| match classify(path) {
            Class::Piece(found) => read_piece(path, bytes, found, limits).map(Some),
            _ => Ok(None),
        });
        let mut pieces = Vec::with_capacity(files.len());
        for piece in read {
            pieces.extend(piece?);
        }
        let (path, bytes) = files
            .iter()
            .find(|(path, _)| path == skeleton)
            .ok_or_else(|| ReadPackageError::not_a_package(format!("the folder has no {skeleton}")))?;
        let skeleton = node(path, bytes, (Place::Root, None), limits)?;
        expect(path, &skeleton, &["ImportExportXml"])?;
        let list = files.iter().find(|(path, _)| classify(path) == Class::RelationshipList);
        let order = list.map(|(path, bytes)| relationship_order(path, bytes, limits)).transpose()?.unwrap_or_default();
        Ok(Self { skeleton, order, pieces })
    }

    /// Two files for one component are an error that names both.
    fn check_doubles(&self) -> Result<(), ReadPackageError> {
        let mut seen: BTreeMap<(&str, &str, String), &str> = BTreeMap::new();
        for piece in &self.pieces {
            for item in piece.items() {
                let type_name = item.item.unwrap_or_default();
                let identity = peek::identity(type_name, item.element()).to_lowercase();
                if type_name.is_empty() {
                    continue;
                }
                let identity = match piece.found.spot.keeps {
                    Keeps::Ribbon => piece.found.names[0].to_lowercase(),
                    _ => identity,
                };
                match seen.insert((piece.found.spot.section, type_name, identity), piece.path) {
                    Some(other) if other != piece.path => {
                        let message = format!("`{other}` holds the same component; one file for each is expected");
                        let error = ReadPackageError::new(ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE, message);
                        return Err(error.in_part(piece.path).at(item.bytes, item.start));
                    }
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }
}

fn read_piece<'t>(
    path: &'t str,
    bytes: &'t [u8],
    found: Match<'t>,
    limits: &Limits,
) -> Result<Piece<'t>, ReadPackageError> {
    let (spot, root) = (found.spot, found.spot.root);
    // Older tools write one part to a file without the container around it.
    let alone = match (spot.keeps, root) {
        (Keeps::Part { .. }, Root::Container(type_name)) => type_name,
        _ => "",
    };
    let mut read = node(path, bytes, place_of(root), limits)?;
    if !alone.is_empty() && read.name.eq_ignore_ascii_case(alone) {
        read = node(path, bytes, (Place::Inside, Some(alone)), limits)?;
    } else {
        expect(path, &read, &[spot.element, alone])?;
    }
    Ok(Piece { path, found, node: read })
}

/// What the root element of a file is, as a place in the document.
fn place_of(root: Root) -> (Place, Option<&'static str>) {
    match root {
        Root::Document => (Place::Root, None),
        Root::Item("entity") => (Place::Entity, Some("entity")),
        Root::Item(type_name) => (Place::Inside, Some(type_name)),
        Root::Container(type_name) => (Place::Items(type_name), None),
        Root::ConnectionRoles => (Place::ConnectionRoles, None),
        Root::SiteMap => (Place::Section("sitemap"), None),
    }
}

fn node<'t>(
    path: &str,
    bytes: &'t [u8],
    place: (Place, Option<&'static str>),
    limits: &Limits,
) -> Result<Node<'t>, ReadPackageError> {
    Node::read_document(bytes, place, limits)
        .map_err(|error| ReadPackageError::xml(path, bytes, error.offset, &error.message))
}

/// Checks the name of a root element; an empty name allows any.
fn expect(path: &str, node: &Node<'_>, names: &[&str]) -> Result<(), ReadPackageError> {
    if names[0].is_empty() || names.contains(&node.name) {
        return Ok(());
    }
    let message = format!("the root element is `{}`; {} is expected here", node.name, names[0]);
    Err(ReadPackageError::new(ErrorCode::IMPORT_INVALID_XML, message).in_part(path).at(node.bytes, node.start))
}

fn relationship_order(path: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<String>, ReadPackageError> {
    let list = node(path, bytes, (Place::Items("entityrelationship"), None), limits)?;
    expect(path, &list, &["EntityRelationships"])?;
    Ok(list.children.iter().filter_map(|entry| peek::attribute(entry.element(), "Name")).collect())
}
