//! Files of a zip → files of a tree.
//!
//! `customizations.xml` is read once, item by item; each item becomes a file where its kind says, and takes the member
//! files along that it names. What has no place of its own stays in a file for its section. Whatever the tree would
//! not give back by itself goes into the sidecar.

use std::collections::{BTreeMap, BTreeSet};

use strata_xml::tokens::{Aside, Token};

use super::doc::{Doc, Id, Kind as Node};
use super::kinds::{self, Kind, Layout, Place};
use super::manifest::{self, ManifestFiles};
use super::path;
use super::sidecar::{DocumentBytes, SectionMark, Sidecar, TableInfo};
use super::table::{self, Taken, token};
use super::xml_in::{Piece, Tag, XmlReader};
use super::yaml_out::{self, Arrangement};
use crate::{Limits, ReadPackageError};

/// Unpacks the files of a zip.
pub fn unpack<P, B>(files: &[(P, B)], limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, ReadPackageError>
where
    P: AsRef<str>,
    B: AsRef<[u8]>,
{
    let files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_ref(), bytes.as_ref())).collect();
    let find = |name: &str| {
        let found = files.iter().find(|(path, _)| path.eq_ignore_ascii_case(name));
        found.copied().ok_or_else(|| ReadPackageError::not_a_package(format!("the package has no {name}")))
    };
    let (manifest_path, manifest_bytes) = find("solution.xml")?;
    let (document_path, document_bytes) = find("customizations.xml")?;
    let mut sidecar = Sidecar::default();
    let manifest = manifest::split(manifest_path, manifest_bytes, &mut sidecar, limits)?;
    let by_path = files.iter().enumerate().map(|(index, (path, _))| (path.to_lowercase(), index)).collect();
    let mut unpack = Unpack {
        files: &files,
        by_path,
        taken: vec![false; files.len()],
        manifest,
        sidecar,
        made: Vec::new(),
        orders: Vec::new(),
        sections: Vec::new(),
        entries: BTreeSet::new(),
        tree: Tree::default(),
    };
    unpack.document(document_path, document_bytes, limits)?;
    unpack.finish()
}

pub(super) struct Unpack<'f> {
    pub(super) files: &'f [(&'f str, &'f [u8])],
    pub(super) by_path: BTreeMap<String, usize>,
    /// Files that a component has taken along.
    pub(super) taken: Vec<bool>,
    pub(super) manifest: ManifestFiles,
    pub(super) sidecar: Sidecar,
    pub(super) made: Vec<Made>,
    /// What stands in a section, a wrapper or a table: as it stands, and whether anything but items is in it.
    pub(super) orders: Vec<Order>,
    pub(super) sections: Vec<Section>,
    /// Paths of `solutioncomponents.yml`.
    pub(super) entries: BTreeSet<String>,
    pub(super) tree: Tree,
}

/// An item's file that is written but whose name is not settled.
pub(super) struct Made {
    pub(super) place: Place,
    pub(super) end: &'static str,
    pub(super) yaml: String,
    pub(super) arrangements: Vec<Arrangement>,
    /// Member files: index, and the name in the item's folder where the kind has its own.
    pub(super) members: Vec<(usize, Option<String>)>,
    pub(super) kind: Option<&'static Kind>,
    /// The item alone does not select it.
    pub(super) is_listed: bool,
}

pub(super) struct Order {
    pub(super) name: String,
    pub(super) stands: Vec<Stands>,
    pub(super) usual: Usual,
}

/// What an order is compared with.
pub(super) enum Usual {
    /// Items by name, then the rest as it stands.
    ByName,
    Names(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stands {
    /// Index of what was made.
    Item(usize),
    Name(String),
}

pub(super) struct Section {
    pub(super) mark: SectionMark,
    pub(super) has_content: bool,
}

/// The files of the tree, each path once.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: Vec<(String, Vec<u8>)>,
    paths: BTreeSet<String>,
}

impl Tree {
    pub(super) fn add(&mut self, path: String, bytes: Vec<u8>) -> Result<(), ReadPackageError> {
        if !self.paths.insert(path.to_lowercase()) {
            let message = "two things of the package want this path in the tree";
            return Err(ReadPackageError::not_a_package(message).in_part(&path));
        }
        self.files.push((path, bytes));
        Ok(())
    }
}

impl Unpack<'_> {
    fn document(&mut self, part: &str, bytes: &[u8], limits: &Limits) -> Result<(), ReadPackageError> {
        let mut reader = XmlReader::new(part, bytes, limits)?;
        let mut doc = Doc::default();
        let mut span = (0, 0);
        while let Some(piece) = reader.next()? {
            let Piece::Token(Token::Start { name, attributes, is_empty }) = piece else { continue };
            let tag = Tag { name, attributes, is_empty };
            span.0 = reader.start;
            let root = reader.open(&mut doc, &tag)?;
            if doc.name(root) != "ImportExportXml" {
                let message = format!("the root element is `{}`; ImportExportXml is expected", doc.name(root));
                let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
                return Err(ReadPackageError::new(code, message).in_part(part).at(bytes, reader.start));
            }
            let attributes = doc.attributes(root).iter().map(|(name, value)| (name.to_string(), value.to_string()));
            let attributes: Vec<_> = attributes.collect();
            if attributes != self.manifest.usual_root {
                self.sidecar.root = Some(attributes);
            }
            doc.clear();
            if !is_empty {
                self.sections(&mut reader, &mut doc)?;
            }
            span.1 = reader.tokens.position();
        }
        let facts = DocumentBytes::of(bytes, span);
        if facts != DocumentBytes::default() {
            self.sidecar.documents.insert("customizations.xml".to_owned(), facts);
        }
        Ok(())
    }

    fn sections<'a>(&mut self, reader: &mut XmlReader<'a>, doc: &mut Doc<'a>) -> Result<(), ReadPackageError> {
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Token(Token::Start { name, attributes, is_empty }) => {
                    doc.clear();
                    self.section(reader, doc, &Tag { name, attributes, is_empty })?;
                }
                Piece::Token(Token::End) => return Ok(()),
                Piece::Token(Token::Text { .. }) => {
                    return Err(reader.fail(reader.start, "a text stands between the sections"));
                }
                Piece::Aside(aside) => {
                    let comment = match reader.piece(&Piece::Aside(aside))? {
                        Some(Node::Comment(text)) => Some(text.into_owned()),
                        _ => None,
                    };
                    let mark = SectionMark { comment, ..SectionMark::default() };
                    if matches!(aside, Aside::Comment(_)) {
                        self.sections.push(Section { mark, has_content: true });
                    }
                }
            }
        }
        Ok(())
    }

    fn section<'a>(
        &mut self,
        reader: &mut XmlReader<'a>,
        doc: &mut Doc<'a>,
        tag: &Tag<'a>,
    ) -> Result<(), ReadPackageError> {
        let name = String::from_utf8_lossy(tag.name).into_owned();
        let has_kind = kinds::KINDS.iter().any(|kind| kind.section == name);
        let is_item =
            kinds::find(&name, "", &name).filter(|kind| kind.layout == Layout::Single && kind.item.is_empty());
        let mut mark = SectionMark { name: name.clone(), is_pair: !tag.is_empty, comment: None };
        if let Some(kind) = is_item {
            let id = reader.element(doc, tag)?;
            mark.is_pair = false;
            self.item(doc, id, kind)?;
            self.sections.push(Section { mark, has_content: true });
            return Ok(());
        }
        let section = if has_kind && !tag.is_empty {
            let section = reader.open(doc, tag)?;
            let stands = self.container(reader, doc, section, &name, "")?;
            mark.is_pair &= stands.is_empty();
            let has_items = !stands.is_empty();
            self.orders.push(Order { name: name.clone(), stands, usual: Usual::ByName });
            (section, has_items)
        } else {
            let section = reader.element(doc, tag)?;
            mark.is_pair &= doc.is_bare(section);
            (section, false)
        };
        let says = !doc.is_bare(section.0);
        self.sections.push(Section { mark, has_content: says || section.1 });
        if says {
            let place = Place {
                folder: "other".to_owned(),
                step: path::encode(&name.to_lowercase()),
                rest: String::new(),
                id: None,
            };
            self.make(doc, section.0, place, None);
        }
        Ok(())
    }

    /// Reads what stands in a section or wrapper: items become files, the rest stays; returns both as they stand.
    fn container<'a>(
        &mut self,
        reader: &mut XmlReader<'a>,
        doc: &mut Doc<'a>,
        parent: Id,
        section: &str,
        wrapper: &str,
    ) -> Result<Vec<Stands>, ReadPackageError> {
        let mut stands = Vec::new();
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Token(Token::Start { name, attributes, is_empty }) => {
                    let tag = Tag { name, attributes, is_empty };
                    let name = String::from_utf8_lossy(name);
                    let mark = doc.mark();
                    if wrapper.is_empty() && kinds::is_wrapper(section, &name) && !is_empty {
                        stands.push(Stands::Name(name.clone().into_owned()));
                        let id = reader.open(doc, &tag)?;
                        let inner = self.container(reader, doc, id, section, &name)?;
                        let has_items = inner.iter().any(|token| matches!(token, Stands::Item(_)));
                        let order = format!("{section}/{name}");
                        self.orders.push(Order { name: order, stands: inner, usual: Usual::ByName });
                        if has_items && doc.is_bare(id) {
                            doc.rewind(mark);
                        } else {
                            doc.append(parent, id);
                        }
                        continue;
                    }
                    let id = reader.element(doc, &tag)?;
                    let made = match kinds::find(section, wrapper, &name) {
                        Some(kind) => self.item(doc, id, kind)?,
                        None => None,
                    };
                    match made {
                        Some(made) => {
                            stands.push(Stands::Item(made));
                            doc.rewind(mark);
                        }
                        None => {
                            stands.push(Stands::Name(token(doc, id)));
                            doc.append(parent, id);
                        }
                    }
                }
                Piece::Token(Token::End) => break,
                other => {
                    if let Some(kind) = reader.piece(&other)? {
                        let id = doc.add(kind, reader.start);
                        stands.push(Stands::Name(token(doc, id)));
                        doc.append(parent, id);
                    }
                }
            }
        }
        Ok(stands)
    }

    /// Makes the file of an item; `None` for one that has no name.
    fn item(&mut self, doc: &mut Doc<'_>, id: Id, kind: &'static Kind) -> Result<Option<usize>, ReadPackageError> {
        let Some(place) = kind.place(doc, id) else { return Ok(None) };
        if kind.layout == Layout::Table {
            return Ok(Some(self.table(doc, id, place)));
        }
        let members = self.members_of(doc, id, kind);
        let made = self.make(doc, id, place, Some(kind));
        self.made[made].members = members;
        Ok(Some(made))
    }

    fn make(&mut self, doc: &mut Doc<'_>, id: Id, place: Place, kind: Option<&'static Kind>) -> usize {
        let is_twin = matches!(doc.name(id), "systemform" | "AppModule" | "AppModuleSiteMap" | "SiteMap");
        let end = if is_twin && self.manifest.is_managed && is_difference(doc, id) { "_managed" } else { "" };
        let mut yaml = String::new();
        let arrangements = yaml_out::write(doc, id, &mut yaml);
        self.made.push(Made { place, end, yaml, arrangements, members: Vec::new(), kind, is_listed: true });
        self.made.len() - 1
    }

    fn table(&mut self, doc: &mut Doc<'_>, id: Id, place: Place) -> usize {
        let name = path::decode(&place.step);
        let split = table::split(doc, id, &name);
        let info = split.info.unwrap_or(TableInfo::Full);
        let behavior = self.manifest.behaviors.get(&name).copied().unwrap_or(0);
        // A table without parts would not be taken at all if it were not listed.
        let is_listed = behavior != 1 || info == TableInfo::Full || split.parts.is_empty();
        let usual = manifest::usual_info(behavior, is_listed);
        if usual != info && !(usual == TableInfo::Columns && info == TableInfo::Nothing) {
            self.sidecar.tables.insert(name.clone(), info);
        }
        let mut by_group: BTreeMap<(&str, &str), Vec<Stands>> = BTreeMap::new();
        for Taken { part, node, place, group } in &split.parts {
            let members = match part.folder {
                "attributes" => self.formula_of(doc, *node),
                _ => Vec::new(),
            };
            let made = self.make(doc, *node, place.clone(), None);
            self.made[made].members = members;
            by_group.entry((part.folder, group)).or_default().push(Stands::Item(made));
        }
        let held = |folder: &str| split.parts.iter().any(|taken| taken.part.folder == folder);
        let own =
            |parent: Option<Id>| parent.map(|parent| doc.children(parent).map(|id| token(doc, id)).collect::<Vec<_>>());
        let own_table = own(Some(id)).unwrap_or_default();
        let outer = table::PARTS.iter().filter(|part| part.container.len() < 3 && held(part.folder));
        let outer: Vec<_> = outer.map(|part| part.container.first().copied().unwrap_or(part.item)).collect();
        let usual = table::usual_order(&own_table, &outer);
        let names = |tokens: &[String]| tokens.iter().cloned().map(Stands::Name).collect::<Vec<_>>();
        let order = format!("Entities/{name}");
        self.orders.push(Order { name: order.clone(), stands: names(&split.order), usual: Usual::Names(usual) });
        let inner = doc.descend(id, &["EntityInfo", "entity"]);
        if let Some(own_inner) = own(inner) {
            let lists = [("attributes", "attributes"), ("EntityKeys", "entitykeys")];
            let new: Vec<_> = lists.iter().filter(|(_, folder)| held(folder)).map(|(name, _)| *name).collect();
            let usual = table::usual_inner_order(&own_inner, &new);
            let stands = names(&split.inner_order);
            self.orders.push(Order { name: format!("{order}/entity"), stands, usual: Usual::Names(usual) });
        }
        let mut sorted = split.groups.clone();
        sorted.sort_by_key(|group| group.to_lowercase());
        let groups =
            Order { name: format!("{order}/formxml"), stands: names(&split.groups), usual: Usual::Names(sorted) };
        self.orders.push(groups);
        for ((folder, group), stands) in by_group {
            let group = if group.is_empty() { String::new() } else { format!("/{group}") };
            self.orders.push(Order { name: format!("{order}/{folder}{group}"), stands, usual: Usual::ByName });
        }
        let made = self.make(doc, id, place, None);
        self.made[made].is_listed = is_listed;
        made
    }
}

/// Tells whether an element says how it differs from the layer below.
fn is_difference(doc: &Doc<'_>, root: Id) -> bool {
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if doc.attribute(id, "solutionaction").is_some() {
            return true;
        }
        open.extend(doc.children(id).filter(|child| doc.is_element(*child)));
    }
    false
}
