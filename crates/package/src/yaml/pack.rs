//! Files of a tree → files of a zip.
//!
//! The selected files are sorted into their sections, read, and written one after the other into `customizations.xml`;
//! the files that they name go beside it under the paths they name. Nothing that the solution's list names is left out
//! in silence, and nothing that it does not name gets in.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::package::PackageNote;

use super::doc::{Doc, Id};
use super::kinds::{self, KINDS, Kind, Layout};
use super::order::{Slot, slots};
use super::pack_manifest::Head;
use super::sidecar::{SectionMark, Sidecar};
use super::sort::{Sorted, sort};
use super::tree::{Selection, Tree};
use super::unpack_tree::usual_sections;
use super::xml_out::{self, Newline};
use super::{pack_table, path, yaml_in};
use crate::{Limits, ReadPackageError};

/// What to pack, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackOptions {
    /// The solution, which must be named where the tree holds several.
    pub solution: Option<String>,
    /// The kind of package; without it the one that the manifest says, unmanaged where that is both.
    pub managed: Option<bool>,
}

/// A packed solution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// Path in the zip and content.
    pub files: Vec<(String, Vec<u8>)>,
    pub is_managed: bool,
    /// What a list or a component names and the tree lacks, or a root needs and no list takes.
    pub missing: Vec<Missing>,
    /// Oddities that cost nothing.
    pub notes: Vec<PackageNote>,
    /// Which bytes of `customizations.xml` came from which file: start, end, file.
    pub sources: Vec<(usize, usize, String)>,
    /// The file of the tree that is the manifest.
    pub manifest: String,
    /// Member files: path in the zip, and in the tree.
    pub members: BTreeMap<String, String>,
}

/// Something that is named and not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What names it, or is not named itself.
    pub file: String,
    pub line: Option<usize>,
    /// The file that a component describes; nothing where a component itself is missing.
    pub member: Option<String>,
    pub message: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Packed {
    /// Refuses a package that lacks components which its tree names; files that components describe may be missing.
    pub(crate) fn refuse_missing_components(&self) -> Result<(), ReadPackageError> {
        let mut missing = self.missing.iter().filter(|missing| missing.member.is_none());
        let Some(first) = missing.next() else { return Ok(()) };
        let mut error = ReadPackageError::not_a_package(first.message.clone()).in_part(&first.file);
        if let Some(line) = first.line {
            error = error.at_line(line, 1);
        }
        let rest: Vec<_> = missing.map(ToString::to_string).collect();
        Err(if rest.is_empty() { error } else { error.hint(format!("also {}", rest.join("; "))) })
    }

    /// Returns the file of the tree that a line of `customizations.xml` came from.
    pub(crate) fn source_of_line(&self, line: u32) -> Option<&str> {
        let (_, document) = self.files.iter().find(|(path, _)| path == "customizations.xml")?;
        let breaks = memchr::memchr_iter(b'\n', document).map(|at| at + 1);
        let start = std::iter::once(0).chain(breaks).nth(line.checked_sub(1)? as usize)?;
        let text = &document[start..];
        let offset = start + text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
        let found = self.sources.iter().find(|(from, to, _)| (*from..*to).contains(&offset));
        found.map(|(.., file)| file.as_str())
    }
}

/// Packs one solution of a tree.
pub fn pack<P, B>(tree: &[(P, B)], options: &PackOptions, limits: &Limits) -> Result<Packed, ReadPackageError>
where
    P: AsRef<str>,
    B: AsRef<[u8]>,
{
    let tree = Tree::new(tree, limits)?;
    let solution = tree.choose(options.solution.as_deref())?;
    let selection = Selection::read(&tree, &solution, limits)?;
    let folder = format!("solutions/{solution}");
    let sidecar = match tree.find_yaml(&format!("{folder}/packaging")) {
        Some(index) => Sidecar::read(&tree.source(index), tree.files[index].1, limits)?,
        None => Sidecar::default(),
    };
    let mut pack = Pack { tree: &tree, limits, sidecar, folder, packed: Packed::default(), taken: BTreeSet::new() };
    let head = pack.manifest(options)?;
    pack.packed.is_managed = head.is_managed;
    let sorted = sort(&tree, &selection, head.is_managed, limits)?;
    let document = pack.document(&sorted, &selection, &head)?;
    pack.members(&sorted, &selection)?;
    pack.listed_by_nobody(&sorted, &selection)?;
    pack.report(&sorted, &selection, &head);
    let mut files = vec![("customizations.xml".to_owned(), document.into_bytes())];
    pack.packed.files.sort_by(|left, right| (left.0.to_lowercase(), &left.0).cmp(&(right.0.to_lowercase(), &right.0)));
    files.append(&mut pack.packed.files);
    files.push(("solution.xml".to_owned(), head.xml.into_bytes()));
    pack.packed.files = files;
    Ok(pack.packed)
}

pub(super) struct Pack<'p, 't> {
    pub(super) tree: &'p Tree<'t>,
    pub(super) limits: &'p Limits,
    pub(super) sidecar: Sidecar,
    /// `solutions/<Name>`.
    pub(super) folder: String,
    pub(super) packed: Packed,
    /// Member files of the tree that are in the package.
    pub(super) taken: BTreeSet<usize>,
}

/// An item that is written already.
pub(super) struct Written {
    /// By what items of a section are sorted.
    pub(super) step: String,
    /// The path of its file without ending, which orders name it by.
    pub(super) base: String,
    pub(super) xml: String,
    pub(super) source: String,
}

impl<'t> Pack<'_, 't> {
    /// Reads a file of the tree that holds one element.
    pub(super) fn read(&self, doc: &mut Doc<'t>, index: usize) -> Result<Id, ReadPackageError> {
        let (file, bytes) = self.tree.files[index];
        let source = self.tree.source(index);
        if super::tree::stem_of(file).is_none() {
            // Forms, roles, dashboards, site maps and ribbons may have stayed XML.
            return super::xml_in::document(&source, bytes, doc, self.limits);
        }
        yaml_in::one(doc, &source, bytes, self.sidecar.arrangements_of(file), self.limits)
    }

    pub(super) fn wrong_root(&self, doc: &Doc<'_>, id: Id, index: usize, expected: &str) -> ReadPackageError {
        let message = format!("`{}` stands where {expected} is expected", doc.name(id));
        let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
        ReadPackageError::new(code, message).in_part(&self.tree.source(index)).at_line(doc.at(id).max(1), 1)
    }

    fn document(&mut self, sorted: &Sorted, selection: &Selection, head: &Head) -> Result<String, ReadPackageError> {
        let facts = self.sidecar.documents.get("customizations.xml").cloned().unwrap_or_default();
        let newline = facts.newline;
        let held: Vec<&str> = sorted.sections.keys().map(String::as_str).collect();
        let marks = match self.sidecar.sections.as_slice() {
            [] => usual_sections(&held),
            known => complete(known, &held),
        };
        let attributes = self.sidecar.root.clone().unwrap_or_else(|| head.usual_root.clone());
        let mut out = facts.head.clone();
        out.push_str("<ImportExportXml");
        for (name, value) in &attributes {
            xml_out::attribute(name, value, &mut out);
        }
        out.push('>');
        for mark in &marks {
            newline.indent(1, &mut out);
            self.section(mark, sorted, selection, head, newline, &mut out)?;
        }
        newline.indent(0, &mut out);
        xml_out::end_tag("ImportExportXml", &mut out);
        out.push_str(&facts.tail);
        Ok(out)
    }

    fn section(
        &mut self,
        mark: &SectionMark,
        sorted: &Sorted,
        selection: &Selection,
        head: &Head,
        newline: Newline,
        out: &mut String,
    ) -> Result<(), ReadPackageError> {
        if let Some(comment) = &mark.comment {
            out.push_str(&format!("<!--{comment}-->"));
            return Ok(());
        }
        let found = sorted.sections.get(&mark.name);
        let single = found
            .and_then(|found| found.items.get(""))
            .filter(|_| KINDS.iter().any(|kind| is_single(kind, &mark.name)));
        if let Some([index]) = single.map(Vec::as_slice) {
            let mut doc = Doc::default();
            let id = self.read(&mut doc, *index)?;
            if doc.name(id) != mark.name {
                return Err(self.wrong_root(&doc, id, *index, &mark.name));
            }
            let start = out.len();
            xml_out::write(&doc, id, 1, newline, out);
            self.packed.sources.push((start, out.len(), self.tree.source(*index)));
            return Ok(());
        }
        let mut rest = Doc::default();
        let rest_id = match found.and_then(|found| found.rest) {
            Some(index) => {
                let id = self.read(&mut rest, index)?;
                if rest.name(id) != mark.name {
                    return Err(self.wrong_root(&rest, id, index, &mark.name));
                }
                id
            }
            None => {
                let id = rest.element(mark.name.clone());
                rest.set_pair(id, mark.is_pair);
                id
            }
        };
        let mut written: BTreeMap<&str, Vec<Written>> = BTreeMap::new();
        for (wrapper, items) in found.into_iter().flat_map(|found| &found.items) {
            let level = if wrapper.is_empty() { 2 } else { 3 };
            written.insert(wrapper, self.items(&mark.name, wrapper, items, level, newline)?);
        }
        if mark.name == "Entities" {
            let tables = pack_table::tables(self, sorted, selection, head, newline)?;
            written.entry("").or_default().extend(tables);
        }
        if let Some(index) = found.and_then(|found| found.rest) {
            self.packed.sources.push((out.len(), out.len(), self.tree.source(index)));
        }
        self.write_section(mark, &rest, rest_id, written, newline, out);
        Ok(())
    }

    /// Reads items and writes each as it will stand.
    fn items(
        &mut self,
        section: &str,
        wrapper: &str,
        items: &[usize],
        level: usize,
        newline: Newline,
    ) -> Result<Vec<Written>, ReadPackageError> {
        let mut doc = Doc::default();
        let mut written = Vec::with_capacity(items.len());
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for index in items {
            doc.clear();
            let id = self.read(&mut doc, *index)?;
            let Some(kind) = kinds::find(section, wrapper, doc.name(id)) else {
                let expected = KINDS.iter().find(|kind| kind.section == section && kind.wrapper == wrapper);
                return Err(self.wrong_root(&doc, id, *index, expected.map_or(section, |kind| kind.item)));
            };
            let place = kind.place(&doc, id).ok_or_else(|| self.nameless(&doc, id, *index))?;
            self.check_place(&place, kind, *index)?;
            self.check_double(&place, *index, &mut seen)?;
            self.take_members(&doc, id, kind, *index);
            let mut xml = String::new();
            xml_out::write(&doc, id, level, newline, &mut xml);
            let (file, _) = self.tree.files[*index];
            written.push(Written {
                step: place.step.to_lowercase(),
                base: super::sort::item_name(file).to_owned(),
                xml,
                source: self.tree.source(*index),
            });
        }
        Ok(written)
    }

    pub(super) fn nameless(&self, doc: &Doc<'_>, id: Id, index: usize) -> ReadPackageError {
        let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
        let message = format!("the {} does not say which one it is", doc.name(id));
        ReadPackageError::new(code, message).in_part(&self.tree.source(index)).at_line(doc.at(id).max(1), 1)
    }

    pub(super) fn check_double(
        &self,
        place: &kinds::Place,
        index: usize,
        seen: &mut BTreeMap<String, usize>,
    ) -> Result<(), ReadPackageError> {
        let key = format!("{} {}", place.path().to_lowercase(), place.id.map(|id| id.to_string()).unwrap_or_default());
        match seen.insert(key, index) {
            None => Ok(()),
            Some(other) => {
                let code = strata_model::code::ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE;
                let message = format!("the same component has another file, `{}`", self.tree.source(other));
                Err(ReadPackageError::new(code, message).in_part(&self.tree.source(index)).at_line(1, 1))
            }
        }
    }

    /// A path that says another name than the content is an error: one of the two was forgotten.
    fn check_place(&self, place: &kinds::Place, kind: &Kind, index: usize) -> Result<(), ReadPackageError> {
        let (file, _) = self.tree.files[index];
        let steps = place.folder.split('/').count();
        let step = match kind.layout {
            Layout::Folder => file.split('/').nth(steps),
            Layout::Flat(end) => {
                let stem = super::sort::base(path::file_name(file));
                Some(stem.strip_suffix(end).unwrap_or(stem))
            }
            Layout::Single | Layout::Beside | Layout::Assembly | Layout::Report | Layout::Table => None,
        };
        step.map_or(Ok(()), |step| self.check_step(step, &place.step, index))
    }

    /// Compares a step of a path with the one that the content would have.
    pub(super) fn check_step(&self, step: &str, expected: &str, index: usize) -> Result<(), ReadPackageError> {
        let own = path::decode(step).to_lowercase();
        let wanted = path::decode(expected).to_lowercase();
        let is_told_apart = own.rsplit_once('~').is_some_and(|(name, _)| name == wanted);
        let guid = |text: &str| strata_model::id::Guid::parse(text);
        let is_free = guid(&wanted).is_some() && guid(&own).is_none();
        if own == wanted || is_told_apart || is_free || guid(&own).is_some_and(|id| Some(id) == guid(&wanted)) {
            return Ok(());
        }
        let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
        let message =
            format!("the path says `{}`, but the content says `{}`", path::decode(step), path::decode(expected));
        Err(ReadPackageError::new(code, message).in_part(&self.tree.source(index)).at_line(1, 1))
    }

    fn write_section(
        &mut self,
        mark: &SectionMark,
        rest: &Doc<'_>,
        rest_id: Id,
        mut written: BTreeMap<&str, Vec<Written>>,
        newline: Newline,
        out: &mut String,
    ) {
        let own = written.remove("").unwrap_or_default();
        if own.is_empty() && written.is_empty() {
            xml_out::write(rest, rest_id, 1, newline, out);
            return;
        }
        let children: Vec<_> = rest.children(rest_id).collect();
        let wrappers: Vec<_> = written.keys().map(|name| (*name).to_owned()).collect();
        let ordered = slots(&own, &wrappers, rest, &children, self.sidecar.orders.get(&mark.name));
        xml_out::open_tag(rest, rest_id, out);
        for slot in ordered {
            newline.indent(2, out);
            match slot {
                Slot::Item(at) => self.write_item(&own[at], out),
                Slot::Rest(id) => xml_out::write(rest, id, 2, newline, out),
                Slot::Wrapper(name, id) => {
                    let items = written.remove(name.as_str()).unwrap_or_default();
                    self.write_wrapper(&mark.name, &name, (rest, id), &items, newline, out);
                }
            }
        }
        newline.indent(1, out);
        xml_out::end_tag(&mark.name, out);
    }

    /// Writes the element between a section and its items; `rest` is what else it says.
    fn write_wrapper(
        &mut self,
        section: &str,
        name: &str,
        (rest, id): (&Doc<'_>, Option<Id>),
        items: &[Written],
        newline: Newline,
        out: &mut String,
    ) {
        let inner: Vec<_> = id.map(|id| rest.children(id).collect()).unwrap_or_default();
        let ordered = slots(items, &[], rest, &inner, self.sidecar.orders.get(&format!("{section}/{name}")));
        match id {
            Some(id) => xml_out::open_tag(rest, id, out),
            None => out.push_str(&format!("<{name}>")),
        }
        for slot in ordered {
            newline.indent(3, out);
            match slot {
                Slot::Item(at) => self.write_item(&items[at], out),
                Slot::Rest(id) => xml_out::write(rest, id, 3, newline, out),
                Slot::Wrapper(..) => {}
            }
        }
        newline.indent(2, out);
        xml_out::end_tag(name, out);
    }

    fn write_item(&mut self, item: &Written, out: &mut String) {
        let start = out.len();
        out.push_str(&item.xml);
        self.packed.sources.push((start, out.len(), item.source.clone()));
    }
}

fn is_single(kind: &Kind, section: &str) -> bool {
    kind.section == section && kind.layout == Layout::Single && kind.item.is_empty()
}

/// Adds sections that the sidecar does not know to those it does.
fn complete(known: &[SectionMark], held: &[&str]) -> Vec<SectionMark> {
    let mut marks = known.to_vec();
    for name in held.iter().filter(|name| !known.iter().any(|mark| mark.name == **name)) {
        let is_after = |mark: &SectionMark| mark.comment.is_none() && kinds::rank(&mark.name) > kinds::rank(name);
        let at = marks.iter().position(is_after).unwrap_or(marks.len());
        marks.insert(at, SectionMark { name: (*name).to_owned(), ..SectionMark::default() });
    }
    marks
}
