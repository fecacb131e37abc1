//! What a package holds beside its two documents, and what of the tree is not in it.

use std::collections::BTreeMap;

use strata_model::id::Guid;
use strata_model::package::PackageNote;

use super::doc::{Doc, Id};
use super::kinds::Kind;
use super::pack::{Missing, Pack};
use super::pack_manifest::{Head, Root};
use super::sort::Sorted;
use super::tree::Selection;
use super::{manifest, members, path};
use crate::ReadPackageError;

impl Pack<'_, '_> {
    pub(super) fn take_members(&mut self, doc: &Doc<'_>, id: Id, kind: &Kind, index: usize) {
        let (file, _) = self.tree.files[index];
        let folder = path::parent(file);
        if kind.section == "CustomControls" {
            let name = doc.child_text(id, "Name").unwrap_or_default();
            for found in self.tree.below(folder).filter(|found| *found != index).collect::<Vec<_>>() {
                let below = &self.tree.files[found].0[folder.len() + 1..];
                self.member(format!("Controls/{name}/{}", path::decode_all(below)), found);
            }
        }
        let is_stub = doc.attribute(id, "unmodified") == Some("1");
        for named in members::named(doc, id) {
            let own = members::own_name(doc, id, kind, &named);
            match self.find_member(folder, file, &named, own.as_deref()) {
                Some(found) => self.member(named, found),
                None if self.exploded(folder, &named) => {}
                None if is_stub || self.sidecar.absent.contains(&named) => {}
                None => {
                    let expected = own.unwrap_or_else(|| path::encode(path::file_name(&named)));
                    self.missing_member(index, format!("{folder}/{expected}"));
                }
            }
        }
    }

    fn is_called(&self, index: usize, name: &str) -> bool {
        path::decode(path::file_name(self.tree.files[index].0)).eq_ignore_ascii_case(name)
    }

    /// A canvas app may lie in the tree as the folder of what is in it; tells whether it does.
    fn exploded(&mut self, folder: &str, named: &str) -> bool {
        let Some(stem) = path::file_name(named).strip_suffix(".msapp") else { return false };
        let inside = format!("{folder}/{}", path::encode(stem));
        let found: Vec<_> = self.tree.below(&inside).collect();
        let names: Vec<_> =
            found.iter().map(|index| path::decode_all(&self.tree.files[*index].0[inside.len() + 1..])).collect();
        let files: Vec<_> =
            names.iter().zip(&found).map(|(name, index)| (name.as_str(), self.tree.files[*index].1)).collect();
        if files.is_empty() {
            return false;
        }
        let bytes = crate::write::archive(&files);
        self.packed.members.insert(named.to_owned(), format!("{}{inside}", self.tree.prefix));
        self.packed.files.push((named.to_owned(), bytes));
        self.taken.extend(found);
        true
    }

    fn note(&mut self, index: usize, message: &str) {
        self.packed.notes.push(PackageNote { part: self.tree.source(index), message: message.to_owned() });
    }

    pub(super) fn missing_member(&mut self, index: usize, expected: String) {
        let expected = format!("{}{expected}", self.tree.prefix);
        let message = format!("describes {expected}, which is not there");
        let file = self.tree.source(index);
        self.packed.missing.push(Missing { file, line: None, member: Some(expected), message });
    }

    /// Finds the file of the tree that a component means by a path in the zip.
    fn find_member(&self, folder: &str, file: &str, named: &str, own: Option<&str>) -> Option<usize> {
        let below = |path: &str| self.tree.find(&format!("{folder}/{path}"));
        let zip_name = path::file_name(named);
        let rest = named.split_once('/').map_or(named, |(_, rest)| rest);
        // What is described stands beside its description.
        let described = super::sort::base(file).strip_suffix(".data").and_then(|path| self.tree.find(path));
        let by_order = self.sidecar.members.iter().find(|(_, path)| path.eq_ignore_ascii_case(named));
        own.and_then(below)
            .or_else(|| below(&path::encode(zip_name)))
            .or_else(|| below(&path::encode_all(rest)))
            .or_else(|| self.tree.below(folder).find(|index| self.is_called(*index, zip_name)))
            .or(described)
            .or_else(|| by_order.and_then(|(file, _)| self.tree.find(file)))
    }

    pub(super) fn member(&mut self, zip_path: String, index: usize) {
        if self.taken.insert(index) {
            let (file, bytes) = self.tree.files[index];
            self.packed.members.insert(zip_path.clone(), format!("{}{file}", self.tree.prefix));
            self.packed.files.push((zip_path, bytes.to_vec()));
        }
    }

    /// Takes the files of rows, and those that lie among the manifests.
    pub(super) fn members(&mut self, sorted: &Sorted, selection: &Selection) -> Result<(), ReadPackageError> {
        for index in &sorted.strays {
            let (file, _) = self.tree.files[*index];
            if self.taken.contains(index) {
                continue;
            }
            let is_own = path::parent(file).eq_ignore_ascii_case(&self.folder);
            let takes = if is_own { !manifest::is_manifest(path::file_name(file)) } else { selection.takes(file) };
            if !takes || file.starts_with("publishers/") {
                continue;
            }
            let known = self.sidecar.members.get(file).cloned();
            match known.or_else(|| members::zip_path_of_stray(file)) {
                Some(zip_path) => self.member(zip_path, *index),
                None => self.note(*index, "belongs to no component, not packed"),
            }
        }
        Ok(())
    }

    /// Says what the list names and the tree lacks, and what the tree has and the list forgot.
    pub(super) fn report(&mut self, sorted: &Sorted, selection: &Selection, head: &Head) {
        for (entry, line) in selection.absent(self.tree) {
            let message = format!("/{entry} is listed, but {}{entry} is not there", self.tree.prefix);
            let file = selection.file().to_owned();
            self.packed.missing.push(Missing { file, line: Some(line), member: None, message });
        }
        let mut by_word: BTreeMap<&str, Vec<&Root>> = BTreeMap::new();
        for root in &head.roots {
            for word in [&root.name, &root.id] {
                by_word.entry(word).or_default().push(root);
            }
        }
        for index in &sorted.unlisted {
            let source = self.tree.source(*index);
            let path = source.to_lowercase();
            let roots = words(&path).into_iter().filter_map(|word| by_word.get(word)).flatten();
            if let Some(root) = roots.into_iter().find(|root| is_about(root, &path)) {
                let name = if root.name.is_empty() { &root.id } else { &root.name };
                let message = format!("the root component {name} of type {} needs it, but it is not listed", root.kind);
                self.packed.missing.push(Missing { file: source, line: None, member: None, message });
            }
        }
        self.packed.missing.sort();
        self.packed.missing.dedup();
        self.packed.notes.sort_by(|left, right| (&left.part, &left.message).cmp(&(&right.part, &right.message)));
    }

    /// Says which files no solution of the tree lists.
    pub(super) fn listed_by_nobody(&mut self, sorted: &Sorted, selection: &Selection) -> Result<(), ReadPackageError> {
        let others = self.tree.solutions.iter().filter(|name| !self.folder.ends_with(&format!("/{name}")));
        let others: Result<Vec<_>, _> = others.map(|name| Selection::read(self.tree, name, self.limits)).collect();
        let others = others?;
        for index in sorted.unlisted.iter().chain(&sorted.strays) {
            let (file, _) = self.tree.files[*index];
            let (top, _) = file.split_once('/').unwrap_or_default();
            let is_shared = !top.is_empty() && !top.starts_with('.') && !["solutions", "publishers"].contains(&top);
            let is_listed = self.taken.contains(index) || selection.takes(file);
            if is_shared && !is_listed && !others.iter().any(|other| other.takes(file)) {
                self.note(*index, "no solution lists it, not packed");
            }
        }
        Ok(())
    }
}

/// Returns what a path could call a component by: its steps, the names of files, the ids in either.
fn words(path: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for step in path.split('/') {
        let stem = super::sort::base(step);
        words.extend([step, stem, stem.strip_suffix(".meta").unwrap_or(stem)]);
        let guid = |at: usize| step.get(at..at + 36).filter(|text| Guid::parse(text).is_some());
        words.extend((0..step.len().saturating_sub(35)).find_map(guid));
    }
    words
}

/// Tells whether a file, by its path, holds a root component.
fn is_about(Root { kind, name, id }: &Root, path: &str) -> bool {
    let folder = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    let step = |name: &str| !name.is_empty() && path.split('/').any(|step| step == name);
    let named = |text: &str| !text.is_empty() && path.contains(text);
    match kind.as_str() {
        "1" => folder("entities/") && step(name) && path.ends_with("/entity.yml"),
        "9" => folder("optionsets/") && step(name),
        "29" => (folder("workflows/") || folder("modernflows/")) && named(id),
        "60" => named(id) && (path.contains("/formxml/") || path.contains("dashboards/")),
        "62" => folder("appmodulesitemaps/") && step(name),
        "66" => folder("controls/") && step(name) && path.ends_with("/customcontrol.yml"),
        "80" => folder("appmodules/") && step(name),
        "20" | "61" | "63" | "70" | "91" | "92" => named(id),
        "300" => folder("canvasapps/") && path.ends_with(&format!("/{name}.meta.yml")),
        _ => false,
    }
}
