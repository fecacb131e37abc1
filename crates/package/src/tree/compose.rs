//! The document of a zip, put together from the skeleton of a tree and the pieces around it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use strata_model::code::ErrorCode;
use strata_model::package::PackageNote;
use strata_xml::layout::{Namespace, Newline, Style, lay_out, push_line, without_head};

use super::pack::{Class, Piece, Sources, classify};
use super::spot::Keeps;
use super::templates;
use super::{Body, NamedFile};
use crate::node::Node;
use crate::places::{Place, SECTION_ORDER, TABLE_ORDER};
use crate::{ReadPackageError, parallel};

/// Sections that servers write with two tags even when they hold nothing.
const TWO_TAGS: [&str; 4] = ["Entities", "Roles", "Workflows", "FieldSecurityProfiles"];

/// A piece of text in the document to be.
struct Chunk<'t> {
    depth: usize,
    body: Body<'t>,
    /// Written as it is.
    is_tag: bool,
}

/// What a section is filled with.
enum Fill<'t> {
    Whole(&'t Piece<'t>),
    Items(Vec<Body<'t>>),
}

/// Puts the document together.
pub(super) fn document(
    sources: &Sources<'_>,
    others: &[NamedFile],
    notes: &mut Vec<PackageNote>,
) -> Result<Vec<u8>, ReadPackageError> {
    let mut fills = fills(sources, others, notes)?;
    let root = &sources.skeleton;
    let mut chunks = vec![tag(root, 0)];
    let mut written = BTreeSet::new();
    for (name, section) in sections(root, &fills) {
        let fill = fills.remove(name);
        written.insert(name);
        match (section, fill) {
            (Some(section), None) => chunks.push(unfilled(section)),
            (Some(section), Some(fill)) => filled(section, fill, &mut chunks)?,
            (None, Some(fill)) => {
                let message = format!("has no section {name}; it was added for the files of the tree");
                notes.push(PackageNote { part: "Other/Customizations.xml".to_owned(), message });
                added(name, fill, &mut chunks);
            }
            (None, None) => {}
        }
    }
    let last = root.children.last().map_or(root.inside, |child| child.end);
    let rest = &root.bytes[last..root.close];
    if !rest.trim_ascii().is_empty() {
        chunks.push(Chunk { depth: 1, body: vec![Cow::Borrowed(rest)], is_tag: false });
    }
    chunks.push(Chunk { depth: 0, body: vec![Cow::Owned(format!("</{}>", root.name).into_bytes())], is_tag: true });
    Ok(parallel::map(&chunks, Chunk::write).concat())
}

impl Chunk<'_> {
    fn write(&self) -> Vec<u8> {
        let body = self.body.concat();
        let mut out = Vec::with_capacity(body.len() + body.len() / 4);
        let is_first = self.is_tag && self.depth == 0 && !body.starts_with(b"</");
        if !is_first {
            push_line(Newline::CrLf, self.depth, &mut out);
        }
        if self.is_tag {
            out.extend(&body);
            return out;
        }
        lay_out(&body, Style { newline: Newline::CrLf, depth: self.depth, namespace: Namespace::Drop }, &mut out);
        out
    }
}

/// The start tag of an element, as exports write it.
fn tag<'t>(node: &Node<'t>, depth: usize) -> Chunk<'t> {
    let open = &node.bytes[node.start..node.inside - 1];
    let open = if node.is_empty { open.strip_suffix(b"/").unwrap_or(open) } else { open };
    let end = format!("></{}>", node.name);
    let whole = [open, end.as_bytes()].concat();
    let namespace = if node.place == Place::Root { Namespace::Add } else { Namespace::Keep };
    let mut out = Vec::new();
    lay_out(&whole, Style { newline: Newline::CrLf, depth, namespace }, &mut out);
    out.truncate(out.len() - end.len() + 1);
    Chunk { depth, body: vec![Cow::Owned(out)], is_tag: true }
}

/// Sections in their order: those of the skeleton, and those that pieces need besides.
fn sections<'s, 't>(
    root: &'s Node<'t>,
    fills: &BTreeMap<&'static str, Fill<'t>>,
) -> Vec<(&'s str, Option<&'s Node<'t>>)> {
    let mut sections: Vec<_> = root.children.iter().map(|section| (section.name, Some(section))).collect();
    let place = |name: &str| SECTION_ORDER.iter().position(|known| *known == name);
    for name in fills.keys() {
        if !sections.iter().any(|(known, _)| known == name) {
            let before = sections.iter().rposition(|(known, _)| place(known).is_some_and(|at| Some(at) < place(name)));
            sections.insert(before.map_or(0, |at| at + 1), (*name, None));
        }
    }
    sections
}

fn unfilled<'t>(section: &Node<'t>) -> Chunk<'t> {
    let is_blank = section.content().trim_ascii().is_empty();
    let lead = section.bytes[section.lead..section.start].trim_ascii();
    if is_blank && TWO_TAGS.contains(&section.name) && lead.is_empty() {
        let Chunk { body, .. } = tag(section, 1);
        let end = Cow::Owned(format!("</{}>", section.name).into_bytes());
        return Chunk { depth: 1, body: body.into_iter().chain([end]).collect(), is_tag: true };
    }
    Chunk { depth: 1, body: vec![Cow::Borrowed(section.whole())], is_tag: false }
}

fn filled<'t>(section: &Node<'t>, fill: Fill<'t>, chunks: &mut Vec<Chunk<'t>>) -> Result<(), ReadPackageError> {
    let lead = section.bytes[section.lead..section.start].trim_ascii();
    if !lead.is_empty() {
        chunks.push(Chunk { depth: 1, body: vec![Cow::Borrowed(lead)], is_tag: false });
    }
    let content = section.content().trim_ascii();
    match fill {
        Fill::Whole(piece) if !content.is_empty() => {
            let message = format!("Other/Customizations.xml holds {} too; one of them is expected", section.name);
            Err(double(piece, message))
        }
        Fill::Whole(piece) => {
            chunks.push(Chunk { depth: 1, body: vec![Cow::Borrowed(piece.bytes())], is_tag: false });
            Ok(())
        }
        Fill::Items(items) => {
            let end = Cow::Owned(format!("</{}>", section.name).into_bytes());
            if content.is_empty() {
                chunks.push(tag(section, 1));
                chunks.extend(items.into_iter().map(|body| Chunk { depth: 2, body, is_tag: false }));
                chunks.push(Chunk { depth: 1, body: vec![end], is_tag: true });
            } else {
                let Chunk { mut body, .. } = tag(section, 1);
                // What stays behind in a section stands behind: a comment before an item would become the item's.
                body.extend(items.into_iter().flatten());
                body.push(Cow::Borrowed(content));
                body.push(end);
                chunks.push(Chunk { depth: 1, body, is_tag: false });
            }
            Ok(())
        }
    }
}

fn added<'t>(name: &str, fill: Fill<'t>, chunks: &mut Vec<Chunk<'t>>) {
    let text = |text: String| vec![Cow::Owned(text.into_bytes())];
    match fill {
        Fill::Whole(piece) => {
            chunks.push(Chunk { depth: 1, body: vec![Cow::Borrowed(piece.bytes())], is_tag: false });
        }
        Fill::Items(items) => {
            chunks.push(Chunk { depth: 1, body: text(format!("<{name}>")), is_tag: true });
            chunks.extend(items.into_iter().map(|body| Chunk { depth: 2, body, is_tag: false }));
            chunks.push(Chunk { depth: 1, body: text(format!("</{name}>")), is_tag: true });
        }
    }
}

fn double(piece: &Piece<'_>, message: String) -> ReadPackageError {
    let error = ReadPackageError::new(ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE, message);
    error.in_part(piece.path).at(piece.node.bytes, piece.node.start)
}

/// A table with what stands in its folder.
#[derive(Default)]
struct Table<'t> {
    own: Option<&'t Piece<'t>>,
    ribbon: Option<&'t Piece<'t>>,
    /// By container.
    parts: BTreeMap<&'static str, Vec<&'t Piece<'t>>>,
}

fn fills<'t>(
    sources: &'t Sources<'t>,
    others: &[NamedFile],
    notes: &mut Vec<PackageNote>,
) -> Result<BTreeMap<&'static str, Fill<'t>>, ReadPackageError> {
    let mut fills: BTreeMap<&'static str, Fill<'t>> = BTreeMap::new();
    let mut tables: BTreeMap<String, Table<'t>> = BTreeMap::new();
    let mut relationships = Vec::new();
    let mut texts = Texts::new(others);
    for piece in &sources.pieces {
        let spot = piece.found.spot;
        let mut put = |body: Body<'t>| match fills.entry(spot.section).or_insert(Fill::Items(Vec::new())) {
            Fill::Items(items) => items.push(body),
            Fill::Whole(_) => {}
        };
        let in_table = matches!(spot.keeps, Keeps::Table | Keeps::Ribbon | Keeps::Part { .. });
        let folder = if in_table { piece.found.names[0].to_lowercase() } else { String::new() };
        match spot.keeps {
            Keeps::Section => {
                if let Some(Fill::Whole(_)) = fills.insert(spot.section, Fill::Whole(piece)) {
                    return Err(double(piece, format!("another file holds {} too; one is expected", spot.section)));
                }
            }
            Keeps::Container if spot.element == "EmailTemplates" => put(texts.put_back(piece)?),
            Keeps::Container | Keeps::Item | Keeps::Described => put(vec![Cow::Borrowed(piece.bytes())]),
            Keeps::Relationships => relationships.extend(piece.node.children.iter()),
            Keeps::Table => tables.entry(folder).or_default().own = Some(piece),
            Keeps::Ribbon => tables.entry(folder).or_default().ribbon = Some(piece),
            Keeps::Part { container, .. } => {
                tables.entry(folder).or_default().parts.entry(container).or_default().push(piece);
            }
        }
    }
    texts.note_unused(notes);
    let mut items = Vec::with_capacity(tables.len());
    for table in tables.values() {
        items.push(table.compose(notes)?);
    }
    if !items.is_empty() {
        fills.insert("Entities", Fill::Items(items));
    }
    let relationships = in_order(relationships, &sources.order);
    if !relationships.is_empty() {
        fills.insert("EntityRelationships", Fill::Items(relationships));
    }
    Ok(fills)
}

/// Relationships in the order of the list, the others behind by name.
fn in_order<'t>(found: Vec<&'t Node<'t>>, order: &[String]) -> Vec<Body<'t>> {
    let places: BTreeMap<&str, usize> = order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|node| {
            let name = super::peek::attribute(node.element(), "Name").unwrap_or_default();
            ((places.get(name.as_str()).copied().unwrap_or(usize::MAX), name.to_lowercase(), name), node)
        })
        .collect();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found.into_iter().map(|(_, node)| vec![Cow::Borrowed(without_head(node.whole()))]).collect()
}

/// Texts of e-mail templates, and which of them have found their template.
struct Texts<'o> {
    by_path: BTreeMap<String, (&'o str, &'o [u8])>,
    used: BTreeSet<String>,
}

impl<'o> Texts<'o> {
    fn new(others: &'o [NamedFile]) -> Self {
        let documents = others.iter().filter(|(path, _)| classify(path) == Class::Document);
        let by_path = documents.map(|(path, bytes)| (path.to_lowercase(), (path.as_str(), bytes.as_slice()))).collect();
        Self { by_path, used: BTreeSet::new() }
    }

    fn put_back<'t>(&mut self, piece: &'t Piece<'t>) -> Result<Body<'t>, ReadPackageError> {
        let node = &piece.node;
        let mut body = vec![Cow::Borrowed(without_head(&node.bytes[..node.inside]))];
        let mut at = node.inside;
        for item in &node.children {
            let find = |path: &str| {
                let path = path.to_lowercase();
                let (_, bytes) = self.by_path.get(&path)?;
                self.used.insert(path);
                Some(bytes.to_vec())
            };
            body.push(Cow::Borrowed(&node.bytes[at..item.lead]));
            let whole = templates::put_back(item.whole(), find).map_err(|(path, offset)| {
                let bytes = self.by_path.get(&path.to_lowercase()).map_or(&[][..], |(_, bytes)| bytes);
                ReadPackageError::xml(&path, bytes, offset, "the text is not UTF-8")
            })?;
            body.push(whole);
            at = item.end;
        }
        body.push(Cow::Borrowed(&node.bytes[at..node.end]));
        Ok(body)
    }

    fn note_unused(&self, notes: &mut Vec<PackageNote>) {
        for (_, (path, _)) in self.by_path.iter().filter(|(lower, _)| !self.used.contains(*lower)) {
            let message = "left out: no e-mail template has room for this text".to_owned();
            notes.push(PackageNote { part: (*path).to_owned(), message });
        }
    }
}

impl<'t> Table<'t> {
    /// The element of the table with its parts in it.
    fn compose(&self, notes: &mut Vec<PackageNote>) -> Result<Body<'t>, ReadPackageError> {
        let Some(own) = self.own else { return Err(self.without_own()) };
        let node = &own.node;
        let mut edits: Vec<(Range<usize>, Body<'t>)> = Vec::new();
        if let Some(ribbon) = self.ribbon {
            let place = node.child("RibbonDiffXml");
            if place.is_some_and(|place| !place.content().trim_ascii().is_empty()) {
                return Err(double(ribbon, format!("`{}` holds a ribbon too; one is expected", own.path)));
            }
            edits.push((room(node, "RibbonDiffXml", own, notes), vec![Cow::Borrowed(ribbon.bytes())]));
        }
        for (container, pieces) in &self.parts {
            let range = room(node, container, own, notes);
            edits.push((range, fill(node.child(container), container, pieces)));
        }
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let start = node.bytes.len() - without_head(node.bytes).len();
        let mut body = Vec::new();
        let mut at = start.min(node.start);
        for (range, replacement) in edits {
            body.push(Cow::Borrowed(&node.bytes[at..range.start]));
            body.extend(replacement);
            at = range.end;
        }
        body.push(Cow::Borrowed(&node.bytes[at..node.end]));
        Ok(body)
    }

    fn without_own(&self) -> ReadPackageError {
        let piece = self.ribbon.or_else(|| self.parts.values().flatten().next().copied());
        let path = piece.map_or("", |piece| piece.path);
        let folder: Vec<_> = path.split('/').take(2).collect();
        let message = format!("a part of a table, but {}/Entity.xml is not there", folder.join("/"));
        ReadPackageError::new(ErrorCode::IMPORT_XSD_VALIDATION, message).in_part(path)
    }
}

/// Where a container of a table stands, or has to.
fn room(table: &Node<'_>, name: &str, own: &Piece<'_>, notes: &mut Vec<PackageNote>) -> Range<usize> {
    if let Some(place) = table.child(name) {
        return place.start..place.end;
    }
    let message = format!("has no {name}; it was added for the files beside");
    notes.push(PackageNote { part: own.path.to_owned(), message });
    let place = |name: &str| TABLE_ORDER.iter().position(|known| *known == name);
    let before = table.children.iter().rev().find(|child| place(child.name) < place(name));
    let at = before.map_or(table.inside, |child| child.end);
    at..at
}

/// A container of a table with its parts, in the groups that hold them.
fn fill<'t>(place: Option<&Node<'t>>, container: &str, pieces: &[&'t Piece<'t>]) -> Body<'t> {
    let text = |text: String| Cow::Owned(text.into_bytes());
    let mut groups: BTreeMap<(String, &str), Body<'t>> = BTreeMap::new();
    let mut bare = Vec::new();
    for piece in pieces {
        let Keeps::Part { group, .. } = piece.found.spot.keeps else { continue };
        let kind = if piece.found.names.len() == 3 { piece.found.names[1] } else { "" };
        let bytes = piece.inner();
        match group {
            "" => bare.push(bytes),
            _ => groups.entry((kind.to_lowercase(), kind)).or_default().push(bytes),
        }
    }
    let mut body = Vec::new();
    match place {
        Some(place) => body.extend(tag(place, 0).body),
        None => body.push(text(format!("<{container}>"))),
    }
    let mut at = place.map_or(0, |place| place.inside);
    for existing in place.iter().flat_map(|place| &place.children) {
        let kind = existing.group.unwrap_or_default();
        let key = groups.keys().find(|(_, own)| *own == kind).cloned();
        let Some(items) = key.and_then(|key| groups.remove(&key)).filter(|_| existing.item.is_none()) else { continue };
        body.push(Cow::Borrowed(&existing.bytes[at..existing.lead]));
        body.push(Cow::Borrowed(&existing.bytes[existing.lead..existing.start]));
        body.extend(tag(existing, 0).body);
        body.extend(items);
        body.push(Cow::Borrowed(existing.content()));
        body.push(text(format!("</{}>", existing.name)));
        at = existing.end;
    }
    if let Some(place) = place {
        body.push(Cow::Borrowed(&place.bytes[at..place.close]));
    }
    let element = pieces.first().map_or("", |piece| piece.found.spot.element);
    for ((_, kind), items) in groups {
        let kind = kind.replace('&', "&amp;").replace('"', "&quot;");
        body.push(text(if kind.is_empty() { format!("<{element}>") } else { format!("<{element} type=\"{kind}\">") }));
        body.extend(items);
        body.push(text(format!("</{element}>")));
    }
    body.extend(bare);
    body.push(text(format!("</{container}>")));
    body
}

impl<'t> Piece<'t> {
    /// The part itself, without the element that repeats its container.
    fn inner(&self) -> Cow<'t, [u8]> {
        match self.node.item {
            Some(_) => Cow::Owned(without_namespace(self.bytes())),
            None => Cow::Borrowed(self.node.content().trim_ascii()),
        }
    }
}

/// An element without the namespace that its document declares.
fn without_namespace(element: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(element.len());
    lay_out(element, Style { newline: Newline::Lf, depth: 0, namespace: Namespace::Drop }, &mut out);
    out
}
