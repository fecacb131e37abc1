//! `packaging.yml`: what a tree needs to give back the very bytes that it was made from.
//!
//! Only what differs from the way a tree is packed by itself stands in it. Deleting it costs order and layout, never
//! content (yaml-layout §7).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Doc, Id};
use super::xml_out::Newline;
use super::yaml_in::{self, Arrangements};
use super::yaml_out::{self, Arrangement};
use crate::{Limits, ReadPackageError};

/// The element that holds the attributes of a document's root; the reader of YAML keeps all of those.
const ROOT: &str = "ImportExportXml";

/// What the sidecar says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sidecar {
    /// By the name of the root file.
    pub(crate) documents: BTreeMap<String, DocumentBytes>,
    /// Attributes of the root of `customizations.xml`.
    pub(crate) root: Option<Vec<(String, String)>>,
    /// The sections of `customizations.xml` in order.
    pub(crate) sections: Vec<SectionMark>,
    /// The order of what stands in a section, a wrapper or a table, where it is not the usual one.
    pub(crate) orders: BTreeMap<String, Vec<String>>,
    /// How much of a table the solution ships, where its root does not say so.
    pub(crate) tables: BTreeMap<String, TableInfo>,
    /// Of the elements of each file.
    pub(crate) arrangements: BTreeMap<String, Arrangements>,
    /// Files of the tree and the paths that they have in a zip, where those do not follow.
    pub(crate) members: BTreeMap<String, String>,
    /// Files that components name and that were not in the package either.
    pub(crate) absent: BTreeSet<String>,
}

/// A section, or a comment between two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SectionMark {
    pub(crate) name: String,
    /// Written with two tags when it is empty.
    pub(crate) is_pair: bool,
    pub(crate) comment: Option<String>,
}

/// How much of a table's own definition a solution ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableInfo {
    Full,
    Columns,
    Nothing,
}

impl TableInfo {
    const ALL: [(Self, &'static str); 3] = [(Self::Full, "full"), (Self::Columns, "columns"), (Self::Nothing, "none")];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(info, _)| *info == self).map_or("", |(_, word)| word)
    }
}

/// What stands around the root element of a file, and how its lines end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentBytes {
    pub(crate) head: String,
    pub(crate) tail: String,
    pub(crate) newline: Newline,
}

impl Default for DocumentBytes {
    /// As the platform's exports are (package-format §1.4).
    fn default() -> Self {
        Self { head: String::new(), tail: String::new(), newline: Newline::Crlf }
    }
}

impl DocumentBytes {
    /// Looks at a file whose root element begins and ends there.
    pub(crate) fn of(bytes: &[u8], root: (usize, usize)) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let newline = match memchr::memchr(b'\n', &bytes[root.0..root.1]) {
            None => Newline::None,
            Some(at) if at > 0 && bytes[root.0 + at - 1] == b'\r' => Newline::Crlf,
            Some(_) => Newline::Lf,
        };
        Self { head: text(&bytes[..root.0]), tail: text(&bytes[root.1..]), newline }
    }
}

const NEWLINES: [(Newline, &str); 3] = [(Newline::Crlf, "crlf"), (Newline::Lf, "lf"), (Newline::None, "none")];

impl Sidecar {
    /// Says how the file at a path is arranged; what is usual is not kept.
    pub(crate) fn arrange(&mut self, file: &str, arrangements: Vec<Arrangement>) {
        if !arrangements.is_empty() {
            let by_path = arrangements.into_iter().map(|arrangement| (arrangement.path.clone(), arrangement));
            self.arrangements.insert(file.to_owned(), by_path.collect());
        }
    }

    /// Returns what is said about the elements of a file.
    pub(crate) fn arrangements_of(&self, file: &str) -> &Arrangements {
        static NONE: Arrangements = Arrangements::new();
        self.arrangements.get(file).unwrap_or(&NONE)
    }

    /// Writes the file; `None` where everything is usual.
    pub(crate) fn write(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        let mut doc = Doc::default();
        let top = element(&mut doc, "Packaging", &[("version", "1")]);
        for (name, bytes) in self.documents.iter().filter(|(_, bytes)| **bytes != DocumentBytes::default()) {
            let newline = NEWLINES.iter().find(|(newline, _)| *newline == bytes.newline).map_or("", |(_, word)| word);
            let attributes =
                [("name", name.as_str()), ("head", &bytes.head), ("tail", &bytes.tail), ("newline", newline)];
            let id = element(&mut doc, "Document", &attributes);
            doc.append(top, id);
        }
        if let Some(root) = &self.root {
            let attributes: Vec<_> = root.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let id = element(&mut doc, ROOT, &attributes);
            doc.append(top, id);
        }
        for section in &self.sections {
            let attributes: &[(&str, &str)] = match &section.comment {
                Some(comment) => &[("comment", comment)],
                None if section.is_pair => &[("pair", "true")],
                None => &[],
            };
            let id = element(&mut doc, "Section", attributes);
            if section.comment.is_none() {
                doc.append_text(id, section.name.clone());
            }
            doc.append(top, id);
        }
        for (place, items) in &self.orders {
            let id = element(&mut doc, "Order", &[("in", place)]);
            for item in items {
                doc.append_leaf(id, "Item", item.clone());
            }
            doc.append(top, id);
        }
        for (name, info) in &self.tables {
            let id = element(&mut doc, "Table", &[("name", name), ("info", info.word())]);
            doc.append(top, id);
        }
        for (file, arrangements) in &self.arrangements {
            for arrangement in arrangements.values() {
                let attributes = [("file", file.as_str()), ("path", &arrangement.path), ("order", &arrangement.order)];
                let id = element(&mut doc, "Arrangement", &attributes);
                for comment in &arrangement.comments {
                    // A comment may be empty, which is a text like any other here.
                    let leaf = element(&mut doc, "Comment", &[("text", comment)]);
                    doc.append(id, leaf);
                }
                doc.append(top, id);
            }
        }
        for (file, path) in &self.members {
            let id = element(&mut doc, "Member", &[("file", file), ("path", path)]);
            doc.append(top, id);
        }
        for path in &self.absent {
            let id = element(&mut doc, "Absent", &[("path", path)]);
            doc.append(top, id);
        }
        let mut out = String::new();
        yaml_out::write(&mut doc, top, &mut out);
        Some(out)
    }

    /// Reads the file. What it does not understand it leaves: nothing in here is content.
    pub(crate) fn read(part: &str, bytes: &[u8], limits: &Limits) -> Result<Self, ReadPackageError> {
        let mut doc = Doc::default();
        let top = yaml_in::one(&mut doc, part, bytes, &Arrangements::new(), limits)?;
        let mut sidecar = Self::default();
        for id in doc.children(top) {
            sidecar.add(&doc, id);
        }
        Ok(sidecar)
    }

    fn add(&mut self, doc: &Doc<'_>, id: Id) {
        let said = |name: &str| doc.attribute(id, name).unwrap_or_default().to_owned();
        let children = |name: &'static str| doc.children(id).filter(move |child| doc.name(*child) == name);
        match doc.name(id) {
            "Document" => {
                let newline =
                    NEWLINES.iter().find(|(_, word)| *word == said("newline")).map_or(Newline::Crlf, |(n, _)| *n);
                let bytes = DocumentBytes { head: said("head"), tail: said("tail"), newline };
                // What stands around a document must be nothing but that.
                let around = format!("{}<x />{}", bytes.head, bytes.tail);
                if strata_xml::parse(around.as_bytes()).is_ok_and(|root| root.name == "x") {
                    self.documents.insert(said("name"), bytes);
                }
            }
            ROOT => {
                let owned = |(name, value): &(Cow<'_, str>, Cow<'_, str>)| (name.to_string(), value.to_string());
                self.root = Some(doc.attributes(id).iter().map(owned).collect());
            }
            "Section" => {
                let comment = doc.attribute(id, "comment").map(str::to_owned);
                let name = doc.text(id);
                let is_safe = match &comment {
                    Some(comment) => !comment.contains("--") && !comment.ends_with('-'),
                    None => yaml_in::is_name(&name) && !self.sections.iter().any(|section| section.name == name),
                };
                if is_safe {
                    self.sections.push(SectionMark { name, is_pair: doc.attribute(id, "pair").is_some(), comment });
                }
            }
            "Order" => {
                self.orders.insert(said("in"), children("Item").map(|item| doc.text(item)).collect());
            }
            "Table" => {
                let info = TableInfo::ALL.iter().find(|(_, word)| *word == said("info"));
                self.tables.extend(info.map(|(info, _)| (said("name"), *info)));
            }
            "Arrangement" => {
                let comments =
                    children("Comment").map(|comment| doc.attribute(comment, "text").unwrap_or_default().to_owned());
                let arrangement =
                    Arrangement { path: said("path"), order: said("order"), comments: comments.collect() };
                self.arrangements.entry(said("file")).or_default().insert(said("path"), arrangement);
            }
            "Member" => {
                self.members.insert(said("file"), said("path"));
            }
            "Absent" => {
                self.absent.insert(said("path"));
            }
            _ => {}
        }
    }
}

fn element<'a>(doc: &mut Doc<'a>, name: &'static str, attributes: &[(&str, &str)]) -> Id {
    let id = doc.element(name);
    for (name, value) in attributes {
        doc.attribute_of_last((*name).to_owned(), (*value).to_owned());
    }
    id
}
