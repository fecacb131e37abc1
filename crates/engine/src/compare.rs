//! What differs between two packages: components that came, went, changed or were renamed, and what changed in them.
//!
//! Bytes that are equal are never looked at. Of the others every difference is a property with a path and its values;
//! beside them stand the words for it and, where the value is a text of several lines, the lines that differ. What has
//! no order is compared without one ([`crate::pairing`]).
//!
//! Between a managed and an unmanaged package much differs only because of that (package-format §6). Such differences
//! are marked, so that they can be passed over.
//!
//! Order: the solution itself, then components by key, then files of no component by path.
//!
//! Not here: what an import of one over the other would do, see [`crate::import`].

pub mod contents;
mod file;
mod json;
mod kind;
mod manifest;
mod text;
mod tree;
mod words;

use std::collections::BTreeMap;

use strata_model::id::Digest;
use strata_model::package::{Package, PackagedComponent};
use strata_xml::Element;

use crate::definition;
use crate::pairing::Keys;

pub(crate) use file::{of_none, pair as pair_files};
pub(crate) use json::{KEYS as JSON_KEYS, below as json_below};
pub(crate) use manifest::manifest;
pub(crate) use text::{document, script};

/// What differs between two packages.
#[derive(Debug, Default)]
pub struct Comparison<'p> {
    /// Of the manifest and of what stands around the components.
    pub solution: Vec<PropertyChange>,
    /// In key order.
    pub components: Vec<ComponentChange<'p>>,
    /// Files that belong to no component, in path order.
    pub files: Vec<FileChange>,
    /// How many components are the same.
    pub unchanged: usize,
}

/// What became of a component, a file or the solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
    /// It has another name and the same id; what else changed is listed with it.
    Renamed,
}

impl ChangeKind {
    /// Returns the word for it in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
        }
    }
}

/// A component that differs.
#[derive(Debug)]
pub struct ComponentChange<'p> {
    pub kind: ChangeKind,
    pub before: Option<&'p PackagedComponent>,
    pub after: Option<&'p PackagedComponent>,
    /// None for what came or went as a whole.
    pub properties: Vec<PropertyChange>,
    /// Why it differs only because one package is managed and the other is not.
    pub by_kind: Option<&'static str>,
}

impl<'p> ComponentChange<'p> {
    /// Returns the component as it is now, or as it was where it is gone.
    pub fn component(&self) -> Option<&'p PackagedComponent> {
        self.after.or(self.before)
    }

    fn of(kind: ChangeKind, before: Option<&'p PackagedComponent>, after: Option<&'p PackagedComponent>) -> Self {
        Self { kind, before, after, properties: Vec::new(), by_kind: None }
    }
}

/// A file of no component that differs.
#[derive(Debug)]
pub struct FileChange {
    pub kind: ChangeKind,
    pub path: String,
    pub properties: Vec<PropertyChange>,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyChange {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Where it is, in words.
    pub place: String,
    /// The element that came or went as a whole, and this value with it.
    pub whole: Option<Whole>,
    /// The lines that differ, as unified hunks.
    pub lines: Option<String>,
    pub note: Option<String>,
    /// It differs only because one package is managed and the other is not.
    pub by_kind: bool,
}

/// An element that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    pub path: String,
    /// Where it is, in words.
    pub place: String,
}

impl PropertyChange {
    /// Changes every text of it that says where it is.
    fn rename_places(&mut self, mut rename: impl FnMut(&mut String)) {
        rename(&mut self.path);
        rename(&mut self.place);
        if let Some(whole) = &mut self.whole {
            rename(&mut whole.path);
            rename(&mut whole.place);
        }
    }

    fn new(path: String, before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            place: path.clone(),
            path,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            whole: None,
            lines: None,
            note: None,
            by_kind: false,
        }
    }
}

/// Compares two packages.
pub fn compare<'p>(before: &'p Package, after: &'p Package) -> Comparison<'p> {
    let mut comparison = Comparison {
        solution: manifest::compare(before, after),
        files: file::strays(before, after),
        ..Comparison::default()
    };
    for (old, new) in paired(before, after) {
        let change = match (old, new) {
            (Some(old), Some(new)) => changed(before, old, after, new),
            (Some(old), None) => Some(ComponentChange::of(ChangeKind::Removed, Some(old), None)),
            (None, Some(new)) => Some(ComponentChange::of(ChangeKind::Added, None, Some(new))),
            (None, None) => None,
        };
        match change {
            Some(mut change) => {
                if before.is_managed() != after.is_managed() {
                    kind::mark_component(&mut change);
                }
                comparison.components.push(change);
            }
            None => comparison.unchanged += 1,
        }
    }
    comparison
}

pub(crate) type Sides<'p> = (Option<&'p PackagedComponent>, Option<&'p PackagedComponent>);

/// Pairs components by key; what is left over of a type by the id that travels with it.
pub(crate) fn paired<'p>(before: &'p Package, after: &'p Package) -> Vec<Sides<'p>> {
    let mut sides: BTreeMap<_, Sides<'p>> = BTreeMap::new();
    for component in &before.components {
        sides.entry(&component.key).or_default().0 = Some(component);
    }
    for component in &after.components {
        sides.entry(&component.key).or_default().1 = Some(component);
    }
    let id = |component: &PackagedComponent| Some((component.key.component_type.clone(), component.id?));
    let gone: BTreeMap<_, _> = sides
        .iter()
        .filter_map(|(key, side)| side.0.filter(|_| side.1.is_none()).and_then(|old| Some((id(old)?, *key))))
        .collect();
    let come: Vec<_> = sides
        .iter()
        .filter_map(|(key, side)| side.1.filter(|_| side.0.is_none()).and_then(|new| Some((id(new)?, *key))))
        .collect();
    for (id, key) in come {
        let Some(old) = gone.get(&id).and_then(|old| sides.remove(*old)) else { continue };
        sides.entry(key).or_default().0 = old.0;
    }
    sides.into_values().collect()
}

/// Tells whether a component says the same in two packages, its files and its home included.
pub(crate) fn is_same(before: &Package, old: &PackagedComponent, after: &Package, new: &PackagedComponent) -> bool {
    old.key == new.key && changed(before, old, after, new).is_none()
}

fn changed<'p>(
    before: &'p Package,
    old: &'p PackagedComponent,
    after: &'p Package,
    new: &'p PackagedComponent,
) -> Option<ComponentChange<'p>> {
    if old.digest == new.digest {
        return None;
    }
    let files = file::pair(before, &old.definition.files, after, &new.definition.files);
    let mut properties = definitions(before, old, after, new);
    // A file that bears its component's name moves with it.
    properties.retain(|change| !file::is_moved(change, &files, before, after));
    properties.extend(file::compare(before, after, &files));
    if let (Some(from), Some(to)) = (&old.definition.home, &new.definition.home)
        && old.key == new.key
        && !from.eq_ignore_ascii_case(to)
    {
        properties.push(PropertyChange::new("#home".to_owned(), Some(from), Some(to)));
    }
    let kind = if is_renamed(old, new) { ChangeKind::Renamed } else { ChangeKind::Changed };
    if properties.is_empty() && kind == ChangeKind::Changed {
        return None;
    }
    Some(ComponentChange { properties, ..ComponentChange::of(kind, Some(old), Some(new)) })
}

/// What is known by an id is renamed when its display name changes; anything else when its name does.
fn is_renamed(old: &PackagedComponent, new: &PackagedComponent) -> bool {
    match new.key.guid() {
        Some(_) => match (&old.display_name, &new.display_name) {
            (Some(old), Some(new)) => old != new,
            (None, _) | (_, None) => false,
        },
        None => old.key != new.key,
    }
}

fn definitions(
    before: &Package,
    old: &PackagedComponent,
    after: &Package,
    new: &PackagedComponent,
) -> Vec<PropertyChange> {
    let (from, to) = (before.bytes(&old.definition), after.bytes(&new.definition));
    if from == to {
        return Vec::new();
    }
    let (Some(from_tree), Some(to_tree)) = (definition::tree(&from), definition::tree(&to)) else {
        let digest = |bytes: &[u8]| Digest::of(bytes).to_string();
        return vec![PropertyChange::new("#text".to_owned(), Some(&digest(&from)), Some(&digest(&to)))];
    };
    let component_type = &new.key.component_type;
    let keys = Keys::of(component_type);
    let mut properties = tree::compare(&from_tree, &to_tree, keys);
    if before.is_managed() != after.is_managed() && component_type.is("systemform") {
        kind::mark_labels(&mut properties, &from_tree, &to_tree, keys);
    }
    own_paths(&mut properties, component_type.own_element());
    properties
}

fn own_paths(properties: &mut [PropertyChange], own_element: &[&str]) {
    for change in properties {
        change.rename_places(|text| shorten(text, own_element));
    }
}

/// Shortens a path to what is below the component's own element (R8).
pub(crate) fn shorten(path: &mut String, own_element: &[&str]) {
    if own_element.is_empty() {
        return;
    }
    let Some(rest) = path.strip_prefix(&own_element.join("/")) else { return };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    if !rest.is_empty() {
        *path = rest.to_owned();
    }
}

/// Reads a manifest or another document that may be damaged.
fn parsed(bytes: &[u8]) -> Option<Element> {
    strata_xml::parse(bytes).ok()
}
