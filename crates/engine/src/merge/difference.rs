//! The difference that turns one definition into another (merge §8).
//!
//! Elements are matched by key within their parent. What only the base has is `Removed`, what only the new definition
//! has is `Added` and complete, what differs itself is `Modified` with all its attributes; elements on the way to a
//! change are listed as anchors. Base order first, additions last.

use strata_xml::{Element, Node};

use super::identity::{Index, Key, is_marked, is_neutral, is_ordered, is_structure, keys};
use super::part::{Mark, Part};

/// Returns what a layer must say over `base` so that `new` results; `None` where they are the same.
///
/// Properties beside the tree of a form, an app or a site map are listed where they differ; that one is gone cannot
/// be said.
pub fn difference(base: &Element, new: &Element) -> Option<Element> {
    let (mut base, mut new) = (Part::read(base, 0), Part::read(new, 0));
    base.number();
    new.number();
    if is_marked(&new.name) {
        return changed(&base, &new).into_iter().next();
    }
    let mut difference = Element::new(new.name.as_ref());
    for attribute in &new.attributes {
        if base.attribute(&attribute.name) != Some(&attribute.value) {
            difference.set_attribute(&attribute.name, &attribute.value);
        }
    }
    let base_keys = keys(&base.parts);
    let index = Index::of(&base_keys);
    let mut parts: Vec<_> =
        new.parts.iter().zip(keys(&new.parts)).map(|(part, key)| (part, index.find(&key))).collect();
    parts.sort_by_key(|(_, at)| at.unwrap_or(usize::MAX));
    for (part, at) in parts {
        let elements = match at.map(|at| &base.parts[at]) {
            Some(below) if is_marked(&part.name) => changed(below, part),
            Some(below) => stated(below, part).into_iter().collect(),
            None if is_marked(&part.name) => vec![marked(part.write(true), Mark::Added)],
            None => vec![part.to_element()],
        };
        difference.children.extend(elements.into_iter().map(Node::Element));
    }
    let is_empty = difference.children.is_empty() && difference.attributes.is_empty();
    (!is_empty).then_some(difference)
}

/// What differs where there are no marks: a container with the items that are new or changed, anything else whole.
fn stated(base: &Part<'_>, new: &Part<'_>) -> Option<Element> {
    if !is_structure(&new.name) {
        return (!is_same(base, new)).then(|| new.to_element());
    }
    let base_keys = keys(&base.parts);
    let index = Index::of(&base_keys);
    let mut element = new.bare(false);
    for (part, key) in new.parts.iter().zip(keys(&new.parts)) {
        let stated = match index.find(&key) {
            Some(at) => stated(&base.parts[at], part),
            None => Some(part.to_element()),
        };
        element.children.extend(stated.map(Node::Element));
    }
    let differs = !has_same_attributes(base, new) || element.elements().next().is_some();
    differs.then_some(element)
}

/// What a layer says of an element that both sides have: nothing, one element, or that it goes and comes anew.
fn changed(base: &Part<'_>, new: &Part<'_>) -> Vec<Element> {
    let is_other = !has_same_attributes(base, new) || base.ordinal != new.ordinal;
    let is_text_same = text(base) == text(new);
    let is_emptied = !is_text_same && new.text.is_none();
    if !is_structure(&new.name) {
        let is_content_same = is_text_same && is_same_sequence(&base.parts, &new.parts);
        let is_emptied = !is_content_same && new.parts.is_empty() && new.text.is_none();
        return match (is_content_same, is_emptied) {
            (_, true) => anew(base, new),
            (true, false) if is_other => vec![marked(new.bare(true), Mark::Modified)],
            (true, false) => Vec::new(),
            (false, false) => vec![marked(new.write(true), Mark::Modified)],
        };
    }
    if is_emptied {
        return anew(base, new);
    }
    let children = children(base, new);
    if !is_other && is_text_same && children.is_empty() {
        return Vec::new();
    }
    let mut element = new.bare(true);
    if is_other || !is_text_same {
        element = marked(element, Mark::Modified);
    }
    element.children.extend(children.into_iter().map(Node::Element));
    vec![element]
}

fn anew(base: &Part<'_>, new: &Part<'_>) -> Vec<Element> {
    vec![removed(base), marked(new.write(true), Mark::Added)]
}

fn children(base: &Part<'_>, new: &Part<'_>) -> Vec<Element> {
    let (base_keys, new_keys) = (keys(&base.parts), keys(&new.parts));
    let (in_base, in_new) = (Index::of(&base_keys), Index::of(&new_keys));
    let mut listed = Vec::new();
    for (part, key) in base.parts.iter().zip(&base_keys) {
        match in_new.find(key) {
            Some(at) => listed.extend(changed(part, &new.parts[at])),
            None => listed.push(gone(part)),
        }
    }
    let added = new.parts.iter().zip(&new_keys).filter(|(_, key)| in_base.find(key).is_none());
    listed.extend(added.map(|(part, _)| come(part)));
    if new.name != "rows" {
        return listed;
    }
    let in_row = |cell| Element { children: vec![Node::Element(cell)], ..Element::new("row") };
    listed.into_iter().map(in_row).collect()
}

/// Containers are never marked, their children are.
fn gone(part: &Part<'_>) -> Element {
    if is_neutral(&part.name) && part.attributes.is_empty() {
        let empty = Part::new(part.name.clone(), 0);
        let mut element = part.bare(true);
        element.children = children(part, &empty).into_iter().map(Node::Element).collect();
        return element;
    }
    removed(part)
}

fn come(part: &Part<'_>) -> Element {
    if is_neutral(&part.name) && part.attributes.is_empty() && !part.parts.is_empty() {
        let empty = Part::new(part.name.clone(), 0);
        let mut element = part.bare(true);
        element.children = children(&empty, part).into_iter().map(Node::Element).collect();
        return element;
    }
    marked(part.write(true), Mark::Added)
}

fn removed(part: &Part<'_>) -> Element {
    let mut element = part.bare(true);
    element.children.clear();
    marked(element, Mark::Removed)
}

fn marked(mut element: Element, mark: Mark) -> Element {
    element.set_attribute(Mark::ATTRIBUTE, mark.text());
    element
}

/// Tells whether two definitions say the same. Order counts for tabs, sections, cells and the nodes of a site map,
/// and inside elements that are replaced as a whole.
pub(super) fn is_same(left: &Part<'_>, right: &Part<'_>) -> bool {
    let is_placed_same = left.grid.as_ref().map(|grid| grid.column) == right.grid.as_ref().map(|grid| grid.column);
    let is_alike = left.name == right.name
        && left.mark == right.mark
        && left.ordinal == right.ordinal
        && has_same_attributes(left, right)
        && text(left) == text(right)
        && left.parts.len() == right.parts.len()
        && is_placed_same;
    if !is_alike {
        return false;
    }
    if !is_structure(&left.name) {
        return is_same_sequence(&left.parts, &right.parts);
    }
    let (left_keys, right_keys) = (keys(&left.parts), keys(&right.parts));
    let index = Index::of(&right_keys);
    let mut last = None;
    left.parts.iter().zip(&left_keys).all(|(part, key)| {
        let Some(at) = index.find(key) else { return false };
        let is_in_order = !is_ordered(&part.name) || last.replace(at).is_none_or(|last| last < at);
        is_in_order && is_same(part, &right.parts[at])
    })
}

/// Tells whether scripts are loaded and called in the same order; differences cannot say otherwise.
pub(super) fn loads_in_same_order(left: &Part<'_>, right: &Part<'_>) -> bool {
    let (left_keys, right_keys) = (keys(&left.parts), keys(&right.parts));
    let is_script = |key: &&Key<'_>| matches!(key.tag.as_ref(), "Library" | "Handler");
    if !left_keys.iter().filter(is_script).eq(right_keys.iter().filter(is_script)) {
        return false;
    }
    let index = Index::of(&right_keys);
    left.parts
        .iter()
        .zip(&left_keys)
        .all(|(part, key)| index.find(key).is_none_or(|at| loads_in_same_order(part, &right.parts[at])))
}

fn is_same_sequence(left: &[Part<'_>], right: &[Part<'_>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
}

fn has_same_attributes(left: &Part<'_>, right: &Part<'_>) -> bool {
    left.attributes.len() == right.attributes.len()
        && left.attributes.iter().all(|attribute| right.attribute(&attribute.name) == Some(&attribute.value))
}

fn text<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    part.text.as_ref().map(|(text, _)| text.as_ref())
}
