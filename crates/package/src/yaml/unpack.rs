//! Files of a zip → files of a tree.
//!
//! `customizations.xml` is read once, item by item; each item becomes a file where its kind says, and takes the member
//! files along that it names. What has no place of its own stays in a file for its section. Whatever the tree would
//! not give back by itself goes into the sidecar.

use std::collections::{BTreeMap, BTreeSet};

use strata_xml::tokens::{Aside, Token};

use super::doc::{Doc, Id, Kind as Node};
use super::kinds::{self, ALWAYS, Kind, Layout, PAIRS, Place};
use super::manifest::{self, ManifestFiles};
use super::sidecar::{DocumentBytes, SectionMark, Sidecar, TableInfo};
use super::table::{self, Taken, token};
use super::xml_in::{Piece, Tag, XmlReader};
use super::yaml_out::{self, Arrangement};
use super::{members, path};
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

struct Unpack<'f> {
    files: &'f [(&'f str, &'f [u8])],
    by_path: BTreeMap<String, usize>,
    /// Files that a component has taken along.
    taken: Vec<bool>,
    manifest: ManifestFiles,
    sidecar: Sidecar,
    made: Vec<Made>,
    /// What stands in a section, a wrapper or a table: as it stands, and whether anything but items is in it.
    orders: Vec<Order>,
    sections: Vec<Section>,
    /// Paths of `solutioncomponents.yml`.
    entries: BTreeSet<String>,
    tree: Tree,
}

/// An item's file that is written but whose name is not settled.
struct Made {
    place: Place,
    end: &'static str,
    yaml: String,
    arrangements: Vec<Arrangement>,
    /// Member files: index, and the name in the item's folder where the kind has its own.
    members: Vec<(usize, Option<String>)>,
    kind: Option<&'static Kind>,
    /// The item alone does not select it.
    is_listed: bool,
}

struct Order {
    name: String,
    stands: Vec<Token2>,
    usual: Usual,
}

/// What an order is compared with.
enum Usual {
    /// Items by name, then the rest as it stands.
    ByName,
    Names(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token2 {
    /// Index of what was made.
    Item(usize),
    Name(String),
}

struct Section {
    mark: SectionMark,
    has_content: bool,
}

/// The files of the tree, each path once.
#[derive(Default)]
struct Tree {
    files: Vec<(String, Vec<u8>)>,
    paths: BTreeSet<String>,
}

impl Tree {
    fn add(&mut self, path: String, bytes: Vec<u8>) -> Result<(), ReadPackageError> {
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
    ) -> Result<Vec<Token2>, ReadPackageError> {
        let mut stands = Vec::new();
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Token(Token::Start { name, attributes, is_empty }) => {
                    let tag = Tag { name, attributes, is_empty };
                    let name = String::from_utf8_lossy(name);
                    let mark = doc.mark();
                    if wrapper.is_empty() && kinds::is_wrapper(section, &name) && !is_empty {
                        stands.push(Token2::Name(name.clone().into_owned()));
                        let id = reader.open(doc, &tag)?;
                        let inner = self.container(reader, doc, id, section, &name)?;
                        let has_items = inner.iter().any(|token| matches!(token, Token2::Item(_)));
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
                            stands.push(Token2::Item(made));
                            doc.rewind(mark);
                        }
                        None => {
                            stands.push(Token2::Name(token(doc, id)));
                            doc.append(parent, id);
                        }
                    }
                }
                Piece::Token(Token::End) => break,
                other => {
                    if let Some(kind) = reader.piece(&other)? {
                        let id = doc.add(kind, reader.start);
                        stands.push(Token2::Name(token(doc, id)));
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
        let mut by_group: BTreeMap<(&str, &str), Vec<Token2>> = BTreeMap::new();
        for Taken { part, node, place, group } in &split.parts {
            let members = match part.folder {
                "attributes" => self.formula_of(doc, *node),
                _ => Vec::new(),
            };
            let made = self.make(doc, *node, place.clone(), None);
            self.made[made].members = members;
            by_group.entry((part.folder, group)).or_default().push(Token2::Item(made));
        }
        let held = |folder: &str| split.parts.iter().any(|taken| taken.part.folder == folder);
        let own =
            |parent: Option<Id>| parent.map(|parent| doc.children(parent).map(|id| token(doc, id)).collect::<Vec<_>>());
        let own_table = own(Some(id)).unwrap_or_default();
        let outer = table::PARTS.iter().filter(|part| part.container.len() < 3 && held(part.folder));
        let outer: Vec<_> = outer.map(|part| part.container.first().copied().unwrap_or(part.item)).collect();
        let usual = table::usual_order(&own_table, &outer);
        let names = |tokens: &[String]| tokens.iter().cloned().map(Token2::Name).collect::<Vec<_>>();
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

    /// Finds the files that a component names, and notes those that are not there.
    fn members_of(&mut self, doc: &Doc<'_>, id: Id, kind: &'static Kind) -> Vec<(usize, Option<String>)> {
        let mut found = Vec::new();
        if kind.section == "CustomControls" {
            let folder = format!("controls/{}/", doc.child_text(id, "Name").unwrap_or_default().to_lowercase());
            let below = self.by_path.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder));
            found.extend(below.map(|(_, index)| (*index, None)));
        }
        for text in members::named(doc, id) {
            match self.by_path.get(&text.to_lowercase()) {
                Some(index) if self.taken[*index] || found.iter().any(|(other, _)| other == index) => {}
                Some(index) => found.push((*index, members::own_name(doc, id, kind, &text))),
                None => {
                    self.sidecar.absent.insert(text);
                }
            }
        }
        for (index, _) in &found {
            self.taken[*index] = true;
        }
        found
    }

    fn formula_of(&mut self, doc: &Doc<'_>, id: Id) -> Vec<(usize, Option<String>)> {
        let Some(named) = doc.child_text(id, "FormulaDefinitionFileName") else { return Vec::new() };
        let named = named.trim_start_matches('/').replace('\\', "/");
        match self.by_path.get(&named.to_lowercase()) {
            Some(index) if !self.taken[*index] => {
                self.taken[*index] = true;
                vec![(*index, None)]
            }
            Some(_) => Vec::new(),
            None => {
                self.sidecar.absent.insert(named);
                Vec::new()
            }
        }
    }

    fn finish(mut self) -> Result<Vec<(String, Vec<u8>)>, ReadPackageError> {
        self.settle_names();
        self.settle_orders();
        self.settle_sections();
        let made = std::mem::take(&mut self.made);
        for made in made {
            self.write(made)?;
        }
        for index in 0..self.files.len() {
            if !self.taken[index] {
                self.stray(index)?;
            }
        }
        let folder = format!("solutions/{}", path::encode(&self.manifest.unique_name));
        for (name, yaml) in std::mem::take(&mut self.manifest.files) {
            self.tree.add(format!("{folder}/{name}"), yaml.into_bytes())?;
        }
        if let Some((publisher, yaml)) = self.manifest.publisher.take() {
            let below = format!("publishers/{}", path::encode(&publisher));
            self.entries.insert(format!("/{below}"));
            self.tree.add(format!("{below}/publisher.yml"), yaml.into_bytes())?;
        }
        let list = manifest::component_list(&self.entries);
        self.tree.add(format!("{folder}/solutioncomponents.yml"), list.into_bytes())?;
        if let Some(yaml) = self.sidecar.write() {
            self.tree.add(format!("{folder}/packaging.yml"), yaml.into_bytes())?;
        }
        self.tree.files.sort();
        Ok(self.tree.files)
    }

    /// Items that want one path are told apart by their ids.
    fn settle_names(&mut self) {
        let mut by_path: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, made) in self.made.iter().enumerate() {
            let place = &made.place;
            by_path
                .entry(format!("{}/{}{}", place.folder, place.step, place.rest).to_lowercase())
                .or_default()
                .push(index);
        }
        for index in by_path.into_values().filter(|items| items.len() > 1).flatten() {
            self.made[index].place.tell_apart();
        }
    }

    fn settle_orders(&mut self) {
        for Order { name, stands, usual } in std::mem::take(&mut self.orders) {
            let usual = match usual {
                Usual::Names(names) => names.into_iter().map(Token2::Name).collect(),
                Usual::ByName => self.by_name(&name, &stands),
            };
            if usual == stands {
                continue;
            }
            let word = |token: &Token2| match token {
                Token2::Item(index) => self.made[*index].place.path(),
                Token2::Name(name) => name.clone(),
            };
            let words = stands.iter().map(word).collect();
            self.sidecar.orders.insert(name, words);
        }
    }

    fn by_name(&self, section: &str, stands: &[Token2]) -> Vec<Token2> {
        let step = |token: &Token2| match token {
            Token2::Item(index) => self.made[*index].place.step.to_lowercase(),
            Token2::Name(_) => String::new(),
        };
        let (mut items, rest): (Vec<_>, Vec<_>) =
            stands.iter().cloned().partition(|token| matches!(token, Token2::Item(_)));
        items.sort_by_key(step);
        let is_wrapper = |token: &Token2| matches!(token, Token2::Name(name) if kinds::is_wrapper(section, name));
        let (wrappers, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_wrapper);
        items.into_iter().chain(wrappers).chain(rest).collect()
    }

    fn settle_sections(&mut self) {
        let stands: Vec<_> = self.sections.iter().map(|section| section.mark.clone()).collect();
        let held: BTreeSet<_> =
            self.sections.iter().filter(|section| section.has_content).map(|s| s.mark.name.as_str()).collect();
        let held: Vec<_> = held.into_iter().collect();
        if stands != usual_sections(&held) {
            self.sidecar.sections = stands;
        }
    }

    fn write(&mut self, made: Made) -> Result<(), ReadPackageError> {
        let file = format!("{}{}.yml", made.place.path(), made.end);
        self.sidecar.arrange(&file, made.arrangements);
        let entry = made.place.own_folder().or_else(|| {
            let is_alone = matches!(made.kind, Some(kind) if kind.layout == Layout::Single);
            (is_alone || made.place.folder.ends_with("/ribbondiffs")).then(|| made.place.folder.clone())
        });
        if made.is_listed {
            self.entries.insert(format!("/{}", entry.as_ref().unwrap_or(&file)));
        }
        self.tree.add(file, made.yaml.into_bytes())?;
        for (index, name) in made.members {
            let (source, bytes) = self.files[index];
            let target = members::tree_path(&made.place, made.kind, source, name.as_deref());
            if entry.is_none() && !made.place.folder.contains("/attributes") {
                self.entries.insert(format!("/{target}"));
            }
            self.tree.add(target, bytes.to_vec())?;
        }
        Ok(())
    }

    /// A file that no component names: a row's, or one of the package's own.
    fn stray(&mut self, index: usize) -> Result<(), ReadPackageError> {
        let (source, bytes) = self.files[index];
        let is_made = ["solution.xml", "customizations.xml", "[Content_Types].xml"];
        if is_made.iter().any(|name| name.eq_ignore_ascii_case(source)) {
            return Ok(());
        }
        let target = match source.split_once('/') {
            None => format!("solutions/{}/{}", path::encode(&self.manifest.unique_name), path::encode(source)),
            Some((top, rest)) => format!("{}/{}", path::encode(&top.to_lowercase()), path::encode_all(rest)),
        };
        if members::zip_path_of_stray(&target).as_deref() != Some(source) {
            self.sidecar.members.insert(target.clone(), source.to_owned());
        }
        let mut steps = target.splitn(3, '/');
        let entry = match (steps.next(), steps.next(), steps.next()) {
            (Some("solutions"), ..) => None,
            (Some(top), Some(key), Some(_)) => Some(format!("/{top}/{key}")),
            _ => Some(format!("/{target}")),
        };
        self.entries.extend(entry);
        self.tree.add(target, bytes.to_vec())
    }
}

/// Returns the sections that a document has by itself when these have content.
pub(crate) fn usual_sections(held: &[&str]) -> Vec<SectionMark> {
    let mut names: Vec<&str> = ALWAYS.to_vec();
    names.extend(held.iter().filter(|name| !ALWAYS.contains(name)));
    names.sort_by_key(|name| (kinds::rank(name), name.to_lowercase()));
    let mark = |name: &str| SectionMark {
        name: name.to_owned(),
        is_pair: PAIRS.contains(&name) && !held.contains(&name),
        comment: None,
    };
    names.into_iter().map(mark).collect()
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
