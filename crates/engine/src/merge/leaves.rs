//! The leaves of a merged definition, each with the layers it comes from (R8, R9).

use std::collections::BTreeMap;

use strata_xml::Element;

use super::Merged;
use super::conflict::push_segment;
use super::identity::{Index, Key, keys};
use super::part::{Mark, ORDINAL, Origin, Part};
use crate::definition::{Leaf, Unit, is_data};
use crate::layering::LeafChange;

/// A leaf of a merged definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedLeaf {
    pub path: String,
    pub value: String,
    /// Path of the element that bears it.
    pub element: String,
    pub origin: Origin,
}

impl Merged<'_> {
    /// Returns every leaf, in document order.
    pub fn leaves(&self) -> Vec<MergedLeaf> {
        let mut leaves = Vec::new();
        let mut push = |at: At<'_>, value: &str, origin: Origin| {
            let element = at.element.to_owned();
            leaves.push(MergedLeaf { path: at.path(), value: value.to_owned(), element, origin });
        };
        if let Some(root) = &self.root {
            walk(root, &mut String::new(), &mut push);
        }
        leaves
    }

    /// Returns what differs between two merged definitions, by path.
    pub fn changes_to(&self, after: &Merged<'_>) -> BTreeMap<String, LeafChange> {
        let mut changes = BTreeMap::new();
        compare(self.root.as_ref(), after.root.as_ref(), &mut String::new(), &mut changes);
        changes
    }

    /// Tells whether elements stand in another order than in another definition.
    pub fn is_in_other_order(&self, other: &Merged<'_>) -> bool {
        match (&self.root, &other.root) {
            (Some(left), Some(right)) => has_other_order(left, right),
            (None, _) | (_, None) => false,
        }
    }
}

/// Returns the leaves of one layer's tree, its marks and ordinals among them.
pub fn of_layer(tree: &Element) -> Vec<Leaf> {
    let root = Part::read(tree, 0);
    let mut leaves = Vec::new();
    let mut push = |at: At<'_>, value: &str, _: Origin| {
        let unit = if at.is_label { Unit::Label } else { Unit::Row };
        let group = at.element.to_owned();
        leaves.push(Leaf { path: at.path(), value: value.to_owned(), group, unit });
    };
    walk(&root, &mut String::new(), &mut push);
    leaves
}

/// Where a leaf stands.
#[derive(Clone, Copy)]
struct At<'p> {
    /// Path of its element; empty for the root.
    element: &'p str,
    /// `None` for the element's text.
    attribute: Option<&'p str>,
    is_label: bool,
}

impl At<'_> {
    fn path(self) -> String {
        match self.attribute {
            Some(attribute) => format!("{}@{attribute}", self.element),
            None if self.element.is_empty() => "#text".to_owned(),
            None => self.element.to_owned(),
        }
    }
}

fn walk(part: &Part<'_>, path: &mut String, push: &mut dyn FnMut(At<'_>, &str, Origin)) {
    own(part, path, push);
    let child_keys = keys(&part.parts);
    for (child, key) in part.parts.iter().zip(&child_keys) {
        let length = step(path, key, &child_keys);
        walk(child, path, push);
        path.truncate(length);
    }
}

/// The leaves of the element itself.
fn own(part: &Part<'_>, path: &str, push: &mut dyn FnMut(At<'_>, &str, Origin)) {
    let is_label = part.attribute("languagecode").or_else(|| part.attribute("LCID")).is_some();
    let origin = Origin { decided_by: part.placed_by, set_by: part.placed_by };
    for attribute in part.attributes.iter().filter(|attribute| is_data(&attribute.name, &attribute.value)) {
        push(At { element: path, attribute: Some(&attribute.name), is_label }, &attribute.value, attribute.origin);
    }
    if let Some(ordinal) = part.ordinal.filter(|_| part.name != "column") {
        push(At { element: path, attribute: Some(ORDINAL), is_label }, &ordinal.to_string(), origin);
    }
    if let Some(mark) = part.mark {
        push(At { element: path, attribute: Some(Mark::ATTRIBUTE), is_label }, mark.text(), origin);
    }
    if let Some((text, origin)) = &part.text {
        push(At { element: path, attribute: None, is_label }, text, *origin);
    }
}

/// Appends a step to a path; returns the length to go back to.
fn step(path: &mut String, key: &Key<'_>, siblings: &[Key<'_>]) -> usize {
    let length = path.len();
    if length > 0 {
        path.push('/');
    }
    let is_repeated = key.id.is_empty() && siblings.iter().filter(|other| other.tag == key.tag).nth(1).is_some();
    push_segment(path, key, is_repeated);
    length
}

fn compare(
    before: Option<&Part<'_>>,
    after: Option<&Part<'_>>,
    path: &mut String,
    changes: &mut BTreeMap<String, LeafChange>,
) {
    let mut values: BTreeMap<String, LeafChange> = BTreeMap::new();
    let entry = |path| (path, LeafChange { below: None, here: None });
    if let (Some(before), Some(after)) = (before, after)
        && has_same_own(before, after)
    {
        compare_children(&before.parts, &after.parts, path, changes);
        return;
    }
    if let Some(before) = before {
        own(before, path, &mut |at, value, _| {
            let (path, mut change) = entry(at.path());
            change.below = Some(value.to_owned());
            values.insert(path, change);
        });
    }
    if let Some(after) = after {
        own(after, path, &mut |at, value, _| {
            values.entry(at.path()).or_insert(LeafChange { below: None, here: None }).here = Some(value.to_owned());
        });
    }
    changes.extend(values.into_iter().filter(|(_, change)| change.below != change.here));
    let parts = |part: Option<&Part<'_>>| part.map_or(0, |part| part.parts.len());
    if parts(before) + parts(after) > 0 {
        let none = &[][..];
        compare_children(
            before.map_or(none, |part| &part.parts),
            after.map_or(none, |part| &part.parts),
            path,
            changes,
        );
    }
}

fn compare_children(
    before: &[Part<'_>],
    after: &[Part<'_>],
    path: &mut String,
    changes: &mut BTreeMap<String, LeafChange>,
) {
    let (before_keys, after_keys) = (keys(before), keys(after));
    let (in_before, in_after) = (Index::of(&before_keys), Index::of(&after_keys));
    for (part, key) in before.iter().zip(&before_keys) {
        let length = step(path, key, &before_keys);
        compare(Some(part), in_after.find(key).map(|at| &after[at]), path, changes);
        path.truncate(length);
    }
    for (part, key) in after.iter().zip(&after_keys).filter(|(_, key)| in_before.find(key).is_none()) {
        let length = step(path, key, &after_keys);
        compare(None, Some(part), path, changes);
        path.truncate(length);
    }
}

fn has_same_own(left: &Part<'_>, right: &Part<'_>) -> bool {
    let text = |part: &Part<'_>| part.text.as_ref().map(|(text, _)| text.to_string());
    left.attributes.len() == right.attributes.len()
        && left.attributes.iter().zip(&right.attributes).all(|(l, r)| l.name == r.name && l.value == r.value)
        && text(left) == text(right)
}

fn has_other_order(left: &Part<'_>, right: &Part<'_>) -> bool {
    let right_keys = keys(&right.parts);
    let index = Index::of(&right_keys);
    let mut last = 0;
    for (part, key) in left.parts.iter().zip(keys(&left.parts)) {
        let Some(at) = index.find(&key) else { continue };
        if super::identity::is_ordered(&part.name) {
            if at < last {
                return true;
            }
            last = at;
        }
        if has_other_order(part, &right.parts[at]) {
            return true;
        }
    }
    false
}
