//! Edits of a merged definition by path: what a maker changes in a form, a site map, an app or a ribbon.
//!
//! A path is one that [`crate::merge`] gives its leaves. Elements that are not there are made where their path says
//! how they are told apart; an element given the empty text goes; `@ordinalvalue` moves an element.

use std::borrow::Cow;

use strata_xml::Element;

use super::conflict::push_segment;
use super::grid::{COLUMN_STEP, Grid};
use super::identity::{is_ordered, keys};
use super::part::{Attribute, ORDINAL, Origin, Part};

/// A definition after an edit.
#[derive(Debug)]
pub struct Edited {
    pub tree: Element,
    /// Nothing of that path was there before.
    pub is_new: bool,
}

/// The steps of a path, and the attribute it ends in.
#[derive(Debug, Clone, Copy)]
pub struct EditPath<'p> {
    pub steps: &'p [&'p str],
    pub attribute: Option<&'p str>,
}

const ORIGIN: Origin = Origin { decided_by: 0, set_by: 0 };

/// Sets what a path names; `None` where the path leads nowhere and nothing can be made of it.
pub fn edit(tree: &Element, path: EditPath<'_>, value: &str) -> Option<Edited> {
    let fragment = value.trim_start().starts_with('<').then(|| strata_xml::parse(value.as_bytes()).ok()).flatten();
    let mut root = Part::read(tree, 0);
    let is_new = match (path.attribute, path.steps) {
        (None, []) => return None,
        (None, [way @ .., last]) if value.is_empty() => remove(&mut root, way, last)?,
        (None, [way @ .., last]) if fragment.is_some() => put(&mut root, way, last, fragment.as_ref()?)?,
        (None, steps) => {
            let (part, is_new) = follow(&mut root, steps)?;
            if !part.parts.is_empty() {
                return None;
            }
            let is_new = is_new || part.text.is_none();
            part.text = Some((Cow::Owned(value.to_owned()), ORIGIN));
            is_new
        }
        (Some(ORDINAL), [way @ .., last]) => move_to(&mut root, way, last, value.trim().parse().ok()?)?,
        (Some(attribute), steps) => {
            let (part, is_new) = follow(&mut root, steps)?;
            let is_new = is_new || part.attribute(attribute).is_none();
            set_attribute(part, attribute.to_owned(), value.to_owned());
            is_new
        }
    };
    Some(Edited { tree: root.to_element(), is_new })
}

/// Goes down a path, making what is missing; tells whether anything had to be made.
fn follow<'p, 'a>(root: &'p mut Part<'a>, steps: &[&str]) -> Option<(&'p mut Part<'a>, bool)> {
    let mut part = root;
    let mut is_new = false;
    for step in steps {
        let at = match find(part, step) {
            Some(at) => at,
            None => {
                let made = made(part, step)?;
                part.layout = None;
                part.parts.push(made);
                is_new = true;
                part.parts.len() - 1
            }
        };
        part = &mut part.parts[at];
    }
    Some((part, is_new))
}

fn find(part: &Part<'_>, step: &str) -> Option<usize> {
    let child_keys = keys(&part.parts);
    child_keys.iter().position(|key| {
        let is_alone = child_keys.iter().filter(|other| other.tag == key.tag).count() == 1;
        let mut segment = String::new();
        push_segment(&mut segment, key, key.id.is_empty() && !is_alone);
        segment.eq_ignore_ascii_case(step)
    })
}

/// Makes the element that a step names, with the attributes it is told apart by.
fn made<'a>(parent: &Part<'a>, step: &str) -> Option<Part<'a>> {
    let (name, key) = match step.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
        None => (step, None),
    };
    let starts_well = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return None;
    }
    let mut made = Part::new(Cow::Owned(name.to_owned()), 0);
    let mut set = |attribute: &str, value: &str| set_attribute(&mut made, attribute.to_owned(), value.to_owned());
    match (name, key) {
        ("tab" | "section" | "cell", Some(id)) => set("id", &braced(id)),
        ("Role", Some(id)) => set("id", &braced(id)),
        ("label" | "LocalizedName" | "Description", Some(language)) => set("languagecode", language),
        ("Title", Some(language)) => set("LCID", language),
        ("controlDescription", Some(control)) => set("forControl", &braced(control)),
        ("Library", Some(library)) => set("name", library),
        ("AppModuleComponent", Some(key)) => {
            let (number, name) = key.split_once('.')?;
            set("type", number);
            set(if is_guid(name) { "id" } else { "schemaName" }, &braced(name));
        }
        ("column", Some(number)) => {
            let columns = parent.parts.iter().filter(|part| part.name == "column").count();
            (number.parse() == Ok(columns + 1)).then_some(())?;
        }
        (_, Some(id)) if is_ordered(name) || name == "CustomAction" => set("Id", id),
        (_, Some(_)) => return None,
        (_, None) if is_ordered(name) => return None,
        (_, None) => {}
    }
    if name == "cell" {
        made.grid = Some(Grid { column: 1, row: Vec::new() });
    }
    Some(made)
}

fn is_guid(text: &str) -> bool {
    strata_model::id::Guid::parse(text).is_some()
}

/// Ids that are GUIDs stand in braces.
fn braced(id: &str) -> String {
    if is_guid(id) { format!("{{{}}}", id.trim_matches(['{', '}'])) } else { id.to_owned() }
}

fn set_attribute(part: &mut Part<'_>, name: String, value: String) {
    match part.attributes.iter_mut().find(|attribute| attribute.name == name) {
        Some(attribute) => attribute.value = Cow::Owned(value),
        None => {
            part.attributes.push(Attribute { name: Cow::Owned(name), value: Cow::Owned(value), origin: ORIGIN });
        }
    }
}

/// Follows a path that must be there.
fn known<'p, 'a>(root: &'p mut Part<'a>, way: &[&str]) -> Option<&'p mut Part<'a>> {
    way.iter().try_fold(root, |part, step| {
        let at = find(part, step)?;
        part.parts.get_mut(at)
    })
}

fn remove(root: &mut Part<'_>, way: &[&str], last: &str) -> Option<bool> {
    let parent = known(root, way)?;
    let at = find(parent, last)?;
    parent.parts.remove(at);
    parent.layout = None;
    Some(false)
}

/// Puts an element with everything in it where the path says, instead of what is there.
fn put<'a>(root: &mut Part<'a>, way: &[&str], last: &str, fragment: &'a Element) -> Option<bool> {
    let (parent, _) = follow(root, way)?;
    let mut part = Part::read(fragment, 0);
    let wanted = last.split_once('[').map_or(last, |(name, _)| name);
    (part.name == wanted).then_some(())?;
    if part.name == "cell" {
        part.grid = Some(Grid { column: 1, row: Vec::new() });
    }
    parent.layout = None;
    match find(parent, last) {
        Some(at) => {
            part.grid = parent.parts[at].grid.take();
            parent.parts[at] = part;
            Some(false)
        }
        None => {
            parent.parts.push(part);
            // The fragment must be what the path calls it.
            find(parent, last).map(|_| true)
        }
    }
}

/// Moves an element to a position among its like; a cell to a column too.
fn move_to(root: &mut Part<'_>, way: &[&str], last: &str, ordinal: usize) -> Option<bool> {
    let parent = known(root, way)?;
    let at = find(parent, last)?;
    is_ordered(&parent.parts[at].name).then_some(())?;
    let mut part = parent.parts.remove(at);
    let mut slot = ordinal;
    if let Some(grid) = &mut part.grid {
        (grid.column, slot) = ((ordinal / COLUMN_STEP).max(1), ordinal % COLUMN_STEP);
    }
    let is_like = |(_, other): &(usize, &Part<'_>)| is_ordered(&other.name);
    let place = parent.parts.iter().enumerate().filter(is_like).nth(slot).map_or(parent.parts.len(), |(at, _)| at);
    parent.parts.insert(place, part);
    parent.layout = None;
    Some(false)
}
