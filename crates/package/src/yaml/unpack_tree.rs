//! The second half of unpacking: names, order and files are settled once everything has been seen.

use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Doc, Id};
use super::kinds::{self, ALWAYS, Kind, Layout, PAIRS};
use super::sidecar::SectionMark;
use super::unpack::{Made, Order, Stands, Unpack, Usual};
use super::{manifest, members, path};
use crate::ReadPackageError;

impl Unpack<'_> {
    /// Finds the files that a component names, and notes those that are not there.
    pub(super) fn members_of(&mut self, doc: &Doc<'_>, id: Id, kind: &'static Kind) -> Vec<(usize, Option<String>)> {
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

    pub(super) fn formula_of(&mut self, doc: &Doc<'_>, id: Id) -> Vec<(usize, Option<String>)> {
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

    /// Gives every file its name and the tree its lists.
    pub(super) fn finish(mut self) -> Result<Vec<(String, Vec<u8>)>, ReadPackageError> {
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
                Usual::Names(names) => names.into_iter().map(Stands::Name).collect(),
                Usual::ByName => self.by_name(&name, &stands),
            };
            if usual == stands {
                continue;
            }
            let word = |token: &Stands| match token {
                Stands::Item(index) => self.made[*index].place.path(),
                Stands::Name(name) => name.clone(),
            };
            let words = stands.iter().map(word).collect();
            self.sidecar.orders.insert(name, words);
        }
    }

    fn by_name(&self, section: &str, stands: &[Stands]) -> Vec<Stands> {
        let step = |token: &Stands| match token {
            Stands::Item(index) => self.made[*index].place.step.to_lowercase(),
            Stands::Name(_) => String::new(),
        };
        let (mut items, rest): (Vec<_>, Vec<_>) =
            stands.iter().cloned().partition(|token| matches!(token, Stands::Item(_)));
        items.sort_by_key(step);
        let is_wrapper = |token: &Stands| matches!(token, Stands::Name(name) if kinds::is_wrapper(section, name));
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
